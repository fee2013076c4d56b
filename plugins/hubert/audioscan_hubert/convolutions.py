"""The convolutions in front of HuBERT and wav2vec 2.0, laid out as half precision likes them."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.models import Wav2Vec2Model


class ChannelsLast(nn.Module):
    """The convolutions with the channels of a time step side by side, from one layer to the next.

    So the units that multiply matrices of half precision read them. Otherwise each layer is laid out anew before and after.
    """

    def __init__(self, network: Wav2Vec2Model) -> None:
        super().__init__()
        first, *others = network.feature_extractor.conv_layers
        self.first = first  # it reads one channel
        self.norms = nn.ModuleList(layer.layer_norm or nn.Identity() for layer in others)
        self.convolutions = nn.ModuleList(_in_two_dimensions(layer.conv) for layer in others)

    def forward(self, waveforms: Tensor, lengths: None) -> tuple[Tensor, None]:
        """As torchaudio's `FeatureExtractor`, of waveforms of one length: (batch, samples) -> (batch, time, channels)."""
        x, _ = self.first(waveforms.unsqueeze(1), None)
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = functional.gelu(norm(convolution(x).squeeze(2))).unsqueeze(2)
        return x.squeeze(2).mT, lengths


def _in_two_dimensions(convolution: nn.Conv1d) -> nn.Conv2d:
    """The same over an axis of one, since torch has this layout for images alone."""
    (kernel,), (stride,) = convolution.kernel_size, convolution.stride
    with torch.device("meta"):
        same = nn.Conv2d(
            convolution.in_channels,
            convolution.out_channels,
            (1, kernel),
            stride=(1, stride),
            bias=convolution.bias is not None,
        )
    weight = convolution.weight.detach().unsqueeze(2).contiguous(memory_format=torch.channels_last)
    same.weight, same.bias = nn.Parameter(weight), convolution.bias
    return same

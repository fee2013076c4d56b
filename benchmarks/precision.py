"""What each precision costs in accuracy and gives in speed, against float32 with the same weights.

The networks have their published shape and random weights of unit gain (each linear layer and convolution keeps the
variance of what it reads, attention is not uniform). The input is noise, tones and bursts. For each precision it prints
windows a second; one less the cosine of the pooled embeddings against float32, in the mean; and the largest difference,
over the root mean square of the embedding.

- autocast: torch casts weights and inputs of each linear layer and convolution to bf16 at every call.
- plugin: as the plugins do it under `--precision bf16`: those weights are kept in bf16, everything else is as in autocast.
- bf16: the whole network is in bf16, and so is what passes from block to block. LayerNorm and soft-max compute inside in float32,
  as torch's kernels do.
- tf32: float32 whose matrix products round their inputs to 10 bits of mantissa. A GPU does that by itself; elsewhere it is
  emulated, which says how near the numbers are and nothing of the speed.

On a CPU torch's autocast lets norms compute in bf16, which on a GPU it does not. Here they do as on a GPU.
"""

import argparse
import copy
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import encoder_weights
import encoders
import machine
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from audioscan_host import Runtime, Windows, load_registry
from audioscan_host.embedding.pooling import pool
from audioscan_host.plugins.registry import Registry
from audioscan_torch.encoder import TorchEncoder

WAYS = ("fp32", "tf32", "autocast", "plugin", "bf16")
NORMS = (nn.LayerNorm, nn.GroupNorm)


def sounds(count: int, seconds: float, rate: int) -> npt.NDArray[np.float32]:
    """(count * seconds * rate,) of noise, each piece with a tone of its own, and a burst every second."""
    random = np.random.default_rng(0)
    samples = round(seconds * rate)
    time = np.arange(samples) / rate
    pieces = [
        0.1 * np.sin(2 * np.pi * (200 + 150 * number) * time * (1 + 0.02 * time))
        + random.standard_normal(samples) * (0.01 + 0.2 * (time % 1 < 0.1))
        for number in range(count)
    ]
    return np.concatenate(pieces).astype(np.float32)


def unit_gain(network: nn.Module) -> None:
    """Random weights by which each linear layer and convolution keeps the variance; norms near 1 and 0."""
    generator = torch.Generator().manual_seed(0)

    def normal(like: Tensor, scale: float) -> Tensor:
        return (scale * torch.randn(like.shape, generator=generator)).to(like)

    for module in network.modules():
        weight = getattr(module, "weight", None)
        if isinstance(module, NORMS) and weight is not None:
            weight.data, module.bias.data = 1 + normal(weight, 0.2), normal(module.bias, 0.1)
        elif isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d) and not hasattr(
            module, "parametrizations"
        ):
            module.weight.data = normal(weight, weight[0].numel() ** -0.5)
            if module.bias is not None:
                module.bias.data = normal(module.bias, 0.1)


class RoundedProducts(TorchFunctionMode):
    """Rounds what goes into matrix products to the 10 bits of mantissa that TF32 has, to nearest."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        del types
        if function is functional.scaled_dot_product_attention:
            return self._attention(*args, **(kwargs or {}))
        if function in {functional.linear, functional.conv1d, functional.conv2d, torch.conv1d, torch.conv2d}:
            args = [tf32(args[0]), tf32(args[1]), *args[2:]]
        return function(*args, **(kwargs or {}))

    def _attention(
        self, query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, **_: Any
    ) -> Tensor:
        scores = tf32(query) @ tf32(key).mT * query.shape[-1] ** -0.5
        scores = scores if attn_mask is None else scores + attn_mask
        return tf32(scores.softmax(-1)) @ tf32(value)


def tf32(values: Tensor) -> Tensor:
    """float32 rounded to a mantissa of 10 bits, 13 less than it has."""
    bits = values.contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32)


def in_bf16(network: nn.Module) -> None:
    """Put the whole network there; what goes into its first layers is cast."""
    network.to(torch.bfloat16)

    def cast(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            each.to(torch.bfloat16) if torch.is_tensor(each) and each.is_floating_point() else each
            for each in args
        )

    for module in (network, *network.children()):
        module.register_forward_pre_hook(cast)


def norms_in_float32(network: nn.Module) -> None:
    """As autocast has it on a GPU."""
    for module in network.modules():
        if isinstance(module, NORMS):
            module.register_forward_pre_hook(lambda _, args: (args[0].float(), *args[1:]))


@contextmanager
def tf32_products() -> Iterator[None]:
    """What a GPU does by itself where it is allowed to."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = True
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def ready(plain: TorchEncoder, way: str) -> TorchEncoder:
    """An encoder in float32, as it is for one of the ways."""
    encoder = copy.deepcopy(plain)
    if way == "plugin":
        made_of = [getattr(plain, "_extractor")] if hasattr(plain, "_extractor") else []  # noqa: B009
        encoder = type(plain)(encoder.network, *made_of, Runtime(str(plain.device), "bf16"))
    if way in {"autocast", "plugin"} and encoder.device.type != "cuda":
        norms_in_float32(encoder.network)
    if way == "bf16":
        in_bf16(encoder.network)
    return encoder


def in_way(way: str, device: torch.device) -> AbstractContextManager[Any]:
    """In which an encoder is called."""
    if way == "autocast":
        return torch.autocast(device.type, torch.bfloat16)
    if way == "tf32":
        return tf32_products() if device.type == "cuda" else RoundedProducts()
    return nullcontext()


def measure(registry: Registry, name: str, arguments: argparse.Namespace) -> None:
    """Print the table of a family; both its models are read in one pass."""
    models = [registry.model(name), registry.model(f"{name}_ML")]
    layers = frozenset(layer for model in models for layer in model.layers)
    rate, count, size = models[0].checkpoint.sample_rate, arguments.windows, arguments.batch_size
    length = round(arguments.seconds * rate)
    windows = Windows(np.arange(count) * length, length, rate)
    plain = registry.family(models[0]).load(models[0].checkpoint, Runtime(arguments.device, "fp32"))
    unit_gain(plain.network)
    inputs = plain.preprocess(sounds(count, arguments.seconds, rate), windows)
    batches = [inputs[at : at + size] for at in range(0, count, size)]

    def run(encoder: TorchEncoder, way: str) -> list[list[Tensor]]:
        with in_way(way, encoder.device):
            of_batches = [encoder.embed(batch, layers) for batch in batches]
        return [
            [pool([states[layer] for layer in model.layers], model.pooling) for model in models]
            for states in of_batches
        ]

    clock = time.process_time if plain.device.type == "cpu" else time.perf_counter
    rows, expected = [], []
    for way in arguments.ways:
        encoder = ready(plain, way)
        found = [torch.cat(each).cpu() for each in zip(*run(encoder, way), strict=True)]
        expected = expected or found
        took = [
            encoders.timed(lambda e=encoder, w=way: run(e, w), plain.device, clock)
            for _ in range(arguments.rounds)
        ]
        speed = f"{count / statistics.median(took):8.2f} windows a second" if took else ""
        away = [f"{m.name} {distance(*both)}" for m, *both in zip(models, found, expected, strict=True)]
        rows.append((way, "; ".join([speed, *away])))
        del encoder
    title = f"{name} on {plain.device}, {count} windows of {arguments.seconds:g} s, batches of {size}"
    machine.report(f"{title}: one less the cosine, and the largest difference", rows)


def distance(found: Tensor, expected: Tensor) -> str:
    """One less the cosine, in the mean over windows; the largest difference over the root mean square."""
    found, expected = found.double(), expected.double()
    cosine = functional.cosine_similarity(found, expected, dim=1)
    largest = (found - expected).abs().max() / expected.square().mean().sqrt()
    return f"{(1 - cosine).mean():.2e} {largest:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--model", action="append", help="HUBERT_BASE, AST, EAT or BEATS; all unless given")
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a window")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3, help="of timing; 0 for none")
    arguments = parser.parse_args()
    arguments.ways = ["fp32", *(way for way in arguments.ways if way != "fp32")]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TORCH_HOME=f"{folder}/torch", HF_HOME=f"{folder}/hf", HF_HUB_OFFLINE="1")
        for family in encoder_weights.FAMILIES:
            if not arguments.model or family.model in arguments.model:
                registry = load_registry(checkpoints=family.lay_weights(Path(folder)))
                measure(registry, family.model, arguments)


if __name__ == "__main__":
    main()

"""A model under examination: its hooks, and the windows that they are tried on."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from audioscan_host.errors import PluginError
from audioscan_host.models.model import Model
from audioscan_host.plugins.hookspecs import Encoder, Inputs
from audioscan_host.testing import lengths, sounds
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.forward_pass import ForwardPass
from audioscan_host.testing.fresh_process import Import, imported_afresh
from audioscan_host.testing.sounds import Waveform
from audioscan_host.testing.watched_hooks import WatchedHooks
from audioscan_host.windows import GRID, Block, Windowing, Windows, cut_blocks


class Subject(WatchedHooks):
    """A model, the device that it runs on, and trials with short sounds, each made at first need."""

    @cached_property
    def imported(self) -> Import:
        """What importing the plugin in a fresh process took."""
        return imported_afresh(self.plugin)

    @cached_property
    def of_one_checkpoint(self) -> Sequence[Model]:
        """The models that are read in one pass, this one among them."""
        alike = [other for other in self.plugin.models if other.checkpoint == self.declared.checkpoint]
        return [self._registry.model(other.name) for other in alike]

    @property
    def window(self) -> float:
        """Seconds of a window in most trials."""
        return lengths.usual(self.checkpoint)

    def samples(self, seconds: float | None = None) -> int:
        """In a stretch of so many seconds; in a window unless given."""
        return round((self.window if seconds is None else seconds) * self.checkpoint.sample_rate)

    def block(self, waveform: Waveform, window: float | None = None, hop: float | None = None) -> Block:
        """A waveform as the host cuts it.

        Args:
            waveform: which is copied.
            window: seconds; `window` unless given.
            hop: seconds; side by side unless given.
        """
        window = window or self.window
        rate = self.checkpoint.sample_rate
        whole = len(waveform) / rate + window
        (block,) = cut_blocks(
            [waveform], rate, Windowing(window, hop or window), self.checkpoint.shortest_window, whole
        )
        return block

    def row(self, waveforms: Sequence[Waveform]) -> Block:
        """Windows of given sounds, each as long as `window`, one after the other."""
        rate, length = self.checkpoint.sample_rate, self.samples()
        steps = [-(-GRID * length * place // rate) for place in range(len(waveforms))]
        starts = np.array([step * rate // GRID for step in steps], np.int64)
        waveform = np.zeros(starts[-1] + length, np.float32)
        for start, sound in zip(starts, waveforms, strict=True):
            waveform[start : start + length] = sound
        return Block(waveform, Windows(starts, length, rate), np.array(steps) / GRID)

    def embed_alone(
        self,
        waveform: Waveform,
        window: float | None = None,
        encoder: Encoder | None = None,
        models: Sequence[Model] | None = None,
    ) -> ForwardPass:
        """A waveform of one window, in a block and a batch of its own; `models` and `encoder` as of `embed`."""
        inputs = self.preprocess(self.block(waveform, window), encoder)
        return self.embed(inputs, slice(0, 1), models, encoder)

    @cached_property
    def reference(self) -> ForwardPass:
        """A window of noise, embedded alone."""
        return self.embed_alone(sounds.noise(self.samples()))

    @cached_property
    def shapes(self) -> Mapping[float, tuple[int, int]]:
        """Length of a window in seconds -> its time steps and their width, of some lengths in rising order.

        Of the layer with the most time steps that any model of the checkpoint reads: `step` is one number for all.
        """
        found = {}
        for seconds in sorted({self.window, *lengths.tried(self.checkpoint)}):
            noise = sounds.noise(self.samples(seconds))
            try:
                found[seconds] = self.embed_alone(noise, seconds, models=self.of_one_checkpoint).shape
            except (ConformanceError, PluginError) as error:
                raise ConformanceError(f"a window of {seconds:g} s: {error}") from error
        return found

    @property
    def steps(self) -> Mapping[float, int]:
        """Length of a window in seconds -> its time steps, of some lengths in rising order."""
        return {seconds: steps for seconds, (steps, _) in self.shapes.items()}

    @cached_property
    def repeated(self) -> Inputs:
        """Inputs of one window twice, of a loud one, and of the first again, in one block."""
        window = sounds.noise(self.samples())
        return self.preprocess(self.row([window, window, sounds.loud_noise(len(window)), window]))

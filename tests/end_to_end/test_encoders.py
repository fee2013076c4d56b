"""Encoders on torch through the whole host: a run that is killed, the memory of a long recording, joint runs.

The weights of HuBERT are random. Run as a program, this file embeds a recording with an encoder that costs
next to nothing, and prints its peak memory.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchaudio
from torch import Tensor, nn
from torchaudio.pipelines import HUBERT_BASE, Wav2Vec2Bundle

from audioscan_host import FINAL, Checkpoint, Model, Runtime, embed, hookimpl, load_registry
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.cli.main import main
from audioscan_torch import hooks
from audioscan_torch.encoder import TorchEncoder
from audioscan_torch.fbank import FbankWindows

BLOCK = 30  # windows of a block at a hop of 1 s; a quarter of what users have, for the network to be quicker
BINS, WIDTH = 128, 32


def place(path: Path) -> tuple[LocalFolder, str]:
    """The store and the name of a file of a cache."""
    return LocalFolder(path.parent), path.name


class BankEncoder(TorchEncoder):
    """One linear layer over filter banks: what passes through memory is what passes for AST, EAT and BEATs."""

    def preprocess(self, waveform: Any, windows: Any) -> FbankWindows:
        return FbankWindows(self.on_device(waveform), windows, num_mel_bins=BINS)

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        return dict.fromkeys(layers, self.network(batch))


class BankPlugin:
    """A family of one model, without weights."""

    preprocess = staticmethod(hooks.preprocess)
    embed = staticmethod(hooks.embed)
    batch_size = staticmethod(hooks.batch_size)
    precision = staticmethod(hooks.precision)

    @hookimpl
    def register_models(self) -> list[Model]:
        checkpoint = Checkpoint(
            "BANK",
            source="none",
            revision="1",
            layers=1,
            sample_rate=16_000,
            step=0.01,
            shortest_window=0.025,
            licence="MIT",
            parameters=0,
        )
        return [Model("BANK", checkpoint, (FINAL,), WIDTH, "a linear layer")]

    @hookimpl
    def load(self, checkpoint: Checkpoint, runtime: Runtime) -> BankEncoder:
        torch.manual_seed(0)
        return BankEncoder(nn.Linear(BINS, WIDTH), runtime)


def peak_megabytes() -> float:
    """Of this process.

    Linux starts `ru_maxrss` with what the parent held, and pytest may hold more than what is measured
    here; its own count of a program begins with the program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def embed_and_print_peak(recording: str, cache: str) -> None:
    registry = load_registry({"bank": BankPlugin()})
    runtime = Runtime(device="cpu")
    result = embed([recording], ["BANK"], cache_dir=Path(cache), runtime=runtime, registry=registry)
    print(sum(stored.windows for stored in result.stored), peak_megabytes())  # noqa: T201 - what it is for


def finished(cache: Path) -> list[Path]:
    return sorted((cache / "w2v").glob("*.npz"))


@pytest.fixture(scope="module")
def torch_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Weights of HUBERT_BASE where torch.hub keeps what it has downloaded."""
    home = tmp_path_factory.mktemp("torch")
    file = home / "hub" / "checkpoints" / HUBERT_BASE._path
    file.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(torchaudio.models.hubert_base().state_dict(), file)
    yield home
    shutil.rmtree(home)  # 380 MB


@pytest.fixture
def _hubert_and_mel(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two installed families, on the CPU, for this process and those that it starts."""
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "hubert,mel")


def arguments(recording: Path, cache: Path, *models: str) -> list[str]:
    chosen = [word for model in models for word in ("--model", model)]
    settings = ["--window", "1", "--hop", "1", "--device", "cpu", "--cache-dir", str(cache)]
    return ["-q", "embed", str(recording), *chosen, *settings]


@pytest.mark.usefixtures("_hubert_and_mel")
class TestKilled:
    @staticmethod
    def start(recording: Path, cache: Path) -> "subprocess.Popen[bytes]":
        blocks = f"Embedder.__init__.__kwdefaults__['block_seconds'] = {BLOCK}"
        code = f"from audioscan_host.embedding.embedder import Embedder; {blocks}; "
        code += "from audioscan_host.cli.main import main; main()"
        command = [sys.executable, "-c", code, *arguments(recording, cache, "HUBERT_BASE")]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def test_the_next_run_takes_over_the_finished_block_and_ends_with_the_same_embeddings(
        self, make_wav: Callable[..., Path], tmp_path: Path
    ) -> None:
        recording = make_wav("long.wav", seconds=BLOCK + 20.5)
        with self.start(recording, tmp_path / "whole") as process:
            assert process.wait(timeout=400) == 0
        (file,) = finished(tmp_path / "whole")
        whole = cache_file.read(*place(file), dim=768)

        cache = tmp_path / "killed"
        deadline = time.monotonic() + 400
        with self.start(recording, cache) as process:
            while process.poll() is None and not list(cache.glob("unfinished/*/*.npz")):
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert finished(cache) == []

        (first,) = cache.glob("unfinished/*/*.npz")
        block = cache_file.read(*place(first), dim=768)
        np.testing.assert_array_equal(block.times, whole.times[:BLOCK])
        np.testing.assert_allclose(block.vectors, whole.vectors[:BLOCK], rtol=0, atol=1e-6)

        # What the next run does not compute again comes out of it with the sign that it was left with.
        cache_file.write(*place(first), Embeddings(block.times, -block.vectors))
        with self.start(recording, cache) as process:
            assert process.wait(timeout=400) == 0
        (file,) = finished(cache)
        found = cache_file.read(*place(file), dim=768)
        np.testing.assert_array_equal(found.times, whole.times)
        np.testing.assert_array_equal(found.vectors[:BLOCK], -block.vectors)
        np.testing.assert_allclose(found.vectors[BLOCK:], whole.vectors[BLOCK:], rtol=0, atol=1e-6)
        assert found.meta == whole.meta
        assert list((cache / "unfinished").iterdir()) == []


class TestMemory:
    def test_it_does_not_grow_with_the_recording(
        self, make_wav: Callable[..., Path], tmp_path: Path, no_installed_plugins: None
    ) -> None:
        peaks = {}
        for minutes in (2.5, 40):
            recording = make_wav(f"{minutes}.wav", seconds=60 * minutes)
            command = [sys.executable, __file__, str(recording), str(tmp_path / "cache")]
            done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=400)
            windows, peak = done.stdout.split()
            assert int(windows) == 60 * minutes - 7
            peaks[minutes] = float(peak)
        # Blocks of one size come to lie up to 90 MB apart in the heap; to hold the samples would add 144 MB to that.
        assert peaks[40] - peaks[2.5] <= 130


@pytest.mark.usefixtures("_hubert_and_mel")
class TestSeveralModels:
    def test_families_together_load_each_checkpoint_once_and_write_what_each_model_writes_alone(
        self, make_wav: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loaded = []
        get_model = Wav2Vec2Bundle.get_model

        def counted(bundle: Wav2Vec2Bundle, **settings: Any) -> nn.Module:
            loaded.append(bundle._path)
            return get_model(bundle, **settings)

        monkeypatch.setattr(Wav2Vec2Bundle, "get_model", counted)
        recording = make_wav(seconds=8.3)
        dims = {"MEL": 256, "HUBERT_BASE": 768, "HUBERT_BASE_ML": 4 * 768}
        main(arguments(recording, tmp_path / "together", *dims), standalone_mode=False)
        assert loaded == [HUBERT_BASE._path]
        assert len(finished(tmp_path / "together")) == len(dims)

        for model, dim in dims.items():
            main(arguments(recording, tmp_path / model, model), standalone_mode=False)
            (alone,) = finished(tmp_path / model)
            expected = cache_file.read(*place(alone), dim=dim)
            found = cache_file.read(*place(tmp_path / "together" / "w2v" / alone.name), dim=dim)
            assert len(found.times) == 9
            np.testing.assert_array_equal(found.times, expected.times)
            np.testing.assert_allclose(found.vectors, expected.vectors, rtol=0, atol=1e-6)
            assert found.meta == expected.meta
        assert len(loaded) == 3  # alone, each of the two loads the weights for itself


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    embed_and_print_peak(*sys.argv[1:])

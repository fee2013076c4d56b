"""BEATs: its embeddings against the network on one window at a time, and which file is taken for its weights.

The weights are random; the network is of the published width and depth, with narrow feed-forward layers. Its own
arithmetic is what `test_beats_network.py` is about.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor
from torchaudio.compliance import kaldi

import audioscan_beats
import audioscan_beats.encoder
import audioscan_host.models.download
from audioscan_beats.encoder import BEATsEncoder
from audioscan_beats.network import BEATsConfig, BEATsNetwork, load_network
from audioscan_host import FINAL, CheckpointError, Runtime, Windowing, Windows, load_registry
from audioscan_host.cache import Cache, Provenance, eight_cut
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Silent
from audioscan_host.recordings import Recording

Array = npt.NDArray[np.float32]
Exact = npt.NDArray[np.float64]

MODELS = {model.name: model for model in audioscan_beats.register_models()}
CHECKPOINT = audioscan_beats.CHECKPOINT
PLUGINS = {"beats": audioscan_beats}
BOTH = ["BEATS", "BEATS_ML"]
RATE = 16_000
WIDTH, BANDS = 768, 8
CPU = Runtime(device="cpu")

# What the published file says of its network.
SETTINGS: dict[str, Any] = {
    "encoder_layers": 12, "encoder_embed_dim": 768, "encoder_ffn_embed_dim": 3072,
    "encoder_attention_heads": 12, "activation_fn": "gelu", "layer_norm_first": False, "conv_bias": False,
    "conv_pos": 128, "conv_pos_groups": 16, "relative_position_embedding": True, "num_buckets": 320,
    "max_distance": 800, "gru_rel_pos": True, "deep_norm": True, "input_patch_size": 16, "embed_dim": 512,
}  # fmt: skip
NARROW = SETTINGS | {"encoder_ffn_embed_dim": 48}
SMALL = NARROW | {
    "encoder_embed_dim": 24, "encoder_attention_heads": 2, "conv_pos_groups": 2, "embed_dim": 12,
}  # fmt: skip


def save_checkpoint(file: Path, settings: Mapping[str, Any]) -> str:
    """Random weights in the published form, norms and biases away from 1 and 0; returns the file's SHA-256."""
    torch.manual_seed(4)
    network = BEATsNetwork(BEATsConfig.from_checkpoint(settings))
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
    weights = network.state_dict()
    kernel = weights.pop("encoder.pos_conv.0.weight")
    weights["encoder.pos_conv.0.weight_g"] = 1 + torch.rand(1, 1, kernel.shape[2])
    weights["encoder.pos_conv.0.weight_v"] = kernel
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"cfg": dict(settings), "model": weights}, file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def spectrogram(window: Array) -> Tensor:
    """(1, frames, 128), normalised, as the authors' code has it."""
    fbank = kaldi.fbank(
        torch.from_numpy(window.copy())[None] * 2**15,
        num_mel_bins=128,
        sample_frequency=16000,
        frame_length=25,
        frame_shift=10,
        window_type="povey",
    )
    return ((fbank - 15.41663) / (2 * 6.55582))[None]


def steps_wholly_in(window: Array) -> int:
    """How many groups of 16 frames lie in it."""
    frames = (len(window) - 400) // 160 + 1
    steps = 0
    while 16 * steps + 16 <= frames:
        steps += 1
    return steps


def pooled(patches: Exact, steps: int) -> Exact:
    """Mean of the patches of the first `steps` time steps: (time * 8, width) -> (width,)."""
    total = np.zeros(patches.shape[1])
    for t in range(steps):
        for f in range(BANDS):
            total += patches[BANDS * t + f]
    return total / (steps * BANDS)


class OneWindow:
    """The network, one window at a time."""

    def __init__(self, file: Path) -> None:
        self.network = load_network(file)
        self._states: dict[bytes, Mapping[int, Tensor]] = {}

    def patches(self, window: Array, layer: int) -> Exact:
        """(frames / 16 * 8, 768)."""
        key = window.tobytes()
        if key not in self._states:
            with torch.inference_mode():
                self._states[key] = self.network(spectrogram(window), frozenset({3, 6, 9, 12, FINAL}))
        return self._states[key][layer][0].double().numpy()

    def pooled(self, window: Array, layers: tuple[int, ...], steps: int | None = None) -> Exact:
        """Of each layer, one after the other: (len(layers) * 768,)."""
        steps = steps_wholly_in(window) if steps is None else steps
        return np.concatenate([pooled(self.patches(window, layer), steps) for layer in layers])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint of the published form, under a name of the user's."""
    folder = tmp_path_factory.mktemp("beats")
    save_checkpoint(folder / "my beats.pt", NARROW)
    yield folder / "my beats.pt"
    shutil.rmtree(folder)  # 145 MB


@pytest.fixture(scope="module")
def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def one_window(file: Path) -> OneWindow:
    return OneWindow(file)


@pytest.fixture(scope="module")
def named(file: Path, digest: str) -> Registry:
    """The plugin with the file as the user names it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        return load_registry(PLUGINS, checkpoints={"BEATS": f"{file}#sha256={digest}"})


@pytest.fixture(scope="module")
def host(named: Registry, embedded: Any) -> Callable[..., Mapping[str, Array]]:
    """`host(["BEATS"], waveform, Windowing(8, 1))["BEATS"]` is (windows, dim); two windows at once."""
    return partial(embedded, named, encoders=Encoders(named, Runtime(device="cpu", batch_size=2)))


@pytest.fixture(scope="module")
def ten_seconds(host: Any, sound: Any) -> Mapping[str, Array]:
    """The host's embeddings of three windows of 8 s, by both models in one pass."""
    return host(BOTH, sound(10), Windowing(8, 1))


class TestNumbers:
    @pytest.mark.parametrize("name", BOTH)
    def test_windows_of_8_s_give_the_numbers_of_each_window_alone(
        self, name: str, ten_seconds: Any, one_window: OneWindow, sound: Any
    ) -> None:
        windows = [sound(10)[start * RATE : (start + 8) * RATE] for start in range(3)]
        expected = np.stack([one_window.pooled(window, MODELS[name].layers) for window in windows])
        assert ten_seconds[name].shape == (3, MODELS[name].dim)
        np.testing.assert_allclose(ten_seconds[name], expected, rtol=0, atol=1e-4)

    def test_8_s_are_49_steps_of_8_patches_and_one_step_less_would_show(
        self, ten_seconds: Any, one_window: OneWindow, sound: Any
    ) -> None:
        window = sound(10)[: 8 * RATE]
        assert one_window.patches(window, FINAL).shape == (49 * BANDS, WIDTH)
        expected = one_window.pooled(window, (FINAL,), steps=49)
        np.testing.assert_allclose(ten_seconds["BEATS"][0], expected, rtol=0, atol=1e-4)
        without_last = one_window.pooled(window, (FINAL,), steps=48)
        assert np.abs(ten_seconds["BEATS"][0] - without_last).max() > 1e-3

    def test_the_last_layer_of_beats_ml_is_beats(self, ten_seconds: Any) -> None:
        np.testing.assert_array_equal(ten_seconds["BEATS_ML"][:, -WIDTH:], ten_seconds["BEATS"])
        for quarter in range(3):
            layer = ten_seconds["BEATS_ML"][:, quarter * WIDTH : (quarter + 1) * WIDTH]
            assert np.abs(layer - ten_seconds["BEATS"]).max() > 0.1

    @pytest.mark.parametrize(("seconds", "steps"), [(0.18, 1), (1, 6), (12, 74)])
    def test_shorter_and_longer_windows_give_the_numbers_of_the_window_alone(
        self, seconds: float, steps: int, one_window: OneWindow, sound: Any, host: Any
    ) -> None:
        window = sound(seconds)
        (found,) = host(["BEATS"], window, Windowing(seconds, seconds))["BEATS"]
        np.testing.assert_allclose(found, one_window.pooled(window, (FINAL,), steps), rtol=0, atol=1e-4)
        assert len(one_window.patches(window, FINAL)) == steps * BANDS

    def test_a_recording_shorter_than_a_time_step_is_padded_with_zeros_to_one(
        self, one_window: OneWindow, sound: Any, host: Any
    ) -> None:
        click = sound(1)[3000:4000]
        expected = one_window.pooled(np.pad(click, (0, 1800)), (FINAL,), steps=1)
        (found,) = host(["BEATS"], click, Windowing(8, 1))["BEATS"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)

    def test_bf16_stays_near_and_is_finite(
        self, named: Registry, sound: Any, embedded: Any, host: Any
    ) -> None:
        half = Runtime(device="cpu", precision="bf16")
        found = embedded(named, BOTH, sound(2), Windowing(1, 1), runtime=half)
        full = host(BOTH, sound(2), Windowing(1, 1))
        for name in BOTH:
            assert np.isfinite(found[name]).all()
            assert 0 < np.linalg.norm(found[name] - full[name]) < 0.05 * np.linalg.norm(full[name])


@pytest.fixture
def encoder() -> BEATsEncoder:
    """Of width 24."""
    return BEATsEncoder(BEATsNetwork(BEATsConfig.from_checkpoint(SMALL)), CPU)


class TestInput:
    @pytest.mark.parametrize("seconds", [0.175, 1, 8, 12])
    def test_the_networks_input_is_to_the_last_bit_that_of_the_authors_code(
        self, seconds: float, encoder: BEATsEncoder, sound: Any
    ) -> None:
        taken: list[Tensor] = []

        def network(spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
            taken.append(spectrogram)
            return {}

        object.__setattr__(encoder, "network", network)
        length = round(seconds * RATE)
        waveform = sound(seconds + 1)
        starts = np.array([0, 160, RATE])
        encoder.embed(encoder.preprocess(waveform, Windows(starts, length, RATE))[:], frozenset())
        expected = torch.cat([spectrogram(waveform[start : start + length]) for start in starts])
        np.testing.assert_array_equal(taken[0], expected)


class TestPooling:
    @pytest.mark.parametrize(
        ("samples", "steps"), [(2800, 1), (2800 + 2559, 1), (2800 + 2560, 2), (8 * RATE, 49)]
    )
    def test_a_time_step_is_the_mean_of_its_8_patches(
        self, samples: int, steps: int, encoder: BEATsEncoder, sound: Any
    ) -> None:
        def network(spectrogram: Tensor, layers: frozenset[int]) -> dict[int, Tensor]:
            time, band = np.mgrid[: spectrogram.shape[1] // 16, :BANDS]
            patches = torch.from_numpy((1000.0 * time + band).ravel())  # time-major: patch = 8 t + f
            return dict.fromkeys(layers, patches[None, :, None].expand(1, -1, 24))

        object.__setattr__(encoder, "network", network)
        inputs = encoder.preprocess(sound(8), Windows(np.array([0]), samples, RATE))
        found = encoder.embed(inputs[:], frozenset({FINAL}))[FINAL]
        assert found.shape == (1, steps, 24)
        np.testing.assert_allclose(found[0, :, 5], 1000 * np.arange(steps) + np.mean(range(BANDS)))


class TestOnePass:
    def test_both_models_load_once_run_once_a_batch_and_give_the_numbers_of_each_alone(
        self, named: Registry, sound: Any, host: Any, one_pass: Any
    ) -> None:
        hooks = (audioscan_beats.encoder, "load_network"), (BEATsNetwork, "forward")
        joint = one_pass(named, BOTH, *hooks)
        for name in BOTH:
            alone = host([name], sound(3), Windowing(1, 1))[name]
            np.testing.assert_allclose(joint[name], alone, rtol=0, atol=1e-6)


@pytest.fixture
def pinned(file: Path, digest: str, monkeypatch: pytest.MonkeyPatch, no_installed_plugins: None) -> str:
    """The plugin as if the file of the tests were the published one; its SHA-256."""
    weights = TorchHubFile(audioscan_beats.URL, digest)
    monkeypatch.setattr(audioscan_beats, "CHECKPOINT", replace(CHECKPOINT, revision=digest, weights=weights))
    return digest


class TestCheckpoint:
    def test_another_file_than_the_pinned_one_is_refused_and_told_how_to_take_it(
        self, file: Path, digest: str, no_installed_plugins: None, refusal: Any
    ) -> None:
        registry = load_registry(PLUGINS, checkpoints={"BEATS": str(file)})
        message = refusal(registry.model, "BEATS")
        assert f"its SHA-256 is {digest}, not {audioscan_beats.SHA256}" in message
        how = message.rpartition("to take it all the same: ")[2]
        assert how == f"{file}#sha256={digest}"
        taken = load_registry(PLUGINS, checkpoints={"BEATS": how}).model("BEATS").checkpoint
        assert (taken.path, taken.revision) == (file, f"sha256:{digest}")

    def test_another_file_than_the_user_says_is_refused(
        self, file: Path, digest: str, no_installed_plugins: None, refusal: Any
    ) -> None:
        registry = load_registry(PLUGINS, checkpoints={"BEATS": f"{file}#sha256={'0' * 64}"})
        message = refusal(registry.model, "BEATS")
        assert message == f"BEATS: {file}: its SHA-256 is {digest}, not {'0' * 64}"

    def test_another_file_in_the_place_of_the_download_is_refused_with_both_digests(
        self, no_installed_plugins: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Any
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        place = tmp_path / "hub" / "checkpoints" / "BEATs_iter3_plus_AS2M.pt"
        found = save_checkpoint(place, SMALL)
        registry = load_registry(PLUGINS)
        message = refusal(Encoders(registry, CPU).obtain, registry.model("BEATS").checkpoint, Silent())
        assert message.startswith(f"BEATS: {place}: its SHA-256 is {found}, not {audioscan_beats.SHA256}")
        assert place.is_file()

    def test_the_pinned_file_in_the_place_of_the_download_is_embedded_with(
        self,
        *,
        pinned: str,
        file: Path,
        sound: Any,
        embedded: Any,
        host: Any,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        place = tmp_path / "hub" / "checkpoints"
        place.mkdir(parents=True)
        (place / "BEATs_iter3_plus_AS2M.pt").symlink_to(file)
        found = embedded(load_registry(PLUGINS), ["BEATS"], sound(1), Windowing(1, 1))["BEATS"]
        expected = host(["BEATS"], sound(1), Windowing(1, 1))["BEATS"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)

    def test_a_file_that_is_not_there_is_fetched_from_the_mirror_or_asked_for(
        self, no_installed_plugins: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Any
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        asked: list[str] = []

        def download(url: str, path: Path, progress: Any) -> None:
            asked.append(url)
            raise CheckpointError("no network")

        monkeypatch.setattr(audioscan_host.models.download, "download", download)
        registry = load_registry(PLUGINS)
        message = refusal(Encoders(registry, CPU).obtain, registry.model("BEATS").checkpoint, Silent())
        assert asked == [audioscan_beats.URL]
        assert "BEATs_iter3_plus_AS2M.pt is not in" in message
        assert "audioscan-host pull BEATS" in message

    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            ({"encoder_layers": 6}, "encoder_layers is 6, not 12"),
            ({}, "encoder_embed_dim is 24, not 768"),
            (NARROW | {"input_patch_size": 8}, "input_patch_size is 8, not 16"),
        ],
    )
    def test_a_beats_of_another_shape_is_refused(
        self, settings: dict[str, Any], reason: str, no_installed_plugins: None, tmp_path: Path, refusal: Any
    ) -> None:
        other = tmp_path / "other.pt"
        digest = save_checkpoint(other, SMALL | settings)
        registry = load_registry(PLUGINS, checkpoints={"BEATS": f"{other}#sha256={digest}"})
        message = refusal(Encoders(registry, CPU).loaded, registry.model("BEATS"))
        other.unlink()  # up to 145 MB
        assert message == f"{other}: {reason}"

    def test_a_file_of_something_else_is_refused(
        self, no_installed_plugins: None, tmp_path: Path, refusal: Any
    ) -> None:
        other = tmp_path / "other.pt"
        torch.save({"weights": torch.ones(2)}, other)
        digest = hashlib.sha256(other.read_bytes()).hexdigest()
        registry = load_registry(PLUGINS, checkpoints={"BEATS": f"{other}#sha256={digest}"})
        message = refusal(Encoders(registry, CPU).loaded, registry.model("BEATS"))
        assert "is not a checkpoint of BEATs" in message

    def test_loading_prints_nothing(self, file: Path, digest: str, printed_by_loading: Any) -> None:
        assert printed_by_loading("beats", "BEATS", f"{file}#sha256={digest}") == ("", "")


class TestEightCut:
    def test_beats_reads_the_cached_files_of_8_cut_and_beats_ml_does_not(self) -> None:
        assert {name: eight_cut.is_read(model) for name, model in MODELS.items()} == {
            "BEATS": True,
            "BEATS_ML": False,
        }

    def test_weights_of_the_users_own_have_no_files_of_8_cut(
        self, named: Registry, make_wav: Any, tmp_path: Path
    ) -> None:
        recording, cache = Recording.at(make_wav(seconds=1)), Cache(tmp_path / "cache")
        assert not eight_cut.is_read(named.model("BEATS"))
        assert cache.entry(Provenance(recording, MODELS["BEATS"]), Windowing(8, 1)).eight_cut is not None
        assert cache.entry(Provenance(recording, named.model("BEATS")), Windowing(8, 1)).eight_cut is None

    def test_a_copy_of_the_published_file_is_the_published_checkpoint(self, pinned: str, file: Path) -> None:
        model = load_registry(PLUGINS, checkpoints={"BEATS": str(file)}).model("BEATS")
        assert eight_cut.READ["BEATS"] == MODELS["BEATS"].checkpoint.revision
        assert model.checkpoint.path == file
        assert model.checkpoint.revision == pinned


class TestDeclarations:
    def test_the_declared_sizes_are_those_of_the_network(self) -> None:
        with torch.device("meta"):
            network = BEATsNetwork(BEATsConfig.from_checkpoint(SETTINGS))
        assert CHECKPOINT.parameters == sum(each.numel() for each in network.parameters())
        assert CHECKPOINT.layers == len(network.encoder.layers) == 12
        assert (MODELS["BEATS"].layers, MODELS["BEATS"].dim) == ((FINAL,), WIDTH)
        assert (MODELS["BEATS_ML"].layers, MODELS["BEATS_ML"].dim) == ((3, 6, 9, 12), 4 * WIDTH)

    def test_the_file_is_pinned(self) -> None:
        assert CHECKPOINT.revision == CHECKPOINT.weights.sha256 == audioscan_beats.SHA256
        assert CHECKPOINT.source == CHECKPOINT.weights.url == audioscan_beats.URL
        assert f"/resolve/{audioscan_beats.REVISION}/" in audioscan_beats.URL
        assert not CHECKPOINT.remote_code

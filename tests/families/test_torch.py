"""What the plugins on torch share: devices, precision, batch sizes, and filter banks that windows share."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn
from torchaudio.compliance import kaldi

from audioscan_host import FINAL, Runtime, SettingError, Windowing, Windows, load_registry
from audioscan_host.embedding import copies
from audioscan_host.embedding.pooling import pool_shares
from audioscan_torch import device as device_module
from audioscan_torch import hooks
from audioscan_torch.device import find_device, precision
from audioscan_torch.encoder import LARGEST_BATCH, TorchEncoder
from audioscan_torch.fbank import FbankWindows, frames_of

Array = npt.NDArray[np.float32]

RATE = 16_000
LAYERS = frozenset({FINAL})


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def fake_cuda(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Callable[..., list[str]]:
    """`fake_cuda(gpus=2, bf16=[True, False])`: what torch says of its GPUs; returns those it was asked about."""

    def fake(gpus: int = 1, bf16: tuple[bool, ...] = (True,)) -> list[str]:
        asked: list[str] = []
        driver = tmp_path / "driver"
        driver.touch()
        monkeypatch.setattr(device_module, "GPU_DRIVERS", (str(driver),))
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)

        @contextmanager
        def current(device: torch.device) -> Iterator[None]:
            asked.append(str(device))
            yield

        def has_bf16(including_emulation: bool = True) -> bool:
            return including_emulation or bf16[torch.device(asked[-1]).index or 0]

        monkeypatch.setattr(torch.cuda, "device", current)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", has_bf16)
        return asked

    return fake


def noise(samples: int) -> Array:
    return np.random.default_rng(4).normal(0, 0.1, samples).astype(np.float32)


class TinyEncoder(TorchEncoder):
    """Frames of 160 samples through a network of three layers; notes what it was given."""

    def __init__(self, runtime: Runtime) -> None:
        torch.manual_seed(3)
        layers = [
            nn.Linear(160, 64),
            nn.GELU(),
            nn.LayerNorm(64),
            nn.Linear(64, 64),
            nn.GELU(),
            nn.Linear(64, 8),
        ]
        super().__init__(nn.Sequential(*layers), runtime)
        self.seen: list[torch.dtype] = []
        self.batches: list[int] = []
        self.error: Exception | None = None

    def preprocess(self, waveform: Array, windows: Windows) -> Tensor:
        samples = self.on_device(waveform)
        return torch.stack([samples[start : start + windows.length] for start in windows.starts])

    def hidden_states(self, batch: Tensor, layers: frozenset[int]) -> Mapping[int, Tensor]:
        if self.error is not None:
            raise self.error
        self.seen.append(batch.dtype)
        self.batches.append(len(batch))
        return {FINAL: self.network(batch.unflatten(1, (-1, 160)))}


@pytest.fixture
def inputs() -> Tensor:
    windows = Windows(np.arange(0, 10 * 1600, 1600), 1600, RATE)
    return TinyEncoder(Runtime(device="cpu")).preprocess(noise(RATE), windows)


class TestDevice:
    @pytest.mark.parametrize("name", ["gpu", "", "CUDA", "cuda:", "cuda:-1", "cuda:256", "cuda:99999999999"])
    @pytest.mark.parametrize("gpus", [0, 8])
    def test_an_unknown_name_is_refused_in_one_line(
        self, name: str, gpus: int, no_gpu: None, fake_cuda: Any
    ) -> None:
        if gpus:
            fake_cuda(gpus)
        with pytest.raises(
            SettingError, match=r"unknown device .*: expected auto, cpu, cuda, cuda:N"
        ) as error:
            find_device(name)
        assert repr(name) in str(error.value)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
    def test_cuda_without_a_gpu_is_refused_in_one_line(self, name: str, no_gpu: None) -> None:
        with pytest.raises(SettingError, match=f"device '{name}': torch .* finds no CUDA GPUs") as error:
            find_device(name)
        assert "\n" not in str(error.value)

    def test_a_gpu_beyond_those_that_are_there_is_refused_in_one_line(self, fake_cuda: Any) -> None:
        fake_cuda(gpus=2)
        assert find_device("cuda:1") == torch.device("cuda:1")
        with pytest.raises(SettingError, match=r"device 'cuda:7': torch .* finds 2 CUDA GPUs") as error:
            find_device("cuda:7")
        assert "\n" not in str(error.value)

    def test_apples_gpu_is_refused_where_there_is_none(self, no_gpu: None) -> None:
        with pytest.raises(SettingError, match="device 'mps': torch finds no Apple GPU"):
            find_device("mps")

    @pytest.mark.parametrize("name", ["meta", "xpu", "vulkan"])
    def test_a_type_that_is_not_supported_is_refused_in_one_line(self, name: str) -> None:
        with pytest.raises(SettingError, match=f"device '{name}' is not supported: expected auto") as error:
            find_device(name)
        assert "\n" not in str(error.value)

    def test_the_cpu_is_taken_by_name_and_where_there_is_no_gpu(self, no_gpu: None) -> None:
        assert find_device("cpu") == find_device("auto") == torch.device("cpu")

    def test_auto_takes_a_cuda_gpu_before_apples(
        self, fake_cuda: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert find_device("auto") == torch.device("mps")
        fake_cuda()
        assert find_device("auto") == torch.device("cuda")


class TestPrecision:
    @pytest.mark.parametrize("asked", ["fp32", "bf16", "fp16"])
    def test_what_the_user_asks_for_is_taken_without_asking_the_device(self, asked: str) -> None:
        assert precision(Runtime(device="cuda:7", precision=asked)) == asked

    @pytest.mark.parametrize("device", ["auto", "cpu", "mps"])
    def test_auto_without_a_gpus_driver_is_fp32_and_imports_no_torch(self, device: str) -> None:
        code = (
            "import sys; from audioscan_host import Runtime; from audioscan_torch import device, hooks; "
            f"device.GPU_DRIVERS = (); print(device.precision(Runtime(device={device!r})), 'torch' in sys.modules)"
        )
        asked = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        assert asked.stdout.split() == ["fp32", "False"]

    @pytest.mark.parametrize(("bf16", "expected"), [(True, "bf16"), (False, "fp32")])
    def test_auto_is_bf16_on_a_gpu_that_has_it_in_hardware(
        self, bf16: bool, expected: str, fake_cuda: Any
    ) -> None:
        fake_cuda(bf16=(bf16,))
        assert precision(Runtime()) == precision(Runtime(device="cuda")) == expected

    def test_the_gpu_that_is_named_is_the_one_that_is_asked(self, fake_cuda: Any) -> None:
        asked = fake_cuda(gpus=2, bf16=(True, False))
        assert precision(Runtime(device="cuda:1")) == "fp32"
        assert precision(Runtime(device="cuda:0")) == "bf16"
        assert asked == ["cuda:1", "cuda:0"]

    def test_auto_with_a_driver_that_torch_cannot_use_is_fp32(self, no_gpu: None, fake_cuda: Any) -> None:
        fake_cuda()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.cuda, "is_available", lambda: False)
            assert precision(Runtime()) == "fp32"

    def test_the_hook_gives_the_same_answer(self, fake_cuda: Any) -> None:
        fake_cuda(bf16=(True,))
        assert hooks.precision(checkpoint=None, runtime=Runtime()) == "bf16"

    @pytest.mark.parametrize(("asked", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
    def test_half_precision_is_near_fp32_and_its_inputs_stay_float32(
        self, asked: str, dtype: torch.dtype, inputs: Tensor
    ) -> None:
        half = TinyEncoder(Runtime(device="cpu", precision=asked))
        found = half.embed(inputs, LAYERS)[FINAL]
        full = TinyEncoder(Runtime(device="cpu", precision="fp32")).embed(inputs, LAYERS)[FINAL]
        assert inputs.dtype == torch.float32
        assert half.seen == [torch.float32]
        kept = {type(module): {each.dtype for each in module.parameters()} for module in half.network}
        assert kept == {nn.Linear: {dtype}, nn.LayerNorm: {torch.float32}, nn.GELU: set()}
        assert (found.dtype, full.dtype) == (dtype, torch.float32)
        assert torch.isfinite(found).all()
        assert 0 < (found.float() - full).norm() < 0.05 * full.norm()


class TestBatchSize:
    @pytest.fixture
    def on_fake_gpu(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TinyEncoder]:
        """An encoder whose GPU has `free` bytes, and needs `needed` for one window."""

        def make(needed: int, free: int, reserved: int = 0) -> TinyEncoder:
            encoder = TinyEncoder(Runtime(device="cpu"))
            encoder.device = torch.device("cuda")
            weights = 1000
            facts = {
                "reset_peak_memory_stats": None,
                "memory_allocated": weights,
                "max_memory_allocated": weights + needed,
                "memory_reserved": weights + reserved,
                "mem_get_info": (free, 80 * 2**30),
            }
            for name, fact in facts.items():
                monkeypatch.setattr(torch.cuda, name, lambda device, fact=fact: fact)
            return encoder

        return make

    def test_a_cpu_takes_few_windows_at_once_without_a_trial(self, inputs: Tensor) -> None:
        encoder = TinyEncoder(Runtime(device="cpu"))
        assert encoder.batch_size(inputs, LAYERS) == TinyEncoder.cpu_batch_size == 4
        assert encoder.batches == []

    def test_a_gpu_takes_what_fits_into_four_fifths_of_its_free_memory(
        self, inputs: Tensor, on_fake_gpu: Any
    ) -> None:
        encoder = on_fake_gpu(needed=100, free=1000)
        assert encoder.batch_size(inputs, LAYERS) == 8
        assert encoder.batches == [1, 1]

    def test_memory_that_torch_holds_unused_counts_as_free(self, inputs: Tensor, on_fake_gpu: Any) -> None:
        assert on_fake_gpu(needed=100, free=1000, reserved=500).batch_size(inputs, LAYERS) == 12

    def test_a_large_gpu_takes_no_more_than_the_largest_batch(self, inputs: Tensor, on_fake_gpu: Any) -> None:
        assert on_fake_gpu(needed=100, free=10**9).batch_size(inputs, LAYERS) == LARGEST_BATCH
        assert on_fake_gpu(needed=0, free=10**9).batch_size(inputs, LAYERS) == LARGEST_BATCH

    def test_a_small_gpu_takes_one(self, inputs: Tensor, on_fake_gpu: Any) -> None:
        assert on_fake_gpu(needed=100, free=50).batch_size(inputs, LAYERS) == 1

    def test_a_gpu_without_memory_for_the_trial_takes_one(self, inputs: Tensor, on_fake_gpu: Any) -> None:
        encoder = on_fake_gpu(needed=100, free=1000)
        encoder.error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        assert encoder.batch_size(inputs, LAYERS) == 1


class TestMemory:
    @pytest.mark.parametrize(
        "error",
        [
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        ],
    )
    def test_what_torch_calls_out_of_memory_is_a_memory_error(
        self, error: RuntimeError, inputs: Tensor
    ) -> None:
        encoder = TinyEncoder(Runtime(device="cpu"))
        encoder.error = error
        with pytest.raises(MemoryError, match=r"out of memory|ALLOC_FAILED"):
            encoder.embed(inputs, LAYERS)

    def test_the_cpus_own_refusal_is_a_memory_error(self, inputs: Tensor) -> None:
        encoder = TinyEncoder(Runtime(device="cpu"))
        with pytest.raises(RuntimeError) as refusal:
            torch.empty(2**60)
        encoder.error = refusal.value
        with pytest.raises(MemoryError):
            encoder.embed(inputs, LAYERS)

    @pytest.mark.parametrize("error", [RuntimeError("expected Float but found Half"), ValueError("no")])
    def test_any_other_error_passes(self, error: Exception, inputs: Tensor) -> None:
        encoder = TinyEncoder(Runtime(device="cpu"))
        encoder.error = error
        with pytest.raises(type(error)) as raised:
            encoder.embed(inputs, LAYERS)
        assert raised.value is error


class TestEncoder:
    def test_the_network_evaluates_without_gradients(self, inputs: Tensor) -> None:
        encoder = TinyEncoder(Runtime(device="cpu"))
        assert not encoder.network.training
        assert not encoder.embed(inputs, LAYERS)[FINAL].requires_grad

    def test_the_waveform_on_the_device_is_a_copy(self) -> None:
        waveform = noise(100)
        waveform.flags.writeable = False
        copy = TinyEncoder(Runtime(device="cpu")).on_device(waveform)
        before = waveform.copy()
        copy.zero_()
        np.testing.assert_array_equal(waveform, before)


class TestFbank:
    SETTINGS = (
        {"window_type": "hanning", "num_mel_bins": 128},
        {"window_type": "povey", "num_mel_bins": 128, "frame_length": 25, "frame_shift": 10},
    )

    @pytest.mark.parametrize("settings", SETTINGS, ids=["hanning", "povey"])
    @pytest.mark.parametrize("length", [2800, RATE, 8 * RATE])
    def test_a_slice_is_to_the_last_bit_what_kaldi_gives_for_the_window_alone(
        self, settings: dict[str, Any], length: int
    ) -> None:
        waveform = torch.from_numpy(noise(12 * RATE))
        starts = np.array([0, 160, 16 * 1000, 3 * RATE, (12 * RATE - length) // 160 * 160])
        inputs = FbankWindows(waveform, Windows(starts, length, RATE), **settings)
        assert len(inputs) == len(starts)
        for start, found in zip(starts, inputs[:], strict=True):
            alone = kaldi.fbank(waveform[None, start : start + length], sample_frequency=16000, **settings)
            assert found.dtype == torch.float32
            np.testing.assert_array_equal(found, alone)

    @pytest.mark.parametrize("settings", SETTINGS, ids=["hanning", "povey"])
    def test_a_window_of_one_frame_is_what_kaldi_gives_but_for_rounding(
        self, settings: dict[str, Any]
    ) -> None:
        waveform = torch.from_numpy(noise(RATE))
        (found,) = FbankWindows(waveform, Windows(np.array([1600]), 400, RATE), **settings)[:]
        alone = kaldi.fbank(waveform[None, 1600:2000], sample_frequency=16000, **settings)
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)

    def test_a_slice_of_the_windows_is_in_their_order(self) -> None:
        waveform = torch.from_numpy(noise(3 * RATE))
        starts = np.array([RATE, 0, 1600])
        inputs = FbankWindows(waveform, Windows(starts, RATE, RATE), window_type="hanning", num_mel_bins=128)
        assert inputs[1:3].shape == (2, 98, 128)
        np.testing.assert_array_equal(inputs[1:3], inputs[:][1:])
        assert (inputs[0:1] != inputs[1:2]).any()

    @pytest.mark.parametrize(("samples", "frames"), [(400, 1), (559, 1), (560, 2), (8 * RATE, 798)])
    def test_frames_are_those_that_kaldi_finds(self, samples: int, frames: int) -> None:
        assert frames_of(samples) == frames == len(kaldi.fbank(torch.zeros(1, samples)))

    @pytest.mark.parametrize("start", [1, 80, 161])
    def test_a_start_between_two_frames_is_refused(self, start: int) -> None:
        with pytest.raises(ValueError, match="multiples of 160 samples"):
            FbankWindows(torch.zeros(2 * RATE), Windows(np.array([0, start]), RATE, RATE))


def test_importing_the_package_and_its_hooks_imports_nothing_heavy() -> None:
    code = (
        "import sys, audioscan_torch.hooks; "
        "print(sorted({'numpy', 'torch', 'torchaudio'} & set(sys.modules)))"
    )
    listing = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert listing.stdout.strip() == "[]"


def test_the_plugin_of_the_readme_gives_the_numbers_that_it_describes(
    no_installed_plugins: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, embedded: Any
) -> None:
    readme = Path(hooks.__file__).parents[1] / "README.md"
    blocks = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    names = ["audioscan_mynet", "audioscan_mynet.encoder"]
    for name, block in zip(names, blocks, strict=True):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(block, vars(module))  # noqa: S102 - the README's own text
    plugin = sys.modules["audioscan_mynet"]

    torch.manual_seed(1)
    network = nn.ModuleList([nn.Linear(80, 64), nn.Linear(64, 64)])
    file = tmp_path / "mynet.pth"
    torch.save(network.state_dict(), file)
    waveform = noise(2 * RATE)
    registry = load_registry({"mynet": plugin}, checkpoints={"MYNET": str(file)})
    found = embedded(registry, ["MYNET", "MYNET_ML"], waveform, Windowing(1, 1))

    samples = torch.from_numpy(waveform).unflatten(0, (2, RATE))
    fbank = torch.stack([kaldi.fbank(each[None], num_mel_bins=80) for each in samples])
    with torch.inference_mode():
        first = torch.tanh(network[0](fbank))
        last = torch.tanh(network[1](first))
    np.testing.assert_allclose(found["MYNET"], last.mean(1), rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["MYNET_ML"], torch.cat([first, last], 2).mean(1), rtol=0, atol=1e-5)
    assert plugin.CHECKPOINT.parameters == sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize("pooling", ["mean", "mean+std", "mean+max"])
def test_shares_are_pooled_to_the_same_bits_whichever_way_they_went_to_the_device(
    pooling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    states = torch.from_numpy(random.standard_normal((3, 40, 5)).astype(np.float32))
    weights = np.zeros((3, 4, 40), np.float32)
    for grain in range(4):
        weights[:, grain, 9 * grain : 9 * grain + 12] = random.uniform(0.1, 1, (3, 12))
    expected = np.asarray(pool_shares([states], weights, pooling))
    monkeypatch.setattr(copies, "_is_on_cuda", lambda _array: True)
    monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)  # there is no GPU that would need it
    found = np.asarray(pool_shares([states], weights, pooling))
    assert found.tobytes() == expected.tobytes()

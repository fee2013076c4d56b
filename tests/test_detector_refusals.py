"""A scan with a detector that is damaged, or made to do harm: one line that names it, and nothing else happens."""

import io
import json
import struct
import tracemalloc
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from threadpoolctl import threadpool_limits

from audioscan_host import Windowing, train
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.detector import archive, load
from audioscan_host.errors import DetectorError

KINDS = ("logistic", "hist-gbt")
MEGABYTE = 2**20
STATE = "0/estimators.skops"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A recording, and by kind of classifier the bytes of a detector that was trained on it by MEL."""
    folder = tmp_path_factory.mktemp("trained")
    samples = np.random.default_rng(0).standard_normal((160, 16_000)) * 0.02
    bursts = range(5, 155, 10)
    for at in bursts:
        samples[at : at + 4] *= 8
    with wave.open(str(folder / "x.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    (folder / "labels.csv").write_text(
        "file,start,end,label\n" + "".join(f"x.wav,{at},{at + 4},burst\n" for at in bursts)
    )
    files = {}
    for kind in KINDS:
        train(
            [folder / "x.wav"],
            [folder / "labels.csv"],
            "MEL",
            out=folder / kind,
            windowing=Windowing(2.0, 1.0),
            classifier=ClassifierSettings(kind),
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


def with_state(data, change, **arrays):
    """The file with another classifier: `change` gets the schema that skops wrote of it; arrays by name."""
    parts = archive.read(archive.read(data, sealed=True)[STATE]) | arrays
    schema = json.loads(parts["schema.json"])
    change(schema)
    parts["schema.json"] = json.dumps(schema).encode()
    return changed(data, **{STATE: archive.write(parts)})


def attributes(schema):
    """Those of the first estimator."""
    return schema["content"][0]["content"]["content"]


def with_attribute(data, node, **arrays):
    return with_state(data, lambda schema: attributes(schema).update(n_jobs=node), **arrays)


def node(loader, name, **more):
    module, _, name = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": name} | more


def value(content):
    return node("JsonNode", "builtins.str", content=json.dumps(content), is_json=True)


def listed(*items, **more):
    return node("ListNode", "builtins.list", content=list(items), **more)


def array(file):
    return node("NdArrayNode", "numpy.ndarray", type="numpy", file=file)


@pytest.mark.parametrize("kind", KINDS)
def test_as_it_was_saved_it_scans(scan, trained, kind):
    assert scan(trained[1][kind]).stdout.startswith("file,start,end,label,score\n")


# --- damaged


@pytest.mark.parametrize("kind", KINDS)
def test_any_changed_byte_is_refused(refused, trained, kind):
    data = trained[1][kind]
    directory = struct.unpack_from("<L", data, len(data) - 64 - 22 + 16)[0]
    assert data[directory:].startswith(b"PK\1\2")
    header = range(30 + len("0/0.nodes.npy"))
    for at in [*header, *range(directory, len(data), 5), *range(0, directory, directory // 200)]:
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        assert "damaged" in (line := refused(bytes(damaged))) or "not a detector file" in line


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
    line = refused(described(trained[1][kind], format=2))
    assert "is of format 2, and this audioscan-host reads format 1: upgrade audioscan-host" in line


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("odd", [value("a"), value(None), value(-1), value([1]), listed()])
def test_a_part_of_a_type_that_does_not_fit_is_refused(refused, trained, kind, odd):
    """As a scan would otherwise find out, in its middle."""

    def change(schema):
        pair = attributes(schema)["calibrated_classifiers_"]["content"][0]
        pair["content"]["content"]["calibrators"] = odd

    assert "cannot be used (" in refused(with_state(trained[1][kind], change))


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_part_is_refused(refused, trained, kind):
    def without(schema, name):
        pair = attributes(schema)["calibrated_classifiers_"]["content"][0]
        for part in (attributes(schema), pair["content"]["content"]):
            part.pop(name, None)

    for name in ("calibrated_classifiers_", "method", "n_features_in_", "calibrators", "estimator"):
        state = with_state(trained[1][kind], lambda schema, name=name: without(schema, name))
        assert "cannot be used (AttributeError: " in refused(state)


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
    name = "0/0.nodes.npy"
    nodes = archive.read_array(archive.read(data, sealed=True)[name]).copy()
    nodes[field][nodes["is_leaf"] == 0] = number
    assert said in refused(changed(data, **{name: archive.write_array(nodes)}))


@pytest.mark.parametrize("offset", [-1, 10**9])
def test_trees_that_begin_outside_of_their_array_are_refused(refused, trained, offset):
    name = "0/0.offsets.npy"
    offsets = archive.read_array(archive.read(trained[1]["hist-gbt"], sealed=True)[name]).copy()
    offsets[1] = offset
    assert "offsets" in refused(changed(trained[1]["hist-gbt"], **{name: archive.write_array(offsets)}))


CURSOR = "x\r\n\x1b[2JError: all is well"


@pytest.mark.parametrize(
    "bad",
    [
        lambda data: with_attribute(data, node("ObjectNode", f"os.{CURSOR}")),
        lambda data: with_attribute(data, node("ObjectNode", f"os.{'x' * 10**6}")),
        lambda data: described(data, {"probe": [0.5] * 8}, versions={"scikit-learn": CURSOR}),
        lambda data: described(data, checkpoint_revision=CURSOR),
        lambda data: described(data, checkpoint_revision="x" * 10**6),
        lambda data: described(data, model=CURSOR),
        lambda data: described(data, model="x" * 10**6),
        lambda data: described(data, normalisation=CURSOR),
        lambda data: described(data, {"kind": CURSOR}),
        lambda data: changed(data, **{CURSOR: b""}),
    ],
    ids=["type", "long type", "version", "revision", "long revision", "model", "long model", "normalisation", "kind", "member"],
)  # fmt: skip
def test_what_a_file_says_of_itself_stays_in_one_line(refused, trained, bad):
    refused(bad(trained[1]["logistic"]))


# --- made to do harm


class Toucher:
    """Leaves a file behind where skops builds it."""

    def __init__(self, path):
        self.path = str(path)

    def __getstate__(self):
        return {"path": self.path}

    def __setstate__(self, state):
        Path(state["path"]).touch()


def skops_schema(thing):
    return json.loads(archive.read(skops.io.dumps(thing))["schema.json"])


def touched_by_its_state(path):
    schema = skops_schema(Toucher(path))
    return schema, f"{schema['__module__']}.{schema['__class__']}"


def touched_by_a_call(path):
    call = node("ConstructorFromReduceNode", "builtins.open", content=listed(value(str(path)), value("w")))
    return call | {"protocol": 1}, "builtins.open"


@pytest.mark.parametrize("touched_by", [touched_by_its_state, touched_by_a_call])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the file that is opened below
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_building_a_type_would_do_is_not_done(refused, trained, tmp_path, touched_by):
    path = tmp_path / "was-here"
    evil, name = touched_by(path)
    for place in ("attribute", "everything"):
        if place == "attribute":
            data = with_attribute(trained[1]["logistic"], {k: v for k, v in evil.items() if k != "__id__"})
        else:
            parts = {"schema.json": json.dumps(evil).encode()}
            data = changed(trained[1]["logistic"], **{STATE: archive.write(parts)})
        assert f"holds the type {name} " in refused(data)
        assert not path.exists()
    skops.io.loads(archive.write(parts), trusted=[name])  # where skops is let
    assert path.exists()


@pytest.mark.timeout(60)
def test_a_structure_without_end_made_of_a_few_names_is_refused(refused, trained):
    """Lists of twice the list before: skops looks at 2 to the power of 60."""
    deep = listed(__id__=1)
    for number in range(2, 60):
        deep = listed(deep, {"__id__": number - 1}, __id__=number)
    assert "not safe to use" in refused(with_attribute(trained[1]["logistic"], deep))


# --- bombs: a small file that would take gigabytes


def test_a_member_that_unpacks_to_a_gigabyte_is_refused(refused_in_little_memory, trained):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in archive.read(trained[1]["logistic"], sealed=True).items():
            with file.open(name, "w") as member:
                member.write(content)
                for _ in range(1024 * (name == STATE)):
                    member.write(bytes(MEGABYTE))
        file.comment = bytes(64)
    data = sealed(stream.getvalue())
    assert len(data) < 10 * MEGABYTE
    assert "declares more content than it holds" in refused_in_little_memory(data)
    nested = changed(trained[1]["logistic"], **{STATE: stream.getvalue()[:-64]})
    refused_in_little_memory(nested)


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
def test_many_members_are_refused(refused_in_little_memory, members, said):
    data = archive.write({f"{number:x}": b"" for number in range(members)}, sealed=True)
    assert said in refused_in_little_memory(data)


def test_an_array_that_is_named_many_times_is_refused(refused_in_little_memory, trained):
    twice = listed(*[array("zeros.npy")] * 400)
    zeros = archive.write_array(np.zeros(MEGABYTE // 8))
    refused_in_little_memory(with_attribute(trained[1]["logistic"], twice, **{"zeros.npy": zeros}))


def test_a_description_of_millions_of_objects_is_refused(refused_in_little_memory, trained):
    many = b"[" + b"[]," * (8 * MEGABYTE) + b"[]]"
    refused_in_little_memory(changed(trained[1]["logistic"], **{"detector.json": many}))
    state = archive.write({"schema.json": many})
    refused_in_little_memory(changed(trained[1]["logistic"], **{STATE: state}))


def test_arrays_that_declare_more_than_they_hold_are_refused(refused_in_little_memory, trained):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": (2**40,), "fortran_order": False, "descr": "<f8"})
    lie = stream.getvalue()
    for name in ("0/0.offsets.npy", "reference.npy"):
        line = refused_in_little_memory(changed(trained[1]["hist-gbt"], **{name: lie}))
        assert "another size than it declares" in line
    state = with_attribute(trained[1]["hist-gbt"], array("lie.npy"), **{"lie.npy": lie})
    assert "another size than it declares" in refused_in_little_memory(state)

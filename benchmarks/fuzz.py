"""Mutated bytes for whatever reads files: media, labels, cache, detectors. They give the documented errors, or what is whole.

The suite runs a few seconds of it; this runs as long as it is told to, from another seed each time unless one is given. Whatever
goes wrong is kept as a file, and can be tried again: `python benchmarks/fuzz.py --only labels --again FILE`.
"""

import argparse
import logging
import math
import random
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import machine
import numpy as np

from audioscan_host import load_detector, train
from audioscan_host.annotations import read_annotations
from audioscan_host.audio import decode
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.detector import Detector, save
from audioscan_host.errors import AnnotationError, CacheError, DetectorError, RecordingError
from audioscan_host.evidence import Evidence

RATE = 16_000
LONGEST = 60  # seconds of a mutated recording that are looked at: some formats say how much silence there is
TELLING = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
    b"nan",
    b"1e999",
    b'"',
    b"\n",
    b"\t",
]
OWN = f"w2v/{'0' * 64}.npz"


class WrongError(Exception):
    """What was read is neither whole nor refused."""


# Mutators


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes, of the kinds that disks, networks and strangers make."""
    for _ in range(chance.choice([1, 1, 2, 4])):
        content = chance.choice(MUTATORS)(content, chance)
    return content


def flip_a_bit(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return content
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def set_a_byte(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _piece(content: bytes, chance: random.Random) -> tuple[int, int]:
    begin = chance.randrange(len(content) + 1)
    return begin, min(len(content), begin + round(2 ** chance.uniform(0, 14)))


def remove_a_piece(content: bytes, chance: random.Random) -> bytes:
    begin, end = _piece(content, chance)
    return content[:begin] + content[end:]


def double_a_piece(content: bytes, chance: random.Random) -> bytes:
    begin, end = _piece(content, chance)
    return content[:end] + content[begin:]


def move_a_piece(content: bytes, chance: random.Random) -> bytes:
    begin, end = _piece(content, chance)
    rest = content[:begin] + content[end:]
    at = chance.randrange(len(rest) + 1)
    return rest[:at] + content[begin:end] + rest[at:]


def zero_a_piece(content: bytes, chance: random.Random) -> bytes:
    begin, end = _piece(content, chance)
    return content[:begin] + bytes(end - begin) + content[end:]


def put_something_telling(content: bytes, chance: random.Random) -> bytes:
    at, what = chance.randrange(len(content) + 1), chance.choice(TELLING)
    return content[:at] + what + content[at + len(what) * chance.randrange(2) :]


MUTATORS: list[Callable[[bytes, random.Random], bytes]] = [
    flip_a_bit,
    set_a_byte,
    cut,
    remove_a_piece,
    double_a_piece,
    move_a_piece,
    zero_a_piece,
    put_something_telling,
]


# Targets


@dataclass(frozen=True)
class Target:
    """What reads files.

    Attributes:
        seeds: name of a sound file -> its bytes.
        read: reads a file of that name in a folder, and raises WrongError where it gives what it should not.
        refusal: what it may raise.
    """

    seeds: Mapping[str, bytes]
    read: Callable[[Path], None]
    refusal: type[Exception]


def media() -> Target:
    """Two seconds in every container and codec that FFmpeg can write here."""
    samples = (np.random.default_rng(0).normal(0, 3000, 2 * RATE)).astype(np.int16)
    kinds = {
        "x.wav": "pcm_s16le", "y.wav": "pcm_f32le", "x.flac": "flac", "x.mp3": "libmp3lame", "x.m4a": "aac", "x.mka": "aac",
        "x.ogg": "libvorbis", "x.webm": "libopus", "x.caf": "pcm_s16be", "x.aiff": "pcm_s16be", "x.w64": "pcm_s16le",
        "x.ts": "mp2", "x.au": "pcm_s16be",
    }  # fmt: skip
    seeds = {}
    for name, codec in kinds.items():
        try:
            seeds[name] = _encoded(samples, name, codec)
        except (av.FFmpegError, ValueError):  # this FFmpeg has no such encoder
            continue

    def read(path: Path) -> None:
        count = 0
        with closing(decode(path, RATE, tell=_silent)) as chunks:
            for chunk in chunks:
                if chunk.ndim != 1 or chunk.dtype != np.float32 or not np.isfinite(chunk).all():
                    raise WrongError(f"a chunk of {chunk.dtype} {chunk.shape}, or not finite")
                count += len(chunk)
                if count > LONGEST * RATE:
                    return

    return Target(seeds, read, RecordingError)


def _encoded(samples: np.ndarray, name: str, codec: str) -> bytes:
    kind = {"m4a": "ipod", "mka": "matroska", "ts": "mpegts"}.get(
        name.partition(".")[2], name.partition(".")[2]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with av.open(str(path), "w", format=kind) as container:
            rate = 48_000 if codec == "libopus" else RATE
            stream = container.add_stream(codec, rate=rate, layout="mono")
            resampler = av.AudioResampler(
                format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 1024
            )
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate = RATE
            for each in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(each))
            container.mux(stream.encode(None))
        return path.read_bytes()


def _silent(_note: object) -> None:
    """Tells nobody."""


def labels() -> Target:
    """A file of every format that is read."""
    rows = [(1.5, 3.0, "cry"), (10.0, 12.25, "bark"), (20.0, 20.5, "käuz")]
    raven = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tBegin File\tAnnotation\n"
    texts = {
        "x.csv": "file,start,end,label,role\n" + "".join(f"d.wav,{a},{b},{c},positive\n" for a, b, c in rows),
        "x.tsv": "file\tstart\tend\tlabel\n" + "".join(f"d.wav\t{a}\t{b}\t{c}\n" for a, b, c in rows),
        "d.txt": "".join(f"{a}\t{b}\t{c}\n" for a, b, c in rows),
        "d.Table.1.selections.txt": raven
        + "".join(
            f"{i}\tSpectrogram 1\t1\t{a}\t{b}\t0\t8000\td.wav\t{c}\n" for i, (a, b, c) in enumerate(rows)
        ),
        "dcase.tsv": "filename\tonset\toffset\tevent_label\n"
        + "".join(f"d.wav\t{a}\t{b}\t{c}\n" for a, b, c in rows),
    }
    seeds = {name: text.encode() for name, text in texts.items()} | {"x.db": _database(rows)}

    def read(path: Path) -> None:
        for each in read_annotations(path):
            whole = each.end is None or (math.isfinite(each.end) and each.end >= each.start)
            if not (math.isfinite(each.start) and each.start >= 0 and whole and isinstance(each.label, str)):
                raise WrongError(f"{each}")

    return Target(seeds, read, AnnotationError)


def _database(rows: list[tuple[float, float, str]]) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE TABLE processed (filename, source_path, start_time REAL, output_path, label, scan_export, profile)"
        )
        database.execute("CREATE TABLE hard_negatives (filename, source_path, start_time REAL, profile)")
        for start, _, label in rows:
            clip = ("d.wav", "/a/d.wav", start, f"out/{label}/clip_001/clip_001_0.mp4", label, 0, "default")
            database.execute("INSERT INTO processed VALUES (?, ?, ?, ?, ?, ?, ?)", clip)
        database.execute("INSERT INTO hard_negatives VALUES ('d.wav', '/a/d.wav', 40.0, 'default')")
        database.commit()
        return database.serialize()


def cache() -> Target:
    """A file of embeddings: all of it as it was, or refused."""
    sound = Embeddings(
        np.arange(13.0),
        np.random.default_rng(0).random((13, 8), np.float32),
        {"model": "MEL", "duration": 20.0},
    )
    with tempfile.TemporaryDirectory() as folder:
        cache_file.write(LocalFolder(Path(folder)), OWN, sound)
        seeds = {Path(OWN).name: (Path(folder) / OWN).read_bytes()}

    def read(path: Path) -> None:
        found = cache_file.read(LocalFolder(path.parent), path.name, 8)
        same = np.array_equal(found.times, sound.times) and np.array_equal(found.vectors, sound.vectors)
        if not same or found.meta != sound.meta:
            raise WrongError("not what was written")

    return Target(seeds, read, CacheError)


def detectors() -> Target:
    """A detector's file: it says of windows what it said, or is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng, rows = np.random.default_rng(0), ["file,start,end,label"]
        for i in range(2):
            machine.write_noise(folder / f"{i}.wav", 1, seed=i)
            rows += [f"{i}.wav,{at},{at + 4},hiss" for at in (4, 14, 24, 34, 44)]
        (folder / "labels.csv").write_text("\n".join(rows))
        logging.getLogger("audioscan_host").setLevel(logging.ERROR)
        detector = train([folder], [folder / "labels.csv"], "MEL", cache_dir=folder / "cache").detector
        save(detector, folder / "x.detector")
        seeds = {"x.detector": (folder / "x.detector").read_bytes()}
    windows = Evidence.without_silence(rng.normal(size=(20, 256)).astype(np.float32), 1.0)
    expected = detector.probabilities(windows)["hiss"]

    def read(path: Path) -> None:
        found: Detector = load_detector(path)
        said = found.probabilities(windows)
        if list(said) != ["hiss"] or not np.allclose(said["hiss"], expected, rtol=0, atol=1e-9):
            raise WrongError("a detector that says something else")

    return Target(seeds, read, DetectorError)


TARGETS: Mapping[str, Callable[[], Target]] = {
    "media": media,
    "labels": labels,
    "cache": cache,
    "detectors": detectors,
}


# Runs


@dataclass(frozen=True)
class Fault:
    """A file that gave something else than a refusal or what is whole."""

    name: str
    content: bytes
    traceback: str


def judged(target: Target, path: Path) -> str | None:
    """`read`, `refused`; or None where it went wrong, which is the error that is being handled then."""
    try:
        target.read(path)
    except target.refusal as error:
        if "\n" in str(error) or not str(error):
            raise WrongError(f"a refusal that is no line: {error!r}") from error
        return "refused"
    return "read"


def tried(target: Target, folder: Path, seed: int) -> Iterator[str | Fault]:
    """Mutate and read without end: what came of each, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - any will do, if only the same
    while True:
        name = chance.choice(sorted(target.seeds))
        content = mutated(target.seeds[name], chance)
        path = folder / name
        path.write_bytes(content)
        try:
            yield judged(target, path) or ""
        except Exception:  # noqa: BLE001 - whatever else it is, is what is looked for
            yield Fault(name, content, traceback.format_exc())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=TARGETS, action="append", help="of these targets; may repeat")
    parser.add_argument("--seconds", type=float, default=300, help="for each target")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument(
        "--out", type=Path, default=Path("fuzz-faults"), help="where files that go wrong are kept"
    )
    parser.add_argument("--again", type=Path, help="read this file once, and show what happens")
    given = parser.parse_args()
    if given.again:
        judged(TARGETS[(given.only or ["media"])[0]](), given.again)
        return
    rows, faults = [], 0
    for name in given.only or TARGETS:
        target, counts, until = TARGETS[name](), Counter[str](), time.monotonic() + given.seconds
        with tempfile.TemporaryDirectory() as folder:
            for outcome in tried(target, Path(folder), given.seed):
                if isinstance(outcome, Fault):
                    faults += 1
                    given.out.mkdir(exist_ok=True)
                    kept = given.out / f"{faults}-{outcome.name}"
                    kept.write_bytes(outcome.content)
                    print(f"{name}: {kept}\n{outcome.traceback}", file=sys.stderr)
                counts[outcome if isinstance(outcome, str) else "wrong"] += 1
                if time.monotonic() > until:
                    break
        rows.append((name, ", ".join(f"{count} {what}" for what, count in sorted(counts.items())), "0 wrong"))
    machine.report(f"Mutated files, seed {given.seed}", rows)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

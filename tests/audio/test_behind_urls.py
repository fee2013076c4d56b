"""Decoding what lies behind a URL: the bits of the same file on this machine, and how much is fetched for them."""

import base64
import errno
import hashlib

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from audioscan_host.audio import RecordingReader, decode, probe
from audioscan_host.errors import RecordingError
from audioscan_host.recorded_at.clock import Clock
from audioscan_host.recordings import find_recordings
from audioscan_host.remote.reading import facts_of, pieces_of
from audioscan_host.remote_path import path_of

RATE = 48_000
MB = 2**20

CONTAINERS = [
    ("a.wav", "pcm_s16le", {}),
    ("a.w64", "pcm_s16le", {}),
    ("a.flac", "flac", {}),
    ("a.mp3", "libmp3lame", {}),
    ("a.mp3", "libmp3lame", {"write_xing": "0"}),
    ("a.m4a", "aac", {}),  # its index is at the end
    ("a.m4a", "aac", {"movflags": "faststart"}),
    ("a.mov", "alac", {}),
    ("a.ogg", "vorbis", {}),
    ("a.opus", "libopus", {}),
    ("a.mka", "flac", {}),
    ("a.webm", "libopus", {}),
    ("a.aac", "aac", {}),
    ("a.ts", "mp2", {}),
    ("a.aiff", "pcm_s16be", {}),
    ("a.caf", "pcm_s16le", {}),
    ("a.wma", "wmav2", {}),
]


class Counting(MemoryFileSystem):
    """A memory that notes how many bytes each request asks of it, and may break."""

    protocol = "counting"
    store: dict = {}  # noqa: RUF012 - as the memory of fsspec has it
    pseudo_dirs = [""]  # noqa: RUF012
    requests: list[int] = []  # noqa: RUF012
    breaks_at: int | None = None

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("counting://", "memory://", 1))

    def cat_file(self, path, start=None, end=None, **options):
        if self.breaks_at is not None and end > self.breaks_at:
            raise TimeoutError("Read timeout on endpoint URL\nafter 5 tries")
        data = super().cat_file(path, start=start, end=end, **options)
        self.requests.append(len(data))
        return data


@pytest.fixture
def put(monkeypatch):
    """Puts a file behind a URL: `put(path)`; what is fetched of it is counted from then on."""
    fsspec.register_implementation("counting", Counting, clobber=True)
    monkeypatch.setattr(Counting, "store", {})
    monkeypatch.setattr(Counting, "requests", [])

    def put(path):
        fsspec.filesystem("counting").pipe(f"/far/{path.name}", path.read_bytes())
        Counting.requests.clear()
        return path_of(f"counting://far/{path.name}")

    return put


@pytest.fixture(scope="module")
def sound():
    """(samples, 1): half a minute of noise."""
    return 0.1 * np.random.default_rng(0).standard_normal((30 * RATE, 1))


def samples(path, rate=None, **part):
    return np.concatenate([np.zeros(0, np.float32), *decode(path, rate, **part)])


@pytest.mark.parametrize(("name", "encoder", "options"), CONTAINERS)
def test_the_samples_are_to_the_bit_those_of_the_file(encode, put, sound, name, encoder, options):
    path = encode(name, encoder, sound, RATE, options=options)
    url = put(path)
    assert probe(url) == probe(path)
    assert samples(url).tobytes() == samples(path).tobytes()
    assert samples(url, 16_000).tobytes() == samples(path, 16_000).tobytes()
    for start in (3.7, 20.003, 28.5):
        assert (
            samples(url, start=start, end=start + 1).tobytes()
            == samples(path, start=start, end=start + 1).tobytes()
        )


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # by which the test puts it there
def test_one_in_google_cloud_storage_is_found_told_and_read_by_ranges(gs, encode, sound):
    path = encode("night.flac", "flac", sound, RATE)
    fsspec.filesystem("gs").pipe(f"{gs}/season/night.flac", path.read_bytes())
    (url,) = find_recordings([f"{gs}/season"])
    assert str(url) == f"{gs}/season/night.flac"
    assert facts_of(url).version == base64.b64encode(hashlib.md5(path.read_bytes()).digest()).decode()  # noqa: S324 - as Google tells it
    assert probe(url) == probe(path)
    assert samples(url).tobytes() == samples(path).tobytes()
    assert samples(url, start=20, end=21).tobytes() == samples(path, start=20, end=21).tobytes()
    whole = path.read_bytes()
    assert pieces_of(url, [(0, 10), (MB, MB + 5)]) == [whole[:10], whole[MB : MB + 5]]
    with pytest.raises(RecordingError, match=r"season/none.flac: there is no such file; check the URL"):
        probe(url.with_name("none.flac"))


def test_a_film_gives_its_sound(encode, put, sound):
    path = encode("film.mp4", "aac", sound, RATE, video=True)
    assert samples(put(path)).tobytes() == samples(path).tobytes()


def test_a_header_that_says_too_little_is_corrected_as_in_a_file(declare, put):
    path = declare(data=np.arange(80_000, dtype="<i2").tobytes(), size=32_000)
    assert len(samples(path)) == 80_000
    assert samples(put(path)).tobytes() == samples(path).tobytes()


def test_a_reader_goes_to_any_place(encode, put, sound):
    path = encode("a.flac", "flac", sound, RATE)
    near, far = RecordingReader(path), RecordingReader(put(path))
    assert far.duration == near.duration
    for second in (20, 3, 28, 3.5):
        first = round(second * RATE)
        assert far.read(first, first + RATE).tobytes() == near.read(first, first + RATE).tobytes()
    near.close()
    far.close()


@pytest.fixture(scope="module")
def long_sound():
    """(samples, 1): ten minutes of noise."""
    return 0.1 * np.random.default_rng(1).standard_normal((600 * RATE, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "encoder", "of_a_look", "of_a_part", "requests"),
    [
        ("a.wav", "pcm_s16le", 1.0, 4, 10),  # megabytes of a look and of a part, requests of a part
        ("a.flac", "flac", 0.3, 13, 60),
        ("a.mp3", "libmp3lame", 0.3, 3, 30),
        ("a.m4a", "aac", 0.3, 12, 15),  # a part of it is decoded from the beginning
        ("a.mov", "alac", 0.3, 6, 12),
    ],
)
def test_a_look_and_a_part_take_a_little_of_a_large_file_and_all_of_it_is_fetched_once(
    encode, put, long_sound, name, encoder, of_a_look, of_a_part, requests
):
    path = encode(name, encoder, long_sound, RATE)
    size = path.stat().st_size
    assert size > 9 * MB
    url = put(path)
    probe(url)
    assert sum(Counting.requests) <= of_a_look * MB
    assert len(Counting.requests) <= 5
    Counting.requests.clear()
    part = samples(url, start=400, end=402)
    assert part.tobytes() == samples(path, start=400, end=402).tobytes()
    assert sum(Counting.requests) <= of_a_part * MB
    assert len(Counting.requests) <= requests
    Counting.requests.clear()
    for _ in decode(url, None):
        pass
    assert sum(Counting.requests) <= 1.03 * size
    assert len(Counting.requests) <= size / (4 * MB) + 15


@pytest.mark.parametrize(("name", "encoder", "options"), CONTAINERS)
def test_half_of_a_recording_never_passes_for_a_whole_one(
    encode, put, sound, name, encoder, options, monkeypatch
):
    path = encode(name, encoder, sound, RATE, options=options)
    url = put(path)
    monkeypatch.setattr(Counting, "breaks_at", path.stat().st_size // 2)
    with pytest.raises(RecordingError) as raised:
        samples(url)
    assert str(raised.value) == (
        f"{url}: cannot be read (Read timeout on endpoint URL after 5 tries); check the URL, the network and your "
        "credentials"
    )


def test_what_is_not_there_or_no_recording_is_told_in_a_line(tmp_path, put):
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    url = put(tmp_path / "text.wav")
    with pytest.raises(RecordingError, match=r"far/text.wav: is not an audio or video file"):
        probe(url)
    with pytest.raises(RecordingError, match=r"far/none.wav: there is no such file; check the URL"):
        probe(url.with_name("none.wav"))
    with pytest.raises(RecordingError, match=r"far/empty.wav: is empty"):
        probe(put(tmp_path / "empty.wav"))


def test_when_it_was_recorded_is_read_of_its_header(tmp_path, put, declare):
    path = declare()
    told = b"guan" + (40).to_bytes(4, "little") + b"Timestamp: 2017-04-26T20:50:20-05:00".ljust(40)
    path.write_bytes(path.read_bytes() + told)
    clock = Clock.of(None, lambda note: None)
    assert clock.recorded_at(put(path)) == clock.recorded_at(path) is not None


def test_an_error_of_a_disk_stays_one(put, declare):
    from audioscan_host.audio.opening import opened

    url = put(declare())
    with pytest.raises(OSError, match="No space left") as raised, opened(url):
        raise OSError(errno.ENOSPC, "No space left on device", "clip.wav")
    assert not isinstance(raised.value, RecordingError)

"""The sound of recordings as bytes of a WAV, and their spectrogram as tiles: what is where, and who is served when."""

import asyncio
import io
import struct
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from starlette.applications import Starlette
from starlette.testclient import TestClient

from audioscan_host import AudioscanError, RecordingReader
from audioscan_ui.api import media
from audioscan_ui.media.playing_rate import played, playing_rate
from audioscan_ui.media.reader import MediaReader
from audioscan_ui.media.spectrogram import FLOOR, RANGE, ROWS, columns, frame_length
from audioscan_ui.media.tiles import COLUMNS, Tile, stretches
from audioscan_ui.media.turns import LISTENING, LOOKING, Turns
from audioscan_ui.media.virtual_wav import ByteRange, UnsatisfiableRangeError, range_of
from audioscan_ui.problems import Problem, answer_host_error, answer_problem

RATE = 16_000
LENGTH = 70


class Session:
    def __init__(self, *paths):
        self.paths = paths

    def recording(self, number):
        if not 1 <= number <= len(self.paths):
            raise Problem(404, "there is no such recording")
        return SimpleNamespace(path=Path(self.paths[number - 1]))


@pytest.fixture(scope="module")
def tone():
    """Soft noise, and a tone of 3 kHz from second 40.0 to 40.5: 16-bit samples."""
    signal = 0.001 * np.random.default_rng(0).standard_normal(LENGTH * RATE)
    signal[40 * RATE : 40 * RATE + RATE // 2] += 0.5 * np.sin(2 * np.pi * 3000 * np.arange(RATE // 2) / RATE)
    return (32767 * signal).astype(np.int16)


@pytest.fixture
def serve():
    """A client of a server of recordings."""
    readers = []

    def start(*paths):
        app = Starlette(
            routes=media.routes,
            exception_handlers={Problem: answer_problem, AudioscanError: answer_host_error},
        )
        readers.append(MediaReader(Session(*paths)))
        app.state.review = SimpleNamespace(media=readers[-1])
        return TestClient(app)

    yield start
    for reader in readers:
        reader.close()


@pytest.fixture
def client(tone, serve, tmp_path):
    sf.write(tmp_path / "tone.wav", tone, RATE)
    return serve(tmp_path / "tone.wav")


def test_the_facts_of_a_recording(client):
    assert client.get("/api/recordings/1/media").json() == {
        "duration": LENGTH,
        "rate": RATE,
        "channels": 1,
        "playing_rate": RATE,
        "top_frequency": RATE / 2,
        "problem": None,
    }
    assert client.get("/api/recordings/2/media").status_code == 404


def test_what_cannot_be_read_says_why(serve, tmp_path):
    (tmp_path / "notes.wav").write_bytes(b"no recording at all")
    client = serve(tmp_path / "notes.wav", tmp_path / "gone.wav")
    for number, reason in ((1, "not an audio or video file"), (2, "there is no such file")):
        assert reason in client.get(f"/api/recordings/{number}/media").json()["problem"]
        for path in ("audio.wav", "tiles/0"):
            answer = client.get(f"/api/recordings/{number}/{path}")
            assert (answer.status_code, reason in answer.json()["problem"]) == (422, True)


def test_the_whole_is_a_wav_with_the_samples_of_the_file(client, tone):
    answer = client.get("/api/recordings/1/audio.wav")
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "audio/wav"
    assert int(answer.headers["content-length"]) == len(answer.content)
    heard, rate = sf.read(io.BytesIO(answer.content), dtype="int16")
    assert rate == RATE
    assert np.array_equal(heard, tone)


def test_any_range_of_bytes_is_that_of_the_whole(client):
    whole = client.get("/api/recordings/1/audio.wav").content
    size = len(whole)
    for first, last in [(0, 0), (0, 43), (3, 44), (44, 45), (45, 45), (1001, 300_000), (size - 3, size - 1)]:
        answer = client.get("/api/recordings/1/audio.wav", headers={"Range": f"bytes={first}-{last}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.content == whole[first : last + 1]
    answer = client.get("/api/recordings/1/audio.wav", headers={"Range": "bytes=-5000"})
    assert answer.content == whole[-5000:]
    answer = client.get("/api/recordings/1/audio.wav", headers={"Range": f"bytes={size - 10}-"})
    assert answer.content == whole[-10:]


def test_a_head_says_how_long_it_is(client):
    answer = client.head("/api/recordings/1/audio.wav", headers={"Range": "bytes=100-199"})
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (206, "100", b"")
    answer = client.head("/api/recordings/1/audio.wav")
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(44 + 2 * LENGTH * RATE))


def test_a_range_of_a_file_that_has_changed_since_is_the_whole(client):
    tag = client.head("/api/recordings/1/audio.wav").headers["etag"]
    for named, status in ((tag, 206), ('"another"', 200)):
        headers = {"Range": "bytes=0-9", "If-Range": named}
        assert client.head("/api/recordings/1/audio.wav", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=5-", ByteRange(5, 100)),
        ("bytes=-7", ByteRange(93, 100)),
        ("bytes=-700", ByteRange(0, 100)),
        ("bytes=90-1000", ByteRange(90, 100)),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=0-9", None),
        (f"bytes={'9' * 5000}-", None),
    ],
)
def test_which_bytes_a_header_asks_for(header, expected):
    assert range_of(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_told(client, header):
    with pytest.raises(UnsatisfiableRangeError):
        range_of(header, 100)
    answer = client.get("/api/recordings/1/audio.wav", headers={"Range": "bytes=99999999-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{44 + 2 * LENGTH * RATE}")


@pytest.mark.parametrize(
    ("own", "duration", "expected"),
    [
        (16_000, 60, 16_000), (44_100, 36_000, 44_100), (48_000, 36_000, 48_000), (384_000, 60, 48_000),
        (2_000, 60, 8_000), (48_000, 86_400, 24_000), (250, 31 * 86_400, 500),
    ],
)  # fmt: skip
def test_the_rate_that_browsers_play_and_a_wav_can_hold(own, duration, expected):
    assert playing_rate(own, duration) == expected
    assert 44 + 2 * expected * duration < 2**32


@pytest.mark.parametrize(
    ("own", "rate"), [(96_000, 48_000), (250_000, 48_000), (44_100, 22_050), (2_000, 8_000)]
)
def test_resampled_parts_fit_together_and_lie_at_their_time(own, rate, tmp_path):
    seconds = np.arange(8 * own) / own
    sf.write(tmp_path / "a.wav", 0.4 * np.sin(2 * np.pi * 300 * seconds), own, subtype="FLOAT")
    reader = RecordingReader(tmp_path / "a.wav")
    whole = played(reader, rate, 0, 8 * rate)
    expected = 0.4 * np.sin(2 * np.pi * 300 * np.arange(8 * rate) / rate)
    assert np.abs(whole - expected)[rate // 10 : -rate // 10].max() < 1e-3
    parts = [played(reader, rate, first, first + 1234) for first in range(rate, 3 * rate, 1234)]
    joined = np.concatenate(parts)
    assert np.abs(joined - whole[rate : rate + len(joined)]).max() < 1e-4
    reader.close()


@pytest.mark.parametrize("scale", [-5, -2, 0, 1, 2])
def test_a_tone_lies_in_its_columns_and_its_row(client, scale):
    seconds = 32 * 2.0**scale
    number = int(40.0 // seconds)
    answer = client.get(f"/api/recordings/1/tiles/{number}?scale={scale}")
    assert float(answer.headers["x-start"]) == number * seconds
    assert float(answer.headers["x-seconds"]) == seconds
    picture = np.frombuffer(answer.content, np.uint8).reshape(ROWS, COLUMNS)
    each = seconds / COLUMNS
    loud = np.flatnonzero(picture.max(axis=0) > 150) * each + number * seconds
    assert loud[0] == pytest.approx(40.0, abs=each + 0.032)
    assert loud[-1] + each == pytest.approx(min(40.5, (number + 1) * seconds), abs=each + 0.032)
    row = int(np.argmax(picture.max(axis=1)))
    assert row == pytest.approx(ROWS * (1 - 3000 / (RATE / 2)), abs=1)


def test_a_tile_of_a_narrower_band(client):
    answer = client.get("/api/recordings/1/tiles/1?top=4000")
    assert float(answer.headers["x-top-frequency"]) == 4000
    picture = np.frombuffer(answer.content, np.uint8).reshape(ROWS, COLUMNS)
    loud = np.flatnonzero(picture.max(axis=1) == 255)
    assert loud.mean() == pytest.approx(ROWS / 4, abs=1)


def test_a_coarse_tile_looks_at_a_part_of_each_stretch(client):
    answer = client.get("/api/recordings/1/tiles/0?scale=3")
    picture = np.frombuffer(answer.content, np.uint8).reshape(ROWS, COLUMNS)
    behind = round(LENGTH / 256 * COLUMNS) + 8
    assert picture[:, : behind - 16].any(axis=0).all()
    assert not picture[:, behind:].any()


def test_tiles_that_there_are_not(client):
    for query, status in [
        ("tiles/3", 404), ("tiles/0?scale=99", 422), ("tiles/0?scale=x", 422), ("tiles/0?top=9000", 422),
        ("tiles/0?top=nan", 422), ("tiles/0?top=-1", 422),
    ]:  # fmt: skip
        answer = client.get(f"/api/recordings/1/{query}")
        assert answer.status_code == status
        assert answer.json()["problem"]


def test_levels_are_decibels_below_a_sine_of_full_scale():
    count, top = 4, 8000.0
    length = frame_length(RATE, top)
    seconds = np.arange(count * 1000 + length) / RATE
    for decibels in (-30.0, -60.0):
        signal = 10 ** (decibels / 20) * np.sin(2 * np.pi * 2000 * seconds)
        picture = columns(signal.astype(np.float32), RATE, top, count)
        # A row is the mean of its bins: a tone on the border of two is in half of each.
        loudest = picture.max() / 255 * RANGE + FLOOR
        assert loudest == pytest.approx(decibels - 4, abs=1)
    assert not columns(np.zeros(5000, np.float32), RATE, top, count).any()


@pytest.mark.parametrize("scale", [-6, 0, 2, 3, 11])
def test_stretches_cover_every_column_of_a_tile_once(scale):
    tile = Tile(3, scale, 8000.0)
    found = list(stretches(tile))
    assert [each.first for each in found] == [0, *(each.after for each in found[:-1])]
    assert found[-1].after == COLUMNS
    assert all(tile.start <= each.start < tile.start + tile.seconds for each in found)


def test_the_newest_is_served_first_and_who_listens_before_who_looks():
    async def scene():
        turns, done, hold = Turns(), [], threading.Event()
        first = asyncio.ensure_future(turns.take(LOOKING, hold.wait))
        await asyncio.sleep(0.05)
        asked = [("old", LOOKING), ("heard", LISTENING), ("left", LOOKING), ("new", LOOKING)]
        tasks = []
        for name, urgency in asked:
            tasks.append(asyncio.ensure_future(turns.take(urgency, lambda name=name: done.append(name))))
            await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.sleep(0.01)
        hold.set()
        await asyncio.gather(first, *tasks, return_exceptions=True)
        turns.close(lambda: done.append("closed"))
        return done

    assert asyncio.run(scene()) == ["heard", "new", "old", "closed"]


def test_what_fails_is_raised_where_it_is_awaited_and_the_next_is_served():
    async def scene():
        turns = Turns()
        with pytest.raises(ZeroDivisionError):
            await turns.take(LOOKING, lambda: 1 // 0)
        answer = await turns.take(LOOKING, lambda: 42)
        turns.close(lambda: None)
        return answer

    assert asyncio.run(scene()) == 42


def test_few_files_are_open_at_a_time(tmp_path, tone, monkeypatch):
    opened, closed = [], []
    monkeypatch.setattr(RecordingReader, "close", noting(RecordingReader.close, closed))
    monkeypatch.setattr(RecordingReader, "__init__", noting(RecordingReader.__init__, opened))
    paths = [tmp_path / f"{number}.wav" for number in range(6)]
    for path in paths:
        sf.write(path, tone[:RATE], RATE)

    async def scene():
        reader = MediaReader(Session(*paths))
        for number in (1, 2, 3, 4, 1, 5, 6, 1):
            await reader.samples(number, 0, 100)
        assert (len(opened), len(closed)) == (6, 2)
        reader.close()

    asyncio.run(scene())
    assert len(closed) == 6


def noting(method, calls):
    def noted(self, *arguments):
        calls.append(arguments)
        return method(self, *arguments)

    return noted


def test_a_file_that_was_written_anew_is_opened_anew(client, tone, tmp_path):
    before = client.get("/api/recordings/1/media").json()["duration"]
    time.sleep(0.02)
    sf.write(tmp_path / "tone.wav", tone[: 10 * RATE], RATE)
    assert (before, client.get("/api/recordings/1/media").json()["duration"]) == (LENGTH, 10)


def test_the_header_of_the_longest_wav_holds_its_size():
    from audioscan_ui.media.virtual_wav import VirtualWav

    rate = playing_rate(48_000, 44_000.0)
    wav = VirtualWav(rate * 44_000, rate, lambda first, after: None)
    assert struct.unpack_from("<I", wav.header(), 40)[0] == wav.size - 44


def test_sound_ends_where_the_recording_is_gone(client, tmp_path):
    with client.stream("GET", "/api/recordings/1/audio.wav") as answer:
        (tmp_path / "tone.wav").unlink()
        assert len(answer.read()) < int(answer.headers["content-length"])

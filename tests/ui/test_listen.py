"""Ten hours of any container: heard within a second of the key, at the right place, and without filling the memory."""

import itertools
import sys
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audioscan_host.audio.decoding import decode

pytestmark = pytest.mark.slow

HOURS = 10
RATE = 8_000
PLACES = [3.0, 100.5, 1_799.9, 18_000.25, 35_000.5]
"""Seconds at which recordings are compared with what is decoded; the last are near the end of ten hours."""
SEEKS = 50
MOST_MEMORY = 250  # MB
CODECS = {"m4a": "aac", "mp3": "libmp3lame", "webm": "libopus", "mp4": "aac"}
CONTAINERS = ["wav", *CODECS]
SHORT = 4
PLAYING = """() => {
  const play = HTMLMediaElement.prototype.play;
  window.soundsOfTheTest = [];
  HTMLMediaElement.prototype.play = function () {
    const begin = performance.now();
    this.addEventListener("playing", () => soundsOfTheTest.push([performance.now() - begin, this.currentTime]), {once: true});
    return play.call(this);
  };
}"""


@pytest.fixture(scope="module")
def minute():
    """A minute of noise that is nowhere like itself, and so is placed to the sample."""
    noise = np.random.default_rng(4).standard_normal(60 * RATE)
    smooth = np.convolve(noise, np.ones(8) / 8, "same")  # every codec keeps what is below 1 kHz
    return (smooth * 8000).clip(-32767, 32767).astype("<i2")


@pytest.fixture(scope="module")
def periods():
    """Container -> seconds after which its recordings repeat: a minute, and what the codec adds to it."""
    return {}


@pytest.fixture(scope="module")
def day(minute, periods, tmp_path_factory):
    """Ten hours in each container: the packets of one minute, again and again. Beside them `short.*`, four times."""
    folder = tmp_path_factory.mktemp("day")
    for name, repeats in (("day", HOURS * 60), ("short", SHORT)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for _ in range(repeats):
                file.writeframesraw(minute.tobytes())
        for container, codec in CODECS.items():
            path = folder / f"{name}.{container}"
            periods[container] = _write(path, codec, minute, repeats, with_picture=container == "mp4")
    periods["wav"] = 60.0
    return folder


def _write(path, codec, minute, repeats, *, with_picture):
    packets, base, length, template = _encoded(codec, minute)
    if path.suffix == ".mp3":  # a stream without a frame around it
        path.write_bytes(b"".join(data for _, _, data in packets) * repeats)
        return float(length * base)
    with av.open(str(path), "w") as container:
        sound = container.add_stream_from_template(template)
        pictures = iter(())
        if with_picture:
            seen = container.add_stream("mpeg4", rate=1, width=64, height=48)
            pictures = _pictures(seen, repeats)
        container.start_encoding()
        for repeat in range(repeats):
            for pts, size, data in packets:
                packet = av.Packet(data)
                packet.pts = packet.dts = pts + repeat * length
                packet.duration = size
                packet.time_base = base
                packet.stream = sound
                container.mux(packet)
            for picture in itertools.islice(pictures, 1):
                container.mux(picture)
        for picture in pictures:
            container.mux(picture)
    return float(length * base)


def _encoded(codec, minute):
    """Packets of a minute as (pts, duration, bytes), their time base, how long they last together, and their stream."""
    rate = 48_000 if codec == "libopus" else RATE
    memory = av.open("/dev/null", "w", format={"libopus": "webm", "aac": "mp4", "libmp3lame": "mp3"}[codec])
    stream = memory.add_stream(codec, rate=rate, layout="mono")
    stream.bit_rate = 24_000
    stream.options = (
        {"frame_duration": "60"} if codec == "libopus" else {}
    )  # longer packets are sooner written
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
    frame = av.AudioFrame.from_ndarray(minute[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    found = [packet for each in resampler.resample(frame) for packet in stream.encode(each)]
    found += stream.encode(None)
    step = found[1].pts - found[0].pts
    packets = [(i * step, step, bytes(packet)) for i, packet in enumerate(found)]
    return packets, found[0].time_base, len(packets) * step, stream


def _pictures(stream, minutes):
    """A still picture once a minute."""
    for number in range(minutes):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 200, np.uint8), format="rgb24")
        frame.pts, frame.time_base = 60 * number, Fraction(1)
        yield from stream.encode(frame)
    yield from stream.encode(None)


@pytest.fixture(scope="module")
def server(day, scene, start_server, tmp_path_factory, wait_until):
    folder = tmp_path_factory.mktemp("listened")
    paths = [day / f"day.{name}" for name in CONTAINERS]
    running = start_server(paths, cwd=folder, session=folder / "it.review", cache=folder / "cache")
    wait_until(lambda: all(each["duration"] for each in running.json("api/state")["recordings"]), 60)
    yield running
    running.stop()


def _heard(server, number, start, seconds):
    """Samples between -1 and 1 that a player gets of a place, and their rate."""
    media = server.json(f"api/recordings/{number}/media")
    _, headers, head = server.ask(
        "GET", f"api/recordings/{number}/audio.wav", headers={"Range": "bytes=0-65535"}
    )
    assert head[:4] == b"RIFF"
    begin = head.index(b"data") + 8
    rate = int.from_bytes(head[24:28], "little")
    first = begin + 2 * round(start * rate)
    last = first + 2 * round(seconds * rate) - 1
    status, headers, body = server.ask(
        "GET", f"api/recordings/{number}/audio.wav", headers={"Range": f"bytes={first}-{last}"}
    )
    assert status == 206, (status, body[:200])
    assert headers["content-range"].startswith(f"bytes {first}-{last}/")
    assert media["duration"] > HOURS * 3600 - 60
    return np.frombuffer(body, "<i2") / 32768, rate


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_is_heard_at_a_time_is_what_is_decoded_at_it(server, day, periods, container, measured):
    number = CONTAINERS.index(container) + 1
    late = []
    for start in PLACES:
        heard, rate = _heard(server, number, start, 0.5)
        # Decoded from the beginning of a recording that is the same for four minutes, and repeats like this one.
        whole = np.concatenate(list(decode(day / f"short.{container}", rate)))
        period = periods[container]
        first = start if start < 2 * period else period + start % period
        decoded = whole[round((first - 0.02) * rate) : round((first + 0.52) * rate)]
        shift, likeness = _shift(heard, decoded, round(0.02 * rate))
        assert likeness > 0.98, (start, likeness)
        late.append(1000 * shift / rate)
    measured(milliseconds_late=max(late, key=abs))
    assert max(map(abs, late)) <= 5


def _shift(heard, decoded, expected):
    """By how many samples `heard` is later in `decoded` than expected, and how alike they are there."""
    likenesses = [
        float(np.corrcoef(heard, decoded[first : first + len(heard)])[0, 1])
        for first in range(len(decoded) - len(heard) + 1)
    ]
    best = int(np.argmax(likenesses))
    return best - expected, likenesses[best]


def test_the_key_is_heard_within_a_second(server, visit, measured):
    seen = visit(server)
    seen.page.evaluate(PLAYING)
    seconds = {}
    for number, container in enumerate(CONTAINERS, 1):
        seen.page.get_by_role("tab", name="Data").click()
        seen.page.get_by_role("button", name=f"day.{container}").click()
        seen.until("!document.querySelector('#panel-review').hidden")
        seen.until(f"document.querySelector('#panel-review').innerText.includes('day.{container}')")
        for place in ("7:30:00", "2:15:30"):
            seen.page.keyboard.press("g")
            seen.page.keyboard.type(place)
            seen.page.keyboard.press("Enter")
            seen.page.evaluate("soundsOfTheTest.length = 0")
            seen.page.keyboard.press(" ")
            (after, at), *_ = seen.until("soundsOfTheTest.length && soundsOfTheTest")
            hours, minutes, rest = map(int, place.split(":"))
            assert at == pytest.approx(hours * 3600 + minutes * 60 + rest, abs=1.0)
            seconds.setdefault(container, []).append(after / 1000)
            seen.page.keyboard.press(" ")
        assert number
    measured(playing_after={name: [round(each, 3) for each in taken] for name, taken in seconds.items()})
    assert max(min(taken) for taken in seconds.values()) <= 1.0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_seeks_fill_no_memory(server, measured):
    random = np.random.default_rng(3)
    for _ in range(SEEKS):
        _heard(
            server,
            int(random.integers(1, len(CONTAINERS) + 1)),
            float(random.uniform(0, HOURS * 3600 - 10)),
            1.0,
        )
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    facts = dict(line.split(":", 1) for line in status.splitlines())
    megabytes = int(facts["VmRSS"].split()[0]) * 1024 / 1e6
    most = int(facts["VmHWM"].split()[0]) * 1024 / 1e6
    measured(megabytes=megabytes, most_megabytes=most)
    assert megabytes < MOST_MEMORY


def test_ten_hours_are_painted_within_three_seconds(server, visit, measured):
    seen = visit(server)
    seen.page.get_by_role("tab", name="Data").click()
    seen.page.get_by_role("button", name="day.wav").click()
    seen.until("!document.querySelector('#panel-review').hidden")
    seen.page.wait_for_timeout(1000)  # the session keeps which recording is open
    seconds = []
    for _ in range(3):
        seen.page.reload()
        seconds.append(seen.until(DRAWN) / 1000)
    measured(painted_after=min(seconds))
    assert min(seconds) <= 3


DRAWN = """[...document.querySelectorAll('#panel-review canvas')].some((canvas) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, Math.min(canvas.height, 200));
  const colours = new Set();
  for (let i = 0; i < data.length && colours.size < 20; i += 4) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return colours.size >= 20;
}) && performance.now()"""

"""What is seen, what is heard and what is listed lie at the same time, two hours into a recording."""

import wave

import numpy as np
import pytest

pytestmark = pytest.mark.slow

RATE = 16_000
BURST = 7_200.0
LENGTH = 1.0
TONE = 3_000.0
DURATION = 7_500.0
SECONDS_OF_A_TILE, COLUMNS, ROWS = 32, 512, 128


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Soft noise for two hours and five minutes, and one tone at 7,200 s."""
    path = tmp_path_factory.mktemp("place") / "tone.wav"
    noise = (np.random.default_rng(6).standard_normal(60 * RATE) * 30).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for minute in range(round(DURATION / 60)):
            part = noise.copy()
            if minute * 60 <= BURST < minute * 60 + 60:
                first = round((BURST - minute * 60) * RATE)
                part[first : first + round(LENGTH * RATE)] += _tone().astype("<i2")
            file.writeframes(part.tobytes())
    return path


def _tone():
    return 8000 * np.sin(2 * np.pi * TONE * np.arange(round(LENGTH * RATE)) / RATE)


@pytest.fixture
def server(serve, recording, wait_until):
    running = serve(recording)
    wait_until(lambda: running.json("api/state")["recordings"][0]["duration"])
    verdict = {"id": "1" * 32, "recording": 1, "start": BURST, "end": BURST + LENGTH, "label": "tone"}
    verdict |= {"role": "positive", "score": None, "detector": None, "origin": "drawn"}
    running.json("api/actions", {"id": "2" * 32, "kind": "judge", "add": [verdict], "remove": []})
    return running


def test_the_bytes_of_the_range_hold_the_tone(server):
    _, _, head = server.ask("GET", "api/recordings/1/audio.wav", headers={"Range": "bytes=0-4095"})
    data = head.index(b"data") + 8
    first = data + 2 * round((BURST - 0.5) * RATE)
    last = data + 2 * round((BURST + LENGTH + 0.5) * RATE) - 1
    status, _, body = server.ask(
        "GET", "api/recordings/1/audio.wav", headers={"Range": f"bytes={first}-{last}"}
    )
    assert status == 206
    samples = np.abs(np.frombuffer(body, "<i2").astype(float))
    loud = np.flatnonzero(samples > 1500)
    assert loud[0] / RATE - 0.5 == pytest.approx(0, abs=0.005)
    assert loud[-1] / RATE - 0.5 == pytest.approx(LENGTH, abs=0.005)


def test_a_tile_has_the_tone_in_its_columns_and_its_row(server):
    number = int(BURST // SECONDS_OF_A_TILE)
    status, headers, body = server.ask("GET", f"api/recordings/1/tiles/{number}?scale=0")
    assert status == 200
    assert float(headers["x-start"]) == number * SECONDS_OF_A_TILE
    tile = np.frombuffer(body, np.uint8).reshape(ROWS, COLUMNS).astype(int)
    top = float(headers["x-top-frequency"])
    row = ROWS - 1 - int(TONE / top * ROWS)
    strip = tile[row - 1 : row + 2].max(0)
    bright = np.flatnonzero(strip > (strip.max() + np.median(strip)) / 2)
    seconds = float(headers["x-seconds"]) / COLUMNS
    start, end = (
        bright[0] * seconds + number * SECONDS_OF_A_TILE,
        (bright[-1] + 1) * seconds + number * SECONDS_OF_A_TILE,
    )
    assert start == pytest.approx(BURST, abs=2 * seconds)
    assert end == pytest.approx(BURST + LENGTH, abs=2 * seconds)
    assert abs(int(tile[:, bright].mean(1).argmax()) - row) <= 1


def test_the_tone_lies_under_its_region(server, visit, measured):
    seen = visit(server)
    seen.page.keyboard.press("Shift+3")
    seen.until("!!document.querySelector('.region-row')")
    seen.page.evaluate(
        "import(new URL('static/store.js', location.href).href).then(({store}) => store.keep('review.play', false))"
    )
    seen.page.locator(".region-row").first.click()
    seen.until(SHARP, 60)
    shown = seen.module("store.js", "m.store.setting('review.position', null)")
    bright = seen.page.evaluate(BRIGHT, shown)
    assert bright, "no tone is seen"
    start, end, per_pixel = bright["start"], bright["end"], bright["perPixel"]
    measured(seconds_a_pixel=per_pixel, tone_is_drawn_from=start, to=end)
    blur = 3 * max(per_pixel, SECONDS_OF_A_TILE / COLUMNS)
    assert start == pytest.approx(BURST, abs=blur)
    assert end == pytest.approx(BURST + LENGTH, abs=blur)


# The part that is shown has been kept, it is near, and all of its tiles are there: none of a coarser scale stands in.
SHARP = """(async () => {
  const {store} = await import(new URL("static/store.js", location.href).href);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const {from, to} = store.setting("review.position", {from: 0, to: 1e9});
  const canvas = document.querySelector("#panel-review canvas[aria-label^=Spectrogram]");
  return to - from < 100 && canvas.getAttribute("aria-busy") === "false";
})()"""

BRIGHT = """async ({from, to}) => {
  const {timeScale} = await import(new URL("static/review/axis.js", location.href).href);
  const canvas = [...document.querySelectorAll("#panel-review .stage canvas")]
    .sort((a, b) => b.width * b.height - a.width * a.height)[0];
  const {data, width, height} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const scale = timeScale(from, to, canvas.clientWidth);
  const ratio = width / canvas.clientWidth;
  let longest = null;
  // The tone is one bright yellow line across the picture; edges of regions are white, and what is soft is blue.
  for (let y = 0; y < height; y++) {
    let first = -1;
    for (let x = 0; x <= width; x++) {
      const i = 4 * (y * width + x);
      const isTone = x < width && data[i] > 200 && data[i + 1] > 180 && data[i + 2] < 130;
      if (isTone && first < 0) first = x;
      if (!isTone && first >= 0) {
        if (!longest || x - first > longest.after - longest.first) longest = {first, after: x};
        first = -1;
      }
    }
  }
  return longest && {
    start: scale.time(longest.first / ratio), end: scale.time(longest.after / ratio), perPixel: scale.perPixel,
  };
}"""

"""The page forms the regions that the host finds, to the last bit, whatever the settings are."""

import itertools
import wave

import numpy as np
import pytest

from audioscan_host import RegionSettings, Windowing, find_regions, scan, train

pytestmark = pytest.mark.slow

HOP = 0.25
SETTINGS = 100
LENGTHS = {  # name -> seconds; the detector's window is 1 s
    "long": 170.0,
    "last-step-shorter": 61.13,
    "last-step-of-a-few-ms": 20.009,
    "window": 1.0,
    "shorter-than-a-window": 0.61,
    "shorter-than-a-hop": 0.13,
}
FORMED = """async ({detector, settings}) => {
  const at = (path) => import(new URL(`static/${path}`, location.href).href);
  const {getJson, getBytes} = await at("server.js");
  const {formRegions, stepEdges, silentSteps} = await at("review/regions.js");
  const facts = await getJson(`api/scans/${detector}`);
  const found = [];
  for (const {number, duration, steps, silent} of facts.recordings) {
    for (let index = 0; index < facts.labels.length; index++) {
      const {bytes} = await getBytes(`api/scans/${detector}/${number}/${index}`);
      const scores = new Float64Array(bytes);
      if (scores.length !== steps) throw new Error(`${scores.length} scores of ${steps} steps`);
      const edges = stepEdges(facts.hop, duration);
      if (edges.length !== steps + 1) throw new Error(`${edges.length} edges of ${steps} steps`);
      for (const each of settings) {
        const regions = formRegions(scores, edges, silentSteps(steps, silent), each, duration);
        const rows = [...regions.start].map((start, i) => [start, regions.end[i], regions.score[i]]);
        found.push({number, label: facts.labels[index], rows});
      }
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def odd(scene, tmp_path_factory):
    """A folder of recordings of odd lengths, a detector with a hop of 0.25 s, and what the host finds in them."""
    folder = tmp_path_factory.mktemp("odd")
    with wave.open(str(scene.recordings[3])) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").copy()
    for name, seconds in LENGTHS.items():
        part = samples[: round(seconds * rate)].copy()
        if name == "long":
            part[40 * rate : 43 * rate] = 0  # digital silence, which no region goes over
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(part.tobytes())
    train(
        scene.recordings[:3],
        [scene.labels],
        "MEL",
        out=folder / "quick.detector",
        only=["knock", "chirp"],
        windowing=Windowing(1.0, HOP),
        cache_dir=scene.cache,
    )
    return folder


@pytest.fixture(scope="module")
def by_the_host(odd, scene):
    result = scan([odd], odd / "quick.detector", settings=RegionSettings(), cache_dir=scene.cache)
    return {each.path.name: each for each in result.recordings}


def _settings(scores):
    """Settings at random, every third with a threshold that is a score."""
    random = np.random.default_rng(5)
    exact = random.choice(scores[scores > 0], SETTINGS)
    for number in range(SETTINGS):
        threshold = float(exact[number]) if number % 3 == 0 else float(random.uniform(0.02, 0.98))
        yield RegionSettings(
            threshold=threshold,
            low=float(random.uniform(0, threshold)) if number % 2 else None,
            merge_gap=float(random.choice([0, HOP, 0.5, random.uniform(0, 4)])),
            min_duration=float(random.choice([0, HOP, 1.0, random.uniform(0, 3)])),
        )


def test_a_hundred_settings_of_two_labels_give_the_regions_of_find_regions(
    serve, visit, odd, by_the_host, tmp_path
):
    server = serve(odd, "--detector", odd / "quick.detector")
    server.finish_job(kind="scan", detector=1, recordings="all")
    names = {each["number"]: each["name"] for each in server.json("api/state")["recordings"]}
    labels = list(by_the_host["long.wav"].probabilities)
    scores = np.concatenate([each.step_scores(label) for each in by_the_host.values() for label in labels])
    settings = list(_settings(np.unique(scores)))
    asked = [
        {
            "threshold": each.threshold,
            "low": each.low,
            "mergeGap": each.merge_gap,
            "minDuration": each.min_duration,
        }
        for each in settings
    ]
    found = visit(server).page.evaluate(FORMED, {"detector": 1, "settings": asked})
    assert len(found) == len(LENGTHS) * 2 * SETTINGS
    compared = 0
    for formed, expected in zip(found, itertools.cycle(settings), strict=False):
        regions = _expected(by_the_host[names[formed["number"]]], formed["label"], expected)
        assert formed["rows"] == regions, (formed, expected)
        compared += len(regions)
    assert compared > 2000


def _expected(scanned, label, settings):
    regions = find_regions(
        scanned.times,
        scanned.probabilities[label],
        label,
        window=scanned.window,
        hop=scanned.hop,
        duration=scanned.duration,
        settings=settings,
        silence=scanned.silence,
    )
    return [[each.start, each.end, each.score] for each in regions]

"""Training and evaluation hold the embeddings of all recordings once, and little besides."""

import tracemalloc

import numpy as np
import pytest

from audioscan_host import FINAL, Checkpoint, Model, Windowing, embed, evaluate, hookimpl, train
from audioscan_host.classifier import ClassifierSettings, classifier, coverage, large_linear, statistics
from audioscan_host.journeys import train as journey
from audioscan_host.plugins.registry import load_registry

pytestmark = pytest.mark.usefixtures("one_thread")

DIM, RATE = 768, 1000
WINDOWING = Windowing(1.0, 1.0)
MOST = 1.3
"""Times the embeddings."""


class Wide:
    """A family of many dimensions, beside which what is kept a window is little; loud windows lie to one side."""

    checkpoint = Checkpoint(
        name="WIDE",
        source="none",
        revision="1",
        layers=1,
        sample_rate=RATE,
        step=1.0,
        shortest_window=1.0,
        licence="MIT",
        parameters=0,
    )

    @hookimpl
    def register_models(self):
        return [Model("WIDE", self.checkpoint, (FINAL,), DIM, "random numbers")]

    @hookimpl
    def load(self, checkpoint, runtime):
        return "no encoder"

    @hookimpl
    def preprocess(self, encoder, waveform, windows):
        return np.stack([waveform[start : start + RATE] for start in windows.starts])

    @hookimpl
    def embed(self, encoder, batch, layers):
        rng = np.random.default_rng(abs(int(1e9 * batch[0, 0])))
        vectors = rng.standard_normal((len(batch), 1, DIM)).astype(np.float32)
        vectors[batch.std(axis=1) > 0.2] += 0.2
        return dict.fromkeys(layers, vectors)


@pytest.fixture
def material(tmp_path, write_wav, no_installed_plugins):
    """Recordings whose embeddings are in the cache, of which one second in five is labelled; what journeys take."""
    recordings = []
    for number in range(12):
        samples = 0.1 * np.random.default_rng(number).standard_normal((200, RATE))
        samples[::5] *= 5
        recordings.append(write_wav(tmp_path / f"{number:02d}.wav", samples.ravel(), RATE))
    rows = [f"{path.name},{start},{start + 1},loud\n" for path in recordings for start in range(0, 200, 5)]
    labels = tmp_path / "labels.csv"
    labels.write_text("file,start,end,label\n" + "".join(rows))
    options = {"registry": load_registry({"wide": Wide()}), "windowing": WINDOWING}
    embed(recordings, ["WIDE"], **options)
    return recordings, [labels], options


@pytest.fixture
def _scaled_down(monkeypatch):
    """What is bounded in bytes, and what is worked on at once, as small as the problem; fits that end early."""
    monkeypatch.setattr(large_linear, "MOST_DOUBLES", 100 * DIM)
    monkeypatch.setattr(large_linear, "TOLERANCE", 1e-3)
    monkeypatch.setattr(large_linear, "_AT_ONCE", 16 * DIM)
    monkeypatch.setattr(journey, "MOST_REFERENCE_NUMBERS", 240 * DIM)
    monkeypatch.setattr(classifier, "_ROWS", 64)
    monkeypatch.setattr(coverage, "_ROWS", 64)
    monkeypatch.setattr(statistics, "_ROWS_IN_CACHE", 16)


def learn(name, material, recordings, settings):
    paths, labels, options = material
    if name == "train":
        return train(paths[:recordings], labels, "WIDE", classifier=settings, **options)
    return evaluate(paths[:recordings], labels, ["WIDE"], classifiers=[settings], resamples=10, **options)


@pytest.mark.usefixtures("_scaled_down")
@pytest.mark.parametrize(
    ("name", "normalisation"),
    [
        ("train", "background"),
        pytest.param("train", "global", marks=pytest.mark.slow),
        pytest.param("evaluate", "background", marks=pytest.mark.slow),
    ],
)
def test_embeddings_are_in_memory_once(name, normalisation, material):
    settings = ClassifierSettings(normalisation=normalisation)
    learn(name, material, 4, settings)  # what is imported counts for nothing
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        learn(name, material, 12, settings)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    embeddings = 12 * 200 * DIM * 4

    assert embeddings < peak - before < MOST * embeddings

"""What is computed of lengths is what a run computes and keeps."""

from pathlib import Path

import pytest

from audioscan_host import FINAL, Model, Windowing, embed
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.family import Family
from audioscan_host.plugins.registry import load_registry
from audioscan_host.reading import Reading
from audioscan_host.sizing.kept import inputs, kept, rows


@pytest.mark.parametrize("reading", [Reading.WINDOWS, Reading.STRETCHES])
@pytest.mark.parametrize("pooling", ["mean", "mean+std"])
@pytest.mark.parametrize("windowing", [Windowing(8, 1), Windowing(2, 0.5)])
def test_files_of_a_real_cache_have_the_bytes_that_were_computed(
    no_installed_plugins, make_plugin, make_wav, tmp_path, reading, pooling, windowing
):
    plugin = make_plugin(stretch=10.0)
    if pooling == "mean+std":
        plugin.models = [
            Model("TINY", plugin.checkpoint, (0, FINAL), 8, "two layers, two statistics", pooling)
        ]
    registry = load_registry({"tiny": plugin})
    models = list(registry.models.values())
    lengths = [3, 8, 30, 61.5, 400]
    paths = [make_wav(f"{number}.wav", seconds, number) for number, seconds in enumerate(lengths)]
    facts = {"readings": dict.fromkeys(models, reading)}
    embedder = Embedder(registry, models, windowing, Cache(tmp_path / "empty"), **facts)
    done = embed(
        paths,
        [model.name for model in models],
        windowing=windowing,
        registry=registry,
        reading=reading,
        cache_dir=tmp_path / "full",
    )
    real = {(each.recording, each.model): each for each in done.stored}
    for path, seconds in zip(paths, lengths, strict=True):
        (task,) = embedder.tasks(path)
        for model in models:
            stored = real[path, model.name]
            assert rows(task, seconds) == stored.windows
            assert kept(task, model, seconds) == Path(stored.path).stat().st_size, (path, model.name)


@pytest.mark.parametrize("stretch", [None, 10.0])
@pytest.mark.parametrize("seconds", [5, 8, 100, 487.3])
def test_an_encoder_is_given_as_many_inputs_as_were_computed(
    no_installed_plugins, make_plugin, make_wav, tmp_path, monkeypatch, stretch, seconds
):
    plugin = make_plugin(stretch=stretch)
    registry, given, embed_batch = load_registry({"tiny": plugin}), [], Family.embed

    def counting(family, encoder, batch, layers):
        given.append(len(batch))
        return embed_batch(family, encoder, batch, layers)

    monkeypatch.setattr(Family, "embed", counting)
    model, reading = registry.model("TINY"), Reading.STRETCHES if stretch else Reading.WINDOWS
    embedder = Embedder(registry, [model], Windowing(), Cache(tmp_path / "c"), readings={model: reading})
    path = make_wav("a.wav", seconds)
    (task,) = embedder.tasks(path)
    embedder.embed(path)
    assert inputs(task, seconds) == sum(given)

"""Decoding and encoding are timed apart, by a clock that the tests move."""

import pytest

from audioscan_host.cache import Cache
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import Capacity
from audioscan_host.embedding.worker import Worker
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.family import Family
from audioscan_host.plugins.registry import load_registry
from audioscan_host.progress import Silent
from audioscan_host.reading import Reading
from audioscan_host.sizing import cost as cost_module
from audioscan_host.sizing import measurement, pieces, processors
from audioscan_host.sizing.cost import Cost
from audioscan_host.sizing.forecast import Work, forecast
from audioscan_host.sizing.measurement import Measurement
from audioscan_host.sizing.total import Total
from audioscan_host.windows import Windowing


class Clock:
    """It stands still but where a test moves it."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def process_time(self):
        return self.now / 2


@pytest.fixture
def clock(monkeypatch):
    clock, decode = Clock(), pieces.decode

    def slow(path, rate, **facts):
        clock.now += 3.0
        for chunk in decode(path, rate, **facts):
            clock.now += 0.5 * len(chunk) / rate
            yield chunk

    for module in (measurement, cost_module):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(pieces, "decode", slow)

    def half(_number):  # of a processor, as the clock of processors goes
        clock.now += 0.1

    monkeypatch.setattr(processors, "_work", half)
    return clock


@pytest.fixture
def measure(no_installed_plugins, make_plugin, clock, tmp_path, monkeypatch):
    """Measures recordings with an encoder that takes two seconds an input, and seven to load; a claim takes one."""
    load, embed, claim = Family.load, Family.embed, LocalFolder.claim

    def slow_claim(*arguments, **facts):
        clock.now += 1.0
        return claim(*arguments, **facts)

    monkeypatch.setattr(LocalFolder, "claim", slow_claim)

    def slow_load(*arguments):
        clock.now += 7.0
        return load(*arguments)

    def slow_embed(family, encoder, batch, layers):
        clock.now += 2.0 * len(batch)
        return embed(family, encoder, batch, layers)

    monkeypatch.setattr(Family, "load", slow_load)
    monkeypatch.setattr(Family, "embed", slow_embed)

    def measure(paths, seconds, stretch=None, fails_after=None):
        plugin = make_plugin(stretch=stretch)
        plugin.fails_after = fails_after
        registry = load_registry({"tiny": plugin})
        model = registry.model("TINY")
        readings = {model: Reading.STRETCHES if stretch else Reading.WINDOWS}
        embedder = Embedder(registry, [model], Windowing(), Cache(tmp_path / "own"), readings=readings)
        tasks = [task for path in paths for task in embedder.tasks(path)]
        cache = Cache(tmp_path / "thrown away")
        worker = Worker(registry, cache, Runtime(batch_size=2), Silent())
        return Measurement(worker, print).cost(tasks, seconds, Silent())

    return measure


@pytest.mark.parametrize("stretch", [None, 10.0])
def test_each_is_charged_what_it_took_and_loading_by_itself(measure, make_wav, stretch):
    paths = [make_wav(f"{i}.wav", 60, i) for i in range(3)]
    cost, failures = measure(paths, 40.0, stretch)
    assert failures == []
    assert cost.encoding == pytest.approx(2.0)
    assert cost.decoding == pytest.approx(0.5)
    assert cost.opening == pytest.approx(3.0)
    assert cost.keeping == pytest.approx(1.0)
    assert cost.loading == pytest.approx(7.0 + 2.0)  # and the first piece
    assert (cost.processor_encoding, cost.processor_decoding) == pytest.approx((1.0, 0.25))
    assert (cost.processor_opening, cost.processor_keeping) == pytest.approx((1.5, 0.5))
    assert cost.processors == pytest.approx(0.5)
    assert cost.spread == pytest.approx(0)
    assert (cost.device, cost.on_accelerator) == ("cpu", False)


def test_time_is_shared_among_recordings_and_nothing_is_put_into_the_cache(measure, make_wav, tmp_path):
    paths = [make_wav(f"{i}.wav", 600, i) for i in range(3)]
    cost, _ = measure(paths, 300.0)
    assert cost.recordings == 3
    assert cost.audio < 3 * 600
    assert not list((tmp_path / "own").rglob("*.npz"))


def test_a_batch_is_measured_however_short_the_time_is(measure, make_wav):
    cost, _ = measure([make_wav("a.wav", 60), make_wav("b.wav", 60)], 1e-6)
    assert (cost.pieces, cost.recordings) == (1, 1)
    assert cost.spread is None


def test_a_recording_that_fails_is_named_and_the_next_is_taken(measure, make_wav, tmp_path):
    cut = make_wav("cut.wav", 60)
    sound = make_wav("sound.wav", 60, 1)
    cut.write_bytes(cut.read_bytes()[:44])
    cost, failures = measure([cut, sound], 40.0)
    assert [(each.path, each.by_plugin) for each in failures] == [(cut, False)]
    assert cost.recordings == 1
    nothing, failures = measure([sound], 40.0, fails_after=0)
    assert nothing is None
    assert "killed here" in failures[0].reason
    assert failures[0].by_plugin


def cost(**facts):
    plain = {
        "device": "cpu", "recordings": 1, "pieces": 4, "audio": 9.0, "loading": 9.0, "opening": 0.0, "keeping": 0.0,
        "decoding": 0.01, "encoding": 1.0, "processor_decoding": 0.01, "processor_encoding": 1.0,
        "processor_loading": 0.0, "processor_opening": 0.0, "processor_keeping": 0.0, "processors": 2.0, "spread": 0.0,
    }  # fmt: skip
    return Cost(**{**plain, **facts})


WORK = Work(Total(10), Total(1000), Total(100))


def test_the_slowest_says_how_long_it_takes():
    place = Capacity(workers=1, decoders=2, cores=64, gpus=1)
    found = forecast(WORK, cost(), place)
    assert (found.seconds.value, found.bottleneck, found.decoders) == (pytest.approx(100), "encoding", 1)
    found = forecast(WORK, cost(decoding=0.5), place)
    assert (found.seconds.value, found.bottleneck, found.decoders) == (pytest.approx(250), "decoding", 5)
    found = forecast(WORK, cost(opening=40.0), place)  # many small ones
    assert (found.seconds.value, found.bottleneck) == (pytest.approx(205), "decoding")


def test_processors_that_both_need_are_shared():
    place = Capacity(workers=1, decoders=2, cores=2, gpus=1)
    found = forecast(WORK, cost(processor_encoding=2.0, processor_decoding=0.05, decoding=0.05), place)
    assert (found.seconds.value, found.bottleneck) == (pytest.approx((200 + 50) / 2), "encoding")


def test_what_each_recording_costs_is_counted_of_processors_too():
    place = Capacity(workers=1, decoders=2, cores=2, gpus=1)
    found = forecast(WORK, cost(keeping=2.0, processor_keeping=1.0, processor_opening=3.0), place)
    assert found.encoding == pytest.approx(100 + 10 * 2.0)
    assert found.processor == pytest.approx(100 + 10 + 10 * (1.0 + 3.0))


def test_processors_that_others_take_are_left_out_on_this_machine_alone():
    place = Capacity(workers=1, decoders=2, cores=8, gpus=1)
    busy = cost(processors=0.5)
    assert forecast(WORK, busy, place, here=True).seconds.value == pytest.approx(110 / 0.5)
    assert forecast(WORK, busy, place).seconds.value == pytest.approx(100)


def test_one_recording_has_one_decoder_unless_it_is_decoded_in_parts():
    one, place = Work(Total(1), Total(1000), Total(1)), Capacity(workers=1, decoders=4, cores=64, gpus=1)
    slow = cost(decoding=0.4)
    assert forecast(one, slow, place).seconds.value == pytest.approx(100)
    assert forecast(one, slow, place, in_parts=False).seconds.value == pytest.approx(400)


def test_workers_divide_the_time_and_spreads_add_up_as_squares():
    place = Capacity(workers=4, decoders=2, cores=64, gpus=1)
    found = forecast(Work(Total(10), Total(1000), Total(100, 3)), cost(spread=0.04), place)
    assert found.seconds.value == pytest.approx(25)
    assert found.seconds.spread == pytest.approx(25 * 0.05)

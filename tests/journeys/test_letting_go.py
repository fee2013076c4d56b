"""What computes is let go of as soon as all is embedded: its processes and GPUs are not held while classifiers are fitted."""

import numpy as np
import pytest

import audioscan_host
from audioscan_host import ExecutorKind, Windowing, hookimpl, load_registry
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.progress import Silent

EVERY_SECOND = Windowing(1, 1)


class Holding(LocalExecutor):
    """Holds something from the first task on."""

    def __init__(self):
        super().__init__(1)
        self.holds = False
        self.runs = 0

    def run(self, tasks, worker, reports):
        self.holds = True
        self.runs += 1
        yield from super().run(tasks, worker, reports)

    def close(self):
        self.holds = False


class Watching(Silent):
    """Notes whether something was held as fitting began."""

    def __init__(self, executor):
        self.executor = executor
        self.seen = []

    def track(self, description, *rest, **options):
        if description == "fitting":
            self.seen.append(self.executor.holds)
        return super().track(description, *rest, **options)


@pytest.fixture
def executor():
    return Holding()


@pytest.fixture
def options(no_installed_plugins, tiny_plugin, executor, tmp_path):
    class Elsewhere:
        @hookimpl
        def register_executors(self):
            return [ExecutorKind("there", ("there",), "", lambda text: text == "there", lambda *_: executor)]

    registry = load_registry({"tiny": tiny_plugin, "elsewhere": Elsewhere()})
    return {
        "registry": registry,
        "cache_dir": tmp_path / "cache",
        "on": "there",
        "progress": Watching(executor),
    }


@pytest.fixture
def season(write_wav, tmp_path):
    """Three recordings with a loud second of each four, and where these are."""
    rows = ["file,start,end,label"]
    for number in range(3):
        sound = np.random.default_rng(number).standard_normal(24 * 16_000) * 0.02
        for second in range(2, 24, 4):
            sound[second * 16_000 : (second + 1) * 16_000] *= 20
            rows.append(f"{number}.wav,{second},{second + 1},loud")
        write_wav(tmp_path / "season" / f"{number}.wav", sound)
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path / "season"


def test_train_and_what_uses_a_detector_let_go(season, options, executor, tmp_path, one_thread):
    audioscan_host.train(
        [season],
        [tmp_path / "labels.csv"],
        "TINY",
        out=tmp_path / "a.detector",
        windowing=EVERY_SECOND,
        **options,
    )
    assert (executor.runs, executor.holds, options["progress"].seen) == (1, False, [False])
    audioscan_host.scan([season], tmp_path / "a.detector", **options)
    assert (executor.runs, executor.holds) == (2, False)
    audioscan_host.suggest([season], tmp_path / "a.detector", **options)
    assert (executor.runs, executor.holds) == (3, False)


def test_evaluate_lets_go(season, options, executor, tmp_path, one_thread):
    audioscan_host.evaluate(
        [season], [tmp_path / "labels.csv"], ["TINY"], windowing=EVERY_SECOND, resamples=10, **options
    )
    assert executor.runs
    assert (executor.holds, options["progress"].seen) == (False, [False])


def test_embed_and_search_let_go(season, options, executor):
    audioscan_host.embed([season], ["TINY"], windowing=EVERY_SECOND, **options)
    assert (executor.runs, executor.holds) == (1, False)
    audioscan_host.search([season], [f"{season}/0.wav@2-3"], "TINY", windowing=EVERY_SECOND, **options)
    assert executor.runs > 1
    assert not executor.holds


def test_a_plan_measures_when_it_has_let_go(season, options, executor):
    executor.holds = True  # since it asked for what there is room for
    audioscan_host.plan([season], ["TINY"], windowing=EVERY_SECOND, seconds=0.1, **options)
    assert not executor.holds

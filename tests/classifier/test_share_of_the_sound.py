"""What the sound does to its own recording's statistics does not move its probability; what the background does is taken off."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import zscore
from sklearn.linear_model import LogisticRegression

from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.classifier.background import UsualBackground
from audioscan_host.evidence import Evidence

DIM, WINDOW = 24, 1.0
SOUND = np.where(np.arange(DIM) < 6, 3.0, 0.0)


def recording(seed, share, windows=900):
    """Windows of noise, a share of which hold the sound: vectors and labels."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(windows) < share * windows).astype(np.int8)
    return (rng.normal(size=(windows, DIM)) + labels[:, np.newaxis] * SOUND).astype(np.float32), labels


def training(share):
    """What is learned from: recordings each of which holds the sound for that share of its time."""
    return [recording(seed, share) for seed in range(6)]


class Trained:
    """A detector of the sound, to be asked about recordings."""

    def __init__(self, share=0.1, **settings):
        evidence = [Evidence.without_silence(vectors, 1.0) for vectors, _ in training(share)]
        self.statistics = Statistics.of(evidence)
        labels = [labels for _, labels in training(share)]
        times = [np.arange(len(each), dtype=np.float64) for each in labels]
        self.classifier = fit(
            evidence, labels, times, self.statistics, window=WINDOW, settings=ClassifierSettings(**settings)
        ).classifier

    def __call__(self, vectors):
        return self.classifier.probabilities(
            Evidence.without_silence(vectors.astype(np.float32), 1.0), self.statistics
        )


@pytest.fixture(scope="module")
def by_background():
    return Trained()


@pytest.fixture(scope="module")
def by_all():
    return Trained(normalisation="global")


def by_own_statistics():
    """Each recording normalised by all of its windows, as if they were all background."""
    model = LogisticRegression(C=0.1, max_iter=1000).fit(
        np.concatenate([zscore(vectors) for vectors, _ in training(0.1)]),
        np.concatenate([labels for _, labels in training(0.1)]),
    )
    return lambda vectors: model.predict_proba(zscore(vectors))[:, 1]


def the_same_sounds(share):
    """Fifty windows with the sound, in a recording of which such windows are a share; they come first."""
    sounds = recording(50, 1.0, 50)[0]
    rest = recording(51, (share * 900 - 50) / 850, 850)[0]
    return np.concatenate([sounds, rest])


@pytest.mark.parametrize(("share", "moved"), [(0.3, 0.001), (0.7, 0.001), (0.9, 0.001), (1.0, 0.005)])
def test_a_sound_keeps_its_probability_however_much_of_it_a_recording_holds(by_background, share, moved):
    rare, often = (by_background(the_same_sounds(each))[:50] for each in (0.06, share))
    assert rare.mean() > 0.99
    assert rare.mean() - often.mean() < moved
    assert (often > 0.5).all()

    # Normalised by all windows, what fills a recording is what is usual in it.
    own = by_own_statistics()
    rare, often = (own(the_same_sounds(each))[:50] for each in (0.06, share))
    assert rare.mean() > 0.99
    assert often.mean() < {0.3: 0.7, 0.7: 0.1, 0.9: 0.05, 1.0: 0.05}[share]


def towards_the_mean_of_all(backgrounds):
    """The usual background with another mean: that of all windows that are learned from, the sound among them."""
    return replace(USUAL(backgrounds), mean=np.zeros(DIM))


USUAL = UsualBackground.of


@pytest.fixture(scope="module", params=[0.5, 0.9])
def by_what_is_full_of_it(request):
    """Learned from recordings that hold the sound for half of their time, and nearly always.

    Two detectors: as it is, and with backgrounds shrunk towards the mean of all windows.
    """
    as_it_is = Trained(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UsualBackground, "of", towards_the_mean_of_all)
        return as_it_is, Trained(request.param)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.9, 1.0])
def test_where_what_is_learned_from_is_full_of_the_sound_it_keeps_its_probability_too(
    by_what_is_full_of_it, share
):
    as_it_is, towards_the_mean = by_what_is_full_of_it
    rare, often = (as_it_is(the_same_sounds(each))[:50] for each in (0.06, share))
    assert rare.mean() > 0.99
    assert abs(rare - often).mean() < 0.002
    assert (often > 0.9).all()

    # By a mean that holds the sound, a recording full of it is what is usual.
    if share == 1:
        lost = towards_the_mean(the_same_sounds(share))[:50]
        assert lost.mean() < 0.75
        assert lost.min() < 0.01


def test_where_what_is_learned_from_is_full_of_the_sound_a_few_seconds_of_it_are_found(by_what_is_full_of_it):
    """A clip has no background to be read by but the usual one."""
    clip = recording(50, 1.0, 20)[0]
    as_it_is, towards_the_mean = by_what_is_full_of_it
    assert (as_it_is(clip) > 0.9).all()
    assert towards_the_mean(clip).mean() < 0.75


def test_where_what_is_learned_from_is_full_of_the_sound_nothing_is_found_without_it(by_what_is_full_of_it):
    as_it_is, _ = by_what_is_full_of_it
    for windows in (20, 900):
        assert as_it_is(recording(60, 0.0, windows)[0]).mean() < 0.03
        assert (as_it_is(recording(60, 0.0, windows)[0]) > 0.5).mean() < 0.03


def test_a_recording_without_the_sound_stays_without_it(by_background):
    nothing = recording(60, 0.0)[0]
    assert by_background(nothing).mean() < 0.01
    assert (by_background(nothing) > 0.5).mean() < 0.01


OFFSET = np.random.default_rng(70).normal(size=DIM) * 1.2
SCALE = np.random.default_rng(71).uniform(0.6, 1.6, DIM)


@pytest.mark.parametrize("change", ["offset", "scale", "both"])
def test_what_is_added_to_a_whole_recording_hardly_moves_a_probability(by_background, by_all, change):
    vectors, labels = recording(80, 0.1, 3600)
    changed = vectors
    if change in {"scale", "both"}:
        changed = changed * SCALE
    if change in {"offset", "both"}:
        changed = changed + OFFSET
    moved = abs(by_background(changed) - by_background(vectors))
    moved_by_all = abs(by_all(changed) - by_all(vectors))
    assert moved.mean() < 0.01
    assert moved.mean() < 0.25 * moved_by_all.mean()
    held = labels == 1
    assert ((by_background(changed) > 0.5) == held).mean() > 0.99
    if change != "scale":
        assert moved_by_all[held].mean() > 0.1
        assert moved[held].mean() < 0.02


@pytest.mark.slow
def test_of_a_short_recording_little_is_taken_off(by_background):
    """Five seconds say little of what is background: what is added to them moves probabilities."""
    vectors = np.random.default_rng(1).permutation(recording(81, 0.1, 3600)[0])
    plain = by_background(vectors)
    whole = abs(by_background(vectors + OFFSET) - plain)
    short = abs(np.concatenate([by_background(clip + OFFSET) for clip in np.split(vectors, 720)]) - plain)
    assert whole.mean() < 0.01
    assert short.mean() > 2 * whole.mean()

"""A fit is its recipe: written out here once more, in plain numpy and scikit-learn."""

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from audioscan_host.classifier import ClassifierSettings, Statistics, fit, learning
from audioscan_host.classifier.folds import Folds
from audioscan_host.evidence import Evidence

pytestmark = pytest.mark.usefixtures("one_thread")

WINDOW, HOP, DIM = 8.0, 0.5, 6


@pytest.fixture(autouse=True)
def in_double_precision(monkeypatch):
    """In single precision a fit ends some ten-thousandths off, by rounding: too far to compare."""

    class Double(LogisticRegression):
        def fit(self, features, labels, sample_weight=None):
            return super().fit(features.astype(np.float64), labels, sample_weight)

    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", Double)
    monkeypatch.setitem(globals(), "LogisticRegression", Double)


def recording(seed, windows=160, share=0.2):
    """Sounds in a background of its own: their embeddings, labels (some unknown), and silence in places."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([-1, 0, 1], windows, p=[0.2, 0.8 - share, share])
    vectors = rng.normal(size=(windows, DIM)) * rng.uniform(0.7, 1.5, DIM) + rng.normal(size=DIM)
    vectors[:, 0] += 3 * (labels == 1)
    silence = np.where(rng.random(windows) < 0.1, rng.choice([0.2, 0.8], windows), 0.0)
    return (10 * vectors + 3).astype(np.float32), labels.astype(np.int8), silence


UNSEEN = recording(99)


class Recipe:
    """The recipe, in double precision but for what scikit-learn is given."""

    def __init__(self, training, kind, relative):
        self.kind, self.relative = kind, relative
        clean = [vectors[silence < 0.001].astype(np.float64) for vectors, _, silence in training]
        everything = np.concatenate(clean)
        self.mean, deviation = everything.mean(axis=0), everything.std(axis=0)
        self.deviation = np.maximum(deviation, 0.3 * np.sqrt((deviation**2).mean()))

    def standardised(self, vectors):
        return (vectors.astype(np.float64) - self.mean) / self.deviation

    def read(self, vectors, chosen=None, usual=None):
        """As a classifier reads windows; relative to the chosen ones, and to what is usual, where these are given."""
        rows = self.standardised(vectors)
        if chosen is not None:
            heard, seconds = rows[chosen], HOP * chosen.sum()
            usual_mean, usual_variance = usual
            mean = (HOP * heard.sum(axis=0) + 60 * usual_mean) / (seconds + 60)
            spread = HOP * ((heard - mean) ** 2).sum(axis=0)
            variance = (spread + 60 * usual_variance) / (seconds + 60)
            rows = (rows - mean) / np.sqrt(np.maximum(variance, 0.09 * variance.mean()))
        return (rows * DIM**0.25 / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def background(self, first, vectors, silence):
        return (first.decision_function(self.read(vectors)) < 0) & (silence < 0.001)

    def usual(self, recordings, chosen):
        """Mean of all chosen windows and variance about their own recording's mean; a minute of mean 0 and variance 1 counts."""
        heard = [self.standardised(vectors)[c] for (vectors, _, _), c in zip(recordings, chosen, strict=True)]
        seconds = HOP * sum(map(len, heard))
        spread = HOP * sum(((rows - rows.mean(axis=0)) ** 2).sum(axis=0) for rows in heard)
        return HOP * np.concatenate(heard).sum(axis=0) / (seconds + 60), (spread + 60) / (seconds + 60)

    def log_odds(self, first, usual, second, vectors, silence):
        """Of a recording whose labels are not known."""
        known = (self.background(first, vectors, silence), usual) if self.relative else ()
        return second.decision_function(self.read(vectors, *known))

    def learn(self, recordings, learned_from):
        """First pass, what is usual, and second pass, from the labelled windows that may be learned from."""
        truth = chosen([labels for _, labels, _ in recordings], learned_from)

        def learned(model, read):
            return model.fit(chosen(read, learned_from), truth)

        line = LogisticRegression(C=0.3, tol=1e-8, max_iter=2000)
        trees = HistGradientBoostingClassifier(max_iter=200, max_depth=5, learning_rate=0.1, random_state=42)
        last = trees if self.kind == "hist-gbt" else line
        plain = [self.read(vectors) for vectors, _, _ in recordings]
        if not self.relative:
            return None, None, learned(last, plain)
        first = learned(LogisticRegression(C=0.3, tol=1e-8, max_iter=2000), plain)
        # Where most labels are of the sound, a window is background below their share.
        first.intercept_ = first.intercept_ - max(0, logit(truth.mean()))
        background = [
            self.background(first, vectors, silence) & ~((labels == 1) & known)
            for (vectors, labels, silence), known in zip(recordings, learned_from, strict=True)
        ]
        # Of a recording of which nothing may be learned nothing is usual.
        of_some = [
            (each, b)
            for each, b, known in zip(recordings, background, learned_from, strict=True)
            if known.any()
        ]
        usual = self.usual(*zip(*of_some, strict=True))
        return (
            first,
            usual,
            learned(
                last, [self.read(v, b, usual) for (v, _, _), b in zip(recordings, background, strict=True)]
            ),
        )


def chosen(each, masks):
    return np.concatenate([values[mask] for values, mask in zip(each, masks, strict=True)])


def calibrated(method, scores, labels, new):
    if method == "none":
        return expit(new)
    if method == "sigmoid":
        return _SigmoidCalibration().fit(scores, labels).predict(new)
    steps = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    return 0.99 * steps.predict(new) + 0.01 * expit(new)


def by_recordings(times):
    """Recordings 0, 1, 2; 3, 4, 5; 6, 7, 8: for each fold and recording which windows are learned from, and held out."""
    held = [[np.full(len(at), number // 3 == fold) for number, at in enumerate(times)] for fold in range(3)]
    return [([~mask for mask in masks], masks) for masks in held]


def by_time(times):
    """Thirds of every recording; learned from are the windows that overlap none that is held out."""
    folds = []
    for fold in range(3):
        held = [at * 3 // (at[-1] + HOP) == fold for at in times]
        near = [
            (abs(at[:, np.newaxis] - at[mask]) < WINDOW).any(axis=1)
            for at, mask in zip(times, held, strict=True)
        ]
        folds.append(([~each for each in near], held))
    return folds


KINDS = ("logistic", "hist-gbt")
EVERY_WAY = list(itertools.product(KINDS, ("sigmoid", "isotonic", "none"), ("background", "global")))
CASES = [
    *((way, by_recordings, 0.2) for way in EVERY_WAY),
    *(((kind, "sigmoid", "background"), by_time, 0.2) for kind in KINDS),
    *(((kind, "none", "background"), by_recordings, 0.6) for kind in KINDS),  # most labels are of the sound
]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "cut", "share"), CASES)
def test_probabilities_are_those_of_the_recipe(monkeypatch, way, cut, share):
    kind, method, normalisation = way
    seeds, windows = (range(9), 160) if cut is by_recordings else ([7], 900)
    training = [recording(seed, windows, share) for seed in seeds]
    evidence = [Evidence(vectors, silence, HOP) for vectors, _, silence in training]
    times = [HOP * np.arange(len(each.vectors)) for each in evidence]
    known = [(labels >= 0) & (silence < 0.5) for _, labels, silence in training]
    folds = cut(times)
    splits = tuple(tuple(np.flatnonzero(chosen(side, known)) for side in fold) for fold in folds)
    monkeypatch.setattr(learning, "split", lambda *_, **__: Folds("recordings", splits))
    statistics = Statistics.of(evidence)
    fitted = fit(
        evidence,
        [labels for _, labels, _ in training],
        times,
        statistics,
        window=WINDOW,
        settings=ClassifierSettings(kind, method, normalisation),
    )

    recipe = Recipe(training, kind, normalisation == "background")
    passes = [recipe.learn(training, [k & t for k, t in zip(known, fold[0], strict=True)]) for fold in folds]
    truth = chosen([labels for _, labels, _ in training], known)
    scores, held_out = np.empty(len(truth)), np.empty(len(truth))
    for learned, (_, held) in zip(passes, splits, strict=True):
        said = [recipe.log_odds(*learned, vectors, silence) for vectors, _, silence in training]
        scores[held] = chosen(said, known)[held]
    for _, held in splits:
        others = np.setdiff1d(np.arange(len(truth)), held)
        held_out[held] = calibrated(method, scores[others], truth[others], scores[held])
    # Two ways of finding Platt's line; and isotonic steps are so steep that they show the rounding of features.
    close = {"none": 1e-6, "sigmoid": 1e-5, "isotonic": 1e-4}[method]
    np.testing.assert_allclose(fitted.held_out, held_out, atol=close)

    vectors, _, silence = UNSEEN
    read = recipe.read(vectors)
    if recipe.relative:
        # One background for all three, by the mean of the first passes; and the mean of what is usual in each.
        first = np.mean([each.decision_function(read) for each, _, _ in passes], axis=0)
        usual = np.mean([each for _, each, _ in passes], axis=0)
        read = recipe.read(vectors, (first < 0) & (silence < 0.001), usual)
    log_odds = np.mean([second.decision_function(read) for _, _, second in passes], axis=0)
    expected = calibrated(method, scores, truth, log_odds)
    found = fitted.classifier.probabilities(Evidence(vectors, silence, HOP), statistics)
    np.testing.assert_allclose(found, np.where(silence < 0.5, expected, 0), atol=close)
    assert fitted.classifier.rate == pytest.approx(truth.mean())
    assert (found[silence >= 0.5] == 0).all()
    assert found.max() - found.min() > 0.5

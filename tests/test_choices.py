"""Settings that are one of a few words: the command line, Python and JSON have the same ones."""

import json

import pytest

from audioscan_host import Runtime
from audioscan_host.classifier.settings import Calibration, ClassifierKind, ClassifierSettings, Normalisation
from audioscan_host.cli.evaluate import evaluate
from audioscan_host.cli.scan import scan
from audioscan_host.cli.search import search
from audioscan_host.cli.train import train
from audioscan_host.errors import SettingError
from audioscan_host.models.model import Precision
from audioscan_host.region_settings import RegionMethod, RegionSettings

WORDS = {
    ClassifierKind: ["logistic", "hist-gbt"],
    Calibration: ["sigmoid", "isotonic", "none"],
    Normalisation: ["background", "global"],
    Precision: ["auto", "fp32", "bf16", "fp16"],
    RegionMethod: ["mean", "union"],
}
SETTINGS = [
    (ClassifierSettings, "kind", "classifier", ClassifierKind),
    (ClassifierSettings, "calibration", "calibration", Calibration),
    (ClassifierSettings, "normalisation", "normalisation", Normalisation),
    (Runtime, "precision", "precision", Precision),
    (RegionSettings, "method", "method", RegionMethod),
]
EVERY_WORD = [(*setting[:2], setting[3], word) for setting in SETTINGS for word in WORDS[setting[3]]]


@pytest.mark.parametrize(("choice", "words"), WORDS.items())
def test_a_member_is_its_word_in_comparisons_texts_and_json(choice, words):
    assert list(choice) == words
    assert [f"{each}" for each in choice] == words
    assert json.dumps(list(choice)) == json.dumps(words)
    assert dict.fromkeys(choice, 1) == dict.fromkeys(words, 1)


@pytest.mark.parametrize(("settings", "field", "choice", "word"), EVERY_WORD)
def test_settings_take_a_plain_word_for_the_member(settings, field, choice, word):
    found = getattr(settings(**{field: word}), field)
    assert type(found) is choice
    assert found == word
    assert settings(**{field: word}) == settings(**{field: choice(word)})


@pytest.mark.parametrize(("settings", "field", "name", "choice"), SETTINGS)
@pytest.mark.parametrize("word", ["", "MEAN", "svm", None, 7])
def test_another_word_is_refused_with_those_that_there_are(settings, field, name, choice, word):
    with pytest.raises(SettingError) as refused:
        settings(**{field: word})
    assert str(refused.value) == f"{name} must be one of {', '.join(WORDS[choice])}, not {word!r}"


@pytest.mark.parametrize(
    ("command", "option", "choice"),
    [
        (train, "classifier", ClassifierKind),
        (train, "calibration", Calibration),
        (train, "normalisation", Normalisation),
        (train, "precision", Precision),
        (evaluate, "classifiers", ClassifierKind),
        (evaluate, "calibrations", Calibration),
        (evaluate, "normalisation", Normalisation),
        (search, "normalisation", Normalisation),
        (scan, "method", RegionMethod),
        (scan, "precision", Precision),
    ],
)
def test_the_command_line_offers_the_same_words_and_the_same_default(command, option, choice):
    (parameter,) = [each for each in command.params if each.name == option]
    assert list(parameter.type.choices) == WORDS[choice]
    default = parameter.default if isinstance(parameter.default, list) else [parameter.default]
    assert default == WORDS[choice][:1]

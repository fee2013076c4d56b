"""Every model that is shipped passes the conformance suite.

The weights are random, but for those of BirdNET, which come with its package. The other networks are of the published width and depth, with narrow perceptrons and
convolutions, but for three things that would take minutes: AST takes a quarter of its longest window, EAT pads to
a quarter of its length, and the large HuBERT and wav2vec 2.0 are of `reduced_hubert.py`.
"""

from importlib import import_module
from typing import Any

import pytest

import audioscan_ast
import audioscan_beats
import audioscan_birdnet
import audioscan_eat
import audioscan_hubert
import audioscan_mel
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.testing import conformance

FAMILIES = [
    audioscan_ast,
    audioscan_beats,
    audioscan_birdnet,
    audioscan_eat,
    audioscan_hubert,
    audioscan_mel,
]
MODELS = {family.__name__: [model.name for model in family.register_models()] for family in FAMILIES}


def registry() -> Registry:
    """The models of all families, those that are too large for a test reduced."""
    names = [
        "reduced_ast",
        "audioscan_beats",
        "audioscan_birdnet",
        "audioscan_eat",
        "reduced_hubert",
        "audioscan_mel",
    ]
    return load_registry({name: import_module(name) for name in names})


def conformance_of(family: str) -> Any:
    return conformance(*MODELS[family], registry=registry)


pytestmark = pytest.mark.usefixtures("reduced")


test_mel = conformance_of("audioscan_mel")
test_ast = pytest.mark.usefixtures("ast_weights")(conformance_of("audioscan_ast"))
test_beats = pytest.mark.usefixtures("beats_weights")(conformance_of("audioscan_beats"))
test_birdnet = conformance_of("audioscan_birdnet")
test_eat = pytest.mark.usefixtures("eat_weights")(conformance_of("audioscan_eat"))
test_hubert = pytest.mark.usefixtures("hubert_weights")(conformance_of("audioscan_hubert"))

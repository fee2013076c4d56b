"""What differs between a worker and its driver is said in one line, and what is alike is not."""

from dataclasses import replace

import pytest

from audioscan_host import Runtime, hookimpl, load_registry
from audioscan_ray.terms import Facts, ModelFacts, difference, facts_of


@pytest.fixture
def registry(no_installed_plugins, tiny_plugin):
    return load_registry({"tiny": tiny_plugin})


@pytest.fixture
def facts(registry):
    return facts_of(registry, [registry.model("TINY"), registry.model("TINY_ML")], Runtime())


def changed(facts, **changes):
    first, *rest = facts.models
    return replace(facts, models=(replace(first, **changes), *rest))


def test_what_is_alike_differs_in_nothing(registry, facts):
    assert difference(facts, registry, Runtime()) == ""


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"plugin": "small"}, "has the plugin tiny (), here it is small ()"),
        ({"version": "0.2"}, "has the plugin tiny, here it is 0.2"),
        ({"revision": 2}, "has revision 1 of the model TINY, here it is 2"),
        ({"weights": "abc"}, "has the checkpoint TINY 1, here it is abc"),
        ({"precision": "bf16"}, "computes TINY in fp32, here it is bf16: say --precision fp32 or bf16"),
        ({"model": "TINY_XL"}, "has no model TINY_XL in the plugin tiny: install what has it there"),
        (
            {"model": "BIG", "plugin": "big", "distribution": "audioscan-big", "version": "3"},
            "lacks the plugin big, which has BIG: install audioscan-big==3 there",
        ),
    ],
)
def test_a_difference_is_said_with_both_sides(registry, facts, changes, end):
    assert difference(changed(facts, **changes), registry, Runtime()) == end


def test_another_host_and_other_wrappers_are_differences(registry, facts):
    newer = replace(facts, host="99.0")
    assert difference(newer, registry, Runtime()).endswith(", here it is 99.0")
    wrapped = replace(facts, wrappers=("denoise revision 1",))
    assert (
        difference(wrapped, registry, Runtime()) == "has the wrappers none, here they are denoise revision 1"
    )


def test_a_plugin_that_is_set_aside_there_is_said_with_its_reason(no_installed_plugins):
    class Broken:
        @hookimpl
        def register_models(self):
            raise OSError("no libbroken")

    facts = ModelFacts("BROKEN", "broken", "audioscan-broken", "1", 1, "BROKEN", "1", "fp32")
    said = difference(Facts("", (), (facts,)), load_registry({"broken": Broken()}), Runtime())
    assert said == "sets aside the plugin broken: OSError: no libbroken"

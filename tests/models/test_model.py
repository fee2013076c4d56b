"""What may be declared of a checkpoint and of a model, and what the refusal of the rest says."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from audioscan_host import FINAL, Checkpoint, Model, Runtime
from audioscan_host.errors import ModelError, SettingError
from audioscan_host.models.pooling import Pooling
from audioscan_host.models.weights import HubSnapshot, LocalWeights, TorchHubFile

CHECKPOINT = {
    "name": "NET",
    "source": "example.org/net",
    "revision": "2024-05-01",
    "layers": 12,
    "sample_rate": 16_000,
    "step": 0.02,
    "shortest_window": 0.1,
    "licence": "MIT",
    "parameters": 95_000_000,
}


def checkpoint(**changes: Any) -> Checkpoint:
    return Checkpoint(**CHECKPOINT | changes)


def model(**changes: Any) -> Model:
    facts = {
        "name": "NET",
        "checkpoint": checkpoint(),
        "layers": (FINAL,),
        "dim": 768,
        "description": "a net",
    }
    return Model(**facts | changes)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("name", ""),
        ("name", "two words"),
        ("name", "a/b"),
        ("name", "_NET"),
        ("name", "NET\n"),
        ("name", None),
        ("source", ""),
        ("source", None),
        ("revision", ""),
        ("revision", 3),
        ("licence", ""),
        ("licence", ["MIT"]),
        ("layers", -1),
        ("layers", 12.0),
        ("parameters", -1),
        ("parameters", 1e6),
        ("sample_rate", 999),
        ("sample_rate", 16_000.0),
        ("step", 0),
        ("step", -0.02),
        ("step", math.inf),
        ("step", math.nan),
        ("step", "0.02"),
        ("step", None),
        ("shortest_window", 0),
        ("shortest_window", math.nan),
        ("shortest_window", "0.4"),
        ("longest_window", None),
        ("longest_window", math.nan),
    ],
)
def test_a_checkpoint_declared_wrongly_is_refused_with_its_name_the_attribute_and_what_was_found(
    attribute, value
):
    with pytest.raises(ModelError) as refused:
        checkpoint(**{attribute: value})
    name = value if attribute == "name" else "NET"
    message = str(refused.value)
    assert message.startswith(f"checkpoint {name!r}: {attribute} must be ")
    assert message.endswith(f", not {value!r}")


def test_the_shortest_window_of_a_checkpoint_does_not_exceed_the_longest():
    assert checkpoint(shortest_window=10.0, longest_window=10.0).longest_window == 10.0
    with pytest.raises(
        ModelError, match=r"'NET': shortest_window must be at most longest_window \(10\), not 11"
    ):
        checkpoint(shortest_window=11.0, longest_window=10.0)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("name", ""),
        ("name", "NET BASE"),
        ("name", 7),
        ("checkpoint", None),
        ("checkpoint", "NET"),
        ("layers", ()),
        ("layers", [FINAL]),
        ("layers", FINAL),
        ("layers", (3.0,)),
        ("layers", (13,)),
        ("layers", (3, 13)),
        ("layers", (3, 6, 3)),
        ("layers", (-2,)),
        ("dim", 0),
        ("dim", 768.0),
        ("pooling", "max"),
        ("pooling", ""),
        ("revision", "1"),
        ("revision", None),
    ],
)
def test_a_model_declared_wrongly_is_refused_with_its_name_the_attribute_and_what_was_found(attribute, value):
    with pytest.raises(ModelError) as refused:
        model(**{attribute: value})
    name = value if attribute == "name" else "NET"
    message = str(refused.value)
    assert message.startswith(f"model {name!r}: {attribute} must be ")
    assert message.endswith(f", not {value!r}")


@pytest.mark.parametrize("pooling", ["mean", "mean+std", "mean+max"])
def test_a_pooling_is_named_by_its_word_and_stays_that_word(pooling):
    found = model(pooling=pooling).pooling
    assert found is Pooling(pooling)
    assert (found, f"{found}", json.dumps([found])) == (pooling, pooling, f'["{pooling}"]')
    assert model(pooling=pooling) == model(pooling=Pooling(pooling))


def test_the_refusal_of_layers_says_how_many_the_checkpoint_has():
    with pytest.raises(ModelError, match=r"from FINAL \(-1\) to 12, not \(13,\)"):
        model(layers=(13,))


@pytest.mark.parametrize("layers", [(FINAL,), (0,), (12,), (12, 3, FINAL, 0)])
def test_a_model_reads_any_of_the_layers_from_what_goes_into_the_first_block_to_the_final_output(layers):
    assert model(layers=layers).layers == layers


def test_a_network_without_blocks_has_an_input_and_a_final_output_to_read():
    assert model(checkpoint=checkpoint(layers=0), layers=(0, FINAL)).layers == (0, FINAL)
    with pytest.raises(ModelError, match="layers"):
        model(checkpoint=checkpoint(layers=0), layers=(1,))


@pytest.mark.parametrize("name", ["HUBERT_BASE", "wav2vec2.0", "BEATs-iter3", "7"])
def test_a_name_is_letters_digits_underscores_dots_and_hyphens(name):
    assert model(name=name, checkpoint=checkpoint(name=name)).name == name


@pytest.mark.parametrize(
    ("layers", "quartiles"),
    [
        (4, (1, 2, 3, 4)),
        (12, (3, 6, 9, 12)),
        (24, (6, 12, 18, 24)),
        (48, (12, 24, 36, 48)),
        (6, (1, 3, 4, 6)),
    ],
)
def test_the_quartiles_are_the_blocks_a_quarter_half_three_quarters_and_all_of_the_way(layers, quartiles):
    assert checkpoint(layers=layers).quartiles == quartiles


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_fewer_than_four_blocks_have_no_quartiles(layers):
    net = checkpoint(layers=layers)
    with pytest.raises(
        ModelError, match=rf"'NET': quartiles are of 4 layers or more, not {layers}: write out"
    ):
        _ = net.quartiles


def test_the_path_of_a_checkpoint_is_that_of_its_weights(tmp_path):
    file = tmp_path / "net.pt"
    assert checkpoint(weights=LocalWeights(file, (file,))).path == file
    with pytest.raises(ModelError, match=r"^checkpoint 'NET' declares no weights, so it has no path"):
        checkpoint().path  # noqa: B018 - looking is enough


def test_a_checkpoint_runs_no_code_that_comes_with_its_weights_unless_it_says_so():
    assert not checkpoint().remote_code
    assert checkpoint(remote_code=True).remote_code


@pytest.mark.parametrize("precision", ["", "FP32", "int8", None])
def test_a_precision_is_one_of_those_that_there_are(precision):
    for known in ("auto", "fp32", "bf16", "fp16"):
        assert Runtime(precision=known).precision == known
    expected = f"^precision must be one of auto, fp32, bf16, fp16, not {precision!r}$"
    with pytest.raises(SettingError, match=expected):
        Runtime(precision=precision)


def test_a_batch_has_one_window_at_least():
    assert Runtime(batch_size=1).batch_size == 1
    for size in (0, -1):
        with pytest.raises(SettingError, match=f"batch size must be 1 or more, not {size}"):
            Runtime(batch_size=size)


@pytest.mark.parametrize("declared", [checkpoint(), model(), Runtime()], ids=lambda each: type(each).__name__)
def test_what_is_declared_stays_as_it_is_and_can_be_a_key(declared):
    for field in dataclasses.fields(declared):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(declared, field.name, getattr(declared, field.name))
    assert {declared: "found"}[dataclasses.replace(declared)] == "found"


@pytest.mark.parametrize(
    "weights",
    [
        TorchHubFile("https://example.org/net.pt", "0" * 64),
        HubSnapshot("someone/net", "0123abc", ("config.json",)),
        LocalWeights(Path("net.pt"), (Path("net.pt"),)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_checkpoint_with_weights_can_be_a_key_too(weights):
    declared = checkpoint(weights=weights)
    assert {declared: "found"}[checkpoint(weights=dataclasses.replace(weights))] == "found"
    assert declared != checkpoint()

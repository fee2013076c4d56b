"""Every hook of the contract is called when it says it is, on the path that users take."""

import inspect
from types import SimpleNamespace

import click
import pluggy
import pytest
from click.testing import CliRunner

from audioscan_host import (
    CONTRACT_VERSION,
    FINAL,
    Annotation,
    ExecutorKind,
    LabelFormat,
    Resources,
    Runtime,
    Windowing,
    embed,
    hookimpl,
    scan,
    train,
)
from audioscan_host.cache import Cache
from audioscan_host.cli.main import main
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.plugins import hookspecs
from audioscan_host.plugins.registry import load_registry

WINDOWS = 33
"""In a recording of 40 s, of 8 s every second."""

CONTRACT = {
    1: {
        "register_models": [],
        "precision": ["checkpoint", "runtime"],
        "load": ["checkpoint", "runtime"],
        "batch_size": ["encoder", "inputs", "layers"],
        "filter_waveform": ["waveform", "windows"],
        "preprocess": ["encoder", "waveform", "windows"],
        "embed": ["encoder", "batch", "layers"],
        "select_layers": ["model", "hidden_states"],
        "read_labels": [],
        "register_executors": [],
        "register_commands": ["cli"],
    }
}
"""Hook -> arguments, of each version: a plugin that was written for a version relies on them. An optional hook more is no
other version: no plugin relies on its not being there."""


def hooks_of_the_contract():
    manager = pluggy.PluginManager("audioscan_host")
    names = [name for name in dir(hookspecs) if manager.parse_hookspec_opts(hookspecs, name) is not None]
    return {name: list(inspect.signature(getattr(hookspecs, name)).parameters) for name in names}


class Noting:
    """Before the tiny plugin in the order of classes: notes each call of a hook with its arguments."""

    def __init__(self):
        super().__init__()
        self.arguments = []

    def note(self, hook, **arguments):
        self.arguments.append((hook, SimpleNamespace(**arguments)))

    def of(self, hook):
        return [arguments for name, arguments in self.arguments if name == hook]

    @hookimpl
    def precision(self, checkpoint, runtime):
        self.calls.append("precision")
        self.note("precision", checkpoint=checkpoint, runtime=runtime)
        return "fp32" if runtime.precision == "auto" else runtime.precision

    @hookimpl
    def load(self, checkpoint, runtime):
        self.note("load", checkpoint=checkpoint, runtime=runtime)
        return super().load(checkpoint, runtime)

    @hookimpl
    def batch_size(self, encoder, inputs, layers):
        self.calls.append("batch_size")
        self.note("batch_size", encoder=encoder, inputs=inputs, layers=layers)
        return 16

    @hookimpl
    def filter_waveform(self, waveform, windows):
        self.calls.append("filter_waveform")
        self.note("filter_waveform", waveform=waveform, windows=windows)
        return waveform * 2

    @hookimpl
    def preprocess(self, encoder, waveform, windows):
        self.note("preprocess", encoder=encoder, waveform=waveform, windows=windows)
        return super().preprocess(encoder, waveform, windows)

    @hookimpl
    def embed(self, encoder, batch, layers):
        self.note("embed", encoder=encoder, batch=batch, layers=layers)
        return super().embed(encoder, batch, layers)

    @hookimpl
    def select_layers(self, model, hidden_states):
        self.calls.append("select_layers")
        self.note("select_layers", model=model, hidden_states=hidden_states)
        return [hidden_states[layer] for layer in model.layers]

    @hookimpl
    def read_labels(self):
        self.calls.append("read_labels")
        return [LabelFormat("notes", "a line", lambda head: head.first_line == "NOTES", self.read_notes)]

    def read_notes(self, path, text):
        return [Annotation(line, 10.0, 18.0, "knock") for line in text.split()[1:]]

    @hookimpl
    def register_executors(self):
        self.calls.append("register_executors")
        kind = ExecutorKind("Beside", ("beside",), "here", lambda address: address == "beside", self.connect)
        return [kind]

    def connect(self, address, resources):
        self.note("connect", address=address, resources=resources)
        return LocalExecutor(1)

    @hookimpl
    def register_commands(self, cli):
        self.calls.append("register_commands")
        for name in ("annotate", "scan"):
            cli.add_command(click.Command(name, callback=lambda: click.echo("a command of the plugin")))


@pytest.fixture
def noting(no_installed_plugins, make_plugin):
    """A plugin that has every hook and notes their calls, and its registry."""
    plugin = type("NotingTiny", (Noting, make_plugin), {})()
    return SimpleNamespace(plugin=plugin, registry=load_registry({"noting": plugin}))


@pytest.fixture
def embed_recording(noting, make_wav, tmp_path):
    """Embed 40 s by these models: the path that training and scanning share."""
    path = make_wav("a.wav", seconds=40)

    def embed_recording(*names, **settings):
        models = [noting.registry.model(name) for name in names]
        embedder = Embedder(noting.registry, models, Windowing(), Cache(tmp_path / "cache"), **settings)
        return embedder.embed(path)

    return embed_recording


# The contract


def test_every_hook_of_the_contract_has_a_test_here():
    hooks = hooks_of_the_contract()
    assert hooks
    tests = [name for name in globals() if name.startswith("test_")]
    without = [hook for hook in hooks if not any(test.startswith(f"test_{hook}_") for test in tests)]
    assert without == []


def test_the_hooks_and_their_arguments_are_those_of_the_stated_version():
    """Whoever changes a hook raises the version, so that older plugins are told."""
    assert hooks_of_the_contract() == CONTRACT[CONTRACT_VERSION]


def test_a_plugin_may_have_every_hook(noting):
    assert noting.registry.failures == ()


# Each hook


def test_register_models_is_called_once_when_plugins_are_discovered(noting, embed_recording):
    assert noting.plugin.calls == ["register_models"]
    embed_recording("TINY", "TINY_ML")
    assert noting.plugin.calls.count("register_models") == 1


def test_precision_is_asked_before_the_weights_are_loaded_with_the_checkpoint_and_the_runtime(
    noting, embed_recording
):
    runtime = Runtime(device="cuda:1", precision="bf16")
    embed_recording("TINY", runtime=runtime)
    assert [hook for hook, _ in noting.plugin.arguments][:2] == ["precision", "load"]
    (asked,) = noting.plugin.of("precision")
    assert asked.checkpoint is noting.plugin.checkpoint
    assert asked.runtime == runtime


def test_precision_is_asked_where_the_cache_has_all_and_is_what_is_looked_for_in_it(noting, embed_recording):
    for precision, loads in [("fp32", 1), ("auto", 1), ("bf16", 2), ("fp32", 2)]:
        embed_recording("TINY", runtime=Runtime(precision=precision))
        assert noting.plugin.of("precision")[-1].runtime.precision == precision
        assert len(noting.plugin.of("load")) == loads


def test_load_is_called_once_for_two_models_of_a_checkpoint_with_the_runtime(noting, embed_recording):
    runtime = Runtime(device="cuda:1", batch_size=7)
    embed_recording("TINY", "TINY_ML", runtime=runtime)
    (asked,) = noting.plugin.of("load")
    assert asked.checkpoint is noting.plugin.checkpoint
    assert asked.runtime == runtime


def test_load_is_not_called_where_the_cache_has_all(noting, embed_recording):
    embed_recording("TINY")
    embed_recording("TINY")
    assert len(noting.plugin.of("load")) == 1


def test_filter_waveform_is_called_once_a_block_and_preprocess_gets_what_it_returns(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", block_seconds=20.0, runtime=Runtime(batch_size=3))
    asked, heard = noting.plugin.of("filter_waveform"), noting.plugin.of("preprocess")
    assert [len(block.windows) for block in asked] == [20, WINDOWS - 20]
    for before, after in zip(asked, heard, strict=True):
        assert before.waveform.dtype == "float32"
        assert before.waveform.any()
        assert (after.waveform == before.waveform * 2).all()
        assert after.windows is before.windows


def test_preprocess_is_called_once_a_block_with_all_of_its_windows(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", block_seconds=20.0, runtime=Runtime(batch_size=3))
    blocks = noting.plugin.of("preprocess")
    assert [len(block.windows) for block in blocks] == [20, WINDOWS - 20]
    for block in blocks:
        assert block.encoder == "encoder of TINY"
        assert block.windows.starts.tolist() == [16_000 * i for i in range(len(block.windows))]
        assert block.windows.length == 8 * 16_000
        assert block.waveform.dtype == "float32"
        assert block.waveform.shape == (block.windows.starts[-1] + block.windows.length,)


def test_batch_size_is_called_once_with_the_first_block_and_the_layers_of_all_models(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", block_seconds=20.0)
    assert [hook for hook, _ in noting.plugin.arguments if hook != "precision"][:5] == [
        "load",
        "filter_waveform",
        "preprocess",
        "batch_size",
        "embed",
    ]
    (asked,) = noting.plugin.of("batch_size")
    assert asked.encoder == "encoder of TINY"
    assert len(asked.inputs) == 20
    assert asked.layers == frozenset({FINAL, 1, 2, 3, 4})
    assert [len(batch.batch) for batch in noting.plugin.of("embed")] == [16, 4, 13]


def test_batch_size_is_not_called_where_the_user_says(noting, embed_recording):
    embed_recording("TINY", runtime=Runtime(batch_size=30))
    assert noting.plugin.of("batch_size") == []
    assert [len(batch.batch) for batch in noting.plugin.of("embed")] == [30, WINDOWS - 30]


def test_embed_is_called_once_a_batch_for_the_union_of_the_layers(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", runtime=Runtime(batch_size=16))
    batches = noting.plugin.of("embed")
    assert [len(batch.batch) for batch in batches] == [16, 16, 1]
    assert {batch.layers for batch in batches} == {frozenset({FINAL, 1, 2, 3, 4})}
    assert {batch.encoder for batch in batches} == {"encoder of TINY"}


def test_embed_is_asked_for_no_layer_that_nobody_reads(noting, embed_recording):
    embed_recording("TINY")
    assert {batch.layers for batch in noting.plugin.of("embed")} == {frozenset({FINAL})}


def test_select_layers_is_called_once_a_batch_and_model_with_what_embed_returned(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", runtime=Runtime(batch_size=16))
    selections = noting.plugin.of("select_layers")
    assert [each.model.name for each in selections] == ["TINY", "TINY_ML"] * 3
    for each in selections:
        assert set(each.hidden_states) == {FINAL, 1, 2, 3, 4}
    assert [each.hidden_states[FINAL].shape for each in selections[::2]] == [
        (16, 80, 2),
        (16, 80, 2),
        (1, 80, 2),
    ]


@pytest.fixture
def command_line(noting, monkeypatch):
    """The command line where the noting plugin is installed."""
    monkeypatch.setattr("audioscan_host.cli.main.load_registry", lambda: noting.registry)
    monkeypatch.setattr(main, "commands", dict(main.commands))
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_register_commands_adds_a_command_to_the_command_line(command_line):
    assert "annotate" in command_line("--help").stdout
    assert command_line("annotate").stdout == "a command of the plugin\n"


def test_register_commands_does_not_replace_a_command_of_the_host(command_line):
    command_line("annotate")
    assert command_line("scan").exit_code == 2  # the host's asks for recordings
    assert "RECORDING..." in command_line("scan", "--help").stdout


def test_register_commands_is_not_called_for_a_command_of_the_host(command_line, noting):
    command_line("scan", "--help")
    assert "register_commands" not in noting.plugin.calls


def test_read_labels_reads_label_files_that_no_format_of_the_host_recognises(noting, make_wav, tmp_path):
    (tmp_path / "notes.txt").write_text("NOTES\na.wav\nb.wav\n")
    labelled = [make_wav("a.wav", 40, seed=1), make_wav("b.wav", 40, seed=2)]
    trained = train(
        labelled, [tmp_path / "notes.txt"], "TINY", windowing=Windowing(8.0, 1.0), registry=noting.registry
    )
    assert [report.label for report in trained.reports] == ["knock"]
    assert noting.plugin.calls[:2] == ["register_models", "read_labels"]


def test_register_executors_is_asked_for_an_address_and_connects_with_what_was_asked_for(noting, make_wav):
    path = make_wav("a.wav", 40)
    embed([path], ["TINY"], registry=noting.registry, on="beside", workers=3, gpus_per_worker=0.5)
    assert noting.plugin.calls[:2] == ["register_models", "register_executors"]
    (asked,) = noting.plugin.of("connect")
    assert (asked.address, asked.resources) == ("beside", Resources(3, 0.5))


def test_register_executors_is_not_called_where_this_process_computes(noting, make_wav):
    embed([make_wav("a.wav", 40)], ["TINY"], registry=noting.registry)
    assert "register_executors" not in noting.plugin.calls


# The order of all of them


def test_a_block_is_preprocessed_then_embedded_batch_by_batch(noting, embed_recording):
    embed_recording("TINY", "TINY_ML", block_seconds=20.0, runtime=Runtime(batch_size=16))
    batch = ["embed", "select_layers", "select_layers"]
    assert noting.plugin.calls == [
        "register_models",
        *["precision", "precision"],  # of each model
        "load",
        *["filter_waveform", "preprocess", *batch, *batch],  # 20 windows
        *["filter_waveform", "preprocess", *batch],  # 13
    ]


def test_training_and_scanning_call_the_hooks_in_their_order(noting, make_wav, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,start,end,label\na.wav,10,18,knock\nb.wav,20,30,knock\n")
    labelled = [make_wav("a.wav", 40, seed=1), make_wav("b.wav", 40, seed=2)]
    unseen = make_wav("c.wav", 40, seed=3)
    batch = ["embed", "select_layers"]
    batches = [*batch, *batch, *batch]
    heard = ["filter_waveform", "preprocess"]
    first, later = [*heard, "batch_size", *batches], [*heard, *batches]

    trained = train(
        labelled,
        [labels],
        "TINY",
        out=tmp_path / "knock.detector",
        windowing=Windowing(8.0, 1.0),
        registry=noting.registry,
    )
    assert trained.failures == ()
    assert noting.plugin.calls == ["register_models", "read_labels", "precision", "load", *first, *later]

    noting.plugin.calls.clear()
    found = scan([unseen], tmp_path / "knock.detector", registry=noting.registry)
    assert noting.plugin.calls == ["precision", "load", *first]
    assert len(found.recordings[0].probabilities["knock"]) == WINDOWS

    noting.plugin.calls.clear()
    scan([unseen, *labelled], tmp_path / "knock.detector", registry=noting.registry)
    assert noting.plugin.calls == ["precision"]  # all of it comes from the cache

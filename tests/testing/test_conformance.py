"""The conformance suite: a plugin that breaks one promise fails the check of that promise, and no other."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from audioscan_host.plugins.registry import load_registry
from audioscan_host.testing import CHECKS, Examination, Finding, Subject, check_model

pytestmark = pytest.mark.slow

GOOD = (Path(__file__).parent / "broken_plugins" / "good_plugin.py").read_text(encoding="utf-8")

STRETCH = "    stretch=10.0,\n    context=0.0,\n"
TOP = "STEP = 1600"
MODELS = "    return [\n"
LOAD = "    return np.random"
PREPROCESS = "    steps = windows.length // STEP\n"
EMBED = "    power = (batch**2).mean(axis=2)\n"
RETURN = "    return {layer: states @ encoder[layer] for layer in layers}\n"

SPECTRUM = f"""{PREPROCESS}\
    power = abs(np.fft.rfft(waveform[: len(waveform) // 160 * 160].reshape(-1, 160))) ** 2
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    hops = [range(start // 160, start // 160 + 10 * steps) for start in windows.starts]
    return np.stack([decibels[each] for each in hops]).reshape(len(windows), steps, -1)
"""  # in place of the samples: frames of 10 ms side by side, computed once for the block
TOP_DB = "    decibels = __import__('librosa').power_to_db(power)\n    hops ="  # 80 dB below the maximum, by default

FAULTS = {  # what of the good plugin is replaced, and by what
    "light-import": {
        "it waits": (TOP, f"import time; time.sleep(0.4); {TOP}"),
        "it computes": (TOP, f"for _ in range(2 * 10**7): pass\n{TOP}"),
        "it imports a model's library": (TOP, f"import jax; {TOP}"),
        "listing its models imports one": (MODELS, f"    import torchvision\n{MODELS}"),
    },
    "silent-import": {
        "it prints": (TOP, f"print('hello'); {TOP}"),
        "it prints past Python": (TOP, f"import os; os.write(1, b'hello'); {TOP}"),
    },
    "stable-declarations": {
        "another revision each time": ('revision="1"', "revision=str(__import__('os').getpid())"),
    },
    "declarations": {
        "no description": ("levels, one layer", " "),
        "two lines": ('licence="MIT"', 'licence="MIT,\\nmostly"'),
        "two checkpoints of one name": (
            '"GOOD_ML", CHECKPOINT,', '"GOOD_ML", __import__("dataclasses").replace(CHECKPOINT, step=0.2),'
        ),
        "no window fits": (
            "shortest_window=0.1,\n    stretch=10.0,", "shortest_window=0.135, longest_window=0.139,"
        ),
    },
    "precision": {
        "a word of its own": ('return "fp32"', 'return "float32"'),
        "it knows no bf16": ('return "fp32"', 'return {"auto": "fp32", "fp32": "fp32"}[runtime.precision]'),
    },
    "load": {
        "it fails": (LOAD, f"    raise OSError('no disc')\n{LOAD}"),
        "it says why in two lines": (LOAD, f"    raise SettingError('no\\ndisc')\n{LOAD}"),
        "it gives nothing": (LOAD, f"    return None\n{LOAD}"),
    },
    "unknown-device": {
        "it takes any": ('if runtime.device not in {"auto", "cpu"}', "if False"),
        "it raises something else": ("raise SettingError(", "raise KeyError("),
        "it does not say which": (" only, not on {runtime.device}", " only"),
        "it says it in two lines": (" only, not on", " only,\\nnot on"),
    },
    "output": {
        "no time": (RETURN, RETURN.replace("states @", "states.mean(axis=1) @")),
        "whole numbers": (RETURN, RETURN.replace("encoder[layer]", "encoder[layer].astype(int)").replace("states @", "states.astype(int) @")),
        "lists": (RETURN, RETURN.replace("states @ encoder[layer]", "(states @ encoder[layer]).tolist()")),
        "not the layers asked for": (RETURN, "    return {1: states}\n"),
        "one of the windows only": (RETURN, RETURN.replace("states @", "states[:1] @")),
        "fewer inputs than windows": ("return np.stack(cut)", "cut.pop()\n    return np.stack(cut)"),
        "it fails": (RETURN, f"    raise LookupError('of no use')\n{RETURN}"),
    },
    "silent-encoder": {
        "embed prints": (EMBED, f"    print('hello')\n{EMBED}"),
        "embed prints past Python": (EMBED, f"    __import__('os').write(1, b'hello')\n{EMBED}"),
        "load prints": (LOAD, f"    print('hello')\n{LOAD}"),
        "preprocess prints": (PREPROCESS, f"    print('hello')\n{PREPROCESS}"),
    },
    "repeatable": {
        "noise is added": (EMBED, f"{EMBED}    power = power + np.random.normal(0, 1e-3, power.shape) ** 2\n"),
        "the encoder changes": (EMBED, f"    encoder *= 1.001\n{EMBED}"),
        "the inputs change": (EMBED, f"    batch *= 0.5\n{EMBED}"),
    },
    "dim": {
        "declared longer": ("(FINAL,), 3,", "(FINAL,), 4,"),
    },
    "finite": {
        "infinity in silence": ("np.log(power + 1e-10)", "np.log(np.where(power > 0, power, np.inf))"),
    },
    "short-recording": {
        "it needs two time steps": (PREPROCESS, f"{PREPROCESS}    assert steps > 1\n"),
        "it needs whole steps": (PREPROCESS, f"{PREPROCESS}    assert windows.length % 160 == 0\n"),
    },
    "padding": {
        "padded to 4 s": (
            EMBED, f"    batch = np.concatenate([batch, np.zeros((len(batch), 40, STEP))], axis=1)[:, :40]\n{EMBED}"
        ),
        "it hears four seconds at most": (PREPROCESS, f"{PREPROCESS}    steps = min(steps, 40)\n"),
        "it fails with a long window": (PREPROCESS, f"{PREPROCESS}    assert steps <= 40\n"),
        "padded to whole seconds": (
            EMBED, f"    batch = np.pad(batch, [(0, 0), (0, -batch.shape[1] % 10), (0, 0)])\n{EMBED}"
        ),
    },
    "step": {
        "declared twice as long": ("step=0.1", "step=0.2"),
        "declared a little shorter": ("step=0.1", "step=0.08"),
    },
    "time-order": {
        "backward": (RETURN, RETURN.replace("states @", "states[:, ::-1] @")),
        "all alike": (RETURN, f"    states = states * 0 + states.mean(axis=1, keepdims=True)\n{RETURN}"),
    },
    "waveform-untouched": {
        "scaled in place": (PREPROCESS, f"{PREPROCESS}    waveform *= 0.5\n"),
    },
    "reload": {
        "other weights each time": ("default_rng(0)", "default_rng()"),
    },
    "batch-size": {
        "none": ("return 8", "return 0"),
        "not a whole number": ("return 8", "return 8.0"),
    },
    "any-batch-size": {
        "it counts the windows": (RETURN, f"    states = states * (1 + 0.001 * len(batch))\n{RETURN}"),
    },
    "neighbours": {
        "they are mixed in": (RETURN, f"    states = states + 0.001 * (states - states[::-1])\n{RETURN}"),
        "the loudest before it is": (
            RETURN, f"    own = abs(batch).max((1, 2), keepdims=True)\n    states = states + 0.01 * (np.maximum.accumulate(own) - own)\n{RETURN}"
        ),
        "the loudest behind it is": (
            RETURN, f"    own = abs(batch).max((1, 2), keepdims=True)\n    states = states + 0.01 * (np.maximum.accumulate(own[::-1])[::-1] - own)\n{RETURN}"
        ),
    },
    "blocks": {
        "a block is normalised": (PREPROCESS, f"{PREPROCESS}    waveform = waveform / (abs(waveform).max() + 1e-9)\n"),
        "a quiet block is made loud": (PREPROCESS, f"{PREPROCESS}    waveform = waveform * max(1, 0.03 / (waveform.std() + 1e-6))\n"),
        "frames reach past the window": (PREPROCESS, f"{PREPROCESS}    waveform = (waveform + np.roll(waveform, -STEP)) / 2\n"),
        "a spectrum is clipped below the block's loudest": (PREPROCESS, SPECTRUM.replace("    hops =", TOP_DB)),
        "only a full scale is brought down": (PREPROCESS, f"{PREPROCESS}    waveform = waveform * min(1, 0.95 / (abs(waveform).max() + 1e-9))\n"),
        "a loud block is brought to a loudness": (PREPROCESS, f"{PREPROCESS}    waveform = waveform * min(1, 0.12 / (waveform.std() + 1e-9))\n"),
        "windows are thought regular": (
            "in windows.starts", "in np.arange(len(windows)) * np.diff(windows.starts, append=0)[0]"
        ),
    },
    "joint-pass": {
        "it counts the layers": (RETURN, f"    states = states * (1 + 0.001 * len(layers))\n{RETURN}"),
    },
    "stretch-ends": {
        "it hears nine seconds at most": (PREPROCESS, f"{PREPROCESS}    steps = min(steps, 90)\n"),
        "a long input is padded": (
            EMBED, f"    batch = np.pad(batch, [(0, 0), (0, 20 * (batch.shape[1] > 90)), (0, 0)])\n{EMBED}"
        ),
        "it fails with a long input": (PREPROCESS, f"{PREPROCESS}    assert steps <= 90\n"),
        "a long input is not finite": (
            RETURN, f"    states = states * (np.nan if len(states[0]) > 90 else 1)\n{RETURN}"
        ),
    },
    "stretch-steps": {
        "a long input lags behind": (
            RETURN, f"    states = np.roll(states, 3 * (len(states[0]) > 90), axis=1)\n{RETURN}"
        ),
        "a long input is backward": (
            RETURN, f"    states = states[:, :: -1 if len(states[0]) > 90 else 1]\n{RETURN}"
        ),
        "a long input is in two halves side by side": (
            RETURN, f"    if len(states[0]) > 90:\n        states = states.reshape(len(states), 2, 50, 2).swapaxes(1, 2).reshape(states.shape)\n{RETURN}"
        ),
    },
    "stretch-context": {
        "a step hears its neighbours": (
            RETURN, f"    states = states + 0.1 * np.roll(states, 1, axis=1) + 0.1 * np.roll(states, -1, axis=1)\n{RETURN}"
        ),
        "a step hears all": (RETURN, f"    states = states + 0.1 * states.mean(axis=1, keepdims=True)\n{RETURN}"),
    },
    "stretch-cuts": {
        "a step tells its place": (RETURN, f"    states = states + 0.01 * np.arange(len(states[0]))[:, None]\n{RETURN}"),
        "a long input is prepared in another way": (
            RETURN, f"    states = states * (1.01 if len(states[0]) > 90 else 1)\n{RETURN}"
        ),
    },
}  # fmt: skip
"""Check -> what is wrong with a plugin that fails it -> how the plugin differs from the good one."""

CASES = [
    pytest.param(check, *change, id=f"{check}: {fault}")
    for check, faults in FAULTS.items()
    for fault, change in faults.items()
]


@pytest.fixture
def plugin(tmp_path, monkeypatch, no_installed_plugins) -> Iterator[Callable[[str], ModuleType]]:
    """A module on disk with this source, where other processes find it too."""
    for library in ("jax", "torchvision"):
        (tmp_path / library).mkdir()
        (tmp_path / library / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    name = "plugin_of_the_conformance_tests"

    def write(source: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        return import_module(name)

    yield write
    for module in (name, "jax", "torchvision"):
        sys.modules.pop(module, None)


def broken(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, "what is to be broken is not in the good plugin"
    return GOOD.replace(old, new)


def by_state(findings: tuple[Finding, ...]) -> dict[str, set[str]]:
    return {
        state: {finding.check for finding in findings if finding.state == state}
        for state in ("passed", "failed", "not checked")
    }


@pytest.mark.parametrize("model", ["GOOD", "GOOD_ML"])
def test_a_plugin_that_keeps_the_contract_passes_every_check(plugin, model):
    findings = check_model(load_registry({"good": plugin(GOOD)}), model)
    assert [(finding.check, finding.state) for finding in findings] == [
        (check.name, "passed") for check in CHECKS
    ]


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        (
            PREPROCESS,
            f"{PREPROCESS}    steps = min(steps, 40)\n",
            "8 s should have about 78: the end of the window is not read; join several passes, or declare "
            "longest_window=2.26",
        ),
        (
            EMBED,
            f"    batch = np.pad(batch, [(0, 0), (0, 90 - batch.shape[1]), (0, 0)])\n{EMBED}",
            "2.26 s should have about 180: leave out the time steps of what the window was padded with",
        ),
        (
            PREPROCESS,
            f"{PREPROCESS}    assert steps <= 40\n",
            "a window of 8 s: preprocess raised AssertionError (plugin_of_the_conformance_tests.py, line 49)",
        ),
    ],
)
def test_what_is_wrong_with_a_windows_length_is_said(plugin, old, new, advice):
    findings = check_model(load_registry({"broken": plugin(broken(old, new))}), "GOOD")
    (padding,) = (finding for finding in findings if finding.check == "padding")
    assert padding.found.endswith(advice)


@pytest.mark.parametrize("direction", [1, -1], ids=["forward", "backward"])
def test_a_recurrence_over_the_batch_in_place_of_time_is_found(plugin, direction):
    # What a network without `batch_first=True` does.
    order = "states" if direction == 1 else "states[::-1]"
    carried = f"    states = np.cumsum({order} * 0.5, axis=0)[::{direction}]\n{RETURN}"
    findings = check_model(load_registry({"broken": plugin(broken(RETURN, carried))}), "GOOD")
    found = {finding.check: finding.found for finding in findings if finding.state == "failed"}
    assert set(found) == {"any-batch-size"}
    assert (
        f"window {2 if direction == 1 else 1} in a batch of 2 gives other numbers" in found["any-batch-size"]
    )
    assert "does a layer run over the batch" in found["any-batch-size"]


def test_swapped_axes_are_told_as_such(plugin):
    swapped = RETURN.replace("states @ encoder[layer]", "(states @ encoder[layer]).swapaxes(1, 2)")
    findings = check_model(load_registry({"broken": plugin(broken(RETURN, swapped))}), "GOOD")
    found = {finding.check: finding.found for finding in findings if finding.state == "failed"}
    assert set(found) == {"dim", "padding"}
    assert found["padding"] == (
        "(time, width) is (3, 22) in 2.26 s and (3, 80) in 8 s: the axes seem to be swapped; "
        "expected (batch, time, width)"
    )


def test_a_spectrum_of_the_whole_block_keeps_the_contract(plugin):
    findings = check_model(load_registry({"good": plugin(broken(PREPROCESS, SPECTRUM))}), "GOOD")
    assert by_state(findings)["passed"] == {check.name for check in CHECKS}


def test_the_window_that_a_far_tone_moves_is_told_and_what_moves_it(plugin):
    clipped = SPECTRUM.replace("    hops =", TOP_DB)
    findings = check_model(load_registry({"broken": plugin(broken(PREPROCESS, clipped))}), "GOOD")
    (blocks,) = (finding for finding in findings if finding.check == "blocks")
    # A tone of 1.13 s, 11 windows of 1.13 s, and the quiet ones: that of -60 dBFS is at 12 * 1.13 s.
    assert re.fullmatch(
        r"a quiet window \(-60 dBFS, at 13\.56 s of a block\) with a tone of full scale 12 s and more before and "
        r"after it gives other numbers: 0\.\d+ of the largest value apart, where 0\.0001 is allowed; is a level "
        r"taken over the whole block \(`top_db`, a peak, a mean\)\? Take it of each window, or let it be a constant",
        blocks.found,
    )


@pytest.mark.parametrize(("check", "old", "new"), CASES)
def test_a_plugin_that_breaks_one_promise_fails_its_check_and_no_other(plugin, check, old, new):
    findings = check_model(load_registry({"broken": plugin(broken(old, new))}), "GOOD")
    assert by_state(findings)["failed"] == {check}
    for finding in findings:
        assert finding.state != "not checked" or finding.waits_for == check
        assert finding.found
        assert "\n" not in finding.found


def test_every_check_has_a_plugin_that_fails_it():
    assert list(FAULTS) == [check.name for check in CHECKS]


def test_a_plugin_that_is_no_module_cannot_be_imported_alone_and_the_other_checks_are_made(plugin):
    module = plugin(GOOD)
    hooks = {name: staticmethod(value) for name, value in vars(module).items() if callable(value)}
    findings = check_model(load_registry({"object": type("Family", (), hooks)()}), "GOOD")
    states = by_state(findings)
    assert states["not checked"] == {"light-import", "silent-import", "stable-declarations"}
    assert states["failed"] == set()


def test_a_plugin_that_ends_the_process_on_import_is_a_finding(plugin):
    # Only where it is imported anew: here it has been.
    source = GOOD.replace(TOP, f"import sys\nif 'pytest' not in sys.modules: sys.exit(3)\n{TOP}")
    findings = check_model(load_registry({"exits": plugin(source)}), "GOOD")
    found = {finding.check: finding.found for finding in findings if finding.state == "failed"}
    assert set(found) == {"light-import", "silent-import", "stable-declarations"}
    assert "alone raises SystemExit: 3" in found["light-import"]


def test_a_check_by_itself_makes_those_that_it_rests_on(plugin):
    subject = Subject(
        load_registry({"broken": plugin(broken(LOAD, f"    raise OSError('no disc')\n{LOAD}"))}), "GOOD"
    )
    (last,) = (check for check in CHECKS if check.name == "joint-pass")
    finding = Examination(subject).finding(last)
    assert (finding.state, finding.found, finding.waits_for) == ("not checked", "see load", "load")


def test_a_sample_rate_that_the_grid_does_not_divide_is_no_hindrance(plugin):
    source = GOOD.replace("sample_rate=16_000", "sample_rate=22_050").replace("STEP = 1600", "STEP = 2205")
    findings = check_model(load_registry({"good": plugin(source)}), "GOOD")
    assert by_state(findings)["passed"] == {check.name for check in CHECKS}


def test_a_window_of_one_length_and_one_time_step_is_no_hindrance(plugin):
    source = broken(STRETCH, "").replace("shortest_window=0.1", "shortest_window=0.96, longest_window=0.96")
    source = source.replace("STEP = 1600", "STEP = 15360").replace("step=0.1", "step=0.96")
    findings = check_model(load_registry({"good": plugin(source)}), "GOOD")
    assert by_state(findings)["passed"] == {check.name for check in CHECKS}


def test_layers_that_have_fewer_time_steps_are_in_order_all_the_same(plugin):
    fewer = "    return {layer: (states @ encoder[layer])[:, :: 1 if layer < 3 else 5] for layer in layers}\n"
    source = broken(RETURN, fewer).replace("STEP = 1600", "STEP = 160").replace("step=0.1", "step=0.01")
    findings = check_model(load_registry({"good": plugin(source)}), "GOOD_ML")
    found = {finding.check: (finding.state, finding.found) for finding in findings}
    assert found["time-order"][0] == "passed", found["time-order"]


def test_a_model_of_layers_with_fewer_time_steps_than_its_sibling_keeps_the_declared_step(plugin):
    fewer = "    return {layer: (states @ encoder[layer])[:, :: 2 if layer == FINAL else 1] for layer in layers}\n"
    source = (
        broken(RETURN, fewer)
        .replace(STRETCH, "")
        .replace("STEP = 1600", "STEP = 160")
        .replace("step=0.1", "step=0.01")
    )
    registry = load_registry({"good": plugin(source)})
    for model in ("GOOD", "GOOD_ML"):
        assert by_state(check_model(registry, model))["passed"] == {check.name for check in CHECKS}


def test_a_model_whose_layers_have_fewer_time_steps_than_declared_can_read_no_stretches(plugin):
    fewer = "    return {layer: (states @ encoder[layer])[:, :: 2 if layer == FINAL else 1] for layer in layers}\n"
    source = broken(RETURN, fewer).replace("STEP = 1600", "STEP = 160").replace("step=0.1", "step=0.01")
    registry = load_registry({"good": plugin(source)})
    assert by_state(check_model(registry, "GOOD"))["failed"] == {"stretch-ends"}


def found_by(plugin, check: str, source: str) -> Finding:
    findings = check_model(load_registry({"tried": plugin(source)}), "GOOD")
    (finding,) = (finding for finding in findings if finding.check == check)
    return finding


STRETCHES = [check.name for check in CHECKS if check.name.startswith("stretch-")]


def test_a_model_of_windows_alone_has_no_stretches_to_check(plugin):
    findings = check_model(load_registry({"good": plugin(broken(STRETCH, ""))}), "GOOD")
    found = {finding.check: (finding.state, finding.found) for finding in findings}
    assert {found[name] for name in STRETCHES} == {("passed", "no stretch is declared")}


ENDLESS = "    stretch=10.0,\n"
HEARS_ALL = "    states = states + 0.1 * states.mean(axis=1, keepdims=True)\n"


def test_where_a_step_depends_on_all_of_its_stretch_how_far_two_readings_are_apart_is_told(plugin):
    source = broken(RETURN, f"{HEARS_ALL}{RETURN}").replace(STRETCH, ENDLESS)
    cuts = found_by(plugin, "stretch-cuts", source)
    assert cuts.state == "passed"
    assert re.fullmatch(
        r"two readings of a time step are 0% as far apart as two time steps, with a margin of 1 s at either end of 10 s; "
        r"what moves all steps of a stretch alike is [1-9]%",
        cuts.found,
    ), cuts.found


def test_steps_that_tell_their_place_more_than_their_sound_fail(plugin):
    place = "    states = states + 10 * np.sin(np.arange(len(states[0])))[:, None]\n"
    cuts = found_by(plugin, "stretch-cuts", broken(RETURN, f"{place}{RETURN}").replace(STRETCH, ENDLESS))
    assert cuts.state == "failed"
    assert (
        "does a step tell its place in the input more than its sound? Then declare no stretch" in cuts.found
    )


def test_the_place_that_a_burst_moves_is_told(plugin):
    lags = f"    states = np.roll(states, 3 * (len(states[0]) > 90), axis=1)\n{RETURN}"
    steps = found_by(plugin, "stretch-steps", broken(RETURN, lags))
    assert steps.found.startswith("a burst at 0.7 s of a stretch of 10 s moves the time step at 1 s most")


@pytest.mark.parametrize("step", [0.013, 0.0725])
def test_a_step_off_the_grid_is_no_hindrance(plugin, step):
    source = GOOD.replace("STEP = 1600", f"STEP = {round(step * 16_000)}").replace("step=0.1", f"step={step}")
    findings = check_model(load_registry({"good": plugin(source)}), "GOOD")
    assert by_state(findings)["passed"] == {check.name for check in CHECKS}


def test_what_a_model_prints_is_kept_from_stdout(plugin, capfd):
    source = broken(EMBED, f"    print('hello')\n    __import__('os').write(1, b'hello')\n{EMBED}")
    check_model(load_registry({"broken": plugin(source)}), "GOOD")
    assert capfd.readouterr().out == ""
    print("this is not")  # noqa: T201
    assert capfd.readouterr().out == "this is not\n"


def run_pytest(folder: Path, test: str) -> str:
    """What pytest says of a file with this test, in a process where the plugins of the folder are installed."""
    (folder / "test_mine.py").write_text(test, encoding="utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "pytest", "-v", "-rs", "-p", "no:cacheprovider", "test_mine.py"]
    environment = {**os.environ, "PYTHONPATH": path, "AUDIOSCAN_PLUGINS": "mine"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.fixture
def author(tmp_path) -> Callable[[str, str], str]:
    """Install a plugin of this source as `mine`, and run a file of tests."""

    def run(source: str, test: str) -> str:
        (tmp_path / "mine.py").write_text(source, encoding="utf-8")
        metadata = tmp_path / "mine-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[audioscan_host]\nmine = mine\n")
        return run_pytest(tmp_path, test)

    return run


ONE_LINE = (
    'from audioscan_host.testing import conformance\ntest_conformance = conformance("GOOD", "GOOD_ML")\n'
)


def test_one_line_gives_the_author_of_a_plugin_a_test_for_each_check_and_model(author):
    said = author(GOOD, ONE_LINE)
    for model in ("GOOD", "GOOD_ML"):
        for check in CHECKS:
            assert f"::test_conformance[{model}-{check.name}] PASSED" in said
    assert f"{2 * len(CHECKS)} passed" in said


def test_the_test_of_a_broken_promise_fails_with_the_promise_and_what_was_found(author):
    said = author(broken("(FINAL,), 3,", "(FINAL,), 4,"), ONE_LINE)
    assert f"1 failed, {2 * len(CHECKS) - 1} passed" in said
    assert "::test_conformance[GOOD-dim] FAILED" in said
    assert "An embedding is as long as the model declares." in said
    assert "GOOD: it is 3 long (3 of layer -1; pooling mean), declared is 4" in said
    assert "Traceback" not in said
    assert "suite.py" not in said


def test_the_tests_of_a_model_without_weights_are_skipped_and_say_how_to_get_them(author):
    source = broken("parameters=0,", "parameters=1, weights=TorchHubFile('https://example.org/good.pt'),")
    source = source.replace(
        "from audioscan_host import",
        "from audioscan_host.weights import TorchHubFile\nfrom audioscan_host import",
        1,
    )
    said = author(source, ONE_LINE)
    needs_none = [check for check in CHECKS if check.examine.__module__.endswith(("importing", "declaring"))]
    assert f"{2 * len(needs_none)} passed, {2 * (len(CHECKS) - len(needs_none))} skipped" in said
    assert "run `audioscan-host pull GOOD`" in said


def test_where_weights_are_required_their_absence_fails(author):
    source = broken("parameters=0,", "parameters=1, weights=PackagedFile('mine', 'good.pt'),")
    source = source.replace(
        "from audioscan_host import",
        "from audioscan_host.weights import PackagedFile\nfrom audioscan_host import",
        1,
    )
    said = author(source, ONE_LINE.replace('"GOOD_ML")', '"GOOD_ML", require_weights=True)'))
    assert "::test_conformance[GOOD-load] FAILED" in said
    assert "the weights are not on this machine" in said
    assert "2 failed" in said


def test_a_file_of_another_digest_than_the_declared_fails_to_load(plugin, tmp_path):
    (tmp_path / "good.pt").write_bytes(b"weights")
    local = f"__import__('audioscan_host.models.weights').models.weights.LocalWeights(p := __import__('pathlib').Path({str(tmp_path / 'good.pt')!r}), (p,), '{'0' * 64}')"
    source = broken("parameters=0,", f"parameters=1, weights={local},")
    findings = check_model(load_registry({"broken": plugin(source)}), "GOOD")
    (load,) = (finding for finding in findings if finding.check == "load")
    assert load.state == "failed"
    assert load.found.endswith("or the declared sha256 is wrong")


def test_a_state_that_is_kept_between_batches_is_told_once(plugin):
    kept = f"    if globals().setdefault('SIZE', len(batch)) != len(batch):\n        raise ValueError('hidden size')\n{RETURN}"
    findings = check_model(load_registry({"broken": plugin(broken(RETURN, kept))}), "GOOD")
    assert by_state(findings)["failed"] == {"output"}


def test_a_name_that_no_plugin_has_fails_in_one_line(author):
    said = author(GOOD, ONE_LINE.replace('"GOOD", ', '"GODO", '))
    assert "unknown model 'GODO'; did you mean GOOD?" in said
    assert "Traceback" not in said


def test_the_suite_imports_pytest_only_where_it_is_asked_for_tests():
    code = "import sys, audioscan_host.testing; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]

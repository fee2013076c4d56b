"""`audioscan-host check`: a table of what was checked, notes beside it, and an exit code."""

import json
import sys
from pathlib import Path

import pytest

from audioscan_host.testing import CHECKS

GOOD = (Path(__file__).parents[1] / "testing" / "broken_plugins" / "good_plugin.py").read_text(
    encoding="utf-8"
)
MODULE = "plugin_of_the_check_command"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a plugin of this source, and no other; with that of an encoder it is a package."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "mine")

    def install(source, encoder=None):
        if encoder is None:
            (tmp_path / f"{MODULE}.py").write_text(source, encoding="utf-8")
        else:
            (tmp_path / MODULE / "network").mkdir(parents=True)
            (tmp_path / MODULE / "__init__.py").write_text(source, encoding="utf-8")
            (tmp_path / MODULE / "network" / "__init__.py").write_text(encoder, encoding="utf-8")
            (tmp_path / MODULE / "encoder.py").write_text(encoder, encoding="utf-8")
        metadata = tmp_path / "audioscan_mine-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: audioscan-mine\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[audioscan_host]\nmine = {MODULE}\n")

    yield install
    for name in [name for name in sys.modules if name.startswith(MODULE)]:
        del sys.modules[name]


def broken(*changes):
    source = GOOD
    for old, new in changes:
        assert source.count(old) == 1
        source = source.replace(old, new)
    return source


WITH_WEIGHTS = [
    (
        "from audioscan_host import",
        "from audioscan_host.weights import TorchHubFile\nfrom audioscan_host import",
    ),
    ("parameters=0,", "parameters=1, weights=TorchHubFile('https://example.org/good.pt'),"),
]


def rows(table):
    """Model, check and state of each line under the head."""
    return [tuple(line.replace("not checked", "not-checked").split()[:3]) for line in table.splitlines()[2:]]


def test_a_model_that_keeps_the_contract_is_a_table_on_stdout_and_exit_code_0(run, install):
    install(GOOD)
    done = run("check", "GOOD", "GOOD_ML")
    assert rows(done.stdout) == [
        (model, each.name, "passed") for model in ("GOOD", "GOOD_ML") for each in CHECKS
    ]
    assert done.stderr.endswith(f"{2 * len(CHECKS)} checks: all passed\n")


def test_a_broken_promise_is_exit_code_1_and_the_other_checks_are_made(run, install):
    install(broken(("(FINAL,), 3,", "(FINAL,), 4,"), ("step=0.1", "step=0.2")))
    done = run("check", "GOOD", expect=1)
    states = {check: state for _, check, state in rows(done.stdout)}
    assert list(states) == [each.name for each in CHECKS]
    assert {check for check, state in states.items() if state == "failed"} == {"dim", "step"}
    assert "it is 3 long (3 of layer -1; pooling mean), declared is 4" in done.stdout
    assert "2 failed, 4 not checked, 21 passed" in done.stderr
    assert "GOOD dim: An embedding is as long as the model declares.\n" in done.stderr


def test_an_exception_of_the_plugin_is_a_line_of_the_table(run, install):
    install(broken(("    power =", "    raise LookupError('no such\\nband')\n    power =")))
    done = run("check", "GOOD", expect=1)
    assert len(rows(done.stdout)) == len(CHECKS)
    line = 1 + broken().splitlines().index("    power = (batch**2).mean(axis=2)")
    assert f"embed raised LookupError: no such band ({MODULE}.py, line {line})" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_verbose_shows_the_traceback_of_the_plugin_from_its_hook_on(run, install):
    install(broken(("    power =", "    raise LookupError('no such band')\n    power =")))
    done = run("check", "GOOD", "--verbose", expect=1)
    assert done.stderr.count("Traceback") == 1
    shown = done.stderr.partition("GOOD output:\n")[2].splitlines()
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[1].endswith(", in embed")
    assert f"{MODULE}.py" in shown[1]
    assert "LookupError: no such band" in shown
    assert "Traceback" not in done.stdout


def test_the_line_is_the_plugins_own_where_a_library_raises(run, install, tmp_path):
    (tmp_path / f"{MODULE}_encoder.py").write_text("import json\n\n\ndef run():\n    json.loads('{')\n")
    install(broken(("    power =", f"    __import__('{MODULE}_encoder').run()\n    power =")))
    done = run("check", "GOOD", expect=1)
    assert f"(char 1) ({MODULE}_encoder.py, line 5)" in done.stdout


@pytest.mark.parametrize(("module", "file"), [("encoder", "encoder.py"), ("network", "network/__init__.py")])
def test_a_file_of_a_package_is_named_from_the_packages_folder_on(run, install, module, file):
    call = f"    __import__('{MODULE}.{module}').{module}.run()\n    power ="
    install(broken(("    power =", call)), "import json\n\n\ndef run():\n    json.loads('{')\n")
    done = run("check", "GOOD", expect=1)
    assert f"(char 1) ({MODULE}/{file}, line 5)" in done.stdout


def test_json_has_each_finding_with_its_promise(run, install):
    install(broken(("    return 8", "    return 0")))
    findings = json.loads(run("check", "GOOD", "--json", expect=1).stdout)["findings"]
    assert [finding["check"] for finding in findings] == [each.name for each in CHECKS]
    (failed,) = (finding for finding in findings if finding["state"] != "passed")
    assert failed["check"] == "batch-size"
    assert failed["promise"].startswith("`batch_size` says how many windows go through at once")
    assert "batch_size must be 1 or more, not 0" in failed["found"]
    assert set(failed) == {"model", "check", "promise", "state", "found", "waits_for", "traceback"}


def test_what_a_plugin_prints_does_not_get_into_the_json(run, install):
    install(broken(("    power =", "    print('hello')\n    power =")))
    findings = json.loads(run("check", "GOOD", "--json", expect=1).stdout)["findings"]
    assert [finding["check"] for finding in findings if finding["state"] == "failed"] == ["silent-encoder"]


def test_without_weights_what_needs_none_is_checked_and_it_says_how_to_get_them(
    run, install, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    install(broken(*WITH_WEIGHTS))
    done = run("check", "GOOD", expect=1)
    states = {check: state for _, check, state in rows(done.stdout)}
    passed = {check for check, state in states.items() if state == "passed"}
    assert passed == {"light-import", "silent-import", "stable-declarations", "declarations", "precision"}
    assert set(states.values()) == {"passed", "not-checked"}
    (note,) = (line for line in done.stderr.splitlines() if "pull" in line)
    assert "run `audioscan-host pull GOOD`" in note
    assert not (tmp_path / "hub").exists(), "nothing is fetched"


def test_weights_that_the_user_names_are_checked(run, install, tmp_path):
    install(broken(*WITH_WEIGHTS))
    (tmp_path / "copy.pt").write_bytes(b"weights")
    done = run("check", "GOOD", "--checkpoint", f"GOOD={tmp_path / 'copy.pt'}")
    assert {state for _, _, state in rows(done.stdout)} == {"passed"}


def test_an_unknown_model_is_wrong_usage_and_nothing_is_checked(run, install):
    install(GOOD)
    done = run("check", "GOOD", "GODO", expect=2)
    assert done.stdout == ""
    assert "unknown model 'GODO'; did you mean GOOD?" in done.stderr


def test_a_device_that_there_is_not_is_said_where_the_encoder_is_loaded(run, install):
    install(GOOD)
    done = run("check", "GOOD", "--device", "cuda:7", expect=1)
    assert "GOOD runs on the CPU only, not on cuda:7" in done.stdout
    assert "see load" in done.stdout

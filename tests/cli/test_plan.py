"""`plan`: a table that says how each figure is known, a sentence, and JSON."""

import json
import re
import subprocess
import sys

import pytest

QUICK = ["--model", "MEL", "--seconds", "0.2", "--cache-dir", "c"]


@pytest.fixture
def recordings(make_wav):
    paths = [make_wav(f"recordings/{i}.wav", 30 + 30 * i, i) for i in range(3)]
    return paths[0].parent


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom audioscan_host.cli.main import main\n"
        "main(['plan', '--help'], standalone_mode=False)\n"
        "print(sorted({'numpy', 'sklearn', 'av', 'torch', 'soxr', 'array_api_compat'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--sample" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_says_how_each_figure_is_known_and_a_sentence_sums_it_up(run, recordings, tmp_path):
    done = run("-q", "plan", "recordings", *QUICK)
    table, sentence = done.stdout.rstrip().rsplit("\n\n", 1)
    known = {row.split("  ")[0]: row for row in (line[5:] for line in table.splitlines()[2:])}
    assert known["audio"].split() == "audio 3 min declared by their containers".split()
    assert "computed of their length" in known["to keep"]
    assert "measured" in known["decoded in a second"]
    assert "on cpu" in known["embedded in a second"]
    assert "computed" in known["time"]
    assert max(map(len, table.splitlines())) <= 80
    assert "\n" not in sentence
    assert sentence.startswith("3 recordings hold 3 min of audio; embedding all of it would take about ")
    assert "core hours" in sentence
    assert "The bottleneck is " in sentence
    assert not list((tmp_path / "c").rglob("*.npz"))


def test_json_has_plain_numbers(run, recordings):
    plan = json.loads(run("-q", "plan", "recordings", *QUICK, "--json").stdout)
    assert plan["audio_seconds"] == {"value": 180.0, "spread": 0.0}
    assert plan["gpu_hours"] is None
    (of_mel,) = plan["checkpoints"]
    assert of_mel["models"] == ["MEL"]
    assert of_mel["measured"]["device"] == "cpu"
    assert of_mel["computed"]["seconds"]["value"] > 0
    assert of_mel["bytes_to_read"]["value"] == plan["bytes"]


def test_progress_says_how_much_audio_was_measured(run, recordings):
    assert re.search(r"measuring MEL: \d+ s of audio in ", run("plan", "recordings", *QUICK).stderr)


def test_a_sample_says_so(run, recordings):
    out = run("-q", "plan", "recordings", *QUICK, "--sample", "2").stdout
    assert re.search(r"looked at +2  chosen at random", out)


def test_unreadable_recordings_are_named_and_the_exit_code_is_1(run, recordings):
    (recordings / "damaged.wav").write_bytes(b"no sound at all")
    done = run("-q", "plan", "recordings", *QUICK, expect=1)
    assert "1 of 4 recordings could not be read:" in done.stderr
    assert "damaged.wav" in done.stderr
    assert "embedding all of it" in done.stdout
    alone = run("-q", "plan", recordings / "damaged.wav", "gone.wav", *QUICK, expect=1)
    assert "nothing to plan" in alone.stdout
    assert "2 of 2 recordings could not be read:" in alone.stderr


def test_what_is_there_already_needs_no_time(run, recordings):
    run("-q", "embed", "recordings", "--model", "MEL", "--cache-dir", "c")
    assert "and the cache has all of it already." in run("-q", "plan", "recordings", *QUICK).stdout


def test_wrong_usage_ends_with_2(run, recordings):
    run("plan", "recordings", *QUICK, "--seconds", "0", expect=2)
    run("plan", "recordings", *QUICK, "--on", "nowhere", expect=2)
    run("plan", "recordings", "--model", "NONE", expect=2)

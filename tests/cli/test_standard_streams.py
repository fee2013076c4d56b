"""Standard output that is full, closed or left by its reader, interrupts, and what a terminal would obey."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audioscan_host.recordings import find_recordings, place_of

PROGRAM = [sys.executable, "-m", "audioscan_host"]
SHELL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


@pytest.fixture(params=["buffered", "unbuffered"])
def environment(request):
    return {**os.environ, "PYTHONUNBUFFERED": "" if request.param == "buffered" else "1"}


def end_of(command, **facts):
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=120, check=False, **facts)
    return done.returncode, done.stderr


@SHELL
@pytest.mark.slow
@pytest.mark.parametrize("command", ["models", "--help", "plugins --json"])
def test_a_full_device_is_one_line_and_exit_code_1(environment, command):
    with Path("/dev/full").open("wb") as full:
        assert end_of([*PROGRAM, *command.split()], stdout=full, env=environment) == (
            1,
            f"Error: standard output cannot be written to: {os.strerror(28)}\n",
        )


@SHELL
@pytest.mark.slow
def test_a_closed_output_is_one_line_and_exit_code_1():
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "models"]
    assert end_of(closed) == (1, "Error: standard output cannot be written to: it is closed\n")


@SHELL
@pytest.mark.slow
def test_with_a_closed_output_results_still_reach_their_file(make_wav, tmp_path):
    make_wav()
    closed = [
        "sh",
        "-c",
        'exec "$@" >&-',
        "sh",
        *PROGRAM,
        "-q",
        "search",
        "noise.wav",
        "--like",
        "noise.wav@2-10",
    ]
    assert end_of([*closed, "--model", "MEL", "--out", "found.csv"], cwd=tmp_path) == (
        0,
        "1 window of 1 recording: found.csv\n",
    )
    assert (tmp_path / "found.csv").read_text().startswith("file,")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs pipes of POSIX")
def test_a_reader_that_has_gone_ends_it_silently(environment):
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as pipe:
        assert end_of([*PROGRAM, "models"], stdout=pipe, env=environment) == (1, "")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
@pytest.mark.parametrize("moment", ["importlib_metadata", "audioscan_host.cli.models", "audioscan_mel"])
def test_an_interrupt_while_it_starts_is_one_line_and_exit_code_130(tmp_path, moment):
    """A Ctrl-C that arrives just as a module is looked for; a plugin's import does not take it for its own fault."""
    program = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {moment!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from audioscan_host.cli.entry import main
sys.argv = ["audioscan-host", "models"]
main()
"""
    code, said = end_of([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
    assert code == 128 + signal.SIGINT
    assert said.startswith("interrupted")
    assert said.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_links_that_lead_in_a_circle_are_one_line_as_argument_and_no_recording_in_labels(
    run, make_wav, tmp_path
):
    recording, loop = make_wav(seconds=60), tmp_path / "loop.wav"
    loop.symlink_to(loop)
    done = run("embed", loop, recording, "--model", "MEL", expect=1)
    assert f"  {loop}: cannot be read: Too many levels of symbolic links\n" in done.stderr
    rows = [f"noise.wav,{at},{at + 4},hiss\n" for at in range(5, 55, 10)]
    (tmp_path / "labels.csv").write_text("file,start,end,label\n" + "".join(rows) + "loop.wav,1,2,hiss\n")
    run("train", recording, "--labels", "labels.csv", "--model", "MEL", "--out", "x.detector")
    assert run("scan", loop, "--detector", "x.detector", expect=1).stdout == ""


def test_a_path_with_a_nul_leads_to_itself(tmp_path):
    assert place_of(tmp_path / "a\0b") == tmp_path / "a\0b"
    assert find_recordings([tmp_path / "a\0b"]) == [tmp_path / "a\0b"]


def test_escapes_in_names_and_options_are_shown_and_not_obeyed(run, make_wav, tmp_path):
    escape = "\x1b[31m"
    make_wav(f"a{escape}.wav")
    shown = run("embed", f"a{escape}.wav", "--model", "MEL")
    named = run("embed", "--model", "MEL", f"--{escape}", expect=2)
    bad = tmp_path / f"bad{escape}.wav"
    bad.write_bytes(b"no audio")
    failed = run("embed", bad, "--model", "MEL", expect=1)
    for done in (shown, named, failed):
        assert "\x1b" not in done.output
        assert r"\x1b" in done.output

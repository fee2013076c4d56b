"""Recordings decoded in processes: as in this one, to the bit, and no process outlives who wants it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.audio import Decoders, decode, decoder_process
from audioscan_host.errors import RecordingError
from audioscan_host.remote_path import RemotePath
from audioscan_host.silence import SilenceMeter

RATE = 48_000

FORMS = [
    ("a.wav", "pcm_s16le"),
    ("a.flac", "flac"),
    ("a.mp3", "libmp3lame"),
    ("a.m4a", "aac"),
    ("a.opus", "libopus"),
    ("a.mkv", "pcm_s16le"),
]


@pytest.fixture
def decoders():
    made = Decoders(2)
    yield made
    made.close()


@pytest.fixture
def sounds():
    """(samples, 2): noise, and digital silence in the midst of it."""
    samples = 0.1 * np.random.default_rng(0).standard_normal((8 * RATE, 2))
    samples[3 * RATE : 4 * RATE] = 0
    return samples


def processes(decoders):
    return [each._process for each in decoders._up]


def is_gone(pid):
    """Whether a process has ended; it may wait for its parent to ask how."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid):
    deadline = time.monotonic() + 30
    while not is_gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def all_of(decode, path, rate, **facts):
    """Chunks, silence, what the container declares, and notes."""
    meter, infos, notes = SilenceMeter(), [], []
    chunks = list(decode(path, rate, meter=meter, on_open=infos.append, tell=notes.append, **facts))
    return chunks, meter.spans(), infos, notes


def assert_same(found, expected):
    assert [each.tobytes() for each in found[0]] == [each.tobytes() for each in expected[0]]
    np.testing.assert_array_equal(found[1], expected[1])
    assert found[2:] == expected[2:]


@pytest.mark.parametrize(("name", "encoder"), FORMS)
def test_chunks_silence_and_notes_are_those_of_decoding_here(encode, sounds, decoders, name, encoder):
    path = encode(name, encoder, sounds, RATE)
    data = path.read_bytes()
    damaged = path.with_name(f"damaged-{name}")
    half = len(data) // 2
    damaged.write_bytes(data[:half] + bytes(range(256)) * 20 + data[half + 5120 :])
    for each in (path, damaged):
        for rate, channel in ((16_000, "mix"), (None, "2"), (RATE, "loudest")):
            expected = all_of(decode, each, rate, channel=channel)
            assert_same(all_of(decoders.decode, each, rate, channel=channel), expected)
    assert len(processes(decoders)) == 1


def test_what_is_wrong_with_a_recording_is_said_in_the_same_words_and_the_process_goes_on(
    write, sounds, decoders, tmp_path
):
    path, text = write(sounds, RATE), tmp_path / "text.wav"
    text.write_text("this is not audio")
    list(decoders.decode(path, None))
    (process,) = processes(decoders)
    for wrong, channel in ((text, "mix"), (tmp_path / "missing.wav", "mix"), (path, "3")):
        with pytest.raises(RecordingError) as here:
            list(decode(wrong, 16_000, channel=channel))
        with pytest.raises(RecordingError) as there:
            list(decoders.decode(wrong, 16_000, channel=channel))
        assert str(there.value) == str(here.value)
    assert len(list(decoders.decode(path, None))) == len(list(decode(path, None)))
    assert processes(decoders) == [process]


def test_a_crash_costs_the_recording_and_another_process_decodes_the_next_one(write, sounds, decoders):
    path = write(np.tile(sounds, (5, 1)), RATE)
    expected = [each.tobytes() for each in decode(path, RATE)]
    crashing = decoders.decode(path, RATE)
    next(crashing)
    (process,) = processes(decoders)
    process.send_signal(signal.SIGSEGV)
    process.wait()
    with pytest.raises(RecordingError, match=r"recording\.wav.*SIGSEGV.*convert") as caught:
        list(crashing)
    assert "\n" not in str(caught.value)
    assert [each.tobytes() for each in decoders.decode(path, RATE)] == expected
    assert process not in processes(decoders)


def test_who_leaves_in_the_midst_has_the_next_recording_from_its_beginning(write, sounds, decoders):
    path = write(sounds, RATE)
    left = decoders.decode(path, RATE)
    next(left)
    (process,) = processes(decoders)
    left.close()
    assert process.poll() is not None
    assert [each.tobytes() for each in decoders.decode(path, RATE)] == [
        each.tobytes() for each in decode(path, RATE)
    ]


def test_as_many_as_there_may_be_decode_at_once_and_the_next_one_waits(write, sounds, decoders):
    path = write(sounds, RATE)
    both = [decoders.decode(path, RATE) for _ in range(2)]
    for each in both:
        next(each)
    third, done = decoders.decode(path, RATE), threading.Event()

    def take():
        list(third)
        done.set()

    threading.Thread(target=take, daemon=True).start()
    assert not done.wait(0.5)
    list(both[0])
    assert done.wait(30)
    assert len(processes(decoders)) == 2


def test_all_end_when_they_are_closed_in_the_midst_of_a_recording_too(write, sounds, decoders):
    path = write(sounds, RATE)
    decoding = decoders.decode(path, RATE)
    next(decoding)
    list(decoders.decode(path, RATE))
    both = processes(decoders)
    decoders.close()
    with pytest.raises(RecordingError, match="closed"):  # and is not decoded here, where nobody wants it
        next(decoders.decode(path, RATE))
    with pytest.raises(RecordingError, match="gone"):
        list(decoding)
    assert len(both) == 2
    assert all(process.poll() is not None for process in both)


def test_an_interrupt_from_the_terminal_is_for_the_one_who_asks(write, sounds, decoders):
    path = write(sounds, RATE)
    list(decoders.decode(path, RATE))
    (process,) = processes(decoders)
    process.send_signal(signal.SIGINT)
    assert len(list(decoders.decode(path, RATE))) == len(list(decode(path, RATE)))
    assert processes(decoders) == [process]


@pytest.mark.parametrize("program", ["no-such-program", "cat", "true", ""])
def test_where_no_process_comes_up_recordings_are_decoded_here_and_that_is_said_once(
    write, sounds, decoders, monkeypatch, caplog, tmp_path, program
):
    path = write(sounds, RATE)
    monkeypatch.setattr(sys, "executable", program and (shutil.which(program) or str(tmp_path / program)))
    expected = all_of(decode, path, 16_000)
    for _ in range(3):
        assert_same(all_of(decoders.decode, path, 16_000), expected)
    assert len(caplog.records) == 1
    assert processes(decoders) == []
    assert not decoders.are_worth(Path("a.aac"), 2**40)


def test_a_program_that_is_one_file_is_not_started_again(write, sounds, decoders, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    path = write(sounds, RATE)
    assert len(list(decoders.decode(path, None))) == len(list(decode(path, None)))
    assert processes(decoders) == []


def test_short_work_pays_no_process(decoders):
    assert not decoders.are_worth(Path("a.m4a"), 2**20)
    assert not decoders.are_worth(Path("a.WAV"), 2**27)  # an hour, which is decoded in half a second
    assert decoders.are_worth(Path("b.m4a"), 2**24)
    assert decoders.are_worth(Path("c.wav"), 1)  # by now there is more to come


SCRIPT = """
import sys, time
from pathlib import Path
from audioscan_host.audio import Decoders
print("begins")
decoders = Decoders(2)
chunks = decoders.decode(Path(sys.argv[1]), 16_000)
next(chunks)
list(decoders.decode(Path(sys.argv[1]), 16_000))
print(*[each._process.pid for each in decoders._up], flush=True)
if sys.argv[2] == "wait":
    time.sleep(600)
print(sum(map(len, chunks)))
decoders.close()
"""
"""A script without a guard: whoever imported it again would print its lines again."""


@pytest.fixture
def script(write, sounds, tmp_path):
    path, program = write(np.tile(sounds, (10, 1)), RATE), tmp_path / "script.py"
    program.write_text(SCRIPT)

    def start(what):
        command = [sys.executable, str(program), str(path), what]
        return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=environment())

    return start


def environment():
    """That of a program that is started as the tests were."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}


def test_a_script_without_a_guard_is_run_once_and_nothing_comes_to_the_terminal(script):
    process = script("go on")
    said, complaints = process.communicate(timeout=120)
    begins, _, count = said.splitlines()
    assert (begins, complaints) == ("begins", "")
    assert int(count) > 0


def test_no_process_outlives_one_that_is_killed(script):
    process = script("wait")
    process.stdout.readline()
    pids = list(map(int, process.stdout.readline().split()))
    assert len(pids) == 2
    assert not any(map(is_gone, pids))
    process.kill()  # one of them waits for room in the pipe, the other one for a request
    process.communicate()
    for pid in pids:
        wait_until_gone(pid)


def test_what_another_process_cannot_reach_is_read_here(write, sounds, decoders, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    path, url = write(sounds, RATE), RemotePath("memory://here/a.wav")
    fsspec.filesystem("memory").pipe_file("/here/a.wav", path.read_bytes())
    read = []

    def here(asked, *arguments, **facts):
        read.append(asked)
        return decode(path, *arguments, **facts)

    monkeypatch.setattr(decoder_process, "decode", here)
    assert len(list(decoders.decode(url, RATE))) == len(list(decode(path, RATE)))
    assert read == [url]
    assert len(processes(decoders)) == 1

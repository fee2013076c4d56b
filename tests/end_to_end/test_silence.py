"""Digital silence in recordings that are scanned: told, no evidence, and nothing found in it."""

import csv
import io
import subprocess
import sys
import wave

import av
import numpy as np
import pytest

RATE = 16_000
SCAN = ["--detector", "tone.detector", "--cache-dir", "cache"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, labelled_tones):
    """A detector of tones, and a recording to be scanned."""
    folder = tmp_path_factory.mktemp("silence")
    train_in(folder, labelled_tones(folder), "tone.detector")
    return folder


@pytest.fixture(scope="module")
def by_windows(folder, labelled_tones):
    """A detector of the same tones that reads windows."""
    train_in(folder, labelled_tones(folder), "windows.detector", "--reading", "windows")
    return "windows.detector"


def train_in(folder, recordings, detector, *options):
    settings = [
        "--labels",
        "labels.csv",
        "--model",
        "MEL",
        "--window",
        2,
        "--hop",
        0.5,
        "--cache-dir",
        "cache",
    ]
    code = "from audioscan_host.cli.main import main; main()"
    arguments = map(str, ["train", *recordings, *settings, *options, "--out", detector])
    subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, check=True, capture_output=True, timeout=250
    )


@pytest.fixture
def scan(folder, run, monkeypatch):
    """Scan a recording; gives its regions, what was said of it, and its rows of scores."""
    monkeypatch.chdir(folder)

    def scan(name, *options):
        done = run("scan", name, *SCAN, "--scores", "scores.csv", *options)
        with (folder / "scores.csv").open(newline="") as file:
            scores = list(csv.DictReader(file))
        return list(csv.DictReader(io.StringIO(done.stdout))), done.stderr, scores

    return scan


def samples_of(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def write(path, *pieces):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.concatenate(pieces).astype("<i2").tobytes())


def spans(regions):
    return [(float(row["start"]), float(row["end"])) for row in regions]


@pytest.mark.parametrize("reading", ["windows", "stretches"])
@pytest.mark.parametrize("method", ["mean", "union"])
@pytest.mark.parametrize("seconds", [180.0, 7.3])
def test_appended_zeros_change_no_region(folder, scan, by_windows, method, seconds, reading):
    options = ["--regions", method, *(["--detector", by_windows] if reading == "windows" else [])]
    write(folder / "longer.wav", samples_of(folder / "new.wav"), np.zeros(round(seconds * RATE)))
    expected, said, _ = scan("new.wav", *options)
    assert len(expected) == 2
    assert "digital silence" not in said
    found, said, scores = scan("longer.wav", *options)
    assert [{**row, "file": "new.wav"} for row in found] == expected
    assert said.count("longer.wav: ") == 1
    assert (
        f"longer.wav: {seconds:.1f} s of {60 + seconds:.1f} s is digital silence (zeros): "
        "it is no evidence, and nothing is found in it"
    ) in said
    silent = [row for row in scores if float(row["start"]) >= 59]
    assert silent
    assert {row["probability"] for row in silent} == {"0.000000"}


def test_in_gated_audio_nothing_is_found_in_the_silence_and_hidden_sounds_are_told(folder, scan):
    # The gate opens for 0.5 s of each 3 s, but for 38..47 s, where it stays open: there is one of the two tones.
    samples = samples_of(folder / "new.wav").copy()
    gate = np.arange(len(samples)) / RATE
    is_open = (gate % 3 < 0.5) | ((gate >= 38) & (gate < 47))
    write(folder / "gated.wav", np.where(is_open, samples, 0))
    for method in ("mean", "union"):
        regions, said, _ = scan("gated.wav", "--regions", method, "--threshold", 0.3)
        assert any(start <= 41.5 and end >= 44.5 for start, end in spans(regions))
        for start, end in spans(regions):
            steps = np.arange(start, end, 0.5)
            shares = [np.mean(~is_open[round(s * RATE) : round((s + 0.5) * RATE)]) for s in steps]
            assert max(shares) < 0.5
        assert "sounds shorter than half a window (1 s) between silences cannot be found" in said


def test_a_sound_in_an_open_gate_is_found_as_without_gates(folder, scan):
    samples = samples_of(folder / "new.wav").copy()
    samples[: 8 * RATE] = samples[20 * RATE : 36 * RATE] = samples[50 * RATE :] = 0
    write(folder / "open.wav", samples)
    expected, _, _ = scan("new.wav")
    found, said, _ = scan("open.wav")
    assert spans(found) == spans(expected)
    assert "open.wav: 34.0 s of 60.0 s is digital silence" in said
    assert "cannot be found" not in said


@pytest.mark.parametrize("seconds", [60, 1.5])
def test_a_wholly_silent_recording_gets_one_note_and_no_region(folder, scan, seconds):
    write(folder / "nothing.wav", np.zeros(round(seconds * RATE)))
    for settings in (["--threshold", 0], ["--regions", "union", "--threshold", 0]):
        regions, said, scores = scan("nothing.wav", *settings)
        assert regions == []
        assert {row["probability"] for row in scores} == {"0.000000"}
        assert said.count("nothing.wav: ") == 1
        assert f"nothing.wav: {seconds:.1f} s of {seconds:.1f} s is digital silence" in said


def test_a_damaged_stretch_is_silence(folder, scan):
    encode(folder / "damaged.flac", samples_of(folder / "new.wav"))
    expected, _, _ = scan("damaged.flac")
    assert len(expected) == 2
    data = bytearray((folder / "damaged.flac").read_bytes())
    begin, end = int(0.64 * len(data)), int(0.72 * len(data))  # in the second tone, which is from 41 to 45 s
    data[begin:end] = bytes(end - begin)
    (folder / "damaged.flac").write_bytes(data)
    found, said, scores = scan("damaged.flac")
    assert "is digital silence (zeros)" in said
    # The first tone is where it was; of the background, a few seconds less are known.
    assert spans(found[:1]) == spans(expected[:1])
    assert float(found[0]["score"]) == pytest.approx(float(expected[0]["score"]), abs=1e-3)
    silent = [float(row["start"]) for row in scores if row["probability"] == "0.000000"]
    assert silent
    assert not any(start < max(silent) and end > min(silent) + 2 for start, end in spans(found))


def test_a_second_scan_says_the_same_and_decodes_nothing(folder, scan, monkeypatch):
    write(folder / "again.wav", samples_of(folder / "new.wav"), np.zeros(20 * RATE))
    regions, said, scores = scan("again.wav")
    monkeypatch.setattr("av.open", lambda *_, **__: pytest.fail("decoded"))
    assert scan("again.wav")[::2] == (regions, scores)
    assert "again.wav: 20.0 s of 80.0 s is digital silence" in said


def encode(path, samples):
    """FLAC, in frames of a quarter of a second."""
    with av.open(str(path), "w") as container:
        track = container.add_stream("flac", rate=RATE, layout="mono")
        for start in range(0, len(samples), 4096):
            frame = av.AudioFrame.from_ndarray(samples[np.newaxis, start : start + 4096], "s16", "mono")
            frame.rate, frame.pts = RATE, start
            container.mux(track.encode(frame))
        container.mux(track.encode(None))

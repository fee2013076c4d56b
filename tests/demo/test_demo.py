"""The demo: what it makes, what it finds, and what it says of both."""

import csv
import io
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from audioscan_host.annotations import read_annotations
from audioscan_host.cli.demo import demo
from audioscan_host.demo import run_demo
from audioscan_host.demo.judgement import Judgement, judge
from audioscan_host.demo.score_plot import FOUND, TRUE
from audioscan_host.demo.sounds import SAMPLE_RATE, TARGET
from audioscan_host.demo.synthesis import (
    OTHERS_OF_A_KIND,
    TARGETS,
    Event,
    SynthesisedRecording,
    synthesise,
)
from audioscan_host.errors import SettingError
from audioscan_host.regions import Region


def in_folder(folder: Path) -> Result:
    return CliRunner().invoke(demo, ["--out", str(folder)], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("somewhere") / "audioscan-demo"


@pytest.fixture(scope="module")
def first_run(folder: Path) -> Result:
    return in_folder(folder)


@pytest.fixture(scope="module")
def recording() -> SynthesisedRecording:
    return synthesise(0)


@pytest.mark.slow
class TestTheDemo:
    def test_it_finds_most_of_the_knocks_and_little_else(self, first_run: Result, folder: Path) -> None:
        assert first_run.exit_code == 0
        # Held against the files that it leaves, not against its own account.
        true = [row for row in rows_of(folder / "truth.csv") if row["label"] == TARGET]
        found = rows_of(folder / "regions.csv")
        hits = [event for event in true if any(overlap(event, region) for region in found)]
        false = [region for region in found if not any(overlap(event, region) for event in true)]
        assert len(true) == TARGETS
        assert len(hits) >= 0.75 * len(true)
        assert len(false) <= 2
        assert f"{len(hits)} of {len(true)} knocks found" in first_run.stdout

    def test_regions_are_about_as_narrow_as_knocks(self, first_run: Result, folder: Path) -> None:
        lengths = [float(row["end"]) - float(row["start"]) for row in rows_of(folder / "regions.csv")]
        assert max(lengths) < 3.0

    def test_it_says_plainly_that_the_recordings_are_synthesised(
        self, first_run: Result, folder: Path
    ) -> None:
        assert "synthesised in code" in first_run.stdout
        assert "synthesised in code" in (folder / "about.txt").read_text(encoding="utf-8")

    def test_its_windows_fit_the_labels(self, first_run: Result, folder: Path) -> None:
        rows = [row for row in rows_of(folder / "labels.csv") if row["label"] == TARGET]
        usually = np.median([float(row["end"]) - float(row["start"]) for row in rows])
        assert 0.5 < usually < 2**0.5
        said = f"with windows of 1 s every 0.25 s,\nsince a knock usually lasts {usually:.2g} s:"
        assert said in first_run.stdout

    def test_it_gives_held_out_figures_and_every_true_knock(self, first_run: Result, folder: Path) -> None:
        assert "average precision" in first_run.stdout
        assert "Brier" in first_run.stdout
        assert "held out" in first_run.stdout
        table = first_run.stdout.split("true knock")[1].splitlines()
        starts = {line.split(" - ")[0].strip() for line in table}
        for row in rows_of(folder / "truth.csv"):
            minutes, seconds = divmod(round(float(row["start"]), 2), 60)
            assert (f"{minutes:.0f}:{seconds:05.2f}" in starts) == (row["label"] == TARGET)

    def test_everything_is_in_the_folder_that_it_names(self, first_run: Result, folder: Path) -> None:
        assert f"in the folder {folder}" in first_run.stdout
        assert {path.name for path in folder.iterdir()} == {
            "about.txt", "cache", "knock.detector", "labels.csv", "recordings", "regions.csv", "scores.png",
            "truth.csv",
        }  # fmt: skip
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]

    def test_the_labels_are_of_the_training_recordings_alone(self, first_run: Result, folder: Path) -> None:
        labelled = {annotation.file for annotation in read_annotations(folder / "labels.csv")}
        assert labelled == {f"recordings/training-{number}.wav" for number in range(1, 6)}
        assert {row["file"] for row in rows_of(folder / "truth.csv")} == {"recordings/unseen.wav"}

    def test_the_picture_shows_something(self, first_run: Result, folder: Path) -> None:
        image = pytest.importorskip("matplotlib.image").imread(folder / "scores.png")
        height, width, _ = image.shape
        assert (width, height) > (1200, 600)
        red_green_blue = np.rint(image[..., :3] * 255).astype(np.int64)
        colours, pixels = np.unique(red_green_blue @ [0x10000, 0x100, 1], return_counts=True)
        assert len(colours) > 50
        drawn = dict(zip(colours.tolist(), pixels.tolist(), strict=True))
        for what in (TRUE, FOUND):
            assert drawn.get(int(what.removeprefix("#"), 16), 0) > 1000

    def test_again_without_matplotlib_it_says_so_and_all_else_is_the_same(
        self, first_run: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        again = in_folder(folder)
        assert again.exit_code == 0
        assert "pip install 'audioscan-host[plot]'" in again.stdout
        assert "scores.png" not in again.stdout
        assert not (folder / "scores.png").exists()
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        del before[folder / "scores.png"]
        assert after == before
        assert again.stdout.split("All of it")[0] == first_run.stdout.split("All of it")[0]

    def test_a_folder_with_other_files_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "labels.csv").write_text("mine")
        with pytest.raises(SettingError, match="holds other files already"):
            run_demo(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]

    def test_a_folder_that_cannot_be_made_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SettingError, match="cannot write to"):
            run_demo(tmp_path / "file" / "demo")


class TestSynthesis:
    def test_the_same_index_is_the_same_recording_and_another_is_not(
        self, recording: SynthesisedRecording
    ) -> None:
        assert synthesise(0).wav() == recording.wav()
        assert synthesise(1).wav() != recording.wav()

    def test_it_is_a_mono_16_bit_wav_of_three_minutes(self, recording: SynthesisedRecording) -> None:
        with wave.open(io.BytesIO(recording.wav())) as reader:
            assert reader.getparams()[:4] == (1, 2, SAMPLE_RATE, 180 * SAMPLE_RATE)
            assert reader.readframes(reader.getnframes()) == recording.samples.tobytes()

    def test_sounds_lie_apart_and_inside_the_recording(self, recording: SynthesisedRecording) -> None:
        labels = [event.label for event in recording.events]
        assert labels.count(TARGET) == TARGETS
        assert all(labels.count(label) == OTHERS_OF_A_KIND for label in set(labels) - {TARGET})
        edges = [edge for event in recording.events for edge in (event.start, event.end)]
        assert edges == sorted(edges)
        assert edges[0] > 0
        assert edges[-1] < 180

    def test_every_sound_stands_out_where_it_is_said_to_be(self, recording: SynthesisedRecording) -> None:
        power = recording.samples.astype(np.float64) ** 2
        quiet = np.ones(len(power), np.bool_)
        spans = [slice(int(e.start * SAMPLE_RATE), int(e.end * SAMPLE_RATE)) for e in recording.events]
        for span in spans:
            quiet[span] = False
        background = power[quiet].mean()
        frame = SAMPLE_RATE // 20
        for span in spans:
            energy = np.cumsum(power[span])
            assert (energy[frame:] - energy[:-frame]).max() / frame > 2 * background

    def test_nothing_clips(self, recording: SynthesisedRecording) -> None:
        assert np.abs(recording.samples.astype(np.int32)).max() < np.iinfo(np.int16).max


class TestJudgement:
    def test_an_event_has_the_best_region_over_it_and_the_rest_are_false(self) -> None:
        events = [Event(1, 2, TARGET), Event(5, 6, TARGET), Event(8, 9, "beep")]
        low, high, beside, beep = (
            region(0.5, 1.2, 0.6),
            region(1.5, 3, 0.9),
            region(2, 5, 0.7),
            region(8, 9, 0.8),
        )
        judgement = judge(events, [low, high, beside, beep])
        assert [match.region for match in judgement.matches] == [high, None]
        assert judgement.false_regions == (beside, beep)
        assert judgement.summary == "1 of 2 knocks found, 2 false regions"

    @pytest.mark.parametrize(("false", "said"), [(0, "no false regions"), (1, "1 false region")])
    def test_it_counts_as_people_do(self, false: int, said: str) -> None:
        assert Judgement((), (region(0, 1, 1),) * false).summary.endswith(f", {said}")


def region(start: float, end: float, score: float) -> Region:
    return Region(start, end, TARGET, score)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def overlap(one: dict[str, str], other: dict[str, str]) -> bool:
    return float(one["start"]) < float(other["end"]) and float(other["start"]) < float(one["end"])

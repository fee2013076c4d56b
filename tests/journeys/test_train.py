"""Training from corrected scan results and from recordings that are labelled in part."""

import av
import numpy as np
import pytest

from audioscan_host import Windowing, embed, hookimpl, load_registry, scan, train
from audioscan_host.detector import load
from audioscan_host.errors import DetectorError, SettingError
from audioscan_host.evidence import Evidence
from audioscan_host.journeys import train as journey

HEADER = "file,start,end,label,role\n"


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(2)]


def trained(recordings, labels, registry, **options):
    """By windows of 8 s every second, which is what the counts here are of."""
    return train(recordings, labels, "TINY", windowing=Windowing(8.0, 1.0), registry=registry, **options)


def test_labelled_in_part_only_what_was_labelled_is_learned_from(recordings, tiny_registry, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text(
        HEADER
        + "0.wav,0,60,,unlabelled\n0.wav,4,12,hiss,positive\n0.wav,30,38,hiss,negative\n0.wav,41,49,hiss,soft\n"
    )
    (report,) = trained(recordings, [labels], tiny_registry).reports
    assert (report.positives, report.negatives) == (1, 1)
    labels.write_text(labels.read_text().replace("0.wav,0,60,,unlabelled\n", ""))
    (report,) = trained(recordings, [labels], tiny_registry).reports
    assert report.positives > 1
    assert report.negatives > 20


@pytest.mark.parametrize("labels_of", ["audacity", "raven", "csv"])
def test_a_click_without_a_drag_costs_the_windows_that_hold_it_and_is_told(
    recordings, tiny_registry, tmp_path, caplog, labels_of
):
    def counts(*rows):
        header = {
            "audacity": "",
            "raven": "Begin Time (s)\tEnd Time (s)\tAnnotation\n",
            "csv": "file,start,end,label\n",
        }
        lines = [
            f"0.wav,{start},{end if end > start else ''},cry\n"
            if labels_of == "csv"
            else f"{start}\t{end}\tcry\n"
            for start, end in rows
        ]
        (tmp_path / "0.txt").write_text(header[labels_of] + "".join(lines))
        return trained([recordings[0]], [tmp_path / "0.txt"], tiny_registry).reports[0].counts

    plain = counts((10, 10.6))
    assert caplog.messages == [m for m in caplog.messages if "have no length" not in m]
    clicked = counts((10, 10.6), (30, 30))
    assert clicked == {
        "positive": plain["positive"],
        "negative": plain["negative"] - 8,
        "left out": plain["left out"] + 8,
    }
    (told,) = [message for message in caplog.messages if "have no length" in message]
    assert told.startswith("cry: 1 of its 2 annotations")
    assert f"{recordings[0]} (1, at 30 s)" in told
    assert "drag over the sound, or remove" in told


def test_spans_of_one_recording_make_the_points_of_another_unsure(
    recordings, tiny_registry, tmp_path, caplog
):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,start,end,label\n0.wav,4,12,hiss\n0.wav,30,38,hiss\n1.wav,20,,hiss\n")
    (report,) = trained(recordings, [labels], tiny_registry).reports
    labels.write_text("file,start,end,label\n0.wav,4,12,hiss\n0.wav,30,38,hiss\n")
    (spans,) = trained(recordings[:1], [labels], tiny_registry).reports
    assert report.positives == spans.positives
    assert (
        f"hiss: 1 of its 3 annotations have no length, clicks without a drag perhaps, in {recordings[1]}"
        in caplog.text
    )


def test_a_few_spans_beside_many_points_leave_the_points_as_they_are(
    recordings, tiny_registry, tmp_path, caplog
):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,start,end,label\n0.wav,5,,hiss\n0.wav,12,,hiss\n1.wav,50,58,hiss\n")
    (report,) = trained(recordings, [labels], tiny_registry).reports
    # Starts up to 12 s after the later point; and half a window around the span, 46 to 52 (the last start).
    assert report.positives == 25 + 7
    assert "have no length" not in caplog.text


def test_few_sources_are_told(make_wav, tiny_registry, tmp_path, caplog):
    recordings = [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(4)]
    labels = tmp_path / "labels.csv"

    def notes(*sources):
        rows = [f"{i}.wav,4,12,hiss,{source}\n" for i, source in enumerate(sources)]
        labels.write_text("file,start,end,label,source\n" + "".join(rows))
        (report,) = trained(recordings, [labels], tiny_registry).reports
        return [note for note in report.notes if "sources" in note]

    (note,) = notes("hill", "hill", "lake", "lake")
    assert note.startswith("the windows with the sound come from 2 sources, those without it from 2")
    assert note in caplog.text
    assert notes("hill", "hill", "lake", "wood") == notes("", "", "", "") == []


def test_a_corrected_scan_is_learned_from(recordings, tiny_registry, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "0.wav,4,12,hiss,\n0.wav,30,38,hiss,\n")
    found, corrected = tmp_path / "found.csv", tmp_path / "corrected.csv"
    found.write_text("file,start,end,label,score\n1.wav,10,20,hiss,0.9\n1.wav,40,50,hiss,0.8\n")
    corrected.write_text("file,start,end,label,score\n1.wav,10,20,hiss,0.9\n")
    (before,) = trained(recordings, [labels], tiny_registry).reports
    (after,) = trained(recordings, [labels], tiny_registry, from_regions=[(found, corrected)]).reports
    assert after.positives == before.positives + 3  # starts 10, 11 and 12
    assert after.negatives == before.negatives + 3  # 40, 41 and 42

    (alone,) = trained(recordings, [], tiny_registry, from_regions=[(found, corrected)]).reports
    assert (alone.positives, alone.negatives) == (3, 3)


def test_a_folder_of_label_files_is_as_good_as_its_files(recordings, tiny_registry, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "0.txt").write_text("4\t12\thiss\n")
    (folder / "1.txt").write_text("30\t38\thiss\n")
    (folder / ".hidden").write_bytes(b"\0")
    of_folder = trained(recordings, [folder], tiny_registry)
    of_files = trained(recordings, sorted(folder.glob("*.txt")), tiny_registry)
    assert of_folder.reports[0].counts == of_files.reports[0].counts
    one, other = (
        [r.probabilities["hiss"] for r in scan(recordings, each.detector, registry=tiny_registry).recordings]
        for each in (of_folder, of_files)
    )
    np.testing.assert_array_equal(one, other)


def test_labels_or_corrected_results_are_needed(recordings, tiny_registry):
    with pytest.raises(SettingError, match="give label files, or corrected results of a scan"):
        trained(recordings, [], tiny_registry)


@pytest.mark.parametrize("out", ["folder", "file/hiss.detector"])
def test_a_detector_that_could_not_be_saved_is_refused_before_a_recording_is_opened(
    recordings, tiny_registry, tmp_path, monkeypatch, out
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "0.wav,4,12,hiss,\n0.wav,30,38,hiss,\n")
    opened, really_open = [], av.open
    monkeypatch.setattr(
        av, "open", lambda *given, **named: opened.append(given) or really_open(*given, **named)
    )
    with pytest.raises(DetectorError, match="cannot be written"):
        trained(recordings, [labels], tiny_registry, out=tmp_path / out)
    assert opened == []
    # What is watched would be seen.
    trained(recordings, [labels], tiny_registry, out=tmp_path / "hiss.detector")
    assert opened


def test_the_command_takes_a_result_and_its_corrected_copy(run, make_wav, tmp_path):
    make_wav("0.wav", seconds=60)
    (tmp_path / "found.csv").write_text("file,start,end,label\n0.wav,10,20,hiss\n0.wav,40,50,hiss\n")
    (tmp_path / "corrected.csv").write_text("file,start,end,label\n0.wav,10,20,hiss\n")
    done = run(
        "train",
        "0.wav",
        "--from-regions",
        "found.csv",
        "corrected.csv",
        "--model",
        "MEL",
        "--window",
        "8",
        "--hop",
        "1",
        "--out",
        "h.detector",
    )
    assert (tmp_path / "h.detector").is_file()
    assert done.stdout.splitlines()[2].split()[:3] == ["hiss", "3", "3"]


def test_a_detector_keeps_a_few_windows_that_stand_for_those_it_learned_from(
    recordings, tiny_registry, tmp_path
):
    labels = tmp_path / "labels.csv"
    labels.write_text(
        HEADER + "0.wav,0,60,,unlabelled\n0.wav,4,12,hiss,positive\n0.wav,30,38,hiss,negative\n"
    )
    detector = trained(recordings, [labels], tiny_registry, out=tmp_path / "hiss.detector").detector
    vectors = embed([recordings[0]], ["TINY"], registry=tiny_registry).stored[0].path
    with np.load(vectors) as archive:
        features = detector.features(Evidence.without_silence(archive["embeddings"], 1.0))
    assert {tuple(row) for row in detector.reference} == {tuple(features[4]), tuple(features[30])}
    np.testing.assert_array_equal(load(tmp_path / "hiss.detector").reference, detector.reference)


def test_a_detector_keeps_the_statistics_of_all_windows_whether_labelled_or_not(
    recordings, tiny_registry, tmp_path
):
    labels = tmp_path / "labels.csv"
    labels.write_text(
        HEADER
        + "0.wav,0,60,,unlabelled\n0.wav,4,12,hiss,positive\n0.wav,30,38,hiss,negative\n1.wav,4,12,hiss,\n"
    )
    detector = trained(recordings, [labels], tiny_registry).detector
    stored = embed(recordings, ["TINY"], registry=tiny_registry).stored
    everything = np.concatenate([np.load(each.path)["embeddings"] for each in stored]).astype(np.float64)
    assert len(everything) == 2 * 53
    np.testing.assert_allclose(detector.statistics.mean, everything.mean(axis=0))
    floor = 0.3 * np.sqrt(everything.var(axis=0).mean())
    np.testing.assert_allclose(detector.statistics.deviation, np.maximum(everything.std(axis=0), floor))


def test_a_detector_knows_how_much_of_the_sound_it_says_is_in_a_recording_that_it_learned_from(
    recordings, tiny_registry, tmp_path
):
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "0.wav,4,12,hiss,\n0.wav,30,58,hiss,\n1.wav,20,24,hiss,\n")
    detector = trained(recordings, [labels], tiny_registry).detector
    found = scan(recordings, detector, registry=tiny_registry).recordings
    means = [each.probabilities["hiss"].mean() for each in found]
    assert detector.classifiers["hiss"].highest_mean == pytest.approx(max(means))


class Halved:
    """A plugin around all models, which halves what they hear."""

    WRAPPER_REVISION = 1

    @hookimpl(wrapper=True)
    def filter_waveform(self):
        return (yield) / 2


def test_a_detector_knows_the_plugin_of_its_model_and_what_was_around_it(
    recordings, make_plugin, no_installed_plugins, tmp_path
):
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "0.wav,4,12,hiss,\n0.wav,30,38,hiss,\n")
    plain = load_registry({"tiny": make_plugin()})
    halved = load_registry({"tiny": make_plugin(), "halved": Halved()})
    trained(recordings, [labels], halved, out=tmp_path / "halved.detector")
    detector = load(tmp_path / "halved.detector")
    assert detector.plugin == {"name": "tiny", "distribution": "", "version": ""}
    assert len(detector.wrappers) == 1
    assert scan(recordings, detector, registry=halved).recordings
    with pytest.raises(
        DetectorError, match=r"trained with .*halved.* around its model, and here there is nothing"
    ):
        scan(recordings, detector, registry=plain)
    other = trained(recordings, [labels], plain).detector
    with pytest.raises(
        DetectorError, match=r"trained with nothing around its model, and here there is .*halved"
    ):
        scan(recordings, other, registry=halved)
    with pytest.raises(
        DetectorError,
        match="needs TINY of the plugin tiny, which is not installed: unknown model",
    ):
        scan(recordings, detector, registry=load_registry({}))


def test_one_file_in_place_of_two_is_told_in_one_line(run, make_wav):
    make_wav("0.wav", seconds=10)
    done = run(
        "train", "0.wav", "--from-regions", "corrected.csv", "--model", "MEL", "--out", "h.detector", expect=2
    )
    assert "expected two files, the result as it was and its corrected copy; found '--model'" in done.stderr


def test_of_more_windows_than_are_held_those_that_a_detector_keeps_are_of_some_spread_over_all(
    recordings, tiny_registry, tmp_path, monkeypatch
):
    """Each recording has 53 windows, all of which are labelled; a window has two numbers."""
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "0.wav,0,60,hiss,positive\n1.wav,0,60,hiss,negative\n")

    def kept():
        return set(map(tuple, trained(recordings, [labels], tiny_registry).detector.reference))

    detector = trained(recordings, [labels], tiny_registry).detector
    all_kept = set(map(tuple, detector.reference))
    in_order = []
    for stored in embed(recordings, ["TINY"], registry=tiny_registry).stored:
        with np.load(stored.path) as archive:
            evidence = Evidence.without_silence(archive["embeddings"], 1.0)
        in_order.extend(map(tuple, detector.features(evidence)))
    assert len(in_order) == 106
    monkeypatch.setattr(journey, "MOST_REFERENCE_NUMBERS", 2 * 106)
    assert kept() == all_kept
    monkeypatch.setattr(journey, "MOST_REFERENCE_NUMBERS", 2 * 10 + 1)
    assert kept() <= {in_order[place * 106 // 10] for place in range(10)}

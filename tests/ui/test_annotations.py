"""What label files say of a recording, which the page shows under the verdicts."""

import csv

import pytest


@pytest.fixture
def spans(serve, scene, tmp_path):
    """Serve the first two recordings with label files; `spans(name=text)(recording)` asks for what these have in one."""

    def start(**files):
        arguments = []
        for name, text in files.items():
            path = tmp_path / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            arguments += ["--labels", path]
        server = serve(*scene.recordings[:2], *arguments)
        return lambda number: server.json(f"api/recordings/{number}/annotations")["spans"]

    return start


def test_each_recording_has_its_own_by_their_start(spans, scene):
    ask = spans(labels=scene.labels.read_text(encoding="utf-8"))
    with scene.labels.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, recording in enumerate(scene.recordings[:2], 1):
        labelled = [row for row in rows if row["file"] == recording.name]
        wanted = sorted((float(row["start"]), float(row["end"]), row["label"]) for row in labelled)
        found = ask(number)
        assert len(wanted) > 5
        assert [(each["start"], each["end"], each["label"]) for each in found] == wanted
        assert {each["role"] for each in found} == {"positive"}


def test_only_where_the_sound_is_or_may_be_is_shown_and_a_point_has_a_length(spans):
    text = (
        "file,start,end,label,role\n"
        "recording-1.wav,9,10,<b>,soft\n"
        "recording-1.wav,5,,knock,positive\n"
        "recording-1.wav,1,2,knock,absent\n"
        "recording-1.wav,20,30,,unlabelled\n"
    )
    point, soft = spans(labels=text)(1)
    assert point == {"start": 5.0, "end": pytest.approx(5.2), "label": "knock", "role": "positive"}
    assert soft == {"start": 9.0, "end": 10.0, "label": "<b>", "role": "soft"}


def test_a_file_that_cannot_be_read_does_not_hide_the_others(spans):
    ask = spans(
        broken="file,start\nrecording-1.wav,x\n", labels="file,start,end,label\nrecording-1.wav,1,2,knock\n"
    )
    assert [each["label"] for each in ask(1)] == ["knock"]
    assert ask(2) == []


def test_without_label_files_there_are_none_and_no_other_recording_is_known(serve, scene):
    server = serve(scene.recordings[0])
    assert server.json("api/recordings/1/annotations") == {"spans": []}
    status, _, _ = server.ask("GET", "api/recordings/2/annotations")
    assert status == 404

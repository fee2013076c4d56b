"""Detectors of a session are numbered files of its own; none is ever overwritten."""

import hashlib
import sys

import pytest

from audioscan_host import DetectorError, load_detector, train
from audioscan_host.demo.synthesis import synthesise


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A detector's file."""
    folder = tmp_path_factory.mktemp("trained")
    made = synthesise(0)
    (folder / "a.wav").write_bytes(made.wav())
    rows = [f"a.wav,{event.start},{event.end},{event.label}\n" for event in made.events]
    (folder / "labels.csv").write_text("file,start,end,label\n" + "".join(rows))
    train(
        [folder / "a.wav"],
        [folder / "labels.csv"],
        "MEL",
        out=folder / "k.detector",
        only=["knock"],
        cache_dir=folder,
    )
    return folder / "k.detector"


def test_one_that_is_given_is_copied_once(open_session, trained):
    with open_session() as session:
        first = session.add_detector(trained)
        assert session.add_detector(trained) is first
        assert first.path == session.folder / "detectors" / "0001.detector"
        assert first.path.read_bytes() == trained.read_bytes()
        assert (first.number, first.name, first.model, list(first.labels)) == (1, "k", "MEL", ["knock"])
        assert first.sha256 == hashlib.sha256(trained.read_bytes()).hexdigest()
        assert first.figures == {"knock": load_detector(trained).figures["knock"]}


def test_each_new_one_has_a_file_of_its_own(open_session, trained):
    with open_session() as session:
        session.add_detector(trained)
        paths = [session.new_detector_path() for _ in range(2)]
        assert [path.name for path in paths] == ["0002.detector", "0003.detector"]
        paths[1].write_bytes(trained.read_bytes())
        made = session.add_detector(paths[1], made_by={"kind": "train"})
        assert (made.number, made.name, made.path, made.made_by) == (
            2,
            "detector 2",
            paths[1],
            {"kind": "train"},
        )
    with open_session() as session:
        assert session.new_detector_path().name == "0004.detector"
        assert [each.sha256 for each in session.detectors] == [made.sha256] * 2


def test_one_that_is_put_aside_stays_and_can_be_taken_back(open_session, trained):
    with open_session() as session:
        session.add_detector(trained)
        session.drop_detector(1, True)
    with open_session() as session:
        assert session.detector(1).dropped
        assert session.detector(1).path.exists()
        session.drop_detector(1, False)
        assert not session.detector(1).dropped


def test_a_file_that_was_changed_or_has_gone_is_told(open_session, trained):
    with open_session() as session:
        path = session.add_detector(trained).path
    content = path.read_bytes()
    path.write_bytes(content[:-200])
    with open_session() as session:
        assert "0001.detector" in session.detector(1).problem
    path.unlink()
    with open_session() as session:
        assert "No such file" in session.detector(1).problem


def test_what_is_no_detector_is_refused(open_session, tmp_path):
    (tmp_path / "x.detector").write_text("none")
    with open_session() as session:
        with pytest.raises(DetectorError, match=r"x\.detector"):
            session.add_detector(tmp_path / "x.detector")
        assert session.detectors == ()


def test_reading_what_a_detector_says_loads_no_library_of_its_classifier(trained, tmp_path):
    import subprocess

    program = (
        "import sys; from pathlib import Path; from audioscan_ui.events import Events\n"
        "from audioscan_ui.session.review_session import opened\n"
        f"with opened(Path({str(tmp_path / 'x.review')!r}), Events()) as session:\n"
        f"    session.add_detector(Path({str(trained)!r}))\n"
        "print([name for name in ('sklearn', 'scipy', 'av', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Embeddings of 8-cut whose numbers are not those computed here: read, never mixed without a word, or ignored."""

import hashlib
import os
import re
import wave
from pathlib import Path

import click
import numpy as np
import pytest

from audioscan_host.cache import Cache, eight_cut
from audioscan_host.cli.main import main
from audioscan_host.embedding import kept
from audioscan_host.embedding.eight_cut_tally import EightCutTally
from audioscan_host.errors import SettingError
from audioscan_host.journeys.embed import embed
from audioscan_host.journeys.scan import scan
from audioscan_host.journeys.search import search
from audioscan_host.journeys.suggest import suggest
from audioscan_host.journeys.train import train
from audioscan_host.notes import About
from audioscan_host.plugins.registry import load_registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from-8-cut.md"

WINDOWS = 53  # of 8 s every second in 60 s


@pytest.fixture
def registry(no_installed_plugins, make_plugin):
    """Two models of 8-cut: the numbers of the one are the same here, those of the other are not."""
    return load_registry(
        {
            "equal": make_plugin("HUBERT_BASE", revision="torchaudio-1"),
            "other": make_plugin("HUBERT_LARGE", revision="torchaudio-1"),
        }
    )


@pytest.fixture
def options(registry, tmp_path):
    return {"registry": registry, "cache_dir": tmp_path / "cache"}


@pytest.fixture
def paths(make_wav):
    return [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(3)]


@pytest.fixture
def labels(paths, tmp_path):
    rows = [f"{path.name},{start},,cry" for path in paths for start in (15, 20)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
    return tmp_path / "labels.csv"


@pytest.fixture
def left_by_eight_cut(tmp_path):
    """Put 8-cut's file of a recording into the cache."""

    def leave(path: Path, model: str) -> Path:
        text = f"{os.path.abspath(path)}|{path.stat().st_mtime}|1.0|8.0|{model}"  # noqa: PTH100 - as 8-cut
        cache = Cache(tmp_path / "cache")
        name = f"w2v/{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
        vectors = np.random.default_rng(int(path.stem)).random((WINDOWS, 2)).astype(np.float32)
        with cache.store.writing(name) as file:
            np.savez(file, timestamps=np.arange(float(WINDOWS)), embeddings=vectors)
        return Path(cache.store.location(name))

    return leave


def stereo(path: Path) -> Path:
    """The recording again, in two channels, at the same place."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.repeat(samples, 2).tobytes())
    return path


def told(result):
    return [note for note in result.notes if note.about is About.EIGHT_CUT]


class TestARun:
    def test_it_tells_once_that_some_recordings_come_from_eight_cut_and_others_do_not(
        self, paths, options, left_by_eight_cut
    ):
        left_by_eight_cut(paths[1], "HUBERT_LARGE")
        (note,) = told(embed(paths, ["HUBERT_LARGE"], **options))
        assert note.message.startswith(
            f"HUBERT_LARGE: 1 of 3 recordings (such as {paths[1]}) have embeddings from files of 8-cut whose numbers are not"
        )
        assert "--eight-cut-cache ignore computes all anew" in note.message

    def test_what_was_computed_before_is_the_hosts_own(self, paths, options, left_by_eight_cut):
        embed(paths[:2], ["HUBERT_LARGE"], **options)
        left_by_eight_cut(paths[2], "HUBERT_LARGE")
        assert len(told(embed(paths, ["HUBERT_LARGE"], **options))) == 1
        assert told(embed(paths[:2], ["HUBERT_LARGE"], **options)) == []

    def test_a_model_whose_numbers_are_the_same_is_mixed_freely(self, paths, options, left_by_eight_cut):
        left_by_eight_cut(paths[1], "HUBERT_BASE")
        result = embed(paths, ["HUBERT_BASE"], **options)
        assert [each.computed for each in result.stored] == [True, False, True]
        assert told(result) == []

    def test_but_not_for_recordings_of_several_channels(self, paths, options, left_by_eight_cut):
        left_by_eight_cut(stereo(paths[1]), "HUBERT_BASE")
        (note,) = told(embed(paths, ["HUBERT_BASE"], **options))
        assert f"1 of 3 recordings (such as {paths[1]})" in note.message

    def test_nothing_is_said_where_all_come_from_eight_cut(self, paths, options, left_by_eight_cut):
        for path in paths:
            left_by_eight_cut(stereo(path), "HUBERT_LARGE")
            left_by_eight_cut(path, "HUBERT_BASE")
        result = embed(paths, ["HUBERT_LARGE", "HUBERT_BASE"], **options)
        assert not any(each.computed for each in result.stored)
        assert told(result) == []

    def test_a_search_that_reads_recordings_often_says_it_once(self, paths, options, left_by_eight_cut):
        left_by_eight_cut(paths[1], "HUBERT_LARGE")
        assert len(told(search(paths, [f"{paths[0]}@15-23"], "HUBERT_LARGE", **options))) == 1

    def test_only_recordings_that_eight_cut_has_embedded_are_opened_and_once(
        self, paths, options, left_by_eight_cut, monkeypatch
    ):
        opened = []

        def probe(path):
            opened.append(path)
            return real(path)

        real = kept.probe
        monkeypatch.setattr(kept, "probe", probe)
        left_by_eight_cut(paths[1], "HUBERT_BASE")
        left_by_eight_cut(paths[2], "HUBERT_LARGE")
        search(paths, [f"{paths[0]}@15-23"], "HUBERT_BASE", **options)
        assert opened == [paths[1]]
        opened.clear()
        embed(paths, ["HUBERT_LARGE"], **options)
        assert opened == []

    def test_a_file_of_what_can_no_longer_be_opened_is_not_taken_as_equal(
        self, paths, options, left_by_eight_cut
    ):
        paths[1].write_bytes(b"no recording any more")
        left_by_eight_cut(paths[1], "HUBERT_BASE")
        assert len(told(embed(paths, ["HUBERT_BASE"], **options))) == 1


def test_the_page_says_of_each_model_whether_its_numbers_are_the_same():
    table = PAGE.read_text(encoding="utf-8").split("| embeddings | are |")[1].split("\n\n")[0]
    same, of_several_channels, others = table.strip().splitlines()[1:]
    assert set(re.findall(r"`(\w+)`", same)) == eight_cut.EQUAL
    assert set(re.findall(r"`(\w+)`", others)) == set(eight_cut.READ) - eight_cut.EQUAL
    assert "several channels" in of_several_channels


class TestIgnoring:
    def test_all_is_computed_anew_and_eight_cuts_file_stays(self, paths, options, left_by_eight_cut):
        file = left_by_eight_cut(paths[1], "HUBERT_LARGE")
        before = file.read_bytes()
        result = embed(paths, ["HUBERT_LARGE"], eight_cut_cache="ignore", **options)
        assert all(each.computed for each in result.stored)
        assert told(result) == []
        assert file.read_bytes() == before

    def test_labels_choose_the_window(self, paths, options, left_by_eight_cut, tmp_path):
        for path in paths:
            left_by_eight_cut(path, "HUBERT_BASE")
        rows = [f"{path.name},{start},{start + 2},cry" for path in paths for start in (5, 25, 45)]
        (tmp_path / "spans.csv").write_text("\n".join(["file,start,end,label", *rows]))
        by = {
            word: train(
                paths, [tmp_path / "spans.csv"], "HUBERT_BASE", eight_cut_cache=word, **options
            ).window_choice.by
            for word in ("read", "ignore")
        }
        assert by == {"read": "8-cut", "ignore": "labels"}

    def test_another_word_is_refused(self, paths, options):
        with pytest.raises(SettingError, match="must be one of read, ignore, not 'no'"):
            embed(paths, ["HUBERT_BASE"], eight_cut_cache="no", **options)

    @pytest.mark.parametrize("name", ["embed", "train", "evaluate", "scan", "suggest", "search"])
    def test_every_command_that_embeds_has_the_option(self, name):
        command = main.get_command(click.Context(main), name)
        (option,) = [each for each in command.params if "--eight-cut-cache" in each.opts]
        assert (list(option.type.choices), option.default) == (["read", "ignore"], "read")


class TestADetector:
    def test_it_keeps_how_many_of_its_recordings_came_from_eight_cut(
        self, paths, labels, options, left_by_eight_cut
    ):
        for path in paths[:2]:
            left_by_eight_cut(path, "HUBERT_LARGE")
        result = train(paths, [labels], "HUBERT_LARGE", **options)
        assert result.detector.training["eight_cut_files"] == 2
        assert len(told(result)) == 1

    def test_without_such_files_it_is_what_it_always_was(self, paths, labels, options, tmp_path):
        for word in ("read", "ignore"):
            out = tmp_path / f"{word}.detector"
            result = train(paths, [labels], "HUBERT_LARGE", out=out, eight_cut_cache=word, **options)
            assert "eight_cut_files" not in result.detector.training
        assert (tmp_path / "read.detector").read_bytes() == (tmp_path / "ignore.detector").read_bytes()

    @pytest.mark.parametrize("journey", [scan, suggest])
    @pytest.mark.parametrize("learned", [True, False])
    @pytest.mark.parametrize("scanned", [True, False])
    def test_a_scan_tells_where_its_recordings_are_of_the_other_kind(
        self, journey, learned, scanned, *, paths, labels, options, left_by_eight_cut, make_wav, tmp_path
    ):
        for path in paths if learned else []:
            left_by_eight_cut(path, "HUBERT_LARGE")
        train(paths, [labels], "HUBERT_LARGE", out=tmp_path / "a.detector", **options)
        new = make_wav("9.wav", seconds=60, seed=9)
        if scanned:
            left_by_eight_cut(new, "HUBERT_LARGE")
        notes = told(journey([new], tmp_path / "a.detector", **options))
        assert len(notes) == (learned != scanned)
        if notes:
            said = f"{int(scanned)} of 1 recordings"
            of_detector = f" and {3 * learned} of the 3 that the detector learned from have embeddings"
            assert notes[0].message.startswith(f"HUBERT_LARGE: {said}")
            assert of_detector in notes[0].message
            assert notes[0].message.endswith(", for the training too") == learned

    @pytest.mark.parametrize("stranger", ["many", None, -3, [1], {"recordings": 2}])
    def test_a_strangers_facts_are_no_reason_to_fail(self, stranger):
        notes = []
        tally = EightCutTally({"eight_cut_files": stranger, "recordings": stranger})
        tally.count(Path("a.wav"), ["M"], [])
        tally.tell(notes.append)
        assert notes == []

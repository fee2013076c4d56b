"""What is told of labels before anything is trained, and that training tells the same, once."""

import json
from dataclasses import replace

import pytest

from audioscan_host import About, Windowing, evaluate, labels, load_registry, suggest, train
from audioscan_host.annotations import read_annotations
from audioscan_host.errors import AudioscanError, OutputError, SettingError, UnknownModelError

HEADER = "file,start,end,label\n"
BOXES = "Begin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(3)]


@pytest.fixture
def registry_of_rates(no_installed_plugins, make_plugin):
    """A registry of models by name, whose checkpoints read audio of these rates in Hz."""

    def make(**rates):
        plugins = {name.lower(): make_plugin(name) for name in rates}
        for name, rate in rates.items():
            plugin = plugins[name.lower()]
            checkpoint = replace(plugin.checkpoint, sample_rate=rate)
            plugin.models = [replace(plugin.models[0], checkpoint=checkpoint)]
        return load_registry(plugins)

    return make


@pytest.fixture
def write(tmp_path):
    def write(text, name="labels.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def messages(result, about):
    return [note.message for note in result.notes if note.about == about]


CHIRPS = HEADER + "0.wav,10,12,Chirp\n1.wav,20,22,chirps\n2.wav,30,32,chirp\n2.wav,40,42,chirp\n"
JOIN = "--same chirp=Chirp,chirps"


def fitted(recordings, label_file, registry, **options):
    return train(recordings, [label_file], "TINY", windowing=Windowing(8, 1), registry=registry, **options)


class TestNamesThatMayBeOne:
    """L3: `Chirp` in one file, `chirps` in another, `chirp` in a third."""

    def test_are_told_with_how_to_join_them_by_labels_train_and_evaluate(
        self, recordings, write, tiny_registry
    ):
        file = write(CHIRPS)
        surveyed = labels(recordings, [file])
        (told,) = messages(surveyed, About.NAMES)
        assert told.endswith(JOIN)
        assert messages(fitted(recordings, file, tiny_registry), About.NAMES) == [told]
        more = write(CHIRPS + "0.wav,50,52,chirp\n1.wav,50,52,chirp\n")
        judged = evaluate(recordings, [more], ["TINY"], registry=tiny_registry)
        assert [each.endswith(JOIN) for each in messages(judged, About.NAMES)] == [True]

    def test_joined_they_are_one_label_and_no_rivals(self, recordings, write, tiny_registry):
        file, same = write(CHIRPS), {"chirp": ["Chirp", "chirps"]}
        (found,) = labels(recordings, [file], same=same).labels
        assert (found.label, found.recordings, found.spans) == ("chirp", 3, 4)
        plain = fitted(
            recordings, write(CHIRPS.replace("Chirp", "chirp").replace("chirps", "chirp")), tiny_registry
        )
        result = fitted(recordings, write(CHIRPS), tiny_registry, same=same)
        assert messages(result, About.NAMES) == []
        assert [report.counts for report in result.reports] == [report.counts for report in plain.reports]
        assert list(result.detector.classifiers) == ["chirp"]
        judged = evaluate(recordings, [file], ["TINY"], registry=tiny_registry, same=same)
        assert [each.label for each in judged.labels] == ["chirp"]

    def test_windows_are_chosen_by_the_joined_labels(self, recordings, write, tiny_registry):
        file = write(HEADER + "0.wav,10,12,cry\n1.wav,10,30,Cry\n2.wav,10,30,Cry\n")
        result = train(recordings, [file], "TINY", registry=tiny_registry, same={"cry": ["Cry"]})
        assert result.window_choice.usual_lengths == {"cry": 20}

    def test_suggest_takes_the_names_too(self, recordings, write, tiny_registry, make_wav):
        same = {"chirp": ["Chirp", "chirps"]}
        detector = fitted(recordings, write(CHIRPS), tiny_registry, same=same).detector
        recordings = [*recordings, make_wav("9.wav", seconds=60, seed=9)]
        found = suggest(recordings, detector, n=2, labels=[write(CHIRPS)], same=same, registry=tiny_registry)
        assert messages(found, About.NAMES) == []
        found = suggest(
            recordings, detector, n=2, labels=[write(CHIRPS)], same={"a": ["b"]}, registry=tiny_registry
        )
        assert messages(found, About.NAMES) == ["no annotation has the label b, which was to be joined"]


class TestLabelsAboveWhatAModelReads:
    """L5: boxes at 40-62 kHz, recordings of 384 kHz, a model that reads up to 8 kHz."""

    @pytest.fixture
    def bats(self, make_wav):
        return [make_wav(f"{i}.wav", seconds=12, seed=i, rate=384_000) for i in range(2)]

    @pytest.fixture
    def tables(self, write):
        rows = BOXES + "3\t5\t40000\t62000\tPipistrellus\n8\t9\t0\t192000\tPipistrellus\n"
        return [write(rows, f"{i}.Table.1.selections.txt") for i in range(2)]

    def test_are_told_by_labels_with_where_they_are(self, bats, tables, tiny_registry):
        told = messages(labels(bats, tables, models=["TINY"], registry=tiny_registry), About.FREQUENCY)
        assert len(told) == 1
        assert told[0].startswith("Pipistrellus: 2 of its 4 annotations lie above 8 kHz, all that TINY reads")
        assert f"such as 40 to 62 kHz in {bats[0]} at 3 s" in told[0]
        assert told[0].endswith("no installed model reads higher")

    def test_are_told_before_a_training_begins_to_work(self, bats, tables, tiny_registry, caplog):
        class CancelledError(Exception):
            pass

        class Cancel:
            def track(self, what, total, unit):
                raise CancelledError

        with pytest.raises(CancelledError):
            train(bats, tables, "TINY", registry=tiny_registry, progress=Cancel())
        assert ["all that TINY reads" in message for message in caplog.messages] == [True]

    def test_are_told_by_train_once(self, bats, tables, tiny_registry):
        result = train(bats, tables, "TINY", windowing=Windowing(2, 1), registry=tiny_registry)
        assert len(messages(result, About.FREQUENCY)) == 1

    def test_models_that_read_higher_are_named(self, bats, tables, registry_of_rates):
        def told(highest):
            registry = registry_of_rates(LOW=16_000, HIGH=48_000, ULTRA=highest)
            return messages(labels(bats, tables, models=["LOW"], registry=registry), About.FREQUENCY)[0]

        assert told(384_000).endswith("installed models that read so high: ULTRA (up to 192 kHz)")
        assert told(44_100).endswith("no installed model reads so high; HIGH reads up to 24 kHz")

    def test_without_a_model_or_frequencies_nothing_is_told(self, bats, tables, write, tiny_registry):
        assert messages(labels(bats, tables), About.FREQUENCY) == []
        file = write(HEADER + "0.wav,1,2,Pipistrellus\n")
        found = labels(bats, [file], models=["TINY"], registry=tiny_registry)
        assert messages(found, About.FREQUENCY) == []

    def test_above_what_the_recording_itself_holds_they_are_told_without_a_model(self, recordings, write):
        table = write(f"{BOXES}3\t5\t40000\t62000\tbat\n", "0.txt")
        (told,) = messages(labels(recordings, [table]), About.FREQUENCY)
        assert told.startswith("bat: 1 of its 1 annotations lies above all that its recording holds")
        assert "0.wav at 3 s, which is audio of 16 kHz and holds up to 8 kHz" in told


class TestWhatIsOdd:
    def told(self, recordings, files, **options):
        return [note.message for note in labels(recordings, files, **options).notes]

    def test_nothing_is_told_of_labels_that_are_in_order(self, recordings, write):
        rows = "".join(f"{i}.wav,10,12,cry\n{i}.wav,30,32,door\n" for i in range(3))
        assert self.told(recordings, [write(HEADER + rows)]) == []

    @pytest.mark.parametrize(
        "case",
        [
            (
                "0.wav,10,11,cry\n1.wav,10,11,cry\n2.wav,10,,cry\n",
                "cry: 1 of its 3 annotations have no length",
            ),
            (
                "0.wav,10,11,cry\n1.wav,61,62,cry\n2.wav,1,2,cry\n",
                "lasts 60 s, but 1 of its annotations begins",
            ),
            ("0.wav,0,60,cry\n1.wav,1,2,cry\n2.wav,1,2,cry\n", "cry: one span is nearly all of"),
            ("0.wav,1,2,cry\n1.wav,1,2,cry\n", "recordings without an annotation are left out: 1, such as"),
            (
                "0.wav,1,2,cry\n1.wav,1,2,cry\n2.wav,1,2,cry\n9.wav,1,2,cry\n",
                "1 of its recordings are not among",
            ),
        ],
    )
    def test_each_kind_is_told_once_and_by_train_too(self, recordings, write, tiny_registry, caplog, case):
        rows, told = case
        file = write(HEADER + rows)
        (said,) = self.told(recordings, [file])
        assert told in said
        caplog.clear()
        caplog.set_level("INFO", "audioscan_host")
        fitted(recordings, file, tiny_registry)
        assert [message.count(told) for message in caplog.messages if told in message] == [1]

    def test_a_label_file_of_other_recordings_and_one_without_a_row_are_told(self, recordings, write):
        files = [
            write(HEADER + "0.wav,1,2,cry\n1.wav,1,2,cry\n2.wav,1,2,cry\n"),
            write(HEADER + "8.wav,1,2,cry\n", "b.csv"),
            write(HEADER, "c.csv"),
        ]
        empty, elsewhere = sorted(self.told(recordings, files), key=len, reverse=True)
        assert "c.csv: holds no annotations" in empty
        assert "b.csv: names none of the recordings given, but others such as 8.wav" in elsewhere

    def test_what_cannot_be_read_is_named_and_the_others_are_surveyed(self, recordings, write, tmp_path):
        broken = tmp_path / "3.wav"
        broken.write_bytes(b"no audio")
        good = write(HEADER + "0.wav,1,2,cry\n")
        found = labels([*recordings, broken], [good, write("nothing of the kind\n", "b.csv")])
        assert [each.label for each in found.labels] == ["cry"]
        assert [each.path for each in found.failures] == [broken]
        assert ["b.csv" in reason for reason in found.unread] == [True]
        assert [each.duration for each in found.recordings] == [60, 60, 60]

    def test_nothing_is_decoded_or_cached(self, recordings, write, monkeypatch, tmp_path):
        monkeypatch.setenv("AUDIOSCAN_CACHE", str(tmp_path / "none"))
        monkeypatch.setattr("audioscan_host.audio.decoding.pieces", None)
        found = labels(recordings, [write(HEADER + "0.wav,1,2,cry\n")])
        assert [(each.sample_rate, each.annotations) for each in found.recordings] == [
            (16_000, 1), (16_000, 0), (16_000, 0),
        ]  # fmt: skip
        assert not (tmp_path / "none").exists()


class TestConverting:
    def test_the_later_file_wins_and_joined_names_are_written(self, recordings, write, tmp_path):
        first = write(HEADER + "0.wav,1,2,Cry\n1.wav,1,2,Cry\n")
        second = write("file,start,end,label,role\n0.wav,1,2,cry,negative\n", "b.csv")
        out = tmp_path / "out" / "all.csv"
        result = labels(recordings, [first, second], same={"cry": ["Cry"]}, to="csv", out=out)
        assert result.written == 2
        found = read_annotations(out)
        assert [(a.file, a.label, a.role) for a in found] == [
            (str(recordings[0]), "cry", "negative"),
            (str(recordings[1]), "cry", "positive"),
        ]

    def test_a_converted_file_is_read_for_the_same_recordings(self, recordings, write, tmp_path):
        file = write(HEADER + "0.wav,1,2,cry\n1.wav,4,,cry\n")
        before = labels(recordings, [file]).labels
        for format_name in ("raven", "audacity"):
            labels(recordings, [file], to=format_name, out=tmp_path / format_name)
            assert labels(recordings, [tmp_path / format_name]).labels == before

    def test_settings_that_do_not_go_are_refused(self, recordings, write, tmp_path):
        file = write(HEADER + "0.wav,1,2,cry\n1.wav,1,2,cry\n")
        for wrong, error in (
            ({"to": "json"}, SettingError),
            ({"out": tmp_path / "x"}, SettingError),
            ({"models": ["NO_SUCH"]}, UnknownModelError),
            ({"to": "raven"}, OutputError),
        ):
            with pytest.raises(error):
                labels(recordings, [file], **wrong)
        assert issubclass(SettingError, AudioscanError)


def test_the_result_is_plain_values_too(recordings, write):
    result = labels(recordings, [write(HEADER + "0.wav,0,6,cry\n1.wav,1,2,cry\n")])
    facts = json.loads(json.dumps(result.to_json()))
    assert facts["labels"][0]["share"] == {"least": 1 / 60, "median": 3.5 / 60, "most": 0.1}
    assert facts["labels"][0]["roles"]["positive"] == 2
    assert facts["recordings"][2] == {
        "file": str(recordings[2]), "duration": 60, "sample_rate": 16_000, "annotations": 0,
    }  # fmt: skip
    assert facts["notes"][0]["about"] == "left out"
    assert replace(result, notes=()).to_json()["notes"] == []

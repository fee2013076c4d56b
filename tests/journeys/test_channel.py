"""`--channel` through the journeys: the cache, the detector, and what a scan refuses."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audioscan_host import (
    DetectorError,
    SettingError,
    Windowing,
    embed,
    load_detector,
    scan,
    search,
    suggest,
    train,
)
from audioscan_host.cache.keys import Provenance, claim_key, embeddings_key, silence_key
from audioscan_host.detector import save
from audioscan_host.recordings import Recording

RATE = 16_000


@pytest.fixture
def stereo(tmp_path):
    """Three recordings of a minute whose hiss is on the second channel, and in the first one turned over."""
    rows = []
    for number in range(3):
        random = np.random.default_rng(number)
        sound = 0.001 * random.standard_normal(60 * RATE)
        for at in range(5, 55, 10):
            sound[at * RATE : (at + 4) * RATE] += 0.2 * random.standard_normal(4 * RATE)
            rows.append(f"{number}.wav,{at},{at + 4},hiss")
        sf.write(tmp_path / f"{number}.wav", np.stack([-sound, sound], axis=1).clip(-1, 1), RATE)
    (tmp_path / "labels.csv").write_text("file,start,end,label\n" + "\n".join(rows) + "\n")
    return [tmp_path / f"{number}.wav" for number in range(3)], tmp_path / "labels.csv"


@pytest.fixture
def options(tiny_registry, tmp_path):
    return {"registry": tiny_registry, "cache_dir": tmp_path / "c"}


@pytest.fixture
def trained(stereo, options):
    recordings, labels = stereo
    return train(recordings, [labels], "TINY", windowing=Windowing(2.0, 1.0), channel=2, **options).detector


def test_what_cancels_out_in_the_mix_is_found_on_a_channel(stereo, trained, options):
    recordings, _ = stereo
    found = scan(recordings, trained, **options)
    assert [len(each.regions) for each in found.recordings] == [5, 5, 5]
    assert not any("cancel" in note.message for note in found.notes)


def test_the_mix_is_told_where_it_is_embedded(stereo, options):
    result = embed(stereo[0], ["TINY"], **options)
    assert sum("cancel each other out" in note.message for note in result.notes) == 3


def test_channels_lie_beside_each_other_in_the_cache(stereo, options):
    (recording, *_), _ = stereo
    paths = {
        embed([recording], ["TINY"], channel=channel, **options).stored[0].path
        for channel in (None, "mix", 1, "2", "loudest")
    }
    assert len(paths) == 4
    again = embed([recording], ["TINY"], channel="2", **options).stored[0]
    assert not again.computed


def test_the_mix_keeps_the_keys_that_it_had_before_there_was_a_choice(stereo, tiny_registry):
    recording, model, windowing = Recording.at(stereo[0][0]), tiny_registry.model("TINY"), Windowing()

    def key(**facts):
        facts |= {"recording": [recording.size, recording.mtime_ns, recording.digest], "pipeline": 1}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    asked = {
        "windowing": {"hop": 1.0, "window": 8.0},
        "checkpoint": ["TINY", "1", 16_000],
        "precision": "fp32",
    }
    assert embeddings_key(Provenance(recording, model), windowing) == key(
        **asked, model=["TINY", model.revision, [-1], model.pooling]
    )
    assert claim_key(recording, model.checkpoint, windowing, "fp32") == key(**asked)
    assert silence_key(recording) == key(silence=1)


def test_a_detector_notes_its_channel_in_its_file(trained, tmp_path):
    assert trained.channel == "2"
    save(trained, tmp_path / "d")
    assert load_detector(tmp_path / "d").channel == "2"


def test_a_detector_reads_its_channel_and_refuses_another(stereo, trained, options):
    recordings, _ = stereo
    asked = scan(recordings, trained, channel="2", **options)
    for one, other in zip(asked.recordings, scan(recordings, trained, **options).recordings, strict=True):
        assert np.array_equal(one.probabilities["hiss"], other.probabilities["hiss"])
    for journey in (scan, suggest):
        with pytest.raises(
            DetectorError,
            match="was trained on channel 2 of its recordings, and reads no other: leave --channel mix out",
        ):
            journey(recordings, trained, channel="mix", **options)


def test_a_detector_of_the_mix_refuses_a_channel(stereo, options, tmp_path):
    recordings, labels = stereo
    for recording in recordings:
        sf.write(recording, sf.read(recording)[0] * [0.5, 1.0], RATE)
    detector = train(recordings, [labels], "TINY", windowing=Windowing(2.0, 1.0), **options).detector
    save(detector, tmp_path / "d")
    assert load_detector(tmp_path / "d").channel == "mix"
    with pytest.raises(DetectorError, match="was trained on channel mix"):
        scan(recordings, tmp_path / "d", channel=1, **options)


def test_a_search_hears_a_channel(stereo, options):
    recordings, _ = stereo
    result = search(
        recordings, [f"{recordings[0]}@5-9"], "TINY", windowing=Windowing(2.0, 1.0), channel=1, n=3, **options
    )
    assert len(result.matches) == 3


def test_a_recording_without_the_channel_fails_by_name_and_the_others_go_on(stereo, options, make_wav):
    result = embed([make_wav("mono.wav"), *stereo[0]], ["TINY"], channel=2, **options)
    assert len(result.stored) == 3
    (failure,) = result.failures
    assert "mono.wav: has 1 channel, and channel 2 was asked for" in failure.reason


def test_each_channel_is_scanned_by_itself(stereo, options, make_wav):
    recordings, labels = stereo
    mono = [path.with_name(f"mono-{path.name}") for path in recordings]
    for path, left in zip(recordings, mono, strict=True):
        sound, _ = sf.read(path)
        sf.write(left, sound[:, 1], RATE)
        sf.write(path, np.stack([np.zeros(len(sound)), sound[:, 1]], axis=1), RATE)
    rows = labels.read_text().splitlines()
    labels.write_text("\n".join([rows[0], *(f"mono-{row}" for row in rows[1:])]) + "\n")
    detector = train(mono, [labels], "TINY", windowing=Windowing(2.0, 1.0), **options).detector
    asked = [recordings[1], mono[0], recordings[0]]
    found = scan(asked, detector, channel="each", **options)
    order = [(each.path, each.channel) for each in found.recordings]
    assert order == [
        (recordings[1], 1),
        (recordings[1], 2),
        (mono[0], 1),
        (recordings[0], 1),
        (recordings[0], 2),
    ]
    assert [len(each.regions) for each in found.recordings] == [0, 5, 5, 0, 5]
    assert {region.channel for each in found.recordings for region in each.regions} == {1, 2}
    alone = scan([mono[0]], detector, **options).recordings[0]
    of_stereo = found.recordings[-1]
    assert np.allclose(alone.probabilities["hiss"], of_stereo.probabilities["hiss"], atol=1e-3)
    assert alone.channel is None


def test_each_channel_is_embedded_by_itself_and_found_again(stereo, options, make_wav):
    recordings, _ = stereo
    mono = make_wav("mono.wav")
    mixed = embed([mono], ["TINY"], **options).stored[0]
    first = embed([recordings[0], mono], ["TINY"], channel="each", **options).stored
    assert [(s.recording, s.channel) for s in first] == [(recordings[0], 1), (recordings[0], 2), (mono, 1)]
    assert first[2].path == mixed.path, "the mix of one channel is the channel"
    assert not first[2].computed
    second = embed([recordings[0]], ["TINY"], channel=2, **options).stored[0]
    assert second.path == first[1].path
    assert not second.computed


def test_a_recording_that_cannot_be_read_fails_once_however_many_channels_it_has(stereo, options, tmp_path):
    recordings, _ = stereo
    broken = tmp_path / "broken.wav"
    sound = sf.read(recordings[0], dtype="float32")[0]
    sound[1000] = np.nan
    sf.write(broken, sound, RATE, subtype="FLOAT")
    result = embed([broken, recordings[1]], ["TINY"], channel="each", **options)
    assert [failure.path for failure in result.failures] == [broken]
    assert len(result.stored) == 2


def test_each_is_refused_where_channels_have_no_name(stereo, trained, options):
    recordings, labels = stereo
    for refused in (
        lambda: train(recordings, [labels], "TINY", channel="each", **options),
        lambda: suggest(recordings, trained, channel="each", **options),
        lambda: search(recordings, [f"{recordings[0]}@5-9"], "TINY", channel="each", **options),
    ):
        with pytest.raises(SettingError, match="channel each is for embed and scan alone"):
            refused()
    with pytest.raises(DetectorError, match="was trained on channel 2 of its recordings"):
        scan(recordings, trained, channel="each", **options)


def test_results_name_the_channel_where_each_is_scanned(stereo, run, monkeypatch):
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "mel")
    recordings, labels = stereo
    for path in recordings:
        sf.write(path, np.repeat(sf.read(path)[0][:, 1:], 2, axis=1), RATE)
    run("train", *recordings, "--labels", labels, "--model", "MEL", "--out", "d")
    facts = ["--detector", "d", "--channel", "each"]
    table = run("scan", recordings[0], *facts, "--scores", "s.csv", "--summary", "c.csv").stdout.splitlines()
    assert table[0] == "file,start,end,label,score,recorded_at,channel"
    assert [row.rsplit(",", 1)[1] for row in table[1:]] == ["1", "2"] * 5
    assert {row.rsplit(",", 1)[1] for row in Path("s.csv").read_text().splitlines()[1:]} == {"1", "2"}
    counts = Path("c.csv").read_text().splitlines()
    assert counts[0].endswith("scanned_seconds,channel")
    assert [row.rsplit(",", 1)[1] for row in counts[1:]] == ["1", "2"]
    found = json.loads(run("scan", recordings[0], *facts, "--format", "json").stdout)
    assert [region["channel"] for region in found["recordings"][0]["regions"]] == [1, 2] * 5
    raven = run("scan", recordings[0], *facts, "--format", "raven").stdout.splitlines()
    assert [row.split("\t")[2] for row in raven[1:]] == ["1", "2"] * 5
    embedded = json.loads(run("embed", recordings[0], "--model", "MEL", "--channel", "each", "--json").stdout)
    assert [each["channel"] for each in embedded] == [1, 2]


def test_the_command_line_has_the_option(stereo, run, monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "mel")
    recordings, labels = stereo
    run("train", *recordings, "--labels", labels, "--model", "MEL", "--channel", "2", "--out", "d")
    run("scan", *recordings, "--detector", "d", "--out", "found.csv")
    refused = run("scan", *recordings, "--detector", "d", "--channel", "1", expect=1)
    assert "was trained on channel 2" in refused.output
    wrong = run("embed", *recordings, "--model", "MEL", "--channel", "left", expect=2)
    assert "channel must be mix, loudest or a number" in wrong.output

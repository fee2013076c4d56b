"""A season of recorders: when their recordings began is read from headers and names, and never guessed."""

import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from audioscan_host.errors import SettingError
from audioscan_host.notes import About
from audioscan_host.recorded_at import chunks
from audioscan_host.recorded_at.clock import Clock
from audioscan_host.recorded_at.moments import later

MAY = datetime(2024, 5, 1, 4, 30)


def zone(hours):
    return timezone(timedelta(hours=hours))


def chunk(name, content):
    """A chunk of RIFF: name, size, content, and a byte more where the size is odd."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(*before, after=(), form=b"RIFF"):
    """A WAV file with these chunks before and after a hundred samples of silence."""
    layout = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
    body = b"WAVE" + layout + b"".join(before) + chunk(b"data", bytes(200)) + b"".join(after)
    return form + struct.pack("<I", len(body)) + body


def guano(text):
    return chunk(b"guan", text.encode())


def comment(text, artist="AudioMoth 0FE081F80FE081F0"):
    parts = chunk(b"ICMT", text.encode().ljust(256, b"\0")) + chunk(b"IART", artist.encode().ljust(32, b"\0"))
    return chunk(b"LIST", b"INFO" + parts)


def bext(day, time):
    return chunk(b"bext", bytes(320) + day.encode() + time.encode() + bytes(264))


def wamd(timestamp):
    fields = ((0, b"\1\0"), (1, b"SM4BAT"), (5, timestamp.encode()), (0x11, bytes(500)))
    return chunk(b"wamd", b"".join(struct.pack("<HI", n, len(text)) + text for n, text in fields))


@pytest.fixture
def told(tmp_path):
    """When a file of this name and content began, and the notes that were taken."""

    def ask(name, content=b"", utc_offset=None):
        (tmp_path / name).write_bytes(content)
        notes = []
        return Clock.of(utc_offset, notes.append).recorded_at(tmp_path / name), notes

    return ask


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "20240501_043000.WAV",  # AudioMoth
            "20240501_043000T.WAV",  # triggered
            "S4A01234_20240501_043000.wav",  # Song Meter
            "SITE-1_0+1_20240501_043000.wav",  # SM3, both channels
            "ARIZONA-1_20240501$043000.wav",  # set by GPS
            "prefix_20240501_043000_123456.w4v",  # SMART, with microseconds
            "PREFIX_20240501_043000.3gp",
            "20240501T043000.flac",
            "20240501-043000.flac",
            "20240501043000.mp3",
            "2024-05-01T04-30-00.wav",
            "2024-05-01 04.30.00.m4a",
            "2024_05_01_04_30_00.mp4",
            "5_20240430_20240501_043000.wav",  # a date alone is no time
            "a 20240501_043000 b 2024-05-01T04.30.00.ogg",  # twice the same
            "20240501_043000-0100.wav",  # the hundredth part of it
        ],
    )
    def test_a_name_without_a_zone_gives_a_time_without_one(self, told, name):
        assert told(name) == (MAY, [])

    @pytest.mark.parametrize(
        ("name", "offset"),
        [
            ("P01_1_20240501T043000-0400_ARU.wav", -4),  # Frontier Labs
            ("20240501T043000+1000_REC.flac", 10),
            ("20240501_043000+0530.flac", 5.5),
            ("SWIFT_20240501_043000_-0500.wav", -5),
            ("2024-05-01T04-30-00+0200.wav", 2),
            ("2024-05-01T04-30-00.000Z.wav", 0),
            ("20240501_043000Z.wav", 0),
            ("20240501_043000_UTC.wav", 0),
            ("20240501_043000_UTC-0330.wav", -3.5),
        ],
    )
    def test_a_zone_in_the_name_is_known(self, told, name, offset):
        began, notes = told(name)
        assert (began, began.utcoffset()) == (MAY.replace(tzinfo=zone(offset)), timedelta(hours=offset))
        assert notes == []

    @pytest.mark.parametrize(
        "name",
        [
            "day.wav",
            "20240501.wav",
            "20240230_120000.wav",
            "20241301_120000.wav",
            "20240501_246000.wav",
            "20240501_0430001.wav",
            "120240501_043000.wav",
            "99999999_999999.wav",
            "19700101_000003.WAV",  # a clock that was never set
            "2024-05_01T04-30-00.wav",
            "5E90A4D4.WAV",  # of no AudioMoth, as far as is known
        ],
    )
    def test_what_is_no_day_or_no_time_is_none(self, told, name):
        assert told(name) == (None, [])

    def test_a_name_of_two_times_says_nothing_and_that_is_told(self, told):
        began, (note,) = told("20240501_043000-20240501_053000.wav")
        assert began is None
        assert note.about == About.RECORDED_AT
        assert "its name has several times" in note.message

    def test_seconds_may_have_a_fraction(self, told):
        began, _ = told("2024-05-01T04-30-00.25Z.wav")
        assert began == datetime(2024, 5, 1, 4, 30, 0, 250_000, UTC)


class TestHeaders:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("19:17:30 10/12/2018 (UTC)", datetime(2018, 12, 10, 19, 17, 30, tzinfo=UTC)),
            ("19:17:30 10/12/2018 (UTC+2)", datetime(2018, 12, 10, 19, 17, 30, tzinfo=zone(2))),
            ("19:17:30 10/12/2018 (UTC-10)", datetime(2018, 12, 10, 19, 17, 30, tzinfo=zone(-10))),
            ("19:17:30 10/12/2018 (UTC+5:30)", datetime(2018, 12, 10, 19, 17, 30, tzinfo=zone(5.5))),
            ("19:17:30.000 10/12/2018 (UTC-0:30)", datetime(2018, 12, 10, 19, 17, 30, tzinfo=zone(-0.5))),
            ("19:17:30 10/12/2018", datetime(2018, 12, 10, 19, 17, 30)),
            ("19:17:30 31/02/2018 (UTC)", None),
            ("19:17:30 10/12/2018 (UTC+99)", None),
        ],
    )
    @pytest.mark.parametrize("where", ["", " during deployment 24E144085F256311"])
    def test_an_audiomoth_notes_time_and_zone_in_its_comment(self, told, text, expected, where):
        content = wav(comment(f"Recorded at {text}{where} by AudioMoth 0FE081F80FE081F0 at gain setting 2"))
        began, notes = told("a.wav", content)
        assert (began, notes) == (expected, [])
        assert expected is None or began.tzinfo == expected.tzinfo

    def test_a_comment_of_nobody_known_may_have_month_and_day_the_other_way_round(self, told):
        assert told("a.wav", wav(comment("Recorded at 19:17:30 10/12/2018 by me", artist="me"))) == (None, [])

    def test_an_early_audiomoth_names_its_file_by_seconds_in_hexadecimal(self, told):
        # https://rdocumentation.org/packages/seewave/topics/audiomoth: Friday 10 April 2020 16:54:44 UTC
        content = wav(comment("Recorded at 16:54:44 10/04/2020 by AudioMoth 0FE081F80FE081F0"))
        assert told("5E90A4D4.WAV", content) == (datetime(2020, 4, 10, 16, 54, 44, tzinfo=UTC), [])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2017-04-26T20:50:20-05:00", datetime(2017, 4, 26, 20, 50, 20, tzinfo=zone(-5))),
            ("2017-04-26T20:50:20.5Z", datetime(2017, 4, 26, 20, 50, 20, 500_000, UTC)),
            ("2017-04-26 20:50:20", datetime(2017, 4, 26, 20, 50, 20)),
            ("2017-04-31T20:50:20Z", None),
            ("yesterday", None),
        ],
    )
    @pytest.mark.parametrize("behind", [False, True])
    def test_guano_metadata_stands_before_the_sound_or_behind_it(self, told, text, expected, behind):
        part = guano(f"GUANO|Version: 1.0\nNote: a\nTimestamp: {text}\nMake: Pettersson")
        assert told("a.wav", wav(after=[part]) if behind else wav(part)) == (expected, [])

    def test_a_broadcast_wav_has_no_zone(self, told):
        assert told("a.wav", wav(bext("2024-05-01", "04:30:00"))) == (MAY, [])
        assert told("a.wav", wav(bext("2024:05:01", "04-30-00"))) == (MAY, [])
        assert told("a.wav", wav(bext("\0" * 10, "\0" * 8))) == (None, [])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2024-05-01 04:30:00-05:00", MAY.replace(tzinfo=zone(-5))),
            ("2024-05-01 04:30:00.000", MAY),
            ("2024-05-01 04:30:00", MAY),
        ],
    )
    def test_wildlife_acoustics_chunk_has_a_timestamp(self, told, text, expected):
        began, notes = told("a.wav", wav(wamd(text)))
        assert (began, began.tzinfo, notes) == (expected, expected.tzinfo, [])

    def test_the_sound_of_a_file_of_more_than_4_gigabytes_is_passed_over(self, told):
        sizes = chunk(b"ds64", struct.pack("<QQQI", 0, 200, 100, 0))
        content = wav(sizes, after=[guano("Timestamp: 2024-05-01T04:30:00Z")], form=b"RF64")
        content = content.replace(b"data" + struct.pack("<I", 200), b"data" + struct.pack("<I", 0xFFFFFFFF))
        assert told("a.wav", content) == (MAY.replace(tzinfo=UTC), [])

    @pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3" + bytes(99), b"RIFF\0\0\0\0WAVE", bytes(999)])
    def test_what_is_no_wav_has_its_name_alone(self, told, content):
        assert told("20240501_043000.wav", content) == (MAY, [])

    def test_a_header_that_is_cut_off_anywhere_breaks_nothing(self, told):
        whole = wav(comment("x"), bext("2024-05-01", "04:30:00"), wamd("2024-05-01 04:30:00"), guano("a"))
        for length in range(0, len(whole), 7):
            assert told("a.wav", whole[:length])[0] in (None, MAY)

    def test_sizes_that_lie_are_not_believed(self, told):
        huge = b"guan" + struct.pack("<I", 0xFFFFFFF0) + b"Timestamp: 2024-05-01T04:30:00Z"
        assert told("a.wav", wav(huge)) == (MAY.replace(tzinfo=UTC), [])

    def test_a_bounded_number_of_bytes_is_read(self, told, monkeypatch):
        class Counting:
            def __init__(self, file):
                self.file, self.read_bytes = file, 0

            def seek(self, place):
                self.file.seek(place)

            def read(self, size):
                self.read_bytes += size
                return self.file.read(size)

        counted = []
        walk = chunks._chunks
        monkeypatch.setattr(
            chunks, "_chunks", lambda file: walk(counted.append(Counting(file)) or counted[-1])
        )
        told("a.wav", wav(chunk(b"junk", bytes(3_000_000)), guano("x" * 3_000_000)))
        assert counted[0].read_bytes < 100_000
        told("a.wav", wav(*[chunk(b"junk", b"")] * 100_000))
        assert counted[1].read_bytes == 8 * chunks.MOST_CHUNKS

    def test_reading_them_loads_no_ffmpeg_and_no_numpy(self):
        code = (
            "import sys, audioscan_host.recorded_at.clock; sys.exit(bool({'av', 'numpy'} & set(sys.modules)))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestHeaderAndName:
    def test_the_one_that_knows_the_zone_is_taken_where_both_can_be_the_same_time(self, told):
        local = wav(bext("2024-05-01", "06:30:00"))
        assert told("20240501T043000Z.wav", local) == (MAY.replace(tzinfo=UTC), [])
        moth = wav(comment("Recorded at 06:30:01 01/05/2024 (UTC+2) by AudioMoth 0FE081F80FE081F0"))
        began, notes = told("20240501_043000.WAV", moth)
        assert (began.isoformat(), notes) == ("2024-05-01T06:30:01+02:00", [])

    @pytest.mark.parametrize(
        ("name", "also"),
        [
            ("20240501_043700.wav", "2024-05-01T04:37:00"),
            ("20240502_043000.wav", "2024-05-02T04:30:00"),
            ("20240501T043000-0500.wav", "2024-05-01T04:30:00-05:00"),
        ],
    )
    def test_where_they_disagree_the_header_is_taken_and_that_is_told(self, told, name, also):
        began, (note,) = told(name, wav(guano("Timestamp: 2024-05-01T04:30:00+02:00")))
        assert began == MAY.replace(tzinfo=zone(2))
        assert note.recording.name == name
        assert f"by its header (GUANO) and at {also} by its name: the first is taken" in note.message, (
            note.message
        )

    def test_headers_that_disagree_are_told_too(self, told):
        began, (note,) = told(
            "a.wav", wav(bext("2024-05-03", "04:30:00"), guano("Timestamp: 2024-05-01T04:30:00Z"))
        )
        assert began == MAY.replace(tzinfo=UTC)
        assert "by its header (bext)" in note.message

    def test_a_header_outdoes_a_name_of_several_times(self, told):
        content = wav(guano("Timestamp: 2024-05-01T04:30:00Z"))
        assert told("20240501_043000-20240501_053000.wav", content) == (MAY.replace(tzinfo=UTC), [])


class TestTheZoneThatIsGiven:
    @pytest.mark.parametrize(
        ("offset", "hours"),
        [("+02:00", 2), ("-0330", -3.5), ("+5:45", 5.75), ("Z", 0), ("UTC", 0), (zone(9), 9)],
    )
    def test_is_taken_where_none_is_known(self, told, offset, hours):
        assert told("20240501_043000.wav", utc_offset=offset)[0] == MAY.replace(tzinfo=zone(hours))

    def test_changes_no_zone_that_is_known(self, told):
        assert told("20240501T043000Z.wav", utc_offset="+02:00")[0] == MAY.replace(tzinfo=UTC)

    @pytest.mark.parametrize("offset", ["", "2h", "+25:00", "+15:00", "+02:07", "Europe/Berlin", "+2:0"])
    def test_is_refused_where_no_such_zone_is_in_use(self, offset):
        with pytest.raises(SettingError, match=r"written \+HH:MM or -HH:MM, such as \+02:00, not"):
            Clock.of(offset)


def test_a_place_in_a_recording_has_its_own_time():
    assert later(MAY.replace(tzinfo=zone(2)), 70_200.5).isoformat() == "2024-05-02T00:00:00.500000+02:00"
    assert later(None, 5.0) is None

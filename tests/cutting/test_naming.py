"""Names of clips: what they say, and that every file system takes them."""

import pytest

from audioscan_host.cutting.naming import LONGEST_LABEL, LONGEST_RECORDING, Names, base_name, safe


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (("a", 12.34, 15.0, "cry", 0.87), "a_0012.340-0015.000_cry_0.87"),
        (("a", 12.34, 15.0, "cry", None), "a_0012.340-0015.000_cry"),
        (("a", 12.34, None, "cry", None), "a_0012.340_cry"),
        (("a", 12_345.6, 86_400, "cry", -0.1), "a_12345.600-86400.000_cry_-0.10"),
        (("a", 1, 2, "cry (absent)", 0.5), "a_0001.000-0002.000_cry_absent_0.50"),
    ],
)
def test_a_name_says_recording_times_label_and_score(facts, name):
    assert base_name(*facts) == name


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("20240501_120000", "20240501_120000"),
        ("my day: part 1/2?", "my_day_part_1_2"),
        ('<>:"/\\|?*\0\x1f', "sound"),
        ("..", "sound"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("trailing. ", "trailing"),
        ("Zaunkönig", "Zaunkönig"),
        ("Zaunko\u0308nig", "Zaunkönig"),
        ("ミソサザイ", "ミソサザイ"),
        ("गौरैया", "गौरैया"),
        ("a\u202egpj", "a_gpj"),
        ("\ud800x", "x"),
    ],
)
def test_only_letters_digits_dashes_and_underscores_stay(text, kept):
    assert safe(text, 48, "sound") == kept


@pytest.mark.parametrize("device", ["CON", "con.x", "NUL", "com1.2024", "LPT9"])
def test_no_name_is_a_device_of_windows(device):
    """There `con.anything.wav` is the console."""
    assert base_name(device, 1, 2, "cry", None).split(".")[0].casefold() not in {"con", "nul", "com1", "lpt9"}


@pytest.mark.parametrize("letter", ["a", "ö", "ミ", "\U00020000"])
def test_a_name_is_bounded_in_bytes_and_cut_between_letters(letter):
    name = base_name(letter * 300, 1, 2, letter * 300, 0.5)
    assert LONGEST_RECORDING + LONGEST_LABEL + len("_123456.000-123456.000__-0.50_999.flac") < 143
    assert len(name.encode()) <= LONGEST_RECORDING + LONGEST_LABEL + len("_0001.000-0002.000__0.50")
    assert set(name) <= set(f"{letter}_-0123456789.")


def test_names_are_unique_whatever_the_case():
    names = Names()
    made = [names.unique(base, ".wav") for base in ("a_1", "A_1", "a_1", "a_1_2")]
    assert made == ["a_1.wav", "A_1_2.wav", "a_1_3.wav", "a_1_2_2.wav"]
    assert len({name.casefold() for name in made}) == 4

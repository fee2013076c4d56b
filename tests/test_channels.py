"""Which channel of a recording a word names."""

import pytest

from audioscan_host.channels import channel_of
from audioscan_host.errors import SettingError


@pytest.mark.parametrize("word", ["mix", "loudest", "1", "64"])
def test_the_mix_the_loudest_and_a_number_from_1_are_channels(word):
    assert channel_of(word) == word


def test_a_number_may_be_one():
    assert channel_of(2) == "2"


@pytest.mark.parametrize("word", ["", "0", "65", "-1", "01", "left", "MIX", "1.0", "²", 0, 1.5])
def test_nothing_else_is(word):
    with pytest.raises(
        SettingError, match=f"channel must be mix, loudest or a number from 1 to 64, not '{word}'"
    ):
        channel_of(word)

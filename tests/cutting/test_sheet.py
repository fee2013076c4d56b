"""The page of clips: complete, safe whatever names and labels say, and sound beside pictures."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.cutting import sheet as sheet_page
from audioscan_host.cutting.clip import Clip
from audioscan_host.cutting.sheet import sheet
from audioscan_host.progress import Silent


class Page(HTMLParser):
    """Every element with its attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for each, attributes in self.elements if each == tag]


@pytest.fixture
def clip(make_wav):
    def make(
        name="a.wav",
        *,
        label="cry",
        score=None,
        start=12.0,
        end=14.0,
        recording="site/day.wav",
        role=Role.POSITIVE,
    ):
        file = make_wav(name, seconds=3)
        return Clip(
            file, Path(recording), Annotation("day.wav", start, end, label, role, score=score), 11.5, 14.5
        )

    return make


def test_each_clip_has_picture_sound_label_score_and_time(clip):
    page = Page(sheet([clip(score=0.875), clip("b.wav", role=Role.ABSENT, start=3723.5, end=3725)], Silent()))
    assert [each["src"] for each in page.all("audio")] == ["./a.wav", "./b.wav"]
    assert all("controls" in each and each["preload"] == "none" for each in page.all("audio"))
    pictures = [each["src"].removeprefix("data:image/png;base64,") for each in page.all("img")]
    assert [base64.b64decode(each)[:4] for each in pictures] == [b"\x89PNG"] * 2
    assert "0.875" in page.text
    assert "cry (absent)" in page.text
    assert "site/day.wav, 0:12.00 to 0:14.00" in page.text
    assert "1:02:03.50 to 1:02:05.00" in page.text


def test_lines_mark_the_place_where_the_clip_is_longer(clip):
    (mark,) = (
        each["style"] for each in Page(sheet([clip()], Silent())).all("span") if each["class"] == "place"
    )
    assert mark == "left: 16.7%; right: 16.7%"
    assert 'class="place"' not in sheet([clip(start=11.5, end=14.5)], Silent())


def test_what_names_and_labels_say_is_shown_and_not_obeyed(clip):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;'
    html = sheet([clip("it's #1 & 100%.wav", label=evil, recording=evil, score=0.5)], Silent())
    page = Page(html)
    assert not page.all("script")
    assert len(page.all("img")) == 1
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert page.text.count(evil) == 2
    assert unquote(page.all("audio")[0]["src"]) == "./it's #1 & 100%.wav"
    assert "#" not in page.all("audio")[0]["src"]


def test_nothing_is_fetched_and_nothing_runs(clip):
    html = sheet([clip()], Silent())
    (policy,) = (each["content"] for each in Page(html).all("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; img-src data:; media-src 'self' file:")
    assert not re.search(r"https?:", html)


def test_it_is_light_or_dark_as_the_system_is(clip):
    html = sheet([clip()], Silent())
    assert "color-scheme: light dark" in html
    assert "prefers-color-scheme: dark" in html


def test_the_highest_scores_come_first_and_there_are_not_more_than_can_be_seen(clip, monkeypatch):
    monkeypatch.setattr(sheet_page, "MOST", 2)
    clips = [clip("a.wav", score=0.1), clip("b.wav", score=0.9), clip("c.wav"), clip("d.wav", score=0.5)]
    page = Page(sheet(clips, Silent()))
    assert [each["src"] for each in page.all("audio")] == ["./b.wav", "./d.wav"]
    assert "2 of 4 clips, the highest scores first" in page.text
    assert "scores" not in Page(sheet([clip()], Silent())).text


def test_a_clip_that_cannot_be_decoded_says_so(clip):
    damaged = clip("x.wav")
    damaged.file.write_bytes(b"RIFF and nothing else")
    page = Page(sheet([damaged, clip()], Silent()))
    assert "cannot be decoded" in page.text
    assert len(page.all("img")) == 1
    assert len(page.all("audio")) == 2

"""What people do to a session: judging, undoing and redoing, and that all of it stands when it is opened again."""

import math
import random

import pytest

from audioscan_host import OutputError
from audioscan_ui.problems import Problem


@pytest.fixture
def session(open_session, sound):
    with open_session() as found:
        found.add_recordings([sound("a.wav", 1), sound("b.wav", 2)])
        yield found


def ids(session):
    return list(session.verdicts)


def test_a_verdict_stands_and_is_told(session, verdict, judge, heard):
    given = verdict()
    change = judge(session, add=[given])
    assert change["add"] == [given]
    assert (change["seq"], change["undo"], change["redo"]) == (1, 1, 0)
    assert session.verdicts[given["id"]].to_json() == given
    assert heard.of("change") == [{"kind": "change", **change}]


def test_a_verdict_that_is_given_anew_replaces_the_earlier_one_and_undo_brings_that_back(
    session, verdict, judge
):
    first = verdict(role="positive")
    judge(session, add=[first])
    change = judge(session, add=[first | {"role": "absent"}])
    assert change["remove"] == []
    assert session.verdicts[first["id"]].role == "absent"
    assert judge(session, "undo")["add"] == [first]
    assert session.verdicts[first["id"]].role == "positive"


def test_undo_and_redo_go_through_all_steps(session, verdict, judge):
    first, second = verdict(), verdict()
    judge(session, add=[first])
    judge(session, add=[second], remove=[first["id"]])
    assert ids(session) == [second["id"]]
    change = judge(session, "undo")
    assert (change["remove"], [each["id"] for each in change["add"]]) == ([second["id"]], [first["id"]])
    assert judge(session, "undo")["undo"] == 0
    assert ids(session) == []
    assert judge(session, "redo")["redo"] == 1
    assert judge(session, "redo")["redo"] == 0
    assert ids(session) == [second["id"]]


def test_a_new_verdict_ends_what_could_be_redone(session, verdict, judge):
    judge(session, add=[verdict()])
    judge(session, "undo")
    assert judge(session, add=[verdict()])["redo"] == 0
    assert judge(session, "redo")["add"] == []


def test_undoing_nothing_is_no_error(session, judge):
    change = judge(session, "undo")
    assert (change["add"], change["remove"], change["undo"], change["redo"]) == ([], [], 0, 0)


def test_settings_are_merged_and_are_no_part_of_undo(session, verdict, judge):
    judge(session, add=[verdict()])
    judge(session, "settings", patch={"tab": "review", "slider": {"knock": 0.5}})
    change = judge(session, "settings", patch={"slider": {"knock": 0.7}})
    assert change["settings"] == {"slider": {"knock": 0.7}}
    judge(session, "undo")
    assert session.settings == {"tab": "review", "slider": {"knock": 0.7}}


def test_an_action_that_comes_again_is_answered_as_before_and_done_once(session, verdict, heard):
    action = {"id": "same", "kind": "judge", "add": [verdict()], "remove": []}
    first = session.act(action)
    session.act({"id": "undo", "kind": "undo"})
    assert session.act(action) == first
    assert ids(session) == []
    assert len(heard.of("change")) == 2


def test_everything_stands_when_it_is_opened_again(open_session, sound, verdict, judge):
    chance = random.Random(5)  # noqa: S311 - no secret
    with open_session() as session:
        session.add_recordings([sound("a.wav")])
        for _ in range(300):
            kind = chance.choice(["judge", "judge", "judge", "undo", "redo", "settings"])
            if kind == "judge":
                remove = chance.sample(ids(session), min(1, len(session.verdicts)))
                judge(session, add=[verdict(label=chance.choice("abc"))], remove=remove)
            else:
                judge(
                    session,
                    kind,
                    **({"patch": {chance.choice("xyz"): chance.random()}} if kind == "settings" else {}),
                )
        before = session.now()
    with open_session() as again:
        assert again.now() == before
        assert before.verdicts
        resent = again.act({"id": "a17", "kind": "undo"})
        assert (resent["id"], resent["seq"]) == ("a17", 17)
        assert again.now() == before
        steps = 0
        while again.now().undo:
            judge(again, "undo", id=f"later{steps}")
            steps += 1
        assert again.verdicts == {}
        assert steps == before.undo


def test_labels_may_hold_anything_that_a_file_can(open_session, sound, verdict, judge):
    labels = [
        'a, "b"',
        "line\nbreak",
        "🐦 oiseau",
        "<img src=x onerror=alert(1)>",
        "  ",
        "\u202eright to left",
    ]
    with open_session() as session:
        session.add_recordings([sound("a.wav")])
        judge(session, add=[verdict(label=label) for label in labels])
    with open_session() as again:
        assert [each.label for each in again.verdicts.values()] == labels


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"recording": 3}, "from 1 to 2; found 3"),
        ({"recording": True}, "recording"),
        ({"recording": "1"}, "recording"),
        ({"start": 2.0, "end": 2.0}, "end after it starts"),
        ({"start": -1.0}, "end after it starts"),
        ({"end": math.inf}, "end must be a number"),
        ({"end": math.nan}, "end must be a number"),
        ({"end": "2"}, "end must be a number"),
        ({"label": ""}, "label must be a text"),
        ({"label": "a\0b"}, "label must be a text"),
        ({"label": "\ud800"}, "label must be a text"),
        ({"label": "x" * 1001}, "label must be a text"),
        ({"role": "negative"}, "role must be one of positive, absent, soft"),
        ({"role": ["soft"]}, "role must be one of"),
        ({"origin": "guessed"}, "origin must be one of"),
        ({"score": math.nan}, "score must be a number"),
        ({"detector": "../../x"}, "SHA-256"),
        ({"found": {"start": 3, "end": 1, "label": "x"}}, "end after it starts"),
        ({"found": []}, "must be an object"),
        ({"id": 7}, "id must be a text"),
        ({"note": "x"}, "has no 'note'"),
    ],
)
def test_a_malformed_verdict_is_refused_and_nothing_is_kept(session, verdict, judge, facts, reason):
    with pytest.raises(Problem, match=reason) as refused:
        judge(session, add=[verdict(), verdict(**facts)])
    assert refused.value.status == 422
    assert session.now().seq == 0
    assert (session.folder / "journal.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"kind": "judge"},
        {"id": "x", "kind": "forget"},
        {"id": "x", "kind": ["undo"]},
        {"id": "", "kind": "undo"},
        {"id": "x", "kind": "undo", "add": []},
        {"id": "x", "kind": "judge", "add": {}},
        {"id": "x", "kind": "judge", "remove": [1]},
        {"id": "x", "kind": "settings"},
        {"id": "x", "kind": "settings", "patch": []},
    ],
)
def test_a_malformed_action_is_refused(session, action):
    with pytest.raises(Problem):
        session.act(action)
    assert session.now().seq == 0


def test_what_the_disk_does_not_take_does_not_stand(session, verdict, judge, monkeypatch):
    judge(session, add=[verdict()])
    before = session.now()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OutputError):
            session.act({"id": "again", "kind": "judge", "add": [verdict()], "remove": []})
    assert session.now() == before
    assert session.act({"id": "again", "kind": "judge", "add": [verdict()], "remove": []})["seq"] == 2

"""What cannot be done is refused at once, in one sentence, and no job is made of it."""

import pytest

from audioscan_ui.problems import Problem


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"kind": "dance"}, "needs a kind"),
        ({"kind": "train"}, "needs a model"),
        ({"kind": "train", "model": "MEL", "recordings": [9]}, "no recording 9"),
        ({"kind": "train", "model": "MEL", "recordings": ["1"]}, "list of numbers"),
        ({"kind": "train", "model": "MEL", "window": -1}, "window must be a number above 0"),
        ({"kind": "scan"}, "Choose a detector"),
        ({"kind": "scan", "detector": 1}, "no detector 1"),
        ({"kind": "evaluate", "models": []}, "Choose the models"),
        ({"kind": "search", "model": "MEL"}, "Choose the place"),
        (
            {"kind": "search", "model": "MEL", "like": {"recording": 1, "start": 3, "end": 2}},
            "an end after it",
        ),
        ({"kind": "clips", "what": "accepted"}, "nothing to cut out"),
        ({"kind": "clips", "what": "selection", "places": [{"recording": 1}]}, "needs a start"),
        ({"kind": "clips", "what": "selection", "places_of": 5}, "choose them again"),
    ],
)
def test_a_request_that_cannot_be_done_is_refused_at_once(bench, request_, sentence):
    with pytest.raises(Problem, match=sentence):
        bench.jobs.start(request_)
    assert bench.jobs.jobs == []

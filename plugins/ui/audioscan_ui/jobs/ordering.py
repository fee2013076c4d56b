"""From what a page asks for to the order of a process: numbers become paths, and what cannot be done is refused at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audioscan_ui.jobs import fields
from audioscan_ui.jobs.clip_places import KeptPlaces, accepted_places, free_clips_folder
from audioscan_ui.jobs.order import Order, OrderedDetector, OrderedRecording
from audioscan_ui.jobs.records import Records
from audioscan_ui.problems import Problem
from audioscan_ui.session.recordings import SessionRecording
from audioscan_ui.session.review_session import ReviewSession

MOST_PLACES = 100_000
"""That are cut out by one job."""


class Ordering:
    """Makes orders from requests.

    Args:
        session: whose recordings, label files and detectors the numbers are of.
        records: the folder of its jobs.
        cache_dir: where embeddings are; None for the host's own folder.
    """

    def __init__(self, session: ReviewSession, records: Records, cache_dir: str | None) -> None:
        self._session, self._records, self._cache_dir = session, records, cache_dir
        self._kept_places = KeptPlaces(records)
        self._of_kind: Mapping[str, Callable[[Mapping[str, Any]], Order]] = {
            "train": self._train,
            "evaluate": self._evaluate,
            "scan": self._scan,
            "suggest": self._suggest,
            "search": self._search,
            "pull": self._pull,
            "demo": self._demo,
            "counts": self._counts,
        }

    def order(self, number: int, request: Mapping[str, Any]) -> Order:
        """The order of job `number`.

        Raises:
            Problem: something is missing or wrong.
        """
        kind = fields.text(request, "kind", [*self._of_kind, "clips"])
        if kind == "clips":
            return self._clips(number, request)
        return self._of_kind[kind](request)

    def ready(self, number: int, order: Order) -> Order:
        """The order of a job whose turn has come: with what was judged until now, and where its result goes.

        Raises:
            AudioscanError: what was judged cannot be written.
        """
        from audioscan_ui.results.review_file import write_review_file

        if order.with_review:
            file = self._records.path(number, ".labels.csv")
            numbers = {each.number for each in order.recordings}
            if write_review_file(self._session, file, order.label_files, numbers):
                order = replace(order, review_file=str(file.absolute()))
        if order.kind == "train":
            return replace(order, out=str(self._session.new_detector_path().absolute()))
        if order.kind == "clips":
            return replace(order, out=str(free_clips_folder(self._session.folder).absolute()))
        if order.kind == "demo":
            return replace(order, out=str((self._session.folder / "demo").absolute()))
        return order

    def _train(self, request: Mapping[str, Any]) -> Order:
        fields.text(request, "model")
        return self._learning(request)

    def _evaluate(self, request: Mapping[str, Any]) -> Order:
        if not fields.texts(request, "models"):
            raise Problem(422, "Choose the models that are to be compared.")
        return self._learning(request)

    def _learning(self, request: Mapping[str, Any]) -> Order:
        fields.texts(request, "labels")
        for name, above in (("window", True), ("hop", True), ("tolerance", False), ("neg_margin", False)):
            fields.number(request, name, least=0, above=above)
        order = self._order(request, labels=True)
        if not (order.label_files or order.with_review):
            raise Problem(
                422,
                "There is nothing to learn from yet: mark where the sound is and where it is not, or start the page with a "
                "label file.",
            )
        return order

    def _counts(self, request: Mapping[str, Any]) -> Order:
        request = {"model": None, **request}
        order = self._order({**request, "review": True}, labels=True)
        return replace(order, request=request)

    def _scan(self, request: Mapping[str, Any]) -> Order:
        fields.number(request, "rate", least=0, most=0.999999, above=True)
        return self._order(request, detector=True)

    def _suggest(self, request: Mapping[str, Any]) -> Order:
        fields.texts(request, "labels")
        fields.whole(request, "n", 10, most=10_000)
        # What is labelled and judged is not asked for again.
        order = self._order({**request, "review": True}, detector=True, labels=True)
        return replace(order, request=request)

    def _search(self, request: Mapping[str, Any]) -> Order:
        fields.whole(request, "n", 20, most=10_000)
        like = request.get("like")
        if not isinstance(like, Mapping):
            raise Problem(422, "Choose the place that others should be like.")
        self._place(like)
        wanted = None if request.get("model") else self._detector_in_use()
        detector = request.get("detector") or wanted
        order = self._order({**request, "detector": detector}, detector=detector is not None)
        return replace(
            order,
            request=request,
            example=str(Path(self._session.recording(like["recording"]).path).absolute()),
        )

    def _detector_in_use(self) -> int | None:
        """The detector that the page shows, else the newest; None where there is none that can be used."""
        usable = [
            each.number for each in self._session.detectors if not (each.dropped or each.problem is not None)
        ]
        shown = self._session.settings.get("detector")
        return shown if shown in usable else max(usable, default=None)

    def _pull(self, request: Mapping[str, Any]) -> Order:
        if not fields.texts(request, "models"):
            raise Problem(422, "Choose the models whose weights are to be fetched.")
        return self._plain(request)

    def _demo(self, request: Mapping[str, Any]) -> Order:
        return self._plain(request)

    def _plain(self, request: Mapping[str, Any]) -> Order:
        return Order(request, str(self._session.folder), self._cache_dir)

    def _clips(self, number: int, request: Mapping[str, Any]) -> Order:
        fields.text(request, "what", ("regions", "accepted", "selection"))
        pad = fields.number(request, "pad", least=0, most=3600)
        if fields.number(request, "length", least=0, most=3600, above=True) is not None and pad:
            raise Problem(
                422, "A clip has a length of its own, or its place's length and more around it: choose one."
            )
        places = self._wanted_places(request)
        if not places:
            raise Problem(422, "There is nothing to cut out yet.")
        if len(places) > MOST_PLACES:
            raise Problem(
                422, f"These are {len(places)} places; at most {MOST_PLACES} can be cut out at once."
            )
        for each in places:
            self._place(each)
        numbers = sorted({each["recording"] for each in places})
        # The places are told and kept once, not at each step of the job.
        told = {name: value for name, value in request.items() if name != "places"} | {"places_of": number}
        file = self._kept_places.keep(number, places)
        return replace(self._plain(told), recordings=self._recordings(numbers), places_file=str(file))

    def _wanted_places(self, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        if request["what"] == "accepted":
            return accepted_places(self._session.verdicts.values())
        if isinstance(earlier := request.get("places_of"), int):  # a job that was not finished, once more
            return self._kept_places.of(earlier)
        places = request.get("places") or []
        if not isinstance(places, list):
            raise Problem(422, "places must be a list.")
        return places

    def _place(self, place: Mapping[str, Any]) -> None:
        if not isinstance(place, Mapping) or not isinstance(place.get("recording"), int):
            raise Problem(422, "A place needs a recording, a start and an end.")
        self._session.recording(place["recording"])
        start = fields.number(place, "start", least=0)
        end = fields.number(place, "end", least=0)
        if start is None or end is None or end <= start:
            raise Problem(422, "A place needs a start, and an end after it.")
        fields.number(place, "score", least=-1, most=1)

    def _order(
        self,
        request: Mapping[str, Any],
        *,
        detector: bool = False,
        labels: bool = False,
    ) -> Order:
        recordings = self._recordings(fields.numbers(request, "recordings"))
        if not recordings:
            raise Problem(422, "There are no recordings yet: name a folder of them when the page is started.")
        files = self._label_files(fields.numbers(request, "label_files")) if labels else ()
        review = labels and fields.flag(request, "review", default=True)
        return Order(
            request,
            str(self._session.folder),
            self._cache_dir,
            recordings,
            files,
            review and bool(self._session.verdicts),
            detector=self._detector(request.get("detector")) if detector else None,
        )

    def _recordings(self, wanted: list[int] | None) -> tuple[OrderedRecording, ...]:
        session = self._session
        chosen = session.recordings if wanted is None else [session.recording(each) for each in wanted]
        return tuple(map(_ordered, chosen))

    def _label_files(self, wanted: list[int] | None) -> tuple[str, ...]:
        session = self._session
        chosen = session.label_files if wanted is None else [session.label_file(each) for each in wanted]
        return tuple(str(Path(each.path).absolute()) for each in chosen)

    def _detector(self, wanted: object) -> OrderedDetector:
        if not isinstance(wanted, int):
            raise Problem(422, "Choose a detector.")
        detector = self._session.detector(wanted)
        if detector.problem:
            raise Problem(422, f"This detector cannot be used: {detector.problem}")
        return OrderedDetector(
            detector.number, str(Path(detector.path).absolute()), detector.sha256, detector.window
        )


def _ordered(recording: SessionRecording) -> OrderedRecording:
    path = str(Path(recording.path).absolute())
    return OrderedRecording(recording.number, path, recording.name, recording.duration)

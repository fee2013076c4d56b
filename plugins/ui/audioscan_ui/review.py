"""What every handler has at hand: the session, its jobs, the reader of its recordings, and who listens."""

from dataclasses import dataclass

from starlette.requests import Request

from audioscan_ui.events import Events
from audioscan_ui.jobs.queue import JobQueue
from audioscan_ui.media.reader import MediaReader
from audioscan_ui.session.review_session import ReviewSession


@dataclass(frozen=True)
class Review:
    """What a server serves.

    Attributes:
        session: recordings, labels, detectors and verdicts.
        jobs: long work.
        media: reads audio, by a thread of its own.
        events: tells every open page what has changed.
        cache_dir: where embeddings are; None for the host's own folder.
    """

    session: ReviewSession
    jobs: JobQueue
    media: MediaReader
    events: Events
    cache_dir: str | None = None


def review_of(request: Request) -> Review:
    """The review that a request is to."""
    review: Review = request.app.state.review
    return review

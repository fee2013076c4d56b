"""Who is told what while tasks are computed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from audioscan_host.audio import AudioInfo, Decoders
from audioscan_host.embedding.tasks import Task
from audioscan_host.notes import Tell
from audioscan_host.progress import Advance


@dataclass(frozen=True)
class Reports:
    """Who is told what while a task is computed, and who decodes meanwhile.

    Attributes:
        opened: is given the task and what its recording's container declares, each time it is opened.
        advance: is given the seconds of audio that were embedded or decoded.
        tell: is given what users must know.
        news: is set when a block has been decoded.
        decoders: processes for what is worth them; None where threads of this one decode.
    """

    opened: Callable[[Task, AudioInfo], None]
    advance: Advance
    tell: Tell
    news: threading.Event = field(default_factory=threading.Event)
    decoders: Decoders | None = None

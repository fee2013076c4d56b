"""Claims in an object store, which knows no locks: objects that are renewed while their holder lives."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from audioscan_host.errors import StoreError
from audioscan_host.file_lock import HeldError
from audioscan_host.remote.objects import Objects
from audioscan_host.remote.stored import Stored

CLAIM = ".claim"
"""Ending of the folders of claims."""

_CLOCK_AGAIN = 600.0
"""Seconds after which the server's clock is looked at again."""

_RESOLUTION = 1.0
"""Seconds: S3 tells in whole ones when an object was written."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claims:
    """Who works at what.

    A claim of `unfinished/key` is an object `unfinished/key.claim/000001` that says who made it. It is made on the
    condition that there is none, so that one of several gets it. Its holder writes it anew three times within `expiry`. One
    that was not is void: whoever comes next makes `000002`, on the same condition, and the highest number holds.

    Where claims save work that would be done twice, nothing else rests on them: what is written is written whole, and is the
    same whoever computed it. So a holder that was cut off for longer than the expiry goes on, and so does one that cannot
    renew its claim. Whoever has to be the only one that writes takes a claim by `alone`, and asks before it writes.

    Ages are differences of what the server says of its own objects; the clocks of two machines are never compared.

    Attributes:
        objects: where claims lie.
        expiry: seconds.
        clock: name beside which the server is asked for its time.
    """

    objects: Objects
    expiry: float
    clock: str = "clock"
    _clock: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @contextmanager
    def held(self, name: str, *, wait: bool) -> Iterator[None]:
        """Hold a claim.

        Raises:
            HeldError: another has it, and `wait` is off.
            PermissionError: it may not be written.
            StoreError: the store does not answer.
        """
        holder = uuid.uuid4().hex.encode()
        claim, before = self._made(name, holder, lambda _holder: not wait)
        with self._until_the_end(claim, before, lambda: self.objects.put(claim, holder, patience=0)):
            yield

    @contextmanager
    def alone(self, name: str, waiting: Callable[[], None]) -> Iterator[Callable[[], bool]]:
        """Hold a claim, and know whether it was lost since; where another has it, find out whether its holder lives.

        That takes no longer than the expiry.

        Args:
            name: of the claim.
            waiting: called before that.

        Yields:
            Whether it is held still, and was all the time: asks the store. What was lost once stays so.

        Raises:
            HeldError: another has it, who renewed it.
            PermissionError: it may not be written.
            StoreError: the store does not answer.
        """
        seen: list[Stored | None] = []

        def lives(holder: Stored | None) -> bool:
            if not seen:
                seen.append(holder)
                waiting()
            return holder != seen[0]

        holder = uuid.uuid4().hex.encode()
        claim, before = self._made(name, holder, lives)
        lost = threading.Event()

        def is_held() -> bool:
            if not lost.is_set() and not self._is_of(holder, claim):
                lost.set()
            return not lost.is_set()

        def renew() -> None:
            if is_held():  # else it would come back, though another had it meanwhile
                self.objects.put(claim, holder, patience=0)

        with self._until_the_end(claim, before, renew, is_held):
            yield is_held

    @contextmanager
    def _until_the_end(
        self,
        claim: str,
        before: Sequence[str],
        renew: Callable[[], None],
        is_held: Callable[[], bool] = lambda: True,
    ) -> Iterator[None]:
        """Renew a claim until the block ends; then remove it, and those that were void before it."""
        ended = threading.Event()
        renewal = threading.Thread(target=self._renewed, args=(claim, renew, ended), daemon=True)
        renewal.start()
        try:
            yield
        finally:
            ended.set()
            renewal.join(self.expiry)
            with suppress(OSError, StoreError):  # what cannot be removed becomes void
                if is_held():
                    if before:  # first, so that at any time the highest number is the holder's
                        self.objects.remove(before)
                    self.objects.remove([claim])

    def _is_of(self, holder: bytes, claim: str) -> bool:
        try:
            if self.objects.fetch(claim, 0, len(holder)) != holder:
                return False  # it was removed, and is another's by now
        except FileNotFoundError:
            return False
        there = self.objects.listed(_folder(claim))
        return bool(there) and there[-1].name == claim

    def abandoned(self, stored: Sequence[Stored], age: float) -> Iterator[Stored]:
        """Those of some objects that are claims which nobody holds, and were written `age` seconds ago or longer."""
        claims = [each for each in stored if is_claim(each.name)]
        held = {
            _folder(each.name)
            for each in claims
            if not each.name.startswith(f"{self.clock}{CLAIM}") and not self._is_void(each)
        }
        for each in claims:
            if _folder(each.name) not in held and self._is_void(each) and self._age(each) > age:
                yield each

    def _made(
        self, name: str, holder: bytes, gives_up: Callable[[Stored | None], bool]
    ) -> tuple[str, list[str]]:
        """The claim, and those that were void before it.

        Raises:
            HeldError: another has it, and it was given up.
        """
        folder = f"{name}{CLAIM}"
        while True:
            there = self.objects.listed(folder)
            if not there or self._is_void(there[-1]):
                last = int(there[-1].name.rpartition("/")[2]) if there else 0
                claim = f"{folder}/{last + 1:06d}"
                if self.objects.create(claim, holder):
                    return claim, [each.name for each in there]
            if gives_up(there[-1] if there else None):
                raise HeldError
            time.sleep(min(5.0, self.expiry / 12))

    def _renewed(self, claim: str, renew: Callable[[], None], ended: threading.Event) -> None:
        while not ended.wait(self.expiry / 3):
            try:
                renew()
            except (OSError, StoreError) as error:
                logger.debug("%s: the claim is not renewed: %s", self.objects.location(claim), error)

    def _is_void(self, claim: Stored) -> bool:
        return self._age(claim) > self.expiry + _RESOLUTION

    def _age(self, claim: Stored) -> float:
        """Seconds, as the server counts them."""
        now = time.monotonic()
        if now - self._clock.get("seen", -_CLOCK_AGAIN - now) > _CLOCK_AGAIN:
            self._clock["ahead"] = self._server_now() - time.monotonic()
            self._clock["seen"] = now
        return time.monotonic() + self._clock["ahead"] - claim.modified

    def _server_now(self) -> float:
        probe = f"{self.clock}{CLAIM}/{uuid.uuid4().hex}"
        try:
            self.objects.put(probe, b"")
        except PermissionError:
            return time.time()  # whoever may only read takes no claim; it is counted, not taken over
        found = self.objects.find(probe)
        with suppress(PermissionError):  # who may write and not remove
            self.objects.remove([probe])
        return time.time() if found is None else found.modified


def is_claim(name: str) -> bool:
    """Whether an object is a claim, and none of the files of a store."""
    return _folder(name).endswith(CLAIM)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]

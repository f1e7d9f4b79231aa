"""Delivery: bytes are handed over until the other side has taken them, each destination at its own pace."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from canonical import CrossdockError, Finding, Rejected, Unavailable, Unfinished
from router.flow.breaker import Breaker
from router.flow.pace import Pace
from router.flow.patience import patiently
from router.flow.translate import SMALL
from router.ports import Arrival, Clock, Courier, Outbox, Parcel, Randomness, Stale, Understood

_LOOK_FIRST = "Look there: resolve this if it did, else try again. A manifest's idempotency has the hub do so itself."
_Noting = Callable[[], Coroutine[None, None, None]]
"""Notes what came of an attempt."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a delivery is tried before a person must look."""

    tries: int = 12
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(seconds=60)
    """How long one attempt may take."""

    def wait(self, attempt: int, retry_after: float | None, jitter: float) -> timedelta:
        """How long to wait after the given attempt: doubling, between half and all of it by `jitter` in [0, 1).

        `retry_after` (seconds) is what the other side asked for and is never undercut.
        """
        doubled = min(self.first_wait * float(2 ** min(attempt - 1, 30)), self.longest_wait)
        return max(doubled * (1 + jitter) / 2, timedelta(seconds=retry_after or 0))


@dataclass(slots=True)
class Deliver:
    """Parcels that are due, a few at a time for each destination."""

    outbox: Outbox
    courier: Courier
    clock: Clock
    randomness: Randomness
    retry: RetryPolicy = RetryPolicy()
    knows_again: Callable[[Parcel], bool] = lambda _parcel: True
    """Whether the other side knows a parcel that comes again, so that it may be sent again in doubt."""
    understand: Callable[[Arrival, datetime], Understood] | None = None
    """Reads what was answered, so that it takes effect with its receipt."""
    crash: Callable[[str], None] = lambda _instant: None
    concurrency: int = 8
    """Parcels under way for one destination."""
    batch: int = 20
    breaker: Breaker = field(default_factory=Breaker)
    pace: Pace = field(default_factory=Pace)
    _under_way: Counter[str] = field(default_factory=Counter, init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def step(self) -> int:
        """Deliver what is due and wait for the outcome; how many parcels that were."""
        started = await self.start()
        await self.finish()
        return started

    async def start(self) -> int:
        """Start delivering what is due; how many parcels that were."""
        return await self.work(await self.claim())

    async def claim(self, patience: float = 0) -> Sequence[Parcel]:
        """What is due, or comes to be within `patience` seconds."""
        return await self.outbox.claim(self.batch, each=self.concurrency, room=self._room, patience=patience)

    async def work(self, claimed: Sequence[Parcel]) -> int:
        """Start delivering what was claimed; a slow destination holds up nobody. How many parcels that were."""
        for parcel in claimed:
            self._under_way[parcel.destination] += 1
            self.pace.spend(parcel.destination, self.clock.now())
            task = asyncio.create_task(self._attempt(parcel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(claimed)

    async def finish(self, grace: float | None = None) -> None:
        """Wait for what is under way; after `grace` seconds it is broken off, to go out again under the same key."""
        while self._tasks:
            _, under_way = await asyncio.wait(self._tasks, timeout=grace)
            for task in under_way:
                task.cancel()

    def _room(self) -> Mapping[str, int]:
        """The places left for destinations that are busy, in trouble or on a budget."""
        now = self.clock.now()
        allowed, paced = self.breaker.room(now), self.pace.room(now)
        return {
            name: min(allowed.get(name, self.concurrency) - self._under_way[name], paced.get(name, self.concurrency))
            for name in allowed.keys() | paced.keys() | self._under_way.keys()
        }

    async def _attempt(self, parcel: Parcel) -> None:
        """Hand it over, and note what came of it when its place is free for the next."""
        try:
            noting = await self._hand_over(parcel)
        finally:
            self._under_way[parcel.destination] -= 1
        with contextlib.suppress(Stale, Unavailable):  # then the claim runs out, and the same key goes out again
            await patiently(noting)

    async def _hand_over(self, parcel: Parcel) -> _Noting:
        """Hand it over; what is then to be noted."""
        try:
            self._refuse_doubt(parcel)
            async with asyncio.timeout(self.retry.patience.total_seconds()):
                handed = await self.courier.deliver(parcel)
        except TimeoutError:
            return self._try_again(parcel, Unavailable("no answer in time", ambiguous=True))
        except Unfinished as waiting:
            return self._look_again(parcel, waiting)
        except Unavailable as error:
            return self._try_again(parcel, error)
        except CrossdockError as error:
            return self._note_failure(parcel, error, None)
        except Exception as error:  # noqa: BLE001 - one parcel must never stop the others
            return self._try_again(parcel, Unavailable(f"{type(error).__name__}: {error}", ambiguous=True))
        self.crash("after-send")
        self.breaker.succeeded(parcel.destination)
        return partial(self.outbox.delivered, parcel, handed, self._understood(handed.answer))

    def _understood(self, answer: Arrival | None) -> Understood | None:
        """What it answered at once; what is large or cannot be read waits in the inbox, as any arrival does."""
        if answer is None or self.understand is None or len(answer.content) > SMALL:
            return None
        try:
            return self.understand(answer, self.clock.now())
        except Exception:  # noqa: BLE001 - it is tried again from the inbox, and noted there
            return None

    def _refuse_doubt(self, parcel: Parcel) -> None:
        """Raise `Rejected` when the try before may have had its effect, and nobody would know this one for the same."""
        if parcel.in_doubt and not self.knows_again(parcel):
            raise _in_doubt(parcel, "a try ended without word of its outcome")

    def _look_again(self, parcel: Parcel, waiting: Unfinished) -> _Noting:
        """They took it and are still at work, which is no failure and uses up no try."""
        self.breaker.succeeded(parcel.destination)
        look_at = self.clock.now() + timedelta(seconds=waiting.retry_after or 0)
        return partial(self.outbox.postponed, parcel, until=look_at)

    def _try_again(self, parcel: Parcel, error: Unavailable) -> _Noting:
        now = self.clock.now()
        self.breaker.failed(parcel.destination, now)
        if error.ambiguous and not self.knows_again(parcel):
            return self._note_failure(parcel, _in_doubt(parcel, error.message), None)
        return self._note_failure(parcel, error, self._next_try(parcel, error, now))

    def _note_failure(self, parcel: Parcel, error: CrossdockError, retry_at: datetime | None) -> _Noting:
        return partial(self.outbox.failed, parcel, error.message, retry_at=retry_at, findings=error.findings)

    def _next_try(self, parcel: Parcel, error: Unavailable, now: datetime) -> datetime | None:
        if parcel.attempt >= self.retry.tries:
            return None
        return now + self.retry.wait(parcel.attempt, error.retry_after, self.randomness.random())


def _in_doubt(parcel: Parcel, reason: str) -> Rejected:
    """It may have arrived, and would have a second effect if it were sent again: a person looks."""
    message = f"{reason}; it may have arrived. {_LOOK_FIRST}"
    return Rejected(message, [Finding("delivery-in-doubt", "error", {"destination": parcel.destination}, message)])

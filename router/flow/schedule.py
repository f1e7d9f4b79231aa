"""Scheduling: places to fetch from are looked into, and what waited too long becomes an exception."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol

from canonical import CrossdockError, Misconfigured
from router.flow.intake import Intake
from router.ports import Lanes, Pickup, Stale, Turns

_log = logging.getLogger(__name__)
_EXPIRY = timedelta(seconds=60)
_WAKE = timedelta(seconds=1)
_RENEW = 60.0
"""Seconds after which a turn that goes on is renewed."""

Job = tuple[timedelta, Callable[[], Awaitable[object]]]
"""How often, and what."""


class Ticker(Protocol):
    """Calls jobs at intervals inside this process. What is due lives in the store's rows, never in the ticker."""

    async def run(self, jobs: Mapping[str, Job]) -> None:
        """Tick until cancelled; never start a job that is still at work."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that happens because time passes."""

    intake: Intake
    pickups: Sequence[Pickup]
    lanes: Lanes
    ticker: Ticker
    turns: Turns
    poll: timedelta = timedelta(seconds=2)
    batch: int = 100
    chores: Mapping[str, Job] = field(default_factory=dict)
    """What else is done from time to time, such as erasing what is kept long enough."""
    troubles: dict[str, CrossdockError] = field(default_factory=dict)
    """The places that could not be looked at last time, and why."""

    async def step(self) -> int:
        """Look everywhere once; how much was found."""
        found = [await self.collect(pickup, timedelta(0)) for pickup in self.pickups]
        return sum(found) + await self.expire() + await self.wake()

    async def collect(self, pickup: Pickup, every: timedelta) -> int:
        """Take in what lies at one place, unless another process does or just did; how much that was."""
        token = await self.turns.take(pickup.name, every)
        if token is None:
            return 0
        try:
            return await self._collect(pickup, token)
        except Stale as lost:
            _log.warning("%s: %s", pickup.name, lost)
            return 0
        finally:
            await self.turns.end(pickup.name, token)

    async def _collect(self, pickup: Pickup, token: str) -> int:
        """Each arrival is finished at its place only after it was committed here."""
        taken, clock = 0, asyncio.get_running_loop()
        renewed = clock.time()
        try:
            async for arrival in pickup.collect():
                await self.intake.receive(arrival)
                taken += 1
                if clock.time() - renewed > _RENEW:
                    await self.turns.renew(pickup.name, token)
                    renewed = clock.time()
        except CrossdockError as error:
            self._note_trouble(pickup.name, error)
        else:
            self._note_end(pickup.name, taken)
        return taken

    def _note_trouble(self, place: str, error: CrossdockError) -> None:
        """Tell of a place's trouble when it begins or changes, not at every look."""
        known = self.troubles.get(place)
        self.troubles[place] = error
        if known is None or known.message != error.message:
            _log.warning("%s: %s", place, error.message)

    def _note_end(self, place: str, taken: int) -> None:
        """A look without trouble. A wrong configuration is not mended by a look that found it was not yet time."""
        if place in self.troubles and (taken or not isinstance(self.troubles[place], Misconfigured)):
            del self.troubles[place]
            _log.warning("%s: no trouble any more", place)

    async def expire(self) -> int:
        """Give up on documents whose order did not come in time; how many."""
        return await self.lanes.expire(self.batch)

    async def wake(self) -> int:
        """Have the orders decided again whose own time has come; how many times it had."""
        woken = 0
        while more := await self.lanes.wake(self.batch):
            woken += more
        return woken

    async def run(self) -> None:
        """Tick until cancelled, each place on its own, so that a slow one delays no other."""
        jobs: dict[str, Job] = {
            f"collect {pickup.name}": (self.poll, partial(self.collect, pickup, self.poll)) for pickup in self.pickups
        }
        own: dict[str, Job] = {"expire": (_EXPIRY, self.expire), "wake": (_WAKE, self.wake)}
        await self.ticker.run(jobs | own | dict(self.chores))

"""Keeping to a system's limits: a turn before each call, what answers tell of them, silence where they ask for it."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from canonical import Unavailable
from connectors.engine.gauges import learn, take
from connectors.engine.meters import Meters, State
from connectors.manifest_limits import Concurrency, Limit

LONGEST_WAIT = 5.0
"""Seconds a call waits for its turn; beyond, it comes back later."""


class Pace:
    """One connection's turn-taking. A call is named by its method and path, such as `GET /orders`."""

    def __init__(
        self,
        limits: Sequence[Limit],
        meters: Meters,
        names: Mapping[str, str],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`names` says, for each scope, under which name its use is kept."""
        self._limits = [(number, f"{names[limit.scope]}.{number}", limit) for number, limit in enumerate(limits)]
        self.taken: Counter[int] = Counter()
        """How many turns were taken under each limit, by its number."""
        self._silence = f"{names['connection']}.silence"
        self._meters, self._clock = meters, wall_clock

    @asynccontextmanager
    async def turn(self, call: str, step: str = "") -> AsyncIterator[None]:
        """Wait for a turn, and hold it as long as the call runs. Raises `Unavailable` when it would take too long."""
        wait = self._wait(call, step)
        if wait > LONGEST_WAIT:
            raise Unavailable(f"held back for {wait:.0f} s to keep to the limits", retry_after=wait)
        if wait > 0:
            await asyncio.sleep(wait)
        async with AsyncExitStack() as slots:
            for _, name, limit in self._of(call):
                if isinstance(limit, Concurrency):
                    await slots.enter_async_context(self._meters.slot(name, limit.calls, LONGEST_WAIT))
            yield

    def hold(self, seconds: float) -> None:
        """No call before that many seconds have passed: the other side said so."""
        until = self._clock() + seconds
        self._meters.change(self._silence, partial(_silence, until))

    def learn(self, call: str, step: str, headers: Mapping[str, str], tree: Any) -> None:
        """Take from an answer what it tells of the limits."""
        for _, name, limit in self._of(call):
            told = partial(learn, limit, step=step, headers=headers, tree=tree, now=self._clock())
            self._meters.change(name, told)

    def _wait(self, call: str, step: str) -> float:
        """Seconds until the turn, which is then taken; one too far off is not."""
        now = self._clock()
        wait = self._meters.change(self._silence, partial(_silence, 0.0)) - now
        for number, name, limit in self._of(call) if wait <= LONGEST_WAIT else ():
            self.taken[number] += 1
            taken = partial(take, limit, step=step, now=now, longest=LONGEST_WAIT)
            wait = max(wait, self._meters.change(name, taken))
        return max(wait, 0.0)

    def _of(self, call: str) -> list[tuple[int, str, Limit]]:
        return [one for one in self._limits if one[2].counts(call)]


def _silence(until: float, state: State) -> float:
    """The instant before which nobody calls, moved to `until` when that is later."""
    state["until"] = max(state.get("until", 0.0), until)
    return float(state["until"])

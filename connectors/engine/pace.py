"""Keeping to a system's limits: a token bucket before each call, and silence for as long as it asked for."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from canonical import Unavailable
from connectors.manifest_limits import RateLimit

LONGEST_WAIT = 5.0
"""Seconds a call waits for its turn; beyond, it comes back later."""


@dataclass(slots=True)
class Pace:
    """One connection's turn-taking, for all who call through it in this process."""

    limit: RateLimit | None
    steady_clock: Callable[[], float] = time.monotonic
    _tokens: float = field(init=False)
    _at: float = field(init=False)
    _silent_until: float = 0.0

    def __post_init__(self) -> None:
        self._tokens = float(self.limit.burst) if self.limit else 0.0
        self._at = self.steady_clock()

    async def turn(self) -> None:
        """Wait for a turn. Raises `Unavailable` when it would take too long."""
        wait = self._wait()
        if wait > LONGEST_WAIT:
            raise Unavailable(f"held back for {wait:.0f} s to keep to the limits", retry_after=wait)
        if wait > 0:
            await asyncio.sleep(wait)

    def hold(self, seconds: float) -> None:
        """No call before that many seconds have passed: the other side said so."""
        self._silent_until = max(self._silent_until, self.steady_clock() + seconds)

    def _wait(self) -> float:
        """Take a token, in debt if need be, and say how long until it is there."""
        now = self.steady_clock()
        silent = max(self._silent_until - now, 0.0)
        if self.limit is None or silent > LONGEST_WAIT:
            return silent
        rate = self.limit.calls / self.limit.per.total_seconds()
        self._tokens = min(float(self.limit.burst), self._tokens + (now - self._at) * rate)
        self._at = now
        debt = max(1.0 - self._tokens, 0.0) / rate
        if debt <= LONGEST_WAIT:
            self._tokens -= 1.0
        return max(silent, debt)

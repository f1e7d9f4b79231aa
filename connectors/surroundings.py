"""The machine's own clock, randomness and ids: the real side of the ports that replay and simulation replace."""

import gc
import os
import random
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The instant."""
        return datetime.now(UTC)


class SystemRandomness:
    """For jitter only."""

    def random(self) -> float:
        """Uniform in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries; guards nothing


class TimeOrderedIds:
    """Ids that rise with time: 48 bits of milliseconds and 80 random bits in hexadecimal, as UUIDv7 lays them out."""

    def new(self) -> str:
        """A new id of 32 characters."""
        return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


_YOUNG = 50_000


def collect_rarely() -> None:
    """Have the process look for reference cycles each 50,000 new objects instead of each 700.

    Fifty orders under way are tens of thousands of objects that all still live, and looking through them again and
    again was measured to cost a third of the time. What is in no cycle, nearly all there is, is freed at once anyway.
    """
    gc.set_threshold(_YOUNG)

"""The machine's own clock, randomness and ids: the real side of the ports that replay and simulation replace."""

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

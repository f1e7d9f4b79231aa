"""A circuit breaker for each destination: who fails again and again is left alone for a while, then tried once."""

from datetime import datetime, timedelta


class Breaker:
    """Kept in memory: what it protects is due rows, which wait as long as they must."""

    def __init__(self, failures: int = 5, rest: timedelta = timedelta(seconds=30)) -> None:
        self._most = failures
        self._rest = rest
        self._failures: dict[str, int] = {}
        self._closed_until: dict[str, datetime] = {}

    def failed(self, destination: str, now: datetime) -> None:
        """Count a failure; after enough in a row the destination rests."""
        self._failures[destination] = self._failures.get(destination, 0) + 1
        if self._failures[destination] >= self._most:
            self._closed_until[destination] = now + self._rest

    def succeeded(self, destination: str) -> None:
        """Trust the destination again."""
        self._failures.pop(destination, None)
        self._closed_until.pop(destination, None)

    def room(self, now: datetime) -> dict[str, int]:
        """How many parcels each destination in trouble may be tried with: none while it rests, then one."""
        return {destination: int(now >= until) for destination, until in self._closed_until.items()}

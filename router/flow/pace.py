"""A rate budget for each destination: so many deliveries a minute and no more, evenly given out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

_BURST = timedelta(seconds=5)
"""What may be made up for at once after a pause."""


class Pace:
    """Kept in memory, a budget for each process: what waits for it is due rows."""

    def __init__(self, per_minute: Mapping[str, int] | None = None) -> None:
        self._each = {name: timedelta(minutes=1) / count for name, count in (per_minute or {}).items()}
        self._next: dict[str, datetime] = {}
        """When the next delivery would be due if they went out evenly."""

    def room(self, now: datetime) -> dict[str, int]:
        """How many parcels each destination with a budget may be sent now."""
        return {name: max((now - self._due(name, now)) // each + 1, 0) for name, each in self._each.items()}

    def spend(self, destination: str, now: datetime) -> None:
        """Count a parcel."""
        if destination in self._each:
            self._next[destination] = self._due(destination, now) + self._each[destination]

    def _due(self, name: str, now: datetime) -> datetime:
        earliest = now - max(_BURST - self._each[name], timedelta(0))
        return max(self._next.get(name, earliest), earliest)

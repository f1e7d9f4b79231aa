"""Intake: an arrival is committed before anyone is told that it was taken."""

from collections.abc import Callable
from dataclasses import dataclass

from router.ports import Arrival, Inbox, Receipt


@dataclass(frozen=True, slots=True)
class Intake:
    """The door of the street."""

    inbox: Inbox
    kept: Callable[[], None]
    """Called after each commit, to wake translation."""

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep an arrival. Raises `Unavailable` when it cannot be kept; then nobody may say it was."""
        receipt = await self.inbox.keep(arrival)
        self.kept()
        return receipt

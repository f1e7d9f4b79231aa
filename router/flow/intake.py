"""Intake: an arrival is committed before anyone is told that it was taken."""

from dataclasses import dataclass

from router.ports import Arrival, Inbox, Receipt


@dataclass(frozen=True, slots=True)
class Intake:
    """The door of the street."""

    inbox: Inbox

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep an arrival. Raises `Unavailable` when it cannot be kept; then nobody may say it was."""
        return await self.inbox.keep(arrival)

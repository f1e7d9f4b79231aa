"""One decision on its way into the store."""

from dataclasses import dataclass

from canonical import Usage
from router.decision import Decision, World
from router.ports import Lane, LaneEntry
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class Writing:
    """One decision being written."""

    transaction: Transaction
    lane: Lane
    entry: LaneEntry
    world: World
    made: Decision
    decision_id: str

    @property
    def counts(self) -> bool:
        """Whether it moves stock and money: a test walks the street and moves neither."""
        return self.usage == "production"

    @property
    def usage(self) -> Usage:
        """The order's own; before there is one, its first document's."""
        state = self.made.order or self.lane.order
        return (state.document if state else self.entry.document).usage

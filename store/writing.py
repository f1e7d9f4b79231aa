"""One decision on its way into the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from canonical import Usage
from router.decision import Decision, World
from router.ports import Lane, LaneEntry
from store.database import Transaction
from store.events import Told


class Chain(NamedTuple):
    """How far an order's chain of events reaches, and the hash it ends on."""

    events: int
    head: str


@dataclass(frozen=True, slots=True)
class Writing:
    """One decision being written."""

    transaction: Transaction
    lane: Lane
    entry: LaneEntry
    world: World
    made: Decision
    digest: str
    """Of the decision."""
    world_text: str
    """The world as it is kept."""
    decision_id: str
    chain: Chain
    """The order's chain of events before the decision."""
    sent: int
    """How many documents the order has sent before."""
    waiting: int
    """How many entries its lane holds, with the one decided on."""
    last: bool = False
    """Whether the lane is given back with it."""
    hashes: list[str] = field(default_factory=list)
    """Of its events, each chained to the one before."""

    @property
    def told(self) -> Sequence[Told]:
        """Its events."""
        return [(event.kind, facts) for event, facts in zip(self.made.events, self.made.texts.facts, strict=True)]

    @property
    def counts(self) -> bool:
        """Whether it moves stock and money: a test walks the street and moves neither."""
        return self.usage == "production"

    @property
    def usage(self) -> Usage:
        """The order's own; before there is one, its first document's."""
        state = self.made.order or self.lane.order
        return (state.document if state else self.entry.document).usage

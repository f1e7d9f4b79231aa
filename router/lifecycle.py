"""The life of a quantity: one table of the moves it may make between a ledger's buckets.

ordered ─► open ─► allocated ─► released ─► shipped
            │ ▲        │            │
            ▼ │        │            ▼ short
        backordered ◄──┘          open again
            │
            ▼
        cancelled
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, get_args

from router.order_line import Ledger

Bucket = Literal["open", "backordered", "allocated", "released", "shipped", "cancelled"]
Counter = Literal["ordered", "over_shipped"]
_COUNTERS = get_args(Counter)
Move = Literal[
    "order", "refuse", "allocate", "backorder", "reopen", "release", "unallocate", "recall", "ship", "over_ship",
    "fall_short", "cancel_open", "cancel_backorder",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A move: out of one bucket, or in from outside, raising a counter of what there is."""

    source: Bucket | Counter
    target: Bucket
    event: str
    """What the timeline says when it happens."""


MOVES: Mapping[Move, Step] = MappingProxyType(
    {
        # move                  from           to             event
        "order":           Step("ordered",      "open",        "line_accepted"),
        "refuse":          Step("ordered",      "cancelled",   "line_rejected"),
        "allocate":        Step("open",         "allocated",   "line_allocated"),
        "backorder":       Step("open",         "backordered", "line_backordered"),
        "reopen":          Step("backordered",  "open",        "line_reopened"),
        "release":         Step("allocated",    "released",    "line_released"),
        "unallocate":      Step("allocated",    "open",        "line_unallocated"),
        "recall":          Step("released",     "open",        "line_recalled"),
        "ship":            Step("released",     "shipped",     "line_shipped"),
        "over_ship":       Step("over_shipped", "shipped",     "line_over_shipped"),
        "fall_short":      Step("released",     "open",        "line_fell_short"),
        "cancel_open":     Step("open",         "cancelled",   "line_cancelled"),
        "cancel_backorder":Step("backordered",  "cancelled",   "line_cancelled"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """A count beside the buckets: it never exceeds what it is counted of."""

    counter: Literal["returned", "credited"]
    of: Literal["shipped", "returned"]
    event: str


TALLIES: Mapping[Literal["return", "credit"], Tally] = MappingProxyType(
    {
        # tally           counter      of           event
        "return":   Tally("returned", "shipped",  "line_returned"),
        "credit":   Tally("credited", "returned", "line_credited"),
    }
)  # fmt: skip


def tally(ledger: Ledger, name: Literal["return", "credit"], quantity: Decimal) -> Ledger:
    """The ledger after `quantity` more was counted. Raises `ValueError` when that is more than there is of it."""
    counted = TALLIES[name]
    total = getattr(ledger, counted.counter) + quantity
    if quantity < 0 or total > getattr(ledger, counted.of):
        raise ValueError(f"cannot {name} {quantity}: {getattr(ledger, counted.of)} {counted.of}")
    return ledger.model_copy(update={counted.counter: total})


def move(ledger: Ledger, name: Move, quantity: Decimal) -> Ledger:
    """The ledger after `quantity` made the move. Raises `ValueError` when the bucket does not hold so much."""
    moved = ledger.model_copy()
    shift(vars(moved), name, quantity)
    return moved


def shift(held: dict[str, Decimal], name: Move, quantity: Decimal) -> None:
    """Make the move within the buckets and counters of one ledger, which nobody else knows yet.

    What leaves one side of the conserved sum arrives in it, so the ledger need not be proved again.
    """
    step = MOVES[name]
    source, target = step.source, step.target
    rises, before = source in _COUNTERS, held[source]
    if quantity < 0 or (not rises and before < quantity):
        raise ValueError(f"cannot {name} {quantity}: {source} holds {before}")
    held[source] = before + quantity if rises else before - quantity
    held[target] += quantity

"""Where a document takes effect: the words in which the flow tells the store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from canonical import Customer, Finding, Item
from router.master_data import Asked, MasterData
from router.price_list import ListedPrice


@dataclass(frozen=True, slots=True)
class ToLane:
    """The document belongs to this order: it waits in its lane for the order's decision."""

    lane: str


@dataclass(frozen=True, slots=True)
class ToFulfilment:
    """It belongs to the order whose fulfilment order or return of this number its sender was told of; until then it is
    parked."""

    number: str


@dataclass(frozen=True, slots=True)
class ToAsker:
    """It answers the question of this number that its sender was asked: it belongs to the order that asked."""

    question: str


@dataclass(frozen=True, slots=True)
class Count:
    """What lies at a node, counted whole."""

    sku: str
    node: str
    on_hand: Decimal
    safety: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Arriving:
    """All that is on its way of one SKU to one node, by the day it comes; nothing where nothing is."""

    sku: str
    node: str
    days: Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class ToStock:
    """It says what lies where and what is to come. `uncounted` names what it speaks of and nobody knows."""

    counts: Sequence[Count]
    arriving: Sequence[Arriving] = ()
    uncounted: Sequence[str] = ()


class Claim(NamedTuple):
    """How a line of a payment names its order: its lane, or an invoice or credit memo that its sender was sent."""

    lane: str | None = None
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class ToOrders:
    """It pays several orders, each of which gets its part as work of its own."""

    claims: Sequence[Claim]
    """Of each line."""


class ListChange(NamedTuple):
    """What a price list says of one partner's prices."""

    partner: str
    list: str
    """The list, among all lists of everybody."""
    as_of: datetime
    prices: Sequence[ListedPrice]
    """They take the place of what the list said of the same items."""
    gone: Sequence[str] = ()
    """SKUs of which it has no price any more."""
    whole: bool = False
    """Whether the list says nothing else any more."""


class Record(NamedTuple):
    """What a document says of one item or customer, and of when it is."""

    fact: Item | Customer
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ToMasterData:
    """It says what we sell, to whom or at what price. `refused` is what of it does not hold."""

    records: Sequence[Record] = ()
    lists: Sequence[ListChange] = ()
    refused: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class OnceTold:
    """Where it takes effect is judged by what other documents have told of the items it speaks of."""

    asked: Asked
    judge: Callable[[MasterData], "Effect"]


@dataclass(frozen=True, slots=True)
class ToSent:
    """It is the receiver's verdict on what we sent."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nobody here acts on it: a person must look."""

    reason: str


Effect = ToLane | ToFulfilment | ToAsker | ToStock | ToOrders | ToMasterData | OnceTold | ToSent | Nowhere
"""Where a document takes effect."""

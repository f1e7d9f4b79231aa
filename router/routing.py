"""How orders are sourced and on what terms each channel buys (config/routing.yaml)."""

from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal

from pydantic import Field

from canonical import Amount, Text
from router.charging import Charging
from router.hold_rule import HoldRule
from router.network import Calendar, Place
from router.order_line import ZERO
from router.return_terms import Inspection, ReturnTerms
from router.rule import WEEKDAYS, Rule, Weekday
from router.shopping_terms import Shopping
from router.sourcing_rule import SourcingRule
from router.transit import Learning

PaymentTerms = Literal["owed", "captured", "authorized"]
"""Who brings the money: the buyer on invoice, the channel, or ourselves from what the buyer authorized."""


_FINE = Decimal("0.0001")


class Costs(Rule):
    """The weights of allocation, in the company's currency."""

    split: Amount = Field(default=ZERO, ge=0)
    """For each node after the first that ships to one destination."""
    split_line: Amount = Field(default=ZERO, ge=0)
    """For a line that leaves from more than one node."""
    late_day: Amount = Field(default=ZERO, ge=0)
    """For each unit and day after the requested delivery."""
    transit_day: Amount = Field(default=ZERO, ge=0)
    """For each unit and day on the way, so that of two that keep the promise the faster comes first."""
    carbon_kg: Amount = Field(default=ZERO, ge=0)
    """For each kilogram of carbon dioxide, by the zones' own figures."""
    node_load: Amount = Field(default=ZERO, ge=0)
    """For each unit from a node whose capacity of the day is used up, and less from one with room, so that of two
    nodes the emptier comes first; nothing from a node without a limit."""
    node_load_from_percent: Amount = Field(default=Decimal(50), ge=0, lt=100)
    """How much of the day's capacity must be used before it costs anything; from there on it rises evenly."""
    unfilled: Amount = Field(default=Decimal(1000), gt=0)
    """For each unit that nobody ships; far above the others, so that stock is used before it is spared."""

    def crowding(self, used: Decimal) -> Decimal:
        """The part of `node_load` that a unit costs where so much of a node's day is used; 1 is all of it."""
        begins = self.node_load_from_percent / 100
        return min(max(used - begins, ZERO) / (1 - begins), Decimal(1)).quantize(_FINE).normalize()


class FreightBand(Rule):
    """One zone: destinations up to `miles` away, its cost and its transit time."""

    zone: Text
    miles: int | None = Field(default=None, gt=0)
    """None for the last band, which takes every distance."""
    shipment: Amount = Field(ge=0)
    pound: Amount = Field(ge=0)
    transit_days: int = Field(ge=0)
    carbon_kg: Amount = Field(default=ZERO, ge=0)
    """Carbon dioxide of one pound over it, in kilograms."""


class CarrierDays(Rule):
    """When carriers collect and deliver."""

    collects_on: tuple[Weekday, ...] = WEEKDAYS
    delivers_on: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    closed_on: tuple[date, ...] = ()
    cut_off: time | None = None
    """The node's local time of the last collection, where that is before its own cut-off."""
    learn: Learning | None = None
    """When a lane's own shipments say how long it takes; without it the zone's transit time always holds."""

    @cached_property
    def collection(self) -> Calendar:
        """The days goods can leave a node."""
        return Calendar(self.collects_on, self.closed_on)

    @cached_property
    def delivery(self) -> Calendar:
        """The days goods are carried and handed over."""
        return Calendar(self.delivers_on, self.closed_on)


class SplitLimit(Rule):
    """Fewer nodes for what is worth less."""

    below: Amount = Field(gt=0)
    """Takes orders whose goods cost less than this, in the order's currency."""
    nodes: int = Field(ge=1)


class Preorder(Rule):
    """An item that is sold before there is any."""

    ships_from: date
    """Nothing of it is promised before that day."""


class StockTerms(Rule):
    """How much of what can be promised a channel is told it may sell."""

    buffer: Amount = Field(default=ZERO, ge=0)
    """Units of each item that are kept back, since orders of others come while it sells."""
    buffer_percent: Amount = Field(default=ZERO, ge=0, le=100)
    """A part of what can be promised that is kept back beside them."""
    nodes: tuple[Text, ...] = ()
    """The nodes whose stock it may sell; none listed is all."""


class Keeper(Rule):
    """What a partner or connection may say of our master data."""

    items: bool = False
    customers: bool = False
    prices_for: tuple[Text, ...] = ()
    """The partners and connections whose prices it may list."""


class Channel(Rule):
    """The terms of one channel: a trading partner or a marketplace connection."""

    customer: Text | None = None
    """Its number as a customer in our own books, by which documents may name it."""

    code: Text | None = Field(default=None, pattern=r"^[A-Z0-9]{1,4}$")
    """Begins the numbers of its fulfilment orders, shipments and invoices."""
    priority: int = 0
    """Whose orders are served first when goods come that several wait for: the higher, and of equals the older."""
    ship_complete: bool = False
    """Ship the whole order at once or not at all."""
    backorders: bool = True
    """False: what cannot ship now is cancelled, not awaited."""
    split_limit: int | None = Field(default=None, ge=1)
    """The most nodes for one destination; None takes the general one."""
    price_tolerance_percent: Amount | None = Field(default=None, ge=0)
    """How far an order's price may lie below ours; None takes the order's price as agreed."""
    price_below: Literal["hold", "correct", "refuse"] = "hold"
    """What becomes of a line whose price lies further below."""
    minimum_total: Amount | None = Field(default=None, ge=0)
    """The least that an order's goods may cost, in its currency."""
    below_minimum: Literal["hold", "refuse"] = "refuse"
    """What becomes of a smaller order."""
    past_window: Literal["hold", "refuse"] = "refuse"
    """What becomes of an order that comes after its cancel date, or may not ship until after it."""
    substitutes: Literal["none", "offer", "ship"] = "none"
    """Whether another item may stand in for one that runs out: never, if the buyer says so, or at once."""
    payment: PaymentTerms = "owed"
    """`captured`: the channel takes the buyer's money and settles with us. `authorized`: the order brings an
    authorization that we capture. `owed`: the buyer pays our invoices."""
    stock: StockTerms = StockTerms()
    """What it is told of stock, where its profile or manifest takes inventory reports."""
    bills_over_shipment: bool = False
    """True when units shipped beyond the order are invoiced."""
    charging: Charging | None = None
    """Who captures what buyers authorized; called for where `payment` is `authorized`."""
    returns: ReturnTerms = ReturnTerms()


class Routing(Rule):
    """The whole of `config/routing.yaml`."""

    costs: Costs
    freight: tuple[FreightBand, ...] = Field(min_length=1)
    """Zones by rising distance."""
    places: dict[str, Place]
    """Where a destination lies: by `US-CA` (country and region), or finer by `US-941` (country and postal prefix)."""
    carriers: CarrierDays = CarrierDays()
    sourcing: tuple[SourcingRule, ...] = ()
    """Which nodes some goods come from; all rules that take them hold."""
    split_limit: int = Field(default=3, ge=1)
    split_limits: tuple[SplitLimit, ...] = ()
    """For orders below a value; the fewest nodes of those that take it."""
    search_steps: int = Field(default=600_000, ge=1)
    """After so many weighed lines the search keeps the best it has."""
    substitutes: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    """By SKU those that may stand in for it, the best first."""
    preorders: dict[str, Preorder] = Field(default_factory=dict)
    """By SKU what is sold before there is any; it waits for stock even where terms say that nothing does."""
    more_to_come: tuple[Text, ...] = ("partly_backordered", "split")
    """Line statuses of a shipment advice that say the rest will follow from the same node."""
    holds: tuple[HoldRule, ...] = ()
    reservations_lapse: timedelta | None = Field(default=None, gt=timedelta(0))
    """How long a held order keeps stock from others; None: as long as it is held."""
    overdue: timedelta | None = Field(default=None, ge=timedelta(0))
    """So long after the day on which goods were to leave they are promised anew, if they have not; None: not before the
    node says something."""
    shipping: Shopping | None = None
    """How the hub buys carriage, for the nodes that leave it to the hub (`ships: hub`)."""
    inspection: Inspection = Inspection()
    master_data: dict[str, Keeper] = Field(default_factory=dict)
    """By partner or connection, who may say what we sell, to whom and at what price. Nobody else may."""
    channels: dict[str, Channel] = Field(default_factory=dict)
    otherwise: Channel = Channel()
    """The terms of a channel that is not listed."""

    @cached_property
    def checks(self) -> frozenset[str]:
        """The kinds of holds about which somebody is asked."""
        return frozenset(rule.kind for rule in self.holds if rule.check)

    def channel(self, name: str) -> Channel:
        """The terms of a channel."""
        return self.channels.get(name, self.otherwise)

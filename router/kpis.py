"""Key figures of order fulfilment, from the orders' ledgers and events alone.

    fill_rate        units that left, or that a node holds for the order, of the units ordered and taken
    on_time          of the orders that asked for a day and have left whole: nothing left after the day to ship on, nor
                     came, where its carrier says when it did, after the day to deliver on
    order_accuracy   of the orders that have left whole: as many units as asked for, nothing over, short or cancelled
    perfect_order    of the same: accurate, on time, in full, and nobody had to look at them
    cycle_hours      from an order's arrival to its last shipment, on average
    split_rate       of the orders that shipped: those with more shipments than destinations
    cost_per_order   what sourcing chose, by the weights in config/routing.yaml
    exceptions_per_hundred   what people had to look at

The perfect order is the SCOR model's RL.1.1, as far as the hub's own facts reach: it sees no damage in transit.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical import Moment
from router.network import Network
from router.order import Order
from router.order_line import ZERO
from router.promise import day_of

_LEAVE_BY = ("requested_ship", "ship_not_later")
_COME_BY = ("requested_delivery", "delivery_not_later")


@dataclass(frozen=True, slots=True)
class Course:
    """An order's course so far: its state, what happened when, what people had to look at, what sourcing cost."""

    order: Order
    received_at: datetime
    shipped: tuple[tuple[datetime, str], ...]
    """(instant, node) of each shipment."""
    short: bool
    """Whether a node ever shipped less than it was asked for."""
    exceptions: int
    cost: Decimal

    @property
    def ended(self) -> bool:
        """Whether all of it that will leave has left, and something has."""
        return self.order.status == "shipped"

    @property
    def accurate(self) -> bool:
        """Whether exactly what was ordered left."""
        ledgers = [line.ledger for line in self.order.lines]
        exact = all(ledger.shipped == ledger.ordered and not ledger.over_shipped for ledger in ledgers)
        return exact and not self.short

    def on_time(self, network: Network) -> bool | None:
        """Whether the last of it left, and came, by the days that were asked for; None where nobody can say."""
        came = [(one.delivered_at, one.node) for one in self.order.consignments if one.delivered_at]
        kept = [*self._kept(_LEAVE_BY, self.shipped, network), *self._kept(_COME_BY, came, network)]
        return all(kept) if kept else None

    def _kept(self, names: Sequence[str], moments: Iterable[tuple[Moment, str]], network: Network) -> list[bool]:
        """Of each (moment, node) whether it is within the days of these names, in the node's time zone."""
        limits = [self.order.document.dates[name] for name in names if name in self.order.document.dates]
        zones = ((at, network.by_id[node].time_zone if node in network.by_id else "UTC") for at, node in moments)
        return [day_of(at, zone) <= min(day_of(limit, zone) for limit in limits) for at, zone in zones if limits]


def kpis(courses: Iterable[Course], network: Network) -> dict[str, Any]:
    """The figures over all orders; by channel; by node over the orders a node shipped or holds goods for; and by
    trading partner over those it placed or has a part in shipping."""
    every = [course for course in courses if course.order.document.usage == "production"]
    return {
        "all": figures(every, network),
        "channels": _grouped(every, network, lambda course: {course.order.channel}),
        "partners": _grouped(every, network, lambda course: _partners(course, network)),
        "nodes": _grouped(every, network, lambda course: {a.node for a in course.order.allocations if a.quantity}),
    }


def _partners(course: Course, network: Network) -> set[str]:
    nodes = {allocation.node for allocation in course.order.allocations if allocation.quantity}
    operators = {network.by_id[node].operator for node in nodes & network.by_id.keys()}
    return {course.order.channel} | {operator for operator in operators if operator}


def _grouped(
    courses: Sequence[Course], network: Network, groups_of: Callable[[Course], set[str]]
) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Course]] = {}
    for course in courses:
        for name in groups_of(course):
            groups.setdefault(name, []).append(course)
    return {name: figures(groups[name], network) for name in sorted(groups)}


def figures(courses: Sequence[Course], network: Network) -> dict[str, Any]:
    """The figures over some orders; a rate of nothing is None."""
    ended = [course for course in courses if course.ended]
    asked = [kept for course in ended if (kept := course.on_time(network)) is not None]
    left = [course for course in courses if course.shipped]
    perfect = [one for one in ended if one.accurate and one.on_time(network) is not False and not one.exceptions]
    hours = [Decimal((max(at for at, _ in one.shipped) - one.received_at).total_seconds()) / 3600 for one in left]
    sourced = [course for course in courses if course.cost]
    return {
        "orders": len(courses),
        "shipped": len(ended),
        "fill_rate": _fill_rate(courses),
        "on_time": share(sum(asked), len(asked)),
        "order_accuracy": share(sum(course.accurate for course in ended), len(ended)),
        "perfect_order": share(len(perfect), len(ended)),
        "cycle_hours": share(sum(hours, ZERO), len(hours), 2),
        "split_rate": share(sum(_split(course) for course in left), len(left)),
        "cost_per_order": share(sum((course.cost for course in sourced), ZERO), len(sourced), 2),
        "exceptions_per_hundred": share(100 * sum(course.exceptions for course in courses), len(courses), 1),
    }


def share(part: Decimal | int, whole: Decimal | int, places: int = 4) -> Decimal | None:
    """A part of a whole, rounded; None of nothing."""
    return round(Decimal(part) / Decimal(whole), places) if whole else None


def _fill_rate(courses: Sequence[Course]) -> Decimal | None:
    ledgers = [line.ledger for course in courses for line in course.order.lines if not line.fault]
    served = sum((one.shipped - one.over_shipped + one.allocated + one.released for one in ledgers), ZERO)
    return share(served, sum((ledger.ordered for ledger in ledgers), ZERO))


def _split(course: Course) -> bool:
    destinations = {a.destination for a in course.order.allocations if a.shipped}
    return len(course.shipped) > len(destinations)

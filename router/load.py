"""What nodes have taken on by day, and what a decision adds to it: capacity is promised as stock is."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from canonical import Amount, Text
from router.network import Network, Node
from router.order_line import ZERO, Allocation

Day = tuple[str, date]
"""A node and a day of departure."""
Most = tuple[int | None, int | None, Amount | None]
"""The most orders, lines and units; None is no limit."""


class Load(NamedTuple):
    """What is asked of a node on one day. An order counts once for each destination."""

    orders: int = 0
    lines: int = 0
    units: Amount = ZERO

    def plus(self, other: "Load", sign: int = 1) -> "Load":
        """Both together, or this one without the other."""
        return Load(self.orders + sign * other.orders, self.lines + sign * other.lines, self.units + sign * other.units)


class NodeLoad(NamedTuple):
    """A node's load on one day, and the row's version when it was read."""

    node: Text
    day: date
    load: Load
    version: int = 0


class LoadChange(NamedTuple):
    """A change to one node's load on one day.

    A change that adds holds only while the whole stays within `most` (None is no limit) or the day was free before it;
    a loser decides again. Any other is written whatever it leaves.
    """

    node: Text
    day: date
    more: Load
    most: Most

    @property
    def adds(self) -> bool:
        """Whether it takes capacity."""
        return self.more.orders > 0 or self.more.lines > 0 or self.more.units > 0


def fits(before: Load, more: Load, most: Most) -> bool:
    """Whether a day has room for more. A day that nobody uses takes any one order, however large."""
    orders, lines, units = most
    after = before.plus(more)
    return before == Load() or (
        (orders is None or after.orders <= orders)
        and (lines is None or after.lines <= lines)
        and (units is None or after.units <= units)
    )


class Room(NamedTuple):
    """What nodes of limited capacity have taken on, as one order sees it that would add to it."""

    loads: Mapping[Day, Load]
    more: Load
    """What the order would add."""
    kept: frozenset[Day]
    """Where it has its place already."""

    def has(self, node: Node, day: date) -> bool:
        """Whether a node has room on a day."""
        place = node.id, day
        more = self.more._replace(orders=0) if place in self.kept else self.more
        return not any(more) or fits(self.loads.get(place, Load()), more, node.capacity.most)

    def used(self, node: Node, day: date) -> Decimal:
        """How much of a node's capacity of a day is used: 1 is all of what it has least of."""
        load = self.loads.get((node.id, day), Load())
        orders, lines, units = node.capacity.most
        shares = ((load.orders, orders), (load.lines, lines), (load.units, units))
        return max([Decimal(taken) / most for taken, most in shares if most], default=ZERO)


def loads_of(allocations: Iterable[Allocation]) -> dict[Day, Load]:
    """By node and day what an order's allocations ask: also of what has left, but not of what was given back."""
    loads: dict[Day, Load] = {}
    visited: set[tuple[str, date, int]] = set()
    for one in allocations:
        if one.day and (kept := one.quantity - one.short) > 0:
            place, visit = (one.node, one.day), (one.node, one.day, one.destination)
            loads[place] = loads.get(place, Load()).plus(Load(int(visit not in visited), 1, kept))
            visited.add(visit)
    return loads


def load_changes(before: Iterable[Allocation], after: Iterable[Allocation], network: Network) -> tuple[LoadChange, ...]:
    """What an order's allocations ask more or less than before, by node and day."""
    had, has = loads_of(before), loads_of(after)
    changes = [
        LoadChange(node, day, has.get((node, day), Load()).plus(had.get((node, day), Load()), -1), _most(network, node))
        for node, day in sorted({*had, *has})
    ]
    return tuple(change for change in changes if change.more != Load())


def _most(network: Network, node: str) -> Most:
    return network.by_id[node].capacity.most if node in network.by_id else (None, None, None)

"""What nodes have taken on by day, and what a decision adds to it: capacity is promised as stock is."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from canonical import Amount, Text
from router.network import Network
from router.order import ZERO, Allocation

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


def loads_of(allocations: Iterable[Allocation]) -> dict[tuple[str, date], Load]:
    """By node and day what an order's allocations ask: also of what has left, but not of what was given back."""
    loads: dict[tuple[str, date], Load] = {}
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

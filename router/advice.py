"""What a shipment advice says, in our terms: which allocation each of its lines speaks of, and how much left."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical import AdviceLine, PackageLine, ShipmentAdvice
from router.catalogue import units_in
from router.line_view import document_line
from router.order_line import ZERO, Allocation
from router.workings import Workings


@dataclass(frozen=True, slots=True)
class Shipped:
    """How much of one allocation left, in the item's own unit; `over` of it was never asked for."""

    index: int
    """Into the order's allocations."""
    allocation: Allocation
    quantity: Decimal
    over: Decimal
    path: str
    """The line of the advice that says so."""


@dataclass(frozen=True, slots=True)
class Departure:
    """What left together: our number for it, the advice that says so, and what it was."""

    number: str
    advice: ShipmentAdvice
    shipped: Sequence[Shipped]

    @property
    def first(self) -> Allocation:
        """Its first allocation: all have one node and one destination."""
        return self.shipped[0].allocation


@dataclass(frozen=True, slots=True)
class Said:
    """What the advice says of one allocation."""

    index: int
    """Into the order's allocations."""
    line: PackageLine
    path: str
    quantity: Decimal


def advice_lines(advice: ShipmentAdvice) -> list[tuple[str, PackageLine]]:
    """(path, line) of the advice's lines; where it only says what lies in the packages, of those."""
    if advice.lines:
        return [(f"lines.{index}", line) for index, line in enumerate(advice.lines)]
    return package_lines(advice)


def package_lines(advice: ShipmentAdvice) -> list[tuple[str, PackageLine]]:
    """(path, line) of all that lies in packages."""
    return [
        (f"packages.{place}.lines.{index}", line)
        for place, package in enumerate(advice.packages)
        for index, line in enumerate(package.lines)
    ]


def said_of(work: Workings, asked: Sequence[int], advice: ShipmentAdvice) -> list[Said]:
    """What the advice says of each allocation of its fulfilment order. What it did not ask for goes to a person."""
    said: dict[int, Said] = {}
    for path, line in advice_lines(advice):
        indexes = meant(work, asked, line)
        if not indexes:
            facts = {"path": path, "items": dict(line.items), "quantity": str(line.quantity.value)}
            work.worry("shipped-unasked", "a node shipped what its fulfilment order does not ask for", **facts)
        elif units_in(work.item(work.allocations[indexes[0]].sku), line.quantity.unit) is None:
            work.worry("shipped-unit-unknown", f"shipped by {line.quantity.unit}, taken as its own unit", path=path)
        left = own_units(work, indexes, line)
        for index in indexes:
            before = said[index].quantity if index in said else ZERO
            last = index == indexes[-1]
            part = left if last else min(left, max(work.allocations[index].outstanding - before, ZERO))
            said[index] = Said(index, line, path, before + part)
            left -= part
    return [said[index] for index in sorted(said)]


def meant(work: Workings, asked: Sequence[int], line: PackageLine) -> list[int]:
    """The allocations a line speaks of: the one of its fulfilment line or order line, else all of its item."""
    item = work.policy.catalogue.match(line.items).item if line.items else None
    of_item = [i for i in asked if item is None or work.allocations[i].sku == item.sku]
    if isinstance(line, AdviceLine):
        named = [i for i in of_item if work.allocations[i].fulfilment_line == line.number]
        if named:
            return named
    numbered = [i for i in of_item if _order_line(work, i) == line.line_number]
    return numbered or (of_item if item else [])


def _order_line(work: Workings, index: int) -> str:
    return document_line(work, work.lines[work.allocations[index].line]).number


def own_units(work: Workings, indexes: Sequence[int], line: PackageLine) -> Decimal:
    """A line's quantity in the own unit of the allocated item; a unit that the item has not is taken as its own."""
    if not indexes:
        return ZERO
    factor = units_in(work.item(work.allocations[indexes[0]].sku), line.quantity.unit) or Decimal(1)
    return max(line.quantity.value, ZERO) * factor

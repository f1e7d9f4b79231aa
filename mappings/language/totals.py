"""The totals a document states of itself, checked against what was read, and written where they are computed."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from canonical import Document, plain_decimal, round_money
from mappings.language.scalars import decimal_in
from mappings.paths.navigation import Node


@dataclass(frozen=True, slots=True)
class Total:
    """How a total is computed from a document and its tree, and with how many implied decimals it is said."""

    name: str
    of: Callable[[Any, Node], Decimal | None]
    written: bool = False
    """Whether a map computes it when writing; others are a field's own value."""
    implied: int = 0

    def compare(self, said: str, document: Document, tree: Node) -> str | None:
        """A sentence when the document says something else than is true of it."""
        is_so = self.of(document, tree)
        try:
            stated = decimal_in(said, "")
        except ValueError as error:
            return f"the {self.name}: {error}"
        if is_so is None or stated is None:
            return None
        if self.implied and "." not in said:
            stated = stated.scaleb(-self.implied)
        if stated == is_so:
            return None
        return (
            f"the document says its {self.name} is {plain_decimal(stated)}; what was read makes {plain_decimal(is_so)}"
        )

    def text(self, document: Document, tree: Node) -> str:
        """The total as written."""
        return plain_decimal(self.of(document, tree) or Decimal(0))


def line_count(document: Any, _tree: Node) -> Decimal:
    """How many lines."""
    return Decimal(len(document.lines))


def quantity_sum(document: Any, _tree: Node) -> Decimal:
    """The sum of the lines' quantities, whatever their units: X12's hash total."""
    return sum((line.quantity.value for line in document.lines), Decimal(0))


def shipped_quantity(document: Any, _tree: Node) -> Decimal:
    """The sum of the quantities in packages and outside them."""
    lines = [line for package in document.packages for line in package.lines] + list(document.lines)
    return sum((line.quantity.value for line in lines), Decimal(0))


def lines_sum(document: Any, _tree: Node) -> Decimal | None:
    """The lines' extensions before charges, allowances and taxes; None where a line has no price for its own unit."""
    lines = [line for line in document.lines if line.quantity.value]
    for line in lines:
        if line.price is None or (line.price.per and line.price.per.unit != line.quantity.unit):
            return None
    return sum((line.price.extend(line.quantity.value) for line in lines), Decimal(0))


def amount_due(document: Any, tree: Node) -> Decimal | None:
    """Lines, less allowances, plus charges and taxes that are not already in the prices."""
    total = lines_sum(document, tree)
    if total is None:
        return None
    for holder in (document, *document.lines):
        total += sum(
            (charge.amount or 0 for charge in holder.charges if charge.settlement == "off_invoice"), Decimal(0)
        )
        total -= sum(
            (given.amount or 0 for given in holder.allowances if given.settlement == "off_invoice"), Decimal(0)
        )
        total += sum((tax.amount or 0 for tax in holder.taxes if not tax.included), Decimal(0))
    return round_money(total, document.currency)


def level_count(_document: Any, tree: Node) -> Decimal:
    """How many HL segments."""
    levels = tree.children.get("HL", ())
    return Decimal(len(levels)) + sum((level_count(None, level) for level in levels), Decimal(0))


def paid(document: Any, _tree: Node) -> Decimal | None:
    """What a remittance pays, with the adjustments that are of no line; a line's own are in what was paid of it. None
    where it lists nothing."""
    if not document.lines:
        return None
    adjusted = sum((made.amount for made in document.adjustments), Decimal(0))
    return sum((line.paid for line in document.lines), adjusted)


TOTALS: dict[str, Total] = {
    "line count": Total("line count", line_count, written=True),
    "level count": Total("level count", level_count, written=True),
    "quantity sum": Total("quantity sum", quantity_sum, written=True),
    "shipped quantity": Total("shipped quantity", shipped_quantity, written=True),
    "paid": Total("sum paid", paid),
    "lines sum": Total("sum of lines", lines_sum),
    "amount due": Total("amount due", amount_due),
    "amount due in cents": Total("amount due", amount_due, implied=2),
}

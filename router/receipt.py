"""What came back (X12 944): matched to its return, inspected by condition, restocked, kept apart or written off."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from canonical import ReturnReceipt, ReturnReceiptLine
from router.catalogue import units_in
from router.order import Return, ReturnedLine
from router.order_line import ZERO, LineState
from router.return_terms import Disposition
from router.returns import replace_return, returned_under
from router.workings import Workings

_NOT_HERE = frozenset(("short", "over"))
"""Exceptions that count what differs from the announcement, not what lies there in a condition."""


@dataclass(frozen=True, slots=True)
class Came:
    """How much of an order's line came back in one condition, in the item's own unit."""

    line: str
    sku: str
    quantity: Decimal
    condition: str
    disposition: Disposition
    reason: str | None
    exchange: str | None
    """The SKU that is sent in its place."""


def receive(work: Workings, receipt: ReturnReceipt, under: Return) -> list[Came]:
    """Take in a receipt: ledger and stock move. What nobody allowed to come is put before a person and not counted."""
    known = under.model_copy(update={"receipts": (*under.receipts, receipt.identity)})
    replace_return(work, known)
    work.tell("return_received", returned=under.number, receipt=receipt.number, node=under.node)
    came = [one for line in receipt.lines for one in _came(work, line, under.number)]
    for one in came:
        work.count(one.line, "return", one.quantity, condition=one.condition, disposition=one.disposition)
        if one.disposition == "restock":
            work.goods_came(one.sku, under.node, one.quantity)
    return came


def _came(work: Workings, line: ReturnReceiptLine, number: str) -> Iterator[Came]:
    """A line of the receipt, spread over what its return allows."""
    sku = _sku(work, line)
    for condition, quantity in _conditions(work, line, sku):
        left = quantity
        for state, part in _allowed(work, number, sku, quantity):
            left -= part
            taken = _take(work, number, state.number, part)
            disposition = work.policy.routing.inspection.disposition(condition)
            yield Came(state.number, state.sku or "", part, condition, disposition, taken.reason, taken.exchange)
        if left:
            _over(work, line, number, sku, left)


def _sku(work: Workings, line: ReturnReceiptLine) -> str | None:
    item = work.policy.catalogue.match(line.items).item
    return item.sku if item else None


def _conditions(work: Workings, line: ReturnReceiptLine, sku: str | None) -> list[tuple[str, Decimal]]:
    """(condition, own units) of what a line says came: its exceptions first, the rest in the line's own condition."""
    whole = _own_units(work, sku, line.quantity.value, line.quantity.unit)
    parts: list[tuple[str, Decimal]] = []
    for condition, quantity in line.exceptions.items():
        if condition not in _NOT_HERE:
            part = min(_own_units(work, sku, quantity.value, quantity.unit), whole)
            parts.append((condition, part))
            whole -= part
    return [(condition, part) for condition, part in [*parts, (line.condition or "good", whole)] if part]


def _own_units(work: Workings, sku: str | None, value: Decimal, unit: str) -> Decimal:
    factor = units_in(work.item(sku), unit) if sku else None
    return max(value, ZERO) * (factor or Decimal(1))


def _allowed(work: Workings, number: str, sku: str | None, most: Decimal) -> Iterator[tuple[LineState, Decimal]]:
    """The order's lines of an item that may still come back under a return, and how much of each."""
    under = returned_under(work, number)
    left = most
    for part in under.lines if under else ():
        state = work.lines[part.line]
        may = min(part.outstanding, state.ledger.shipped - state.ledger.returned)
        if state.sku == sku and (taken := min(left, may)) > 0:
            left -= taken
            yield state, taken


def _take(work: Workings, number: str, line: str, units: Decimal) -> ReturnedLine:
    """Note that so much of a line came under the return; what was asked of it."""
    under = returned_under(work, number)
    assert under is not None
    at = next(i for i, part in enumerate(under.lines) if part.line == line and part.outstanding)
    part = under.lines[at]
    lines = list(under.lines)
    lines[at] = part.model_copy(update={"received": part.received + units})
    replace_return(work, under.model_copy(update={"lines": tuple(lines)}))
    return part


def _over(work: Workings, line: ReturnReceiptLine, number: str, sku: str | None, left: Decimal) -> None:
    known = any(state.sku == sku for state in work.lines.values()) and sku is not None
    code = "return-over-received" if known else "return-unasked"
    said = "more came back than may" if known else "goods came back that the order does not hold"
    facts = {"returned": number, "line": line.number, "items": dict(line.items), "quantity": str(left)}
    work.worry(code, f"{said} under {number}: {left.normalize():f} {sku or 'of an unknown item'}", **facts)

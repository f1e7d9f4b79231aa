"""Charges, allowances and taxes shared over an order's invoices so that their parts sum to the whole exactly.

Each is charged by how much of its base has been invoiced: up to now the rounded share of the base, less what earlier
invoices took. A line's own, and the order's allowances and taxes, follow the goods as ordered, so what is cancelled
takes its part along. An order's charges, such as freight, follow the goods that are still to come or have gone, so the
last shipment takes what is left of them.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from canonical import Adjustment, OrderLine, PurchaseOrder, Tax, round_money
from router.line_view import Reasons, document_line
from router.order import ZERO, LineState
from router.workings import Workings


class Progress(NamedTuple):
    """How much of a base has been invoiced, this invoice included."""

    done: Decimal
    whole: Decimal


class Shared(NamedTuple):
    """This invoice's part of what a line or the order adds and takes off, and where each came from."""

    charges: tuple[Adjustment, ...]
    allowances: tuple[Adjustment, ...]
    taxes: tuple[Tax, ...]
    reasons: Reasons


class Basis(NamedTuple):
    """What an adjustment is shared by: `base` is the money a percentage is of."""

    path: str
    """Where it stands in the order, and `target` in the invoice: empty or ending with a dot."""
    target: str
    base: Decimal
    progress: Progress


class Shares:
    """Takes this invoice's part of each adjustment, and remembers what has been taken in all."""

    def __init__(self, work: Workings) -> None:
        self.currency = work.order.document.currency
        self.taken = dict(work.order.adjustments_invoiced)

    def of(self, given: OrderLine | PurchaseOrder, basis: Basis, of_charges: Progress | None = None) -> Shared:
        """The parts of a line's or the order's own; charges may progress otherwise than the rest."""
        reasons: Reasons = {}
        for_charges = basis._replace(progress=of_charges or basis.progress)
        return Shared(
            self._adjustments("charges", given.charges, for_charges, reasons),
            self._adjustments("allowances", given.allowances, basis, reasons),
            self._taxes(given.taxes, basis, reasons),
            reasons,
        )

    def _adjustments(
        self, name: str, given: Iterable[Adjustment], basis: Basis, reasons: Reasons
    ) -> tuple[Adjustment, ...]:
        parts: list[Adjustment] = []
        for index, one in enumerate(given):
            path = f"{basis.path}{name}.{index}"
            if part := self._take(path, adjustment_amount(one, basis.base), basis.progress):
                reasons |= _reasons(f"{basis.target}{name}.{len(parts)}", path)
                parts.append(one.model_copy(update={"amount": part}))
        return tuple(parts)

    def _taxes(self, given: Iterable[Tax], basis: Basis, reasons: Reasons) -> tuple[Tax, ...]:
        parts: list[Tax] = []
        for index, one in enumerate(given):
            path, whole = f"{basis.path}taxes.{index}", tax_amount(one, basis.base)
            if part := self._take(path, whole, basis.progress):
                reasons |= _reasons(f"{basis.target}taxes.{len(parts)}", path)
                parts.append(one.model_copy(update={"amount": part, "basis": one.basis if part == whole else None}))
        return tuple(parts)

    def _take(self, path: str, total: Decimal, progress: Progress) -> Decimal:
        reached = total * progress.done / progress.whole if progress.whole else total
        before = self.taken.get(path, ZERO)
        upto = round_money(reached, self.currency)
        if upto != before:
            self.taken[path] = upto
        return upto - before


def _reasons(target: str, path: str) -> Reasons:
    return {target: f"order:{path}", f"{target}.amount": "rule:shared-by-shipment"}


def line_progress(work: Workings, position: int) -> Progress:
    """How much of one line's ordered quantity has been invoiced, over all its destinations."""
    ledgers = [state.ledger for state in work.lines.values() if state.position == position]
    whole = sum((ledger.ordered for ledger in ledgers), ZERO)
    return Progress(min(sum((ledger.invoiced for ledger in ledgers), ZERO), whole), whole)


def goods_progress(work: Workings) -> Progress:
    """How much of the goods as ordered has been invoiced, by value."""
    return _progress(work, lambda state: state.ledger.ordered)


def remaining_progress(work: Workings) -> Progress:
    """How much of the goods that were not cancelled has been invoiced, by value."""
    return _progress(work, lambda state: state.ledger.ordered - state.ledger.cancelled)


def goods_as_ordered(work: Workings) -> Decimal:
    """What all lines cost as ordered, unrounded."""
    return sum((state.ledger.ordered * unit_value(work, state) for state in work.lines.values()), ZERO)


def unit_value(work: Workings, state: LineState) -> Decimal:
    """What one of the item's own unit costs, unrounded; for a refused line as it was priced."""
    price = state.price or document_line(work, state).price
    if price is None:
        return ZERO
    return price.amount / (price.per.value if price.per and price.per.value else 1)


def _progress(work: Workings, counted: Callable[[LineState], Decimal]) -> Progress:
    """By value; by quantity where nothing on the order has a price."""
    states = list(work.lines.values())
    values = {state.number: unit_value(work, state) for state in states}
    priced = any(counted(state) * values[state.number] for state in states)
    weights = values if priced else dict.fromkeys(values, Decimal(1))
    whole = sum((counted(state) * weights[state.number] for state in states), ZERO)
    done = sum((min(state.ledger.invoiced, state.ledger.ordered) * weights[state.number] for state in states), ZERO)
    return Progress(min(done, whole), whole)


def adjustment_amount(adjustment: Adjustment, base: Decimal) -> Decimal:
    """An adjustment's whole amount: as stated, else a percentage of `base`, else its rate by its quantity."""
    if adjustment.amount is not None:
        return adjustment.amount
    if adjustment.percent is not None:
        return base * adjustment.percent / 100
    if adjustment.rate is not None and adjustment.quantity is not None:
        return adjustment.rate * adjustment.quantity.value
    return ZERO


def tax_amount(tax: Tax, base: Decimal) -> Decimal:
    """A tax's whole amount: as stated, else its rate of `base`, taken out of it where the prices contain it."""
    if tax.amount is not None:
        return tax.amount
    if tax.rate is None or tax.exempt:
        return ZERO
    return base * tax.rate / (100 + tax.rate if tax.included else 100)

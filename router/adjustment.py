"""Charges, allowances and taxes shared over an order's invoices and credits; the parts sum to the whole exactly.

Each is charged by how much of its base has been invoiced: up to now the rounded share of the base, less what earlier
invoices took. A line's own, and the order's allowances and taxes, follow the goods as ordered, so what is cancelled
takes its part along. An order's charges, such as freight, follow the goods that are still to come or have gone, so the
last shipment takes what is left of them. A credit shares what was invoiced, by how much of the goods came back.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from canonical import Adjustment, Currency, OrderLine, PurchaseOrder, Tax, round_money
from router.line_view import Reasons, document_line
from router.order_line import ZERO, LineState
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
    """Takes this invoice's or credit's part of each adjustment, and remembers what has been taken in all."""

    def __init__(
        self,
        currency: Currency,
        taken: Mapping[str, Decimal],
        invoiced: Mapping[str, Decimal] | None = None,
        *,
        taxes: bool = True,
    ) -> None:
        """`taken` is what earlier ones took, by path; with `invoiced` that is what is shared, not what was ordered.
        Without `taxes` none are shared: they are said later."""
        self.currency, self.invoiced, self.taxes = currency, invoiced, taxes
        self.taken = dict(taken)

    def of(
        self,
        given: OrderLine | PurchaseOrder,
        basis: Basis,
        of_charges: Progress | None = None,
        of_taxes: Progress | None = None,
    ) -> Shared:
        """The parts of a line's or the order's own; charges and taxes may progress otherwise than the rest."""
        reasons: Reasons = {}
        for_charges = basis._replace(progress=of_charges or basis.progress)
        for_taxes = basis._replace(progress=of_taxes or basis.progress)
        return Shared(
            self._adjustments("charges", given.charges, for_charges, reasons),
            self._adjustments("allowances", given.allowances, basis, reasons),
            self._taxes(given.taxes if self.taxes else (), for_taxes, reasons),
            reasons,
        )

    def _adjustments(
        self, name: str, given: Iterable[Adjustment], basis: Basis, reasons: Reasons
    ) -> tuple[Adjustment, ...]:
        parts: list[Adjustment] = []
        for index, one in enumerate(given):
            path = f"{basis.path}{name}.{index}"
            if part := self.take(path, adjustment_amount(one, basis.base), basis.progress):
                reasons |= _reasons(f"{basis.target}{name}.{len(parts)}", path)
                parts.append(one.model_copy(update={"amount": part}))
        return tuple(parts)

    def _taxes(self, given: Iterable[Tax], basis: Basis, reasons: Reasons) -> tuple[Tax, ...]:
        parts: list[Tax] = []
        for index, one in enumerate(given):
            path, whole = f"{basis.path}taxes.{index}", tax_amount(one, basis.base)
            if part := self.take(path, whole, basis.progress):
                reasons |= _reasons(f"{basis.target}taxes.{len(parts)}", path)
                parts.append(one.model_copy(update={"amount": part, "basis": one.basis if part == whole else None}))
        return tuple(parts)

    def take(self, path: str, ordered: Decimal, progress: Progress) -> Decimal:
        """The part of the amount at `path`, which as ordered was `ordered`."""
        total = ordered if self.invoiced is None else self.invoiced.get(path, ZERO)
        reached = total * progress.done / progress.whole if progress.whole else total
        before = self.taken.get(path, ZERO)
        upto = round_money(reached, self.currency)
        if self.invoiced is not None and (upto - before) * total < 0:
            return ZERO  # an order that changed since may have invoiced less of it; what was given back stays given
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


def line_credit_progress(work: Workings, position: int) -> Progress:
    """How much of what was invoiced of one line has been credited, over all its destinations."""
    ledgers = [state.ledger for state in work.lines.values() if state.position == position]
    whole = sum((ledger.invoiced for ledger in ledgers), ZERO)
    return Progress(min(sum((ledger.credited for ledger in ledgers), ZERO), whole), whole)


def standing_progress(work: Workings, position: int) -> Progress:
    """How much of what was not cancelled of one line has been invoiced: by this taxes go that we worked out."""
    states = [state for state in work.lines.values() if state.position == position]
    whole = sum((state.ledger.ordered - state.ledger.cancelled for state in states), ZERO)
    return Progress(min(sum((state.ledger.invoiced for state in states), ZERO), whole), whole)


def credit_progress(work: Workings) -> Progress:
    """How much of the goods invoiced has been credited, by value."""
    return _progress(work, lambda state: state.ledger.invoiced, lambda state: state.ledger.credited)


def goods_progress(work: Workings) -> Progress:
    """How much of the goods as ordered has been invoiced, by value."""
    return _progress(work, lambda state: state.ledger.ordered, _invoiced)


def remaining_progress(work: Workings) -> Progress:
    """How much of the goods that were not cancelled has been invoiced, by value."""
    return _progress(work, lambda state: state.ledger.ordered - state.ledger.cancelled, _invoiced)


def _invoiced(state: LineState) -> Decimal:
    return min(state.ledger.invoiced, state.ledger.ordered)


def goods_as_ordered(work: Workings) -> Decimal:
    """What all lines cost as ordered, unrounded."""
    return sum((state.ledger.ordered * unit_value(work, state) for state in work.lines.values()), ZERO)


def unit_value(work: Workings, state: LineState) -> Decimal:
    """What one of the item's own unit costs, unrounded; for a refused line as it was priced."""
    price = state.price or document_line(work, state).price
    if price is None:
        return ZERO
    return price.amount / (price.per.value if price.per and price.per.value else 1)


def _progress(
    work: Workings, counted: Callable[[LineState], Decimal], so_far: Callable[[LineState], Decimal]
) -> Progress:
    """By value; by quantity where nothing on the order has a price."""
    states = list(work.lines.values())
    values = {state.number: unit_value(work, state) for state in states}
    priced = any(counted(state) * values[state.number] for state in states)
    weights = values if priced else dict.fromkeys(values, Decimal(1))
    whole = sum((counted(state) * weights[state.number] for state in states), ZERO)
    done = sum((so_far(state) * weights[state.number] for state in states), ZERO)
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

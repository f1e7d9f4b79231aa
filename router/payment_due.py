"""How much of an order's money is still to be taken, or has to go back."""

from decimal import Decimal

from router.adjustment import Basis, Progress, Shares, unit_value
from router.bill import Bill
from router.exchange import exchanged_to_come
from router.line_view import by_position
from router.order_line import ZERO
from router.workings import Workings


def to_collect(work: Workings) -> Decimal:
    """What of the order's money is neither here nor given back: what is due, and what will be invoiced."""
    return max(work.order.due + to_come(work) - work.order.advance, ZERO)


def to_come(work: Workings) -> Decimal:
    """What invoices will ask for that are still to go out."""
    waiting = bool(work.order.drafts) or any(state.ledger.to_come for state in work.lines.values())
    return max(_whole(work) - work.order.invoiced, ZERO) if waiting else ZERO


def too_much(work: Workings) -> Decimal:
    """What the buyer has to get back: credits beyond what is due and what is sent in exchange, and what was paid for
    goods that will not ship."""
    owed = max(-work.order.due - exchanged_to_come(work), ZERO)
    return owed + max(work.order.advance - to_come(work), ZERO)


def _whole(work: Workings) -> Decimal:
    """What the order's invoices will sum to, for all that was not cancelled."""
    making, shares = Bill(), Shares(work.order.document.currency, {})
    document, goods = work.order.document, Progress(ZERO, ZERO)
    for position, states in by_position(work.lines.values()).items():
        standing = sum((state.ledger.ordered - state.ledger.cancelled for state in states), ZERO)
        ordered, unit = sum((state.ledger.ordered for state in states), ZERO), unit_value(work, states[0])
        making.add("goods", shares.take(f"lines.{position}.goods", ordered * unit, Progress(standing, ordered)))
        basis = Basis(f"lines.{position}.", "", ordered * unit, Progress(standing, ordered))
        making.count(work, shares.of(document.lines[position], basis))
        goods = Progress(goods.done + standing * unit, goods.whole + ordered * unit)
    kept = Progress(goods.done, goods.done)
    making.count(work, shares.of(document, Basis("", "", goods.whole, goods), of_charges=kept))
    return making.total


def left_to_give_back(work: Workings) -> Decimal:
    """What the buyer's bank keeps for us though nothing is to be collected any more."""
    known = work.order.authorization
    return known.left_at(work.world.now) if known else ZERO


def covers(work: Workings, amount: Decimal) -> bool:
    """Whether the authorization is still good, and good for so much."""
    known = work.order.authorization
    return known is not None and 0 < amount <= known.left_at(work.world.now)

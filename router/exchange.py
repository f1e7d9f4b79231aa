"""Exchanges: another item is sent in the place of what came back, as a line of the same order.

What came back is credited and what is sent is invoiced, as any; what we owe the buyer meanwhile is kept for it.
"""

from collections.abc import Sequence
from decimal import Decimal

from canonical import OrderLine, Price, Quantity
from router.acceptance import Opening
from router.adjustment import unit_value
from router.order import Return
from router.order_line import ZERO, LineState
from router.receipt import Came
from router.workings import Workings


def send_instead(work: Workings, under: Return, came: Sequence[Came]) -> bool:
    """Add a line for each item that is wanted in the place of what came; whether any was added."""
    wanted: dict[tuple[str, str], Decimal] = {}
    for one in came:
        if one.exchange:
            wanted[one.line, one.exchange] = wanted.get((one.line, one.exchange), ZERO) + one.quantity
    added = [_send(work, under, work.lines[line], sku, units) for (line, sku), units in wanted.items()]
    return any(added)


def exchanged_to_come(work: Workings) -> Decimal:
    """What goods that are still to be sent in exchange cost."""
    return sum(
        (state.ledger.to_come * unit_value(work, state) for state in work.lines.values() if state.exchange_of), ZERO
    )


def _send(work: Workings, under: Return, returned: LineState, sku: str, units: Decimal) -> bool:
    document = work.order.document
    number = f"{len(document.lines) + 1}X"
    price = Price(amount=unit_value(work, returned), currency=document.currency) if sku == returned.sku else None
    quantity = Quantity(value=units, unit=work.item(sku).unit)
    ordered = OrderLine(number=number, items={"sku": sku}, quantity=quantity, price=price)
    opening = Opening(document, work.policy, work.order.channel, work.order)
    [state] = opening.states(ordered, len(document.lines))
    if state.fault:
        reason = f"{sku} can't be sent in exchange under {under.number}: {state.fault}"
        work.worry("exchange-impossible", reason, returned=under.number)
        return False
    work.amend(document=document.changed(lines=(*document.lines, ordered)))
    opened = {"exchange_of": under.number, "destination": returned.destination}
    work.lines[state.number] = state.model_copy(update=opened)
    facts = {"returned": under.number, "instead_of": returned.number, "quantity": str(units)}
    work.tell("line_exchanged", line=state.number, **facts)
    return True

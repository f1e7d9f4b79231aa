"""Changes and cancellations by the buyer (X12 860, 850 with purpose 01 or 05): what can be done is done, and each line
is told what could not.

What is open, backordered or allocated can always go. What a node was asked to ship comes back only where the node
takes fulfilment orders back; what has left stays left.
"""

from collections.abc import Sequence
from decimal import Decimal

from canonical import ChangedLine, LineOutcome, OrderChange, OrderLine, PurchaseOrder, Quantity
from router.acceptance import Opening, own_unit_price, refusal_of
from router.advance import advance
from router.answer import ChangeAnswer, acknowledge_change
from router.catalogue import units_in
from router.lifecycle import Bucket, Move
from router.line_view import shown_quantity
from router.order_line import ZERO, LineState
from router.payment import mend
from router.price import price_shortfall
from router.readdress import readdress
from router.release import recall
from router.sourcing import Sourced
from router.workings import Workings

_FREE: tuple[tuple[Bucket, Move], ...] = (("open", "cancel_open"), ("backordered", "cancel_backorder"))


def change(work: Workings, document: OrderChange) -> list[Sourced]:
    """Apply a change, go on with what it leaves, and answer it."""
    lines = _all_deleted(work) if document.purpose == "cancel" else document.lines
    if document.dates and document.purpose != "cancel":
        _redate(work, document)
    if document.payment and document.purpose != "cancel":
        mend(work, document.payment)
    answers = readdress(work, document.parties) if document.purpose != "cancel" else []
    answers += [_apply(work, line) for line in lines]
    outcomes = advance(work)
    acknowledge_change(work, document, "cancel" if document.purpose == "cancel" else "change", answers)
    return outcomes


def cancel(work: Workings, document: PurchaseOrder) -> list[Sourced]:
    """Cancel the whole order, as far as that can be done."""
    answers = [_apply(work, line) for line in _all_deleted(work)]
    outcomes = advance(work)
    acknowledge_change(work, document, "cancel", answers)
    return outcomes


def withdraw(work: Workings, because: str) -> None:
    """Cancel by ourselves all that can be cancelled, and say why."""
    for line in _all_deleted(work):
        _apply(work, line)
    work.tell("order_withdrawn", because=because)


def call_off(work: Workings, states: Sequence[LineState], units: Decimal) -> Decimal:
    """Cancel up to `units` of what has not left of a line; how much that was."""
    waiting = sum((_standing(work, state) - work.lines[state.number].ledger.shipped for state in states), ZERO)
    wanted = max(min(units, waiting), ZERO)
    kept = _lower(work, states, wanted)
    return wanted - (kept.quantity.value * states[0].factor if kept else ZERO)


def replace(work: Workings, document: PurchaseOrder) -> list[Sourced]:
    """Make the order what `document` says: each line added, changed or deleted."""
    known = {line.number for line in work.order.document.lines}
    named = {line.number for line in document.lines}
    lines = [_as_change(line, "replace" if line.number in known else "add") for line in document.lines]
    lines += [_as_change(line, "delete") for line in work.order.document.lines if line.number not in named]
    answers = [_apply(work, line) for line in lines]
    outcomes = advance(work)
    acknowledge_change(work, document, "replace", answers)
    return outcomes


def _all_deleted(work: Workings) -> list[ChangedLine]:
    return [_as_change(line, "delete") for line in work.order.document.lines]


def _as_change(line: OrderLine, kind: str) -> ChangedLine:
    return ChangedLine.model_validate({**dict(line), "change": kind})


def _apply(work: Workings, line: ChangedLine) -> ChangeAnswer:
    numbers = [known.number for known in work.order.document.lines]
    position = numbers.index(line.number) if line.number in numbers else None
    if line.change == "add":
        return _refused(position, line, "the order has this line already") if position is not None else _add(work, line)
    if position is None:
        return _refused(None, line, "the order has no such line")
    states = [state for state in work.lines.values() if state.position == position]
    return ChangeAnswer(position, line, _change_line(work, line, states))


def _refused(position: int | None, line: ChangedLine, reason: str) -> ChangeAnswer:
    return ChangeAnswer(position, line, LineOutcome(outcome="rejected", quantity=line.quantity, reason=reason))


def _change_line(work: Workings, line: ChangedLine, states: Sequence[LineState]) -> LineOutcome | None:
    """Do what can be done; the outcome of what cannot."""
    first = states[0]
    if line.change == "no_change" or (first.fault and line.change == "delete"):
        return None
    if line.change == "delete":
        return _lower(work, states, sum((_standing(work, state) for state in states), ZERO))
    reason = _hindrance(work, line, states)
    if reason:
        return LineOutcome(outcome="rejected", quantity=line.quantity, reason=reason)
    if line.price and line.change in ("price", "replace"):
        _reprice(work, line, first)
    return _requantify(work, line, first) if line.change != "price" else None


def _hindrance(work: Workings, line: ChangedLine, states: Sequence[LineState]) -> str | None:
    """Why a line can't be changed at all."""
    first = states[0]
    if first.fault:
        return f"the line was refused: {first.fault}"
    if line.change == "date":
        return "dates are the order's; change them there"
    if len(states) > 1 or work.order.document.lines[first.position].destinations:
        return "the line goes to several places; cancel it and order anew"
    match = work.policy.catalogue.match(line.items)
    if line.items and (match.item is None or match.item.sku != first.sku):
        return match.fault or f"the line is for {first.sku}; cancel it and order the other item"
    ordered = work.order.document.lines[first.position]
    whole = ordered.model_copy(update={"quantity": line.quantity, "price": line.price or ordered.price})
    fault = refusal_of(whole, work.item(first.sku or ""), work.order.document)
    if fault:
        return fault.reason
    return price_shortfall(work, first, own_unit_price(whole, work.item(first.sku or ""))) if line.price else None


def _reprice(work: Workings, line: ChangedLine, state: LineState) -> None:
    """The new price holds for what has not been invoiced."""
    _rewrite(work, state.position, price=line.price)
    ordered = work.order.document.lines[state.position]
    price = own_unit_price(ordered, work.item(state.sku or ""))
    work.lines[state.number] = work.lines[state.number].model_copy(update={"price": price})
    work.tell("line_repriced", line=state.number, price=str(line.price.amount if line.price else None))


def _requantify(work: Workings, line: ChangedLine, state: LineState) -> LineOutcome | None:
    factor = units_in(work.item(state.sku or ""), line.quantity.unit) or Decimal(1)
    more = line.quantity.value * factor - _standing(work, state)
    if more < 0:
        return _lower(work, [state], -more)
    work.move(state.number, "order", more)
    _settle(work, state)
    return None


def _standing(work: Workings, state: LineState) -> Decimal:
    """What of a line has not been cancelled."""
    ledger = work.lines[state.number].ledger
    return ledger.ordered - ledger.cancelled


def _lower(work: Workings, states: Sequence[LineState], units: Decimal) -> LineOutcome | None:
    """Cancel `units` of a line, the last destinations first; the outcome of what is beyond recall."""
    left = units
    for state in reversed(states):
        left -= _cancel_free(work, state, left)
        if left:
            _take_back(work, state)
            left -= _cancel_free(work, state, left)
        _settle(work, state)
    if not left:
        return None
    shipped = sum((work.lines[state.number].ledger.shipped for state in states), ZERO)
    reason = "it has left" if shipped else "a node that does not take orders back is shipping it"
    return LineOutcome(outcome="rejected", quantity=shown_quantity(work, states[0], left), reason=reason)


def _cancel_free(work: Workings, state: LineState, most: Decimal) -> Decimal:
    """Cancel up to `most` of what no node was asked to ship; how much that was."""
    done = ZERO
    for bucket, name in _FREE:
        part = min(getattr(work.lines[state.number].ledger, bucket), most - done)
        work.move(state.number, name, part)
        done += part
    return done


def _take_back(work: Workings, state: LineState) -> None:
    """Undo the allocations that no node was asked for, and recall the fulfilment orders of nodes that allow it."""
    for index, allocation in enumerate(work.allocations):
        if allocation.line == state.number and allocation.outstanding and allocation.fulfilment_order is None:
            work.move(state.number, "unallocate", allocation.outstanding, node=allocation.node)
            work.reserve(allocation, -allocation.outstanding)
            work.allocations[index] = allocation.model_copy(update={"quantity": allocation.shipped + allocation.short})
    for number in _recallable(work, state.number):
        recall(work, number)


def _recallable(work: Workings, line: str | None = None) -> list[str]:
    """The fulfilment orders (of one line, or of all) that their nodes would still give back."""
    numbers = {
        allocation.fulfilment_order: None
        for allocation in work.allocations
        if allocation.fulfilment_order
        and allocation.outstanding
        and line in (None, allocation.line)
        and work.policy.network.by_id[allocation.node].takes_back
    }
    return list(numbers)


def _redate(work: Workings, document: OrderChange) -> None:
    """The order's dates change, and what can be taken back is sourced anew for them."""
    for number in _recallable(work):
        recall(work, number)
    changed = work.order.document.changed(dates={**work.order.document.dates, **document.dates})
    work.amend(document=changed)
    work.tell("order_redated", dates=sorted(document.dates))


def _add(work: Workings, line: ChangedLine) -> ChangeAnswer:
    """A new line, opened as a new order's would be; a faulty one is refused and not added."""
    position = len(work.order.document.lines)
    ordered = OrderLine.model_validate({name: getattr(line, name) for name in OrderLine.model_fields})
    opening = Opening(work.order.document, work.policy, work.order.channel, work.order)
    states = list(opening.states(ordered, position))
    if states[0].fault:
        return _refused(None, line, states[0].fault)
    document = work.order.document
    work.amend(document=document.changed(lines=(*document.lines, ordered)), destinations=tuple(opening.destinations))
    for state in states:
        work.lines[state.number] = state
        work.tell("line_added", line=state.number, quantity=str(state.ledger.ordered))
    return ChangeAnswer(position, line, None)


def _settle(work: Workings, state: LineState) -> None:
    """Write a line's standing quantity into the order's own document; a line that is gone keeps its last."""
    standing = _standing(work, state)
    ordered = work.order.document.lines[state.position]
    if standing and not ordered.destinations:
        quantity = shown_quantity(work, state, standing)
        _rewrite(work, state.position, quantity=quantity)
        work.lines[state.number] = work.lines[state.number].model_copy(update=_shape(work, state, quantity))


def _shape(work: Workings, state: LineState, quantity: Quantity) -> dict[str, object]:
    return {"quantity": quantity, "factor": units_in(work.item(state.sku or ""), quantity.unit) or Decimal(1)}


def _rewrite(work: Workings, position: int, **fields: object) -> None:
    document = work.order.document
    line = document.lines[position].model_copy(update=fields)
    lines = (*document.lines[:position], line, *document.lines[position + 1 :])
    work.amend(document=document.changed(lines=lines))

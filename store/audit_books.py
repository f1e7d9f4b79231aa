"""The audit of the books: orders against their ledgers, stock against what is promised, and money."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from router.order import Order
from router.order_line import ZERO
from store.backorders import short_skus
from store.tables import backorder, exception, journal_entry, order, reservation, stock

_BUCKETS = ("cancelled", "open", "backordered", "allocated", "released", "shipped")


# --- orders and stock -----------------------------------------------------------------------------------------------


def _order_faults(row: Any) -> Iterator[str]:
    yield from _ledger_faults(row)
    state = Order.model_validate_json(row.state)
    said = (state.id, state.number, state.channel, state.document.usage, state.status, state.version)
    kept = (row.id, row.number, row.channel, row.usage, row.status, row.version)
    if said != kept:
        yield f"its row says {kept}, its state {said}"
    queued = set((row.queued or "").splitlines())
    if queued != (short_skus(state) if row.usage == "production" else set()):
        yield f"it waits for {sorted(short_skus(state))}, and is in the queues of {sorted(queued)}"


def _ledger_faults(row: Any) -> Iterator[str]:
    promised = ZERO
    for line in json.loads(row.state)["lines"]:
        ledger = {bucket: Decimal(quantity) for bucket, quantity in line["ledger"].items()}
        held, given = sum(ledger[bucket] for bucket in _BUCKETS), ledger["ordered"] + ledger["over_shipped"]
        if held != given:
            yield f"line {line['number']} holds {held} of {given}"
        if min(ledger.values()) < 0:
            yield f"line {line['number']} has a bucket below zero"
        promised += ledger["allocated"] + ledger["released"]
    reserved = row.reserved or ZERO
    if row.usage == "production" and promised != reserved:
        yield f"{promised} are allocated or released, but {reserved} are reserved"
    if row.usage != "production" and reserved:
        yield f"a test order reserves {reserved}"


def _stock_faults(row: Any) -> Iterator[str]:
    if row.reserved != (row.promised or ZERO):
        yield f"{row.reserved} are reserved, but the reservations sum to {row.promised or ZERO}"
    if row.reserved > row.on_hand and not row.known_short:
        yield f"{row.reserved} are promised of {row.on_hand}"


def _backorder_faults(row: Any) -> Iterator[str]:
    short = short_skus(Order.model_validate_json(row.state)) if row.state else set()
    if row.sku not in short:
        yield f"{row.id} is in the queue for {row.sku}, for which it does not wait"


def _reserved_by(*where: Any) -> Any:
    return select(func.sum(reservation.c.quantity)).where(*where).scalar_subquery()


def _orders_with_what_they_hold() -> Select[Any]:
    queues = select(backorder.c.order_id, func.aggregate_strings(backorder.c.sku, "\n").label("queued"))
    queued = queues.group_by(backorder.c.order_id).subquery()
    reserved = _reserved_by(reservation.c.order_id == order.c.id).label("reserved")
    return select(order, reserved, queued.c.queued).outerjoin(queued, queued.c.order_id == order.c.id)


def _stock_with_its_promises() -> Select[Any]:
    counted_short = select(exception.c.subject).where(exception.c.code == "stock-below-promises")
    known_short = (stock.c.sku + "@" + stock.c.node).in_(counted_short).label("known_short")
    return select(stock, _reserved_by(*_here).label("promised"), known_short)


_here = reservation.c.sku == stock.c.sku, reservation.c.node == stock.c.node


# --- money ----------------------------------------------------------------------------------------------------------


def _posting_faults(row: Any) -> Iterator[str]:
    entry = json.loads(row.content)
    lines, said = entry["lines"], (entry["key"], entry["event"], entry["currency"])
    debit = sum(Decimal(line.get("debit", "0")) for line in lines)
    credit = sum(Decimal(line.get("credit", "0")) for line in lines)
    if debit != credit:
        yield f"debits {debit} and credits {credit} differ"
    if (debit, credit) != (row.debit, row.credit):
        yield f"its lines sum to {debit} and {credit}, its totals say {row.debit} and {row.credit}"
    if said != (row.key, row.event, row.currency):
        yield f"its row is of another entry than {said}"


_POSTED: Mapping[str, Sequence[str]] = {
    "invoiced": ("invoice",),
    "credited": ("credit",),
    "captured": ("deposit", "capture"),
    "refunded": ("refund",),
}
"""A sum that the order keeps -> the events whose postings make it."""


def _money_faults(row: Any) -> Iterator[str]:
    """An order's postings sum to its invoices, credits and payments; a test order posts nothing."""
    state = json.loads(row.state)
    for kept, events in _POSTED.items():
        posted = getattr(row, kept) or ZERO
        expected = Decimal(state.get(kept, "0")) if row.usage == "production" else ZERO
        if posted != expected:
            yield f"{expected} were {kept}, but {posted} were posted by {' and '.join(events)}"


def _orders_with_their_postings() -> Select[Any]:
    """Orders all of whose entries say what they were worth, and whose every event had a rule."""
    of_order = journal_entry.c.order_id == order.c.id
    unknown = exists().where(of_order, journal_entry.c.worth.is_(None))
    unruled = exists().where(exception.c.order_id == order.c.id, exception.c.code == "posting-rule-missing")
    sums = [
        select(func.sum(journal_entry.c.worth)).where(of_order, journal_entry.c.event.in_(events)).scalar_subquery()
        for events in _POSTED.values()
    ]
    labelled = [total.label(kept) for kept, total in zip(_POSTED, sums, strict=True)]
    return select(order.c.id, order.c.usage, order.c.state, *labelled).where(~unknown, ~unruled)


BOOKS: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[str]]]] = {
    # what must hold -> the rows it is judged on, and the judge
    "quantity-conserved": (_orders_with_what_they_hold(), _order_faults),
    "backorder-rooted": (
        select(backorder.c.order_id.label("id"), backorder.c.sku, order.c.state).select_from(
            backorder.outerjoin(order, order.c.id == backorder.c.order_id)
        ),
        _backorder_faults,
    ),
    "stock-promised-once": (_stock_with_its_promises(), _stock_faults),
    "reservation-rooted": (
        select(reservation).where(
            or_(~exists().where(order.c.id == reservation.c.order_id), ~exists().where(*_here)),
        ),
        lambda row: iter([f"{row.quantity} are reserved for nobody or nowhere"]),
    ),
    "posting-balanced": (select(journal_entry), _posting_faults),
    "postings-whole": (_orders_with_their_postings(), _money_faults),
}

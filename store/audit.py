"""The audit: every invariant recomputed from the stored facts, row by row, from one consistent view."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from canonical.erasure import TOMBSTONE
from router.order import ZERO
from store.audit_trail import TRAIL
from store.database import Database
from store.digest import sha256
from store.tables import (
    delivery,
    document,
    exception,
    journal_entry,
    lane_entry,
    order,
    reservation,
    stock,
    transmission,
)
from store.watch_tables import erasure

_BUCKETS = ("cancelled", "open", "backordered", "allocated", "released", "shipped")
_ENTERED = ("waiting", "decided", "parked", "applied", "unhandled", "undecided", "unmatched")
_REFUSED = ("duplicate", "conflict", "rejected")
_SENT: Mapping[str, set[str | None]] = {
    "ready": {"due"},
    "delivered": {"delivered", "due"},
    "acknowledged": {"delivered", "due"},
    "refused": {"delivered", "due"},
    "undelivered": {"failed"},
    "withheld": {"withheld"},
    "withdrawn": {"withdrawn", None},
    "queued": {None},
    "declined": {None},
    "failed": {None},
}
"""An outgoing document's status and what its delivery's may then be. An answer may be due once more."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and where."""

    code: str
    where: str
    message: str


async def audit(database: Database) -> AsyncIterator[Violation]:
    """What does not hold; nothing when all is well."""
    async for name, row in database.stream([(name, statement) for name, (statement, _) in CHECKS.items()]):
        for fault in CHECKS[name][1](row):
            yield Violation(name, _where(row), fault)


def _where(row: Any) -> str:
    return "/".join(str(value) for value in row[: 1 if row._fields[0] == "id" else 2])


# --- orders and stock -----------------------------------------------------------------------------------------------


def _order_faults(row: Any) -> Iterator[str]:
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


def _reserved_by(*where: Any) -> Any:
    return select(func.sum(reservation.c.quantity)).where(*where).scalar_subquery()


# --- money ----------------------------------------------------------------------------------------------------------


def _posting_faults(row: Any) -> Iterator[str]:
    lines = json.loads(row.content)["lines"]
    debit = sum(Decimal(line.get("debit", "0")) for line in lines)
    credit = sum(Decimal(line.get("credit", "0")) for line in lines)
    if debit != credit:
        yield f"debits {debit} and credits {credit} differ"
    if (debit, credit) != (row.debit, row.credit):
        yield f"its lines sum to {debit} and {credit}, its totals say {row.debit} and {row.credit}"


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


# --- documents ------------------------------------------------------------------------------------------------------


def _is_whole(content: bytes, digest: str, erased: str | None) -> bool:
    """Whether bytes are those of the digest, or a tombstone whose record names the digest."""
    return sha256(content) == digest or (content == TOMBSTONE and erased == digest)


def _transmission_faults(row: Any) -> Iterator[str]:
    if not _is_whole(row.content, row.sha256, row.erased):
        yield "its bytes are not those that arrived"
    if row.status == "translated" and not row.documents:
        yield "it was translated, but nothing is kept of it"
    if row.status in ("rejected", "failed", "conflict") and not row.reported:
        yield f"it is {row.status}, and nobody was told"


def _incoming_faults(row: Any) -> Iterator[str]:
    if row.status not in _ENTERED + _REFUSED:
        yield f"nobody knows the status {row.status}"
    if row.status == "waiting" and not row.queued:
        yield "it waits, but not in a lane"
    if row.status in ("conflict", "rejected", "undecided", "unmatched", "unhandled") and not row.reported:
        yield f"it is {row.status}, and nobody was told"


def _outgoing_faults(row: Any) -> Iterator[str]:
    if row.status not in _SENT:
        yield f"nobody knows the status {row.status}"
    elif row.delivery not in _SENT[row.status]:
        yield f"it is {row.status}, but its delivery is {row.delivery}"
    if row.body is not None and not _is_whole(row.body, row.sha256, row.erased):
        yield "its bytes are not those that were rendered"


def _once_faults(row: Any) -> Iterator[str]:
    yield f"{row.kind} {row.identity} took effect {row.times} times"


def _erased(of: str, row_id: Any) -> Any:
    return select(erasure.c.digest).where(erasure.c.subject == f"{of}/" + row_id).scalar_subquery().label("erased")


def _reported(of: Any) -> Any:
    return exists().where(of).label("reported")


_here = reservation.c.sku == stock.c.sku, reservation.c.node == stock.c.node
_known_short = exists().where(
    exception.c.code == "stock-below-promises",
    exception.c.subject == stock.c.sku + "@" + stock.c.node,
)
_business = (document.c.partner, document.c.kind, document.c.usage, document.c.identity)

CHECKS: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[str]]]] = {
    # what must hold -> the rows it is judged on, and the judge
    "quantity-conserved": (
        select(
            order.c.id,
            order.c.usage,
            order.c.state,
            _reserved_by(reservation.c.order_id == order.c.id).label("reserved"),
        ),
        _order_faults,
    ),
    "stock-promised-once": (
        select(stock, _reserved_by(*_here).label("promised"), _known_short.label("known_short")),
        _stock_faults,
    ),
    "reservation-rooted": (
        select(reservation).where(
            or_(
                ~exists().where(order.c.id == reservation.c.order_id),
                ~exists().where(*_here),
            )
        ),
        lambda row: iter([f"{row.quantity} are reserved for nobody or nowhere"]),
    ),
    **TRAIL,
    "posting-balanced": (select(journal_entry), _posting_faults),
    "postings-whole": (_orders_with_their_postings(), _money_faults),
    "transmission-kept": (
        select(
            transmission,
            exists().where(document.c.transmission == transmission.c.id).label("documents"),
            _reported(exception.c.transmission == transmission.c.id),
            _erased("transmission", transmission.c.id),
        ),
        _transmission_faults,
    ),
    "document-accounted": (
        select(
            document.c.id,
            document.c.status,
            exists().where(lane_entry.c.document == document.c.id, lane_entry.c.status == "waiting").label("queued"),
            _reported(exception.c.document == document.c.id),
        ).where(document.c.direction == "in"),
        _incoming_faults,
    ),
    "document-delivered": (
        select(
            document.c.id,
            document.c.status,
            document.c.body,
            document.c.sha256,
            delivery.c.status.label("delivery"),
            _erased("document", document.c.id),
        )
        .outerjoin(delivery, delivery.c.document == func.coalesce(document.c.carrier, document.c.id))
        .where(document.c.direction == "out"),
        _outgoing_faults,
    ),
    "effect-once": (
        select(*_business, func.count().label("times"))
        .where(document.c.direction == "in", document.c.identity != "", document.c.status.notin_(_REFUSED))
        .group_by(*_business)
        .having(func.count() > 1),
        _once_faults,
    ),
}

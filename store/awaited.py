"""What is awaited: each document's receipt, acknowledgment and answer, ours and theirs, and by when."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import func, or_, select, update

from canonical import Document, FulfilmentOrder, PurchaseOrder
from router.correspondence import EXPECTED, OWED, RECEIPT, TECHNICAL
from store.database import Transaction
from store.exceptions import resolve
from store.tables import document
from store.watch_tables import awaited

Way = Literal["expected", "owed"]
"""What they owe us, and what we owe them."""

ACKNOWLEDGMENT = "Acknowledgment"
_UNMET = ("open", "overdue", "given_up")


def await_answers(transaction: Transaction, document_id: str, to: str, sent: Document) -> None:
    """Begin to wait for what a document just rendered calls for: its receipt, its acknowledgment, its answer."""
    numbered = sent.number if isinstance(sent, FulfilmentOrder | PurchaseOrder) else None
    rows = []
    for kind in _called_for(sent):
        within = transaction.agreed.expected(to, kind)
        if within is not None:
            number = numbered if kind in EXPECTED.get(sent.kind, ()) else None
            rows.append(_row(transaction, document_id, "expected", kind, to, within) | {"number": number})
    transaction.insert(awaited, *rows)
    if isinstance(sent, FulfilmentOrder) and sent.purpose == "cancel":
        _recalled(transaction, to, sent.number)


def _recalled(transaction: Transaction, to: str, number: str) -> None:
    """Nobody is expected to ship what was called back."""
    here = (awaited.c.partner == to) & (awaited.c.number == number) & (awaited.c.status == "open")
    transaction.execute(update(awaited).where(here).values(status="given_up"))


def _called_for(sent: Document) -> Iterator[str]:
    yield RECEIPT
    if sent.kind in (ACKNOWLEDGMENT, "OrderEvent"):
        return
    yield from (ACKNOWLEDGMENT, TECHNICAL)
    if not (isinstance(sent, FulfilmentOrder) and sent.purpose == "cancel"):
        yield from EXPECTED.get(sent.kind, ())


def owe_acknowledgment(transaction: Transaction, transmission_id: str, to: str | None) -> None:
    """Begin to owe the sender of a transmission its acknowledgment."""
    within = transaction.agreed.due(to, ACKNOWLEDGMENT) if to else None
    if to and within is not None:
        transaction.insert(awaited, _row(transaction, transmission_id, "owed", ACKNOWLEDGMENT, to, within))


def owe_answers(transaction: Transaction, document_id: str, kind: str, order_id: str) -> None:
    """Begin to owe an order's channel what a document that came for it calls for."""
    channel = order_id.partition("/")[0]
    for owed in OWED.get(kind, ()):
        within = transaction.agreed.due(channel, owed)
        if within is not None:
            row = _row(transaction, document_id, "owed", owed, channel, within) | {"order_id": order_id}
            transaction.ensure(awaited, row)


def _row(
    transaction: Transaction, document_id: str, way: Way, kind: str, partner: str, within: timedelta
) -> dict[str, Any]:
    now = transaction.now
    row = {"document": document_id, "way": way, "kind": kind, "partner": partner, "status": "open"}
    return row | {"since": now, "due": now + within, "number": None, "order_id": None}


# --- what came ------------------------------------------------------------------------------------------------------


def delivered(transaction: Transaction, document_id: str, to: str, kind: str) -> None:
    """A document was taken: its receipt is here, and what we owed by it is paid."""
    if transaction.agreed.expected(to, RECEIPT) is not None:
        _settle(transaction, awaited.c.document == document_id, _is("expected", RECEIPT))
    if transaction.agreed.due(to, kind) is not None:
        cause = select(func.coalesce(document.c.source_document, document.c.transmission))
        called_by = cause.where(document.c.id == document_id).scalar_subquery()
        _settle(transaction, awaited.c.document == called_by, _is("owed", kind), awaited.c.partner == to)


def acknowledged(transaction: Transaction, document_id: str, kind: str = ACKNOWLEDGMENT) -> None:
    """Its receiver's verdict on a document came; it was received, whatever the verdict."""
    _settle(transaction, awaited.c.document == document_id, awaited.c.way == "expected", awaited.c.kind == kind)


def answered(transaction: Transaction, partner: str, kind: str, number: str) -> None:
    """`partner` sent the document of `kind` that one of ours, of this number, called for."""
    if transaction.agreed.expected(partner, kind) is not None:
        _settle(transaction, awaited.c.partner == partner, awaited.c.number == number, _is("expected", kind))


def _is(way: Way, kind: str) -> Any:
    return (awaited.c.way == way) & (awaited.c.kind == kind)


def _settle(transaction: Transaction, *which: Any) -> None:
    """Close what was awaited, and the exception that it was overdue."""
    met = (
        update(awaited)
        .where(*which, awaited.c.status.in_(_UNMET))
        .values(status="met", settled_at=transaction.now)
        .returning(awaited.c.exception)
    )
    resolve(transaction, [one for one in transaction.execute(met).scalars() if one], "crossdock: it came")


# --- what will not come ---------------------------------------------------------------------------------------------


def give_up(transaction: Transaction, document_id: str) -> None:
    """Wait no longer for answers to a document that could not be delivered: that is an exception of its own."""
    _restate(transaction, document_id, ("open",), status="given_up")


def begin_again(transaction: Transaction, document_id: str) -> None:
    """A document goes out once more: every deadline that it set runs from now."""
    afresh = transaction.now - awaited.c.since + awaited.c.due
    _restate(transaction, document_id, ("given_up", "overdue"), status="open", due=afresh, since=transaction.now)


def _restate(transaction: Transaction, document_id: str, held: Sequence[str], **values: Any) -> None:
    here = (awaited.c.document == document_id) & (awaited.c.way == "expected") & awaited.c.status.in_(held)
    transaction.execute(update(awaited).where(here).values(**values))


def of_order(order_id: str, documents: Sequence[str]) -> Any:
    """What is or was awaited for an order: by it, or by any of its documents."""
    return select(awaited).where(or_(awaited.c.order_id == order_id, awaited.c.document.in_(documents)))

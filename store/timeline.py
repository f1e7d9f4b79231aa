"""One order's story: its documents, events, deliveries and exceptions in the sequence they happened."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from router.correspondence import RECEIPT, TECHNICAL
from store import rows
from store.awaited import of_order
from store.database import Transaction
from store.events import events_of
from store.tables import attempt, decision, delivery, document, exception


def order_story(transaction: Transaction, order_id: str) -> dict[str, Any]:
    """Everything about an order beside its state: documents, decisions, deliveries, exceptions and the timeline."""
    documents = _all(transaction, select(document).where(document.c.order_id == order_id).order_by(document.c.at))
    ids = [row.id for row in documents]
    deliveries = _all(transaction, select(delivery).where(delivery.c.document.in_(ids)))
    attempts = _all(transaction, select(attempt).where(attempt.c.delivery.in_(ids)))
    about = (exception.c.order_id == order_id) | exception.c.document.in_(ids)
    exceptions = _all(transaction, select(exception).where(about).order_by(exception.c.at))
    made = select(decision).where(decision.c.order_id == order_id).order_by(decision.c.at, decision.c.id)
    decisions = _all(transaction, made)
    events = sorted((event for row in decisions for event in events_of(row)), key=attrgetter("seq"))
    awaited = _all(transaction, of_order(order_id, ids))
    told = [*_of_documents(documents), *_of_events(events), *_of_attempts(attempts), *_of_exceptions(exceptions)]
    told += _of_awaited(awaited)
    return {
        "timeline": sorted(told, key=lambda entry: str(entry["at"])),
        "explanations": [rows.shown_decision(row) for row in decisions],
        "documents": [rows.shown_document(row) for row in documents],
        "deliveries": [rows.shown_delivery(row) for row in deliveries],
        "exceptions": [rows.shown_exception(row) for row in exceptions],
        "events": [rows.shown_event(row) for row in events],
        "awaited": [rows.shown_awaited(row) for row in awaited],
    }


def _all(transaction: Transaction, statement: Any) -> Sequence[Any]:
    return transaction.execute(statement).all()


def _of_documents(documents: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in documents:
        if row.direction == "own":
            continue
        what = "received" if row.direction == "in" else "sent"
        yield {
            "at": rows.moment(row.at),
            "what": f"document_{what}",
            "kind": row.kind,
            "partner": row.partner,
            "detail": f"{row.identity} {row.status}",
            "document": row.id,
        }


def _of_events(events: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in events:
        yield {"at": rows.moment(row.at), "what": "event", "kind": row.kind, "seq": row.seq, "detail": row.facts}


def _of_attempts(attempts: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in attempts:
        yield {
            "at": rows.moment(row.at),
            "what": "delivery",
            "kind": "delivered" if row.succeeded else "delivery_failed",
            "detail": row.outcome,
            "document": row.delivery,
        }


def _of_exceptions(exceptions: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in exceptions:
        yield {
            "at": rows.moment(row.at),
            "what": "exception",
            "kind": row.code,
            "detail": row.reason,
            "document": row.document,
        }


def _of_awaited(awaited: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """What was awaited and came, in time or not, and what is overdue; deadlines still open are listed beside it."""
    for row in awaited:
        if row.status not in ("met", "overdue") or row.kind == RECEIPT:
            continue
        name = "acknowledged" if row.kind in ("Acknowledgment", TECHNICAL) and row.way == "expected" else "answered"
        came = row.status == "met"
        yield {
            "at": rows.moment(row.settled_at if came else row.due),
            "what": "awaited",
            "kind": (name if came else "overdue") + ("_late" if came and row.exception else ""),
            "partner": row.partner,
            "detail": f"{row.kind} {'from' if row.way == 'expected' else 'to'} {row.partner}",
            "document": row.document,
        }

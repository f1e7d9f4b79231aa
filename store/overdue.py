"""What is overdue becomes an exception, unless it was never called for after all."""

from typing import Any

from sqlalchemy import select

from router.correspondence import RECEIPT
from store.awaited import ACKNOWLEDGMENT
from store.database import Transaction
from store.exceptions import About, open_exception
from store.tables import document, transmission
from store.watch_tables import awaited

_CLOSED_UNSENT = ("declined", "withheld")
_CODES = {RECEIPT: "receipt-overdue", ACKNOWLEDGMENT: "acknowledgment-overdue", "TA1": "acknowledgment-overdue"}


def report_overdue(transaction: Transaction, limit: int) -> int:
    """Turn what is awaited and overdue into exceptions; how many rows were looked at."""
    due = select(awaited).where(awaited.c.status == "open", awaited.c.due <= transaction.now).order_by(awaited.c.due)
    rows = transaction.execute(due.limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        raised = None if row.way == "owed" and not _called_for(transaction, row) else _raise(transaction, row)
        keys = {"document": row.document, "way": row.way, "kind": row.kind}
        transaction.update(awaited, keys, status="overdue" if raised else "waived", exception=raised)
    return len(rows)


def _called_for(transaction: Transaction, row: Any) -> bool:
    """Whether we still owe it: what was decided without such a document, or is not theirs to get, owes none."""
    made = select(document.c.status).where(document.c.partner == row.partner, document.c.kind == row.kind)
    if row.order_id is None:
        begun = select(transmission.c.status).where(transmission.c.id == row.document)
        made = made.where(document.c.transmission == row.document, document.c.direction == "out")
    else:
        begun = select(document.c.status).where(document.c.id == row.document)
        made = made.where(document.c.source_document == row.document, document.c.order_id == row.order_id)
    unfinished = transaction.execute(begun).scalar_one_or_none() in ("received", "waiting", "parked", "undecided")
    return unfinished or bool(set(transaction.execute(made).scalars()) - {*_CLOSED_UNSENT})


def _raise(transaction: Transaction, row: Any) -> str:
    about = select(document.c.kind, document.c.identity, document.c.order_id, document.c.status)
    cause = transaction.execute(about.where(document.c.id == row.document)).one_or_none()
    owed = row.way == "owed"
    code = "answer-overdue" if owed else _CODES.get(row.kind, "document-overdue")
    facts = {"severity": "warning", "partner": row.partner, "awaited": row.kind, "due": row.due.isoformat()}
    return open_exception(
        transaction,
        code,
        _owed(row, cause) if owed else _expected(row, cause),
        About(
            order_id=row.order_id or (cause.order_id if cause else None),
            document=row.document if cause else None,
            transmission=None if cause else row.document,
            owner="order desk" if owed else "integration desk",
            facts=facts | {"since": row.since.isoformat()},
        ),
    )


def _owed(row: Any, cause: Any) -> str:
    what = f"{cause.kind} {cause.identity}" if cause else "their transmission"
    return f"we owe {row.partner} the {row.kind} for {what} since {_moment(row)}"


def _expected(row: Any, cause: Any) -> str:
    if row.kind == RECEIPT:
        return f"{cause.kind} {cause.identity} is not delivered to {row.partner}; it should be since {_moment(row)}"
    untaken = "; it is not delivered yet" if cause.status in ("ready", "queued") else ""
    return f"{row.partner} owes us the {row.kind} for {cause.kind} {cause.identity} since {_moment(row)}{untaken}"


def _moment(row: Any) -> str:
    return f"{row.due:%Y-%m-%d %H:%M} UTC"

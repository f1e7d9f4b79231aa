"""To whom erased documents had been handed: they hold copies that nobody here can reach, and must be told."""

from collections.abc import Sequence

from sqlalchemy import func, select

from canonical.erasure import Recipient
from store.awaited import ACKNOWLEDGMENT
from store.database import Transaction
from store.tables import attempt, delivery, document
from store.watch_tables import erasure

_HANDED_AT = (
    select(func.max(attempt.c.at))
    .where(attempt.c.delivery == delivery.c.document, attempt.c.succeeded)
    .correlate(delivery)
    .scalar_subquery()
    .label("handed_at")
)


def recipients(transaction: Transaction, after: int) -> Sequence[Recipient]:
    """Who was handed what is erased by the records behind that number; acknowledgments name nobody."""
    erased = (
        select(document.c.id, document.c.kind, delivery.c.destination, _HANDED_AT)
        .join(delivery, delivery.c.document == document.c.id)
        .join(erasure, erasure.c.subject == "document/" + document.c.id)
        .where(erasure.c.seq > after, document.c.kind != ACKNOWLEDGMENT)
        .order_by(erasure.c.seq)
    )
    return [
        Recipient(row.id, row.kind, row.destination, row.handed_at)
        for row in transaction.execute(erased)
        if row.handed_at
    ]

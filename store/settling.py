"""The buttons on an exception: resolve it, or try again what it is about."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from sqlalchemy import select, update

from canonical.erasure import TOMBSTONE
from store.awaited import begin_again
from store.database import Transaction
from store.documents import mark
from store.lane_queue import PATIENCE
from store.tables import delivery, document, exception, lane, lane_entry, transmission


def settle(transaction: Transaction, wanted: str, action: Literal["retry", "resolve"], by: str) -> bool:
    """Settle an open exception. False when it is not open, or there is nothing to try again."""
    here = select(exception).where(exception.c.id == wanted, exception.c.status == "open").with_for_update()
    found = transaction.execute(here).one_or_none()
    if found is None or (action == "retry" and not _retry(transaction, found)):
        return False
    settled = {"status": "resolved" if action == "resolve" else "retried", "settled_by": by}
    changed = update(exception).where(exception.c.id == wanted)
    transaction.execute(changed.values(settled_at=transaction.now, **settled))
    return True


def _retry(transaction: Transaction, found: Any) -> bool:
    if found.document is None:
        return _translate_again(transaction, found.transmission)
    row = transaction.execute(select(document).where(document.c.id == found.document)).one()
    retry = _BY_STATUS.get(row.status)
    if retry is None:
        return False
    retry(transaction, row)
    return True


def _translate_again(transaction: Transaction, transmission_id: str | None) -> bool:
    again = (
        update(transmission)
        .where(
            transmission.c.id == transmission_id,
            transmission.c.status.in_(("failed", "rejected")),
            transmission.c.content != TOMBSTONE,
        )
        .values(status="received", due=transaction.now, attempts=0, token=None)
    )
    return transaction.execute(again).rowcount > 0


def _deliver_again(transaction: Transaction, row: Any) -> None:
    mark(transaction, row.id, status="ready")
    transaction.update(document, {"carrier": row.id}, status="ready")
    begin_again(transaction, row.id)
    here = update(delivery).where(delivery.c.document == row.id)
    transaction.execute(here.values(status="due", due=transaction.now, token=None))


def _render_again(transaction: Transaction, row: Any) -> None:
    mark(transaction, row.id, status="queued", due=transaction.now, token=None)


def _decide_again(transaction: Transaction, row: Any) -> None:
    mark(transaction, row.id, status="waiting")
    entry = (lane_entry.c.lane == row.order_id) & (lane_entry.c.document == row.id)
    transaction.execute(update(lane_entry).where(entry).values(status="waiting"))
    here = update(lane).where(lane.c.id == row.order_id)
    transaction.execute(here.values(pending=lane.c.pending + 1))


def _match_again(transaction: Transaction, row: Any) -> None:
    """A document that found its order decides again; one that never did waits for it once more."""
    if row.order_id is not None:
        _decide_again(transaction, row)
    else:
        mark(transaction, row.id, status="parked", due=transaction.now + PATIENCE)


_BY_STATUS: Mapping[str, Callable[[Transaction, Any], None]] = {
    "undelivered": _deliver_again,
    "failed": _render_again,
    "undecided": _decide_again,
    "unmatched": _match_again,
}

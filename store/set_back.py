"""Work that a clock, set back since, left lying in the future: it is due now.

A clock that jumps ahead lets leases run out early, which fencing tokens and stable keys make harmless.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, or_, update

from store.database import Transaction
from store.tables import attempt, delivery, document, lane, transmission

_FURTHEST = timedelta(minutes=5)
"""Longer than any lease, and than any wait of work inside the hub."""


def bring_back(transaction: Transaction) -> int:
    """Make due what can only lie so far ahead because the clock was set back; how much that was."""
    ahead = transaction.now + _FURTHEST
    found = 0
    for table, waiting in (
        (transmission, transmission.c.status == "received"),
        (lane, lane.c.pending > 0),
        (document, document.c.status == "queued"),
        (delivery, (delivery.c.status == "due") & _from_the_future(transaction)),
    ):
        due = update(table).where(waiting, table.c.due > ahead).values(due=transaction.now, token=None)
        found += transaction.execute(due).rowcount
    return found


def _from_the_future(transaction: Transaction) -> ColumnElement[bool]:
    """A delivery may well be due in hours, but nobody tried or rendered it later than now."""
    written = exists().where(document.c.id == delivery.c.document, document.c.at > transaction.now)
    tried = exists().where(attempt.c.delivery == delivery.c.document, attempt.c.at > transaction.now)
    return or_(written, tried)

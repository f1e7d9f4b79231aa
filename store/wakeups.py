"""When orders look at themselves again: their wishes as rows, and the due ones as work in their lanes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from store.database import Transaction
from store.lane_queue import enqueue
from store.shapes import Shape
from store.tables import lane
from store.watch_tables import wakeup
from store.writing import Writing


def note_wakeups(writing: Writing) -> None:
    """Keep when the order wants to be looked at again; of one name there is one wish."""
    transaction = writing.transaction
    for wish in writing.made.wake:
        key = {"order_id": writing.lane.key, "name": wish.name}
        if wish.at is None:
            transaction.apply(_FORGET, {"of_order": writing.lane.key, "named": wish.name})
            continue
        transaction.ensure(wakeup, key | {"cause": wish.cause, "due": wish.at})
        transaction.set(wakeup, key, cause=wish.cause, due=wish.at)


def wake(transaction: Transaction, limit: int) -> int:
    """Turn wishes that are due into work in their orders' lanes, each once; how many.

    Who decides on an order holds its lane before its wishes, so they are locked in that sequence here too; an order
    that is being decided on is passed over until the next time.
    """
    due = wakeup.c.due <= transaction.now
    wanted = select(wakeup.c.order_id).where(due).order_by(wakeup.c.due).limit(limit)
    orders = set(transaction.execute(wanted).scalars())
    if not orders:
        return 0
    free = select(lane.c.id).where(lane.c.id.in_(orders)).order_by(lane.c.id).with_for_update(skip_locked=True)
    held = transaction.execute(free).scalars().all()
    rows = _take(transaction, held)
    for row in rows:
        enqueue(transaction, row.order_id, transaction.new_id(), cause=row.cause)
    return len(rows)


def _take(transaction: Transaction, orders: Sequence[str]) -> Sequence[Any]:
    here = wakeup.c.order_id.in_(orders), wakeup.c.due <= transaction.now
    rows = transaction.execute(select(wakeup).where(*here).order_by(wakeup.c.due, wakeup.c.order_id)).all()
    transaction.execute(delete(wakeup).where(*here))
    return rows


def _forget(_dialect: str) -> Any:
    return delete(wakeup).where(wakeup.c.order_id == bindparam("of_order"), wakeup.c.name == bindparam("named"))


_FORGET = Shape(_forget)

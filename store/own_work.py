"""Work for one order that no partner sent: it waits in the order's lane like any document."""

from typing import Any

from sqlalchemy import or_, select

from router.own_work import FulfilmentRefused, Reconsider, ReturnVerdict, Settlement, Unanswered
from store.database import Transaction
from store.documents import written
from store.lane_queue import enqueue
from store.tables import document, order

OURSELVES = "crossdock"
"""The sender of such work."""


def order_named(transaction: Transaction, wanted: str) -> Any:
    """The order's row by its id, else the newest of its number; None when there is none."""
    return transaction.execute(
        select(order.c.id, order.c.state, order.c.usage)
        .where(or_(order.c.id == wanted, order.c.number == wanted))
        .order_by((order.c.id == wanted).desc(), order.c.created_at.desc())
        .limit(1)
    ).one_or_none()


OwnWork = FulfilmentRefused | Reconsider | ReturnVerdict | Settlement | Unanswered


def enter(transaction: Transaction, work_id: str, work: OwnWork) -> None:
    """Put work into its order's lane."""
    row: dict[str, Any] = {
        "id": work_id,
        "direction": "own",
        "partner": OURSELVES,
        "kind": work.kind,
        "identity": work.identity,
    }
    row |= {"usage": work.usage, "status": "waiting", "at": transaction.now, "order_id": work.order}
    transaction.insert(document, row | {"content": written(work)})
    enqueue(transaction, work.order, work_id)

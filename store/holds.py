"""Holds lifted by people: work for one order that waits in its lane like any document."""

import json
from typing import Any

from sqlalchemy import or_, select

from router.decision import Reconsider
from store.database import Database, Transaction
from store.documents import written
from store.exceptions import resolve
from store.lane_queue import enqueue
from store.lanes import OURSELVES
from store.tables import document, exception, order


class Holds:
    """The gates that stop orders, as far as people may open them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def release(self, wanted: str, kind: str, by: str) -> str | None:
        """Have an order, by id or number, decided again without its hold of this kind. Its id; None without one."""
        return await self._database.write(lambda transaction: _release(transaction, wanted, kind, by))


def _release(transaction: Transaction, wanted: str, kind: str, by: str) -> str | None:
    found = transaction.execute(
        select(order.c.id, order.c.state, order.c.usage)
        .where(or_(order.c.id == wanted, order.c.number == wanted))
        .order_by((order.c.id == wanted).desc(), order.c.created_at.desc())
        .limit(1)
    ).one_or_none()
    if found is None or kind not in {hold["kind"] for hold in json.loads(found.state)["holds"]}:
        return None
    work_id = transaction.new_id()
    work = Reconsider(
        usage=found.usage, number=work_id, order=found.id, cause=f"{by} lifted {kind}", lifts=(kind,), by=by
    )
    row: dict[str, Any] = {
        "id": work_id,
        "direction": "own",
        "partner": OURSELVES,
        "kind": work.kind,
        "identity": work.identity,
    }
    row |= {"usage": found.usage, "status": "waiting", "at": transaction.now, "order_id": found.id}
    transaction.insert(document, row | {"content": written(work)})
    enqueue(transaction, found.id, work_id)
    _resolve(transaction, found.id, kind, by)
    return str(found.id)


def _resolve(transaction: Transaction, order_id: str, kind: str, by: str) -> None:
    """Close what was put before a person because of the hold."""
    asked = select(exception.c.id, exception.c.facts).where(
        exception.c.order_id == order_id, exception.c.code == "order-held", exception.c.status == "open"
    )
    resolve(transaction, [row.id for row in transaction.execute(asked) if row.facts.get("hold") == kind], by)

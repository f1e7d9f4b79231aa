"""Holds placed and lifted by people: work for one order that waits in its lane like any document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from canonical import Rejected
from router.lookups import WantedHold
from router.order import Hold
from router.own_work import Reconsider
from store.database import Database, Transaction
from store.exceptions import resolve
from store.own_work import enter, order_named
from store.tables import exception, order


class Holds:
    """The gates that stop orders, as far as people may open them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def release(self, wanted: str, kind: str, by: str) -> str | None:
        """Have an order, by id or number, decided again without its hold of this kind. Its id; None without one."""
        return await self._database.write(lambda transaction: _release(transaction, wanted, kind, by))

    async def place(self, wanted: str, hold: WantedHold, by: str) -> str | None:
        """Have an order, by id or number, held. Its id; None without such an order."""
        return await self._database.write(lambda transaction: _place(transaction, wanted, hold, by))

    async def waiting(self) -> Sequence[Mapping[str, Any]]:
        """Every hold in force, the oldest order first."""
        held = select(order).where(order.c.status == "held").order_by(order.c.created_at, order.c.id)
        return await self._database.read(
            lambda transaction: [hold for row in transaction.execute(held) for hold in _shown(row)]
        )


def _shown(row: Any) -> list[dict[str, Any]]:
    whose = {"order": row.id, "number": row.number, "channel": row.channel}
    return [{**whose, **hold} for hold in json.loads(row.state)["holds"]]


def _place(transaction: Transaction, wanted: str, hold: WantedHold, by: str) -> str | None:
    found = order_named(transaction, wanted)
    if found is None:
        return None
    placed = Hold(
        kind=hold.kind, gate=hold.gate, reason=hold.reason, placed_at=transaction.now, placed_by=by, owner=hold.owner,
        within=hold.within, deadline=transaction.now + hold.within if hold.within else None,
        on_silence=hold.on_silence, two_people=hold.two_people,
    )  # fmt: skip
    work_id, cause = transaction.new_id(), f"{by} placed {hold.kind}"
    work = Reconsider(usage=found.usage, number=work_id, order=found.id, cause=cause, places=(placed,), by=by)
    enter(transaction, work_id, work)
    return str(found.id)


def _release(transaction: Transaction, wanted: str, kind: str, by: str) -> str | None:
    found = order_named(transaction, wanted)
    holds = json.loads(found.state)["holds"] if found else ()
    held = next((Hold.model_validate(hold) for hold in holds if hold["kind"] == kind), None)
    if found is None or held is None:
        return None
    if why := held.why_kept(by):
        raise Rejected(why)
    work_id = transaction.new_id()
    work = Reconsider(
        usage=found.usage, number=work_id, order=found.id, cause=f"{by} lifted {kind}", lifts=(kind,), by=by
    )
    enter(transaction, work_id, work)
    _resolve(transaction, found.id, kind, by)
    return str(found.id)


def _resolve(transaction: Transaction, order_id: str, kind: str, by: str) -> None:
    """Close what was put before a person because of the hold."""
    asked = select(exception.c.id, exception.c.facts).where(
        exception.c.order_id == order_id, exception.c.code == "order-held", exception.c.status == "open"
    )
    resolve(transaction, [row.id for row in transaction.execute(asked) if row.facts.get("hold") == kind], by)

"""Returns that wait for a person, and the person's word: work for one order that waits in its lane."""

import json
from typing import Literal

from sqlalchemy import select

from router.own_work import ReturnVerdict
from store.database import Database, Transaction
from store.exceptions import resolve
from store.own_work import enter, order_named
from store.tables import exception


class Returns:
    """The returns that people decide about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(self, wanted: str, number: str, verdict: Literal["authorize", "deny"], by: str) -> str | None:
        """Have a waiting return of an order, by id or number, decided. The order's id; None when none waits."""
        return await self._database.write(lambda transaction: _settle(transaction, wanted, number, verdict, by))


def _settle(
    transaction: Transaction, wanted: str, number: str, verdict: Literal["authorize", "deny"], by: str
) -> str | None:
    found = order_named(transaction, wanted)
    if found is None or number not in _waiting(found.state):
        return None
    work_id = transaction.new_id()
    said = ReturnVerdict(usage=found.usage, number=work_id, order=found.id, returned=number, verdict=verdict, by=by)
    enter(transaction, work_id, said)
    _resolve(transaction, found.id, number, by)
    return str(found.id)


def _waiting(state: str) -> set[str]:
    return {one["number"] for one in json.loads(state)["returns"] if one["standing"] == "waiting"}


def _resolve(transaction: Transaction, order_id: str, number: str, by: str) -> None:
    """Close what was put before a person because of the return."""
    asked = select(exception.c.id, exception.c.facts).where(
        exception.c.order_id == order_id, exception.c.code == "return-waits", exception.c.status == "open"
    )
    resolve(transaction, [row.id for row in transaction.execute(asked) if row.facts.get("returned") == number], by)

"""The past as hindsight wants it: decisions to make again, and the course of each order."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select

from router.kpis import Course
from router.order import Order
from router.ports import MadeDecision
from store.database import Database, Transaction
from store.events import facts_of
from store.made import MADE, made_decision
from store.tables import configuration, decision, exception, order

_TOLD = ("line_shipped", "line_fell_short")


class History:
    """Satisfies `router.hindsight.History`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decisions(
        self, *, order: str | None = None, since: datetime | None = None
    ) -> AsyncIterator[MadeDecision]:
        """The decisions on one order, or on every order that came since, order by order, as they were made."""
        wanted = MADE
        if order is not None:
            wanted = wanted.where(decision.c.order_id == order)
        if since is not None:
            wanted = wanted.where(decision.c.order_id.in_(_came_since(since)))
        async for _, row in self._database.stream([("decision", wanted)]):
            yield made_decision(row)

    async def courses(self, since: datetime | None = None) -> AsyncIterator[Course]:
        """The course of every order that came since, as of one instant."""
        for course in await self._database.read(lambda transaction: _courses(transaction, since)):
            yield course

    async def configuration(self, digest: str) -> str | None:
        """The configuration of this digest, in JSON."""
        wanted = select(configuration.c.content).where(configuration.c.digest == digest)
        return await self._database.read(lambda transaction: transaction.execute(wanted).scalar_one_or_none())


def _came_since(since: datetime | None) -> Select[tuple[str]]:
    wanted = select(order.c.id)
    return wanted if since is None else wanted.where(order.c.created_at >= since)


def _courses(transaction: Transaction, since: datetime | None) -> list[Course]:
    came = _came_since(since)
    orders = transaction.execute(select(order).where(order.c.id.in_(came)).order_by(order.c.created_at, order.c.id))
    columns = (decision.c.order_id, decision.c.at, decision.c.explanation, decision.c.events)
    made = select(*columns).where(decision.c.order_id.in_(came)).order_by(decision.c.order_id, decision.c.first_event)
    made_of = _by_order(transaction.execute(made))
    counted = select(exception.c.order_id, func.count().label("times")).where(exception.c.order_id.in_(came))
    worried = {row.order_id: row.times for row in transaction.execute(counted.group_by(exception.c.order_id))}
    return [_course(row, made_of.get(row.id, ()), worried.get(row.id, 0)) for row in orders.all()]


def _by_order(rows: Any) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.order_id, []).append(row)
    return grouped


def _course(row: Any, made: Sequence[Any], exceptions: int) -> Course:
    told = [(kind, one.at, facts) for one in made for kind, facts in facts_of(one, _TOLD)]
    shipments: Mapping[str, tuple[datetime, str]] = {
        facts["shipment"]: (at, facts["node"]) for kind, at, facts in told if kind == "line_shipped"
    }
    return Course(
        order=Order.model_validate_json(row.state),
        received_at=row.created_at,
        shipped=tuple(shipments.values()),
        short=any(kind == "line_fell_short" for kind, _, _ in told),
        exceptions=exceptions,
        cost=sum((Decimal(json.loads(one.explanation).get("cost") or 0) for one in made), Decimal(0)),
    )

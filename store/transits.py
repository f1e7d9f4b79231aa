"""How long shipments took from each node to each region, counted by the week in which they came."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Date, Index, Integer, String, Table, bindparam, func, select, update

from router.transit import Transit, TransitRow
from store.database import Transaction
from store.shapes import Shape, among
from store.tables import metadata

transit = Table(
    "transit",
    metadata,
    Column("region", String, primary_key=True),
    Column("week", Date, primary_key=True),
    Column("node", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("shipments", Integer, nullable=False),
)
Index("transit_by_week", transit.c.week)


def transits_to(transaction: Transaction, regions: Sequence[str], since: date) -> list[TransitRow]:
    """What is known of the shipments to these regions that came in the week of a day or later."""
    rows = transaction.ask(_TO, wanted=list(regions), since=_week(since))
    return [TransitRow(row.node, row.region, row.service, row.days, int(row.total)) for row in rows]


def count_transits(transaction: Transaction, came: Sequence[Transit]) -> None:
    """Count shipments that came."""
    for one in came:
        transaction.together(_count, one)


def _count(transaction: Transaction, came: Sequence[Transit]) -> None:
    """All of a transaction in one sequence, which others keep too."""
    keys = sorted((one.region, _week(one.came_on), one.node, one.service, one.days) for one in came)
    for key in keys:
        transaction.ensure(transit, dict(zip(_KEY, key, strict=True), shipments=0))
    transaction.apply(_ONE_MORE, *(dict(zip(_BOUND, key, strict=True)) for key in keys))


def _week(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


_KEY = ("region", "week", "node", "service", "days")
_BOUND = tuple(f"of_{name}" for name in _KEY)


def _one_more(_dialect: str) -> Any:
    columns = [transit.c[name] for name in _KEY]
    here = (one == bindparam(bound, type_=one.type) for one, bound in zip(columns, _BOUND, strict=True))
    return update(transit).where(*here).values(shipments=transit.c.shipments + 1)


_ONE_MORE = Shape(_one_more)
_OF = (transit.c.node, transit.c.region, transit.c.service, transit.c.days)
_TO = Shape(
    lambda on: (
        select(*_OF, func.sum(transit.c.shipments).label("total"))
        .where(among(on, transit.c.region), transit.c.week >= bindparam("since", type_=transit.c.week.type))
        .group_by(*_OF)
        .order_by(*_OF)
    )
)

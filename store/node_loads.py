"""What nodes have taken on by day. As with stock, nothing is added but under a lock on its row."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, String, Table, bindparam, select, tuple_, update

from router.load import Load, LoadChange, NodeLoad, fits
from router.ports import Stale
from store.columns import Exact
from store.database import Transaction
from store.tables import metadata

node_load = Table(
    "node_load",
    metadata,
    Column("node", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("orders", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("units", Exact, nullable=False),
    Column("version", BigInteger, nullable=False),
)

Place = tuple[str, date]


def current_loads(transaction: Transaction) -> list[NodeLoad]:
    """The loads from yesterday on, by node and day: somewhere it may still be that day."""
    since = transaction.now.date() - timedelta(days=1)
    wanted = select(node_load).where(node_load.c.day >= since).order_by(node_load.c.node, node_load.c.day)
    return [_load(row) for row in transaction.execute(wanted)]


class Loads:
    """The rows that a group of decisions changes, locked in one order, and their changes folded to one a row."""

    def __init__(self, transaction: Transaction, changes: Iterable[LoadChange]) -> None:
        self._transaction = transaction
        places = sorted({(change.node, change.day) for change in changes})
        for node, day in places:
            transaction.ensure(node_load, _row(node, day, Load()) | {"version": 1})
        self._before = {(row.node, row.day): row.load for row in _locked(transaction, places)}
        self._now = dict(self._before)

    def check(self, changes: Iterable[LoadChange]) -> None:
        """Raise `Stale` where a decision adds to a day that has no room for it any more."""
        for change in changes:
            if change.adds and not fits(self._now[change.node, change.day], change.more, change.most):
                raise Stale(f"{change.node} has no more capacity on {change.day}")

    def take(self, changes: Iterable[LoadChange]) -> None:
        """Take a decision's changes in."""
        for change in changes:
            place = (change.node, change.day)
            self._now[place] = self._now[place].plus(change.more)

    def write(self) -> None:
        """Write down what changed; the rows are locked since they were read."""
        for (node, day), load in self._now.items():
            if load != self._before[node, day]:
                self._transaction.execute(_CHANGE, [{"at_node": node, "on_day": day, **load._asdict()}])


def _locked(transaction: Transaction, places: Collection[Place]) -> Sequence[NodeLoad]:
    if not places:
        return []
    here = tuple_(node_load.c.node, node_load.c.day).in_(places)
    rows = select(node_load).where(here).order_by(node_load.c.node, node_load.c.day).with_for_update()
    return [_load(row) for row in transaction.execute(rows)]


def _load(row: Any) -> NodeLoad:
    return NodeLoad(row.node, row.day, Load(row.orders, row.lines, row.units), row.version)


def _row(node: str, day: date, load: Load) -> dict[str, object]:
    return {"node": node, "day": day, **load._asdict()}


_CHANGE = (
    update(node_load)
    .where(node_load.c.node == bindparam("at_node"), node_load.c.day == bindparam("on_day"))
    .values(
        orders=bindparam("orders"), lines=bindparam("lines"), units=bindparam("units"), version=node_load.c.version + 1
    )
)

"""Who waits for which goods. They are served by their channel's priority, and of equals the order that came first."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from router.incoming import Ahead
from router.order import Order
from router.order_line import ZERO
from router.ports import Stale
from store.database import Transaction
from store.lane_queue import enqueue
from store.shapes import Shape, among
from store.tables import backorder, lane_entry, order
from store.writing import Writing

_rank: ColumnElement[int] = func.coalesce(backorder.c.priority, 0)


def short_skus(state: Order | None) -> set[str]:
    """What the order waits for."""
    return set(_short(state))


def _short(state: Order | None) -> dict[str, Decimal]:
    short: dict[str, Decimal] = {}
    for line in state.lines if state else ():
        if line.sku and line.ledger.backordered:
            short[line.sku] = short.get(line.sku, ZERO) + line.ledger.backordered
    return short


def note_backorders(writing: Writing, state: Order) -> None:
    """Keep the order's place among those that wait, with how much it waits for."""
    transaction, key = writing.transaction, writing.lane.key
    before, now = _short(writing.lane.order), _short(state) if writing.counts else {}
    changed = {sku: units for sku, units in now.items() if before.get(sku) != units}
    since = _came_at(transaction, key) if changed else None
    for sku, units in sorted(changed.items()):
        row = {"sku": sku, "order_id": key}
        transaction.ensure(backorder, row | {"since": since, "priority": state.priority, "units": units})
        transaction.set(backorder, row, units=units)
    for sku in sorted(before.keys() - now.keys()):
        here = (backorder.c.sku == sku) & (backorder.c.order_id == key)
        transaction.execute(delete(backorder).where(here))


def _came_at(transaction: Transaction, order_id: str) -> datetime:
    """When an order came; now where it is only coming."""
    found = transaction.execute(select(order.c.created_at).where(order.c.id == order_id)).scalar_one_or_none()
    return found or transaction.now


def reconsider(
    transaction: Transaction, skus: Collection[str], source: str, cause: str, *, but: str | None = None
) -> None:
    """Have the orders that wait for these SKUs decided again, each in its turn; not the order `but`.

    They are due as if the one that is served first had waited longest.
    """
    if not skus:
        return
    waiting = transaction.execute(
        select(backorder.c.order_id, func.min(backorder.c.since).label("since"), func.max(_rank).label("priority"))
        .where(backorder.c.sku.in_(skus), backorder.c.order_id != (but or ""))
        .group_by(backorder.c.order_id)
    ).all()
    in_turn = sorted(waiting, key=lambda row: (-row.priority, row.since, row.order_id))
    for row, due in zip(in_turn, sorted(row.since for row in waiting), strict=True):
        enqueue(transaction, row.order_id, source, cause=cause, due=due)


def ahead_of(transaction: Transaction, lane: str, priority: int, skus: Sequence[str]) -> list[Ahead]:
    """How much of some SKUs those wait for who are served before an order."""
    since = _came_at(transaction, lane)
    earlier = or_(backorder.c.since < since, and_(backorder.c.since == since, backorder.c.order_id < lane))
    older = and_(_rank == priority, earlier)
    wanted = select(backorder.c.sku, backorder.c.units).where(
        backorder.c.sku.in_(skus), backorder.c.order_id != lane, or_(_rank > priority, older)
    )
    units: dict[str, Decimal] = {}
    for row in transaction.execute(wanted):
        units[row.sku] = units.get(row.sku, ZERO) + (row.units or ZERO)
    return [Ahead(sku, units[sku]) for sku in sorted(units)]


class _Waiting(NamedTuple):
    """An order's place among those that wait for a SKU; the least is served first."""

    before: int
    since: datetime
    order_id: str
    units: Decimal


class Precedence:
    """Lets nobody take scarce goods before those whose turn comes first and who have not been decided again yet.

    An order that has had its turn and still waits keeps the goods from nobody. Where there is enough for those ahead,
    nobody waits for them. All are served in one sequence, so that of those that want the same one can always go on.
    """

    def __init__(self, transaction: Transaction, skus: Collection[str]) -> None:
        self._transaction = transaction
        self._waiting: dict[str, list[_Waiting]] = {}
        for row in transaction.ask(_UNDECIDED, wanted=list(skus)) if skus else ():
            place = _Waiting(-(row.priority or 0), row.since, row.order_id, row.units or ZERO)
            self._waiting.setdefault(row.sku, []).append(place)

    def check(self, writing: Writing, left: Callable[[str], Decimal], done: Callable[[], Collection[str]]) -> None:
        """Raise `Stale` where an order takes what it ought to leave.

        `left` tells how much is left of a SKU before it; `done` which lanes were decided to their end beside it.
        """
        taken = _taken(writing) if self._waiting else {}
        contested = [sku for sku in taken if sku in self._waiting]
        if not contested or writing.made.order is None:
            return
        key, decided = writing.lane.key, done()
        mine = (-writing.made.order.priority, _came_at(self._transaction, key), key)
        for sku in contested:
            first = [one for one in self._waiting[sku] if one[:3] < mine and one.order_id not in decided]
            if first and left(sku) - taken[sku] < sum((one.units for one in first), ZERO):
                raise Stale(f"{min(first).order_id} comes first for {sku}")


def _taken(writing: Writing) -> dict[str, Decimal]:
    taken: dict[str, Decimal] = {}
    for change in writing.made.stock:
        if change.reserved > ZERO:
            taken[change.sku] = taken.get(change.sku, ZERO) + change.reserved
    return taken


_WORKS = select(lane_entry.c.lane).where(lane_entry.c.lane == backorder.c.order_id, lane_entry.c.status == "waiting")
_UNDECIDED = Shape(lambda on: select(backorder).where(among(on, backorder.c.sku), _WORKS.exists()))
"""Those that wait for the SKUs and have work waiting in their lanes."""

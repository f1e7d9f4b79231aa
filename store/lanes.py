"""Lanes: each order's documents, claimed in sequence and decided one after another, orders beside each other."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select, update

from router.incoming import Ahead
from router.lanes import AtOnce, Decided
from router.master_data import Asked, MasterData
from router.order import Order
from router.own_work import Reconsider
from router.ports import Facts, Lane, LaneEntry, Stale
from router.transit import TransitRow
from store.answers import draw
from store.backorders import ahead_of
from store.database import Database, Transaction
from store.decisions import give_up, to_write, write_decisions
from store.documents import lately
from store.incoming import incoming_rows
from store.lane_queue import expire_parked
from store.master_data import ANYTHING_TOLD, told
from store.node_loads import current_loads
from store.overdue import report_overdue
from store.own_work import OURSELVES
from store.set_back import bring_back
from store.shapes import Shape, among
from store.stock_room import stock_rows
from store.tables import document, lane, lane_entry, order
from store.transits import transits_to
from store.wakeups import wake

_LEASE = timedelta(seconds=60)
_MOST_ENTRIES = 20


class Lanes:
    """The orders' lanes as rows, claimed under a lease and a fencing token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, limit: int, *, patience: float = 0, at_once: AtOnce | None = None) -> Sequence[Lane]:
        """Claim lanes with waiting documents, those that wait longest first, or that get some within `patience`.

        One that gets some is decided in the commit that brings it, if `at_once` can, and not given.
        """
        alone = partial(_decide_alone, at_once=at_once) if at_once else None
        return await self._database.claim("route", lambda: partial(_claim, limit=limit), patience, alone)

    async def facts(self, skus: Sequence[str], *, loads: bool = False) -> Facts:
        """What decisions on these SKUs read, unlocked."""
        if not (skus or loads):
            return Facts((), (), ())

        def work(transaction: Transaction) -> Facts:
            return _facts(transaction, skus)._replace(loads=current_loads(transaction) if loads else ())

        return await self._database.read(work)

    async def told(self, asked: Sequence[Asked]) -> Sequence[MasterData]:
        """What documents have told of what each decision asks."""
        return await self._database.read(lambda transaction: told(transaction, asked))

    async def ahead(self, lane: str, priority: int, skus: Sequence[str]) -> Sequence[Ahead]:
        """How much of these those wait for who come before an order of this lane and priority."""
        return await self._database.read(lambda transaction: ahead_of(transaction, lane, priority, skus))

    async def transits(self, regions: Sequence[str], since: date) -> Sequence[TransitRow]:
        """How long shipments to these regions took that came since a day."""
        return await self._database.read(lambda transaction: transits_to(transaction, regions, since))

    async def serials(self, count: int) -> int:
        """The first of `count` serials for packages, which nobody else is given."""
        return await self._database.write(lambda transaction: draw(transaction, "package/serial", count) - count + 1)

    async def commit(self, decided: Sequence[Decided]) -> Sequence[Order | Exception | None]:
        """Write everything that decisions say: for each the order as it then stands, or why nothing was written."""
        return await self._database.write_all(write_decisions, decided, to_write)

    async def undecidable(self, claimed: Lane, entry: LaneEntry, reason: str) -> None:
        """Take a document on which the decision itself broke out of the lane, as an exception."""
        await self._database.write(lambda transaction: give_up(transaction, claimed, entry, reason))

    async def release(self, claimed: Lane, *, retry_at: datetime | None = None) -> None:
        """Give the lane back; what still waits in it is due at once or at `retry_at`."""

        def work(transaction: Transaction) -> None:
            held = (lane.c.id == claimed.key) & (lane.c.token == claimed.token)
            transaction.execute(update(lane).where(held).values(token=None, due=retry_at or transaction.now))
            if retry_at is None:
                transaction.announce("route")

        await self._database.write(work)

    async def expire(self, limit: int) -> int:
        """Turn documents that waited too long for their order, and what is overdue, into exceptions; how many.

        What a clock set back left in the future is made due beside.
        """

        def work(transaction: Transaction) -> int:
            found = expire_parked(transaction, limit) + report_overdue(transaction, limit)
            return found + bring_back(transaction)

        return await self._database.write(work)

    async def wake(self, limit: int) -> int:
        """Have the orders decided again whose own time has come; how many times it had."""
        return await self._database.write(lambda transaction: wake(transaction, limit))


def _facts(transaction: Transaction, skus: Sequence[str]) -> Facts:
    return Facts(stock_rows(transaction, skus), incoming_rows(transaction, skus), ()) if skus else Facts((), (), ())


def _decide_alone(transaction: Transaction, claimed: Sequence[Lane], at_once: AtOnce) -> Sequence[Lane]:
    """Decide on what waits in the only lane; the lanes that are left to do. Raises `Stale` where a race was lost."""
    if len(claimed) > 1 or (made := at_once(claimed[0], partial(_facts, transaction))) is None:
        return claimed
    [outcome] = write_decisions(transaction, [to_write(made)])
    if isinstance(outcome, Stale):
        raise outcome
    return ()


def _claim(transaction: Transaction, limit: int) -> list[Lane]:
    due = transaction.ask(_DUE, instant=transaction.now, most=limit)
    if not due:
        return []
    in_turn, anything_told = [row.id for row in due], bool(due[0].told)
    if len(in_turn) == limit:
        transaction.announce("route")
    token = transaction.token()
    transaction.apply(_TAKE, {"wanted": in_turn, "holder": token, "until": transaction.now + _LEASE})
    orders, entries = _orders(transaction, in_turn), _entries(transaction, in_turn)
    return [Lane(key, token, orders.get(key), entries[key][:_MOST_ENTRIES], anything_told) for key in in_turn]


_DUE = Shape(
    lambda _: (
        select(lane.c.id, ANYTHING_TOLD.label("told"))
        .where(lane.c.pending > 0, lane.c.due <= bindparam("instant", type_=lane.c.due.type))
        .order_by(lane.c.due, lane.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)
_TAKE = Shape(
    lambda on: (
        update(lane)
        .where(among(on, lane.c.id))
        .values(token=bindparam("holder"), due=bindparam("until", type_=lane.c.due.type))
    )
)
_ORDERS = Shape(lambda on: select(order.c.id, order.c.state).where(among(on, order.c.id)))
_ENTRIES = Shape(
    lambda on: (
        select(lane_entry, document.c.kind, document.c.content, document.c.partner)
        .outerjoin(document, document.c.id == lane_entry.c.document)
        .where(among(on, lane_entry.c.lane), lane_entry.c.status == "waiting")
        .order_by(lane_entry.c.lane, lane_entry.c.seq)
    )
)


def _orders(transaction: Transaction, lanes: Sequence[str]) -> dict[str, Order]:
    rows = transaction.ask(_ORDERS, wanted=lanes)
    recent = transaction.recent.orders
    return {row.id: recent.take(row.id, row.state) or Order.model_validate_json(row.state) for row in rows}


def _entries(transaction: Transaction, lanes: Sequence[str]) -> dict[str, list[LaneEntry]]:
    rows = transaction.ask(_ENTRIES, wanted=lanes)
    entries: dict[str, list[LaneEntry]] = defaultdict(list)
    for row in rows:
        entries[row.lane].append(_entry(transaction, row))
    return entries


def _entry(transaction: Transaction, row: Any) -> LaneEntry:
    if row.cause is not None:
        again = Reconsider(number=row.document, order=row.lane, cause=row.cause)
        return LaneEntry(row.seq, row.document, again, OURSELVES)
    return LaneEntry(row.seq, row.document, lately(transaction, row.document, row), row.partner)

"""Stock: what lies where and how much of it is promised. Nothing is promised but under a lock on its row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Update, bindparam, insert, literal_column, select, update

from router.decision import StockChange, StockRow
from router.effect import Arriving, Count
from router.incoming import IncomingRow
from router.order_line import ZERO
from router.ports import Stale
from store.backorders import reconsider
from store.columns import exact_reader
from store.database import Database, Transaction
from store.exceptions import About, open_exception
from store.incoming import incoming_rows, record_incoming
from store.shapes import Shape, listing
from store.snapshot import Snapshot
from store.tables import stock

_DESK = "stock desk"
_BELOW = "stock-below-promises"


class StockRoom:
    """The stock as people and programs ask for it and set it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshot = Snapshot(self._by_sku)
        database.watch_stock(self._snapshot.moved)

    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow:
        """Set what lies at a node; orders that wait for it are decided again."""

        def work(transaction: Transaction) -> StockRow:
            record_stock(transaction, [Count(sku, node, on_hand, safety)], (), transaction.new_id())
            return stock_rows(transaction, [sku], node)[0]

        return await self._database.write(work)

    async def expect(self, sku: str, node: str, days: Mapping[date, Decimal]) -> None:
        """Set all that is on its way of a SKU to a node, by the day it comes; orders that wait are decided again."""

        def work(transaction: Transaction) -> None:
            record_stock(transaction, (), [Arriving(sku, node, days)], transaction.new_id())

        await self._database.write(work)

    async def incoming(self, sku: str) -> Sequence[IncomingRow]:
        """What is on its way of a SKU, by node and day."""
        return await self._database.read(lambda transaction: incoming_rows(transaction, [sku]))

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]:
        """The rows of one SKU, or of all, by SKU and node."""
        return await self._database.read(lambda transaction: stock_rows(transaction, None if sku is None else [sku]))

    async def glance(self, sku: str) -> Sequence[StockRow]:
        """The rows of one SKU, by node: what another process committed since may be missing for a quarter second."""
        return await self._snapshot.rows(sku)

    async def _by_sku(self, skus: Sequence[str]) -> Mapping[str, Sequence[StockRow]]:
        rows = await self._database.read(lambda transaction: stock_rows(transaction, skus))
        return {sku: tuple(of_sku) for sku, of_sku in groupby(rows, key=attrgetter("sku"))}


def stock_rows(transaction: Transaction, skus: Sequence[str] | None, node: str | None = None) -> list[StockRow]:
    """The stock rows of some SKUs, or of all, by SKU and node."""
    if skus is not None:
        return _listed(transaction, {"sku": skus} | ({"node": [node]} if node else {}))
    wanted = select(*(stock.c[name] for name in StockRow._fields)).order_by(stock.c.sku, stock.c.node)
    return [StockRow._make(row) for row in transaction.execute(wanted)]


def _listed(transaction: Transaction, keys: Mapping[str, Collection[str]], *, lock: bool = False) -> list[StockRow]:
    transaction.write_down()
    wanted = listing(transaction.connection, stock, StockRow._fields, tuple(keys), lock=lock)
    exact = exact_reader(transaction.dialect)
    return [
        StockRow(sku, node, exact(on_hand), exact(reserved), exact(safety), version)
        for sku, node, on_hand, reserved, safety, version in wanted.rows(
            transaction.connection, *map(list, keys.values())
        )
    ]


def make_room(transaction: Transaction, changes: Iterable[StockChange]) -> None:
    """A row for goods that come to a node where their item never lay."""
    for change in changes:
        if change.on_hand > ZERO:
            row = {"sku": change.sku, "node": change.node, "on_hand": ZERO, "reserved": ZERO, "safety": ZERO}
            transaction.ensure(stock, row | {"version": 1})


class Shelves:
    """The stock rows that a group of decisions changes, locked in one order, and their changes folded to one a row."""

    def __init__(self, transaction: Transaction, places: Collection[tuple[str, str]]) -> None:
        self._transaction = transaction
        self._rows = {(row.sku, row.node): row for row in _locked(transaction, places)}
        self._changes: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}

    def take(self, changes: Iterable[StockChange]) -> None:
        """Take a decision's changes in, all or none.

        A promise holds only while there is something to promise; raises `Stale` when there is not. Goods that left or
        came are facts and always count, even where the books said otherwise.
        """
        after = {}
        for change in changes:
            place = (change.sku, change.node)
            after[place] = _changed(self._rows.get(place), change)
        for change in changes:
            place = (change.sku, change.node)
            on_hand, reserved = self._changes.get(place, (ZERO, ZERO))
            self._rows[place] = after[place]
            self._changes[place] = (on_hand + change.on_hand, reserved + change.reserved)

    def left(self, sku: str) -> Decimal:
        """What can still be promised of a SKU, wherever it lies, the changes taken in counted."""
        rows = stock_rows(self._transaction, [sku])
        changes = [change for (changed, _), change in self._changes.items() if changed == sku]
        return sum((row.available for row in rows), ZERO) + sum((more - taken for more, taken in changes), ZERO)

    def write(self) -> None:
        """Write the changes down; the rows are locked since they were read."""
        rows = [
            {"of_sku": sku, "at_node": node, "more_on_hand": on_hand, "more_reserved": reserved}
            for (sku, node), (on_hand, reserved) in sorted(self._changes.items())
        ]
        self._transaction.apply(_CHANGE, *rows)
        self._transaction.moved.update(sku for sku, _ in self._changes)
        self._tell_of_want()

    def _tell_of_want(self) -> None:
        """More left a node than the books said it had: somebody should count."""
        for (sku, node), (on_hand, reserved) in self._changes.items():
            row = self._rows[sku, node]
            known = row.reserved - reserved > row.on_hand - on_hand
            if row.reserved > row.on_hand and not known:
                reason = f"by the books {node} has {row.on_hand} of {sku} left, and {row.reserved} are promised"
                open_exception(self._transaction, _BELOW, reason, About(subject=f"{sku}@{node}", owner=_DESK))


def _locked(transaction: Transaction, places: Collection[tuple[str, str]]) -> list[StockRow]:
    if not places:
        return []
    keys = {"sku": {sku for sku, _ in places}, "node": {node for _, node in places}}
    return _listed(transaction, keys, lock=True)


def _changed(row: StockRow | None, change: StockChange) -> StockRow:
    """The row after a change; `Stale` when what it relies on is not there."""
    if row is None:
        raise Stale(f"{change.node} does not know {change.sku}")
    sku, node, on_hand, reserved, safety, version = row
    on_hand, reserved = on_hand + change.on_hand, reserved + change.reserved
    promised = change.reserved > ZERO and on_hand - reserved < safety
    if reserved < ZERO or promised:
        raise Stale(f"{change.node} no longer has what was to be promised of {change.sku}")
    return StockRow(sku, node, on_hand, reserved, safety, version)


def _change(_dialect: str) -> Update:
    on_hand = stock.c.on_hand + bindparam("more_on_hand", type_=stock.c.on_hand.type)
    reserved = stock.c.reserved + bindparam("more_reserved", type_=stock.c.reserved.type)
    here = stock.c.sku == bindparam("of_sku"), stock.c.node == bindparam("at_node")
    return (
        update(stock)
        .where(*here)
        .values(on_hand=on_hand, reserved=reserved, version=stock.c.version + literal_column("1"))
    )


_CHANGE = Shape(_change)


def record_stock(
    transaction: Transaction, counts: Collection[Count], arriving: Collection[Arriving], source: str
) -> None:
    """Record what was counted at nodes and what is on its way to them, by the document or act of id `source`; who waits
    for it is decided again."""
    for count in counts:
        _record(transaction, count)
    for one in arriving:
        record_incoming(transaction, one)
    cause = "stock was counted" if counts else "it was told what is on its way"
    skus = {count.sku for count in counts} | {one.sku for one in arriving}
    reconsider(transaction, skus, source, cause)


def _record(transaction: Transaction, count: Count) -> None:
    transaction.moved.add(count.sku)
    values = {"on_hand": count.on_hand} | ({} if count.safety is None else {"safety": count.safety})
    changed = transaction.execute(
        update(stock)
        .where(stock.c.sku == count.sku, stock.c.node == count.node)
        .values(version=stock.c.version + 1, **values)
        .returning(stock.c.reserved)
    ).scalar_one_or_none()
    if changed is None:
        row = {"sku": count.sku, "node": count.node, "reserved": ZERO, "safety": ZERO, "version": 1}
        transaction.execute(insert(stock).values(row | values))
    elif changed > count.on_hand:
        reason = f"{count.node} counted {count.on_hand} of {count.sku}, but {changed} are promised"
        about = About(subject=f"{count.sku}@{count.node}", owner=_DESK)
        open_exception(transaction, _BELOW, reason, about)

"""Stock: what lies where and how much of it is promised. The conditional update is what forbids overselling."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from sqlalchemy import Update, bindparam, func, insert, or_, select, update

from router.decision import StockChange, StockRow
from router.order import ZERO
from router.ports import Count, Stale
from store.database import Database, Transaction
from store.exceptions import About, open_exception
from store.lane_queue import enqueue
from store.tables import backorder, stock

_DESK = "stock desk"


class StockRoom:
    """The stock as people and programs ask for it and set it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow:
        """Set what lies at a node; orders that wait for it are decided again."""

        def work(transaction: Transaction) -> StockRow:
            record_counts(transaction, [Count(sku, node, on_hand, safety)], transaction.new_id())
            return stock_rows(transaction, [sku], node)[0]

        return await self._database.write(work)

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]:
        """The rows of one SKU, or of all, by SKU and node."""
        return await self._database.read(lambda transaction: stock_rows(transaction, None if sku is None else [sku]))


def stock_rows(transaction: Transaction, skus: Sequence[str] | None, node: str | None = None) -> list[StockRow]:
    """The stock rows of some SKUs, or of all, by SKU and node."""
    wanted = select(*(stock.c[name] for name in StockRow._fields)).order_by(stock.c.sku, stock.c.node)
    if skus is not None:
        wanted = wanted.where(stock.c.sku.in_(skus))
    if node is not None:
        wanted = wanted.where(stock.c.node == node)
    return [StockRow._make(row) for row in transaction.execute(wanted)]


def apply_changes(transaction: Transaction, changes: Iterable[StockChange]) -> None:
    """Apply a decision's changes, sorted so that concurrent writers lock rows in one order.

    A promise holds only while there is something to promise; raises `Stale` when there is not. Goods that left or
    came are facts and always count, even where the books said otherwise.
    """
    rows = [
        {"of_sku": change.sku, "at_node": change.node, "more_on_hand": change.on_hand, "more_reserved": change.reserved}
        for change in sorted(changes, key=lambda change: (change.sku, change.node))
    ]
    if rows and transaction.execute_each(_CHANGE, rows) < len(rows):
        raise Stale("a node no longer has what was to be promised")


def _change() -> Update:
    on_hand = stock.c.on_hand + bindparam("more_on_hand", type_=stock.c.on_hand.type)
    promise = bindparam("more_reserved", type_=stock.c.reserved.type)
    reserved = stock.c.reserved + promise
    return (
        update(stock)
        .where(
            stock.c.sku == bindparam("of_sku"),
            stock.c.node == bindparam("at_node"),
            reserved >= ZERO,
            or_(promise <= ZERO, on_hand - reserved - stock.c.safety >= ZERO),
        )
        .values(on_hand=on_hand, reserved=reserved, version=stock.c.version + 1)
    )


_CHANGE = _change()


def record_counts(transaction: Transaction, counts: Iterable[Count], source: str) -> None:
    """Record what was counted at nodes, by the document or act of id `source`; who waits for it is decided again."""
    skus = set()
    for count in counts:
        _record(transaction, count)
        skus.add(count.sku)
    reconsider(transaction, skus, source, "stock was counted")


def _record(transaction: Transaction, count: Count) -> None:
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
        open_exception(transaction, "stock-below-promises", reason, about)


def reconsider(
    transaction: Transaction, skus: Collection[str], source: str, cause: str, *, but: str | None = None
) -> None:
    """Have the orders that wait for these SKUs decided again, those that wait longest first; not the order `but`."""
    if not skus:
        return
    waiting = transaction.execute(
        select(backorder.c.order_id, func.min(backorder.c.since).label("since"))
        .where(backorder.c.sku.in_(skus), backorder.c.order_id != (but or ""))
        .group_by(backorder.c.order_id)
        .order_by("since", backorder.c.order_id)
    )
    for row in waiting.all():
        enqueue(transaction, row.order_id, source, cause=cause, due=row.since)

"""Stock: what lies where and how much of it is promised. The conditional update is what forbids overselling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import insert, select, update

from canonical import InventoryLine, InventoryReport, Quantity
from router.decision import StockChange, StockRow
from router.order import ZERO
from router.ports import Count, Stale
from store.database import Database, Transaction
from store.digest import content_digest
from store.documents import written
from store.exceptions import About, open_exception
from store.lane_queue import enqueue
from store.tables import backorder, document, stock

_DESK = "stock desk"


class StockRoom:
    """The stock as people and programs ask for it and set it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow:
        """Set what lies at a node; orders that wait for it are decided again."""

        def work(transaction: Transaction) -> StockRow:
            record_counts(transaction, [Count(sku, node, on_hand, safety)], None)
            return stock_rows(transaction, [sku], node)[0]

        return await self._database.write(work)

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]:
        """The rows of one SKU, or of all, by SKU and node."""
        return await self._database.read(lambda transaction: stock_rows(transaction, None if sku is None else [sku]))


def stock_rows(transaction: Transaction, skus: Sequence[str] | None, node: str | None = None) -> list[StockRow]:
    """The stock rows of some SKUs, or of all, by SKU and node."""
    wanted = select(stock).order_by(stock.c.sku, stock.c.node)
    if skus is not None:
        wanted = wanted.where(stock.c.sku.in_(skus))
    if node is not None:
        wanted = wanted.where(stock.c.node == node)
    return [StockRow.model_construct(**row) for row in transaction.execute(wanted).mappings()]


def apply_changes(transaction: Transaction, changes: Iterable[StockChange]) -> None:
    """Apply a decision's changes, sorted so that concurrent writers lock rows in one order.

    A promise holds only while there is something to promise; raises `Stale` when there is not. Goods that left or
    came are facts and always count, even where the books said otherwise.
    """
    for change in sorted(changes, key=lambda change: (change.sku, change.node)):
        on_hand, reserved = stock.c.on_hand + change.on_hand, stock.c.reserved + change.reserved
        here = (stock.c.sku == change.sku) & (stock.c.node == change.node) & (reserved >= ZERO)
        if change.reserved > 0:
            here &= on_hand - reserved - stock.c.safety >= ZERO
        changed = update(stock).where(here).values(on_hand=on_hand, reserved=reserved, version=stock.c.version + 1)
        if transaction.execute(changed).rowcount == 0:
            raise Stale(f"{change.node} no longer has {change.reserved} of {change.sku} to promise")


def record_counts(transaction: Transaction, counts: Iterable[Count], source: str | None) -> None:
    """Record what was counted at nodes, and let the orders that wait for it be decided again, the oldest first.

    `source` is the id of the inventory report that says so; without one, a report is written where it is needed.
    """
    skus: set[str] = set()
    for count in counts:
        _record(transaction, count)
        skus.add(count.sku)
        if source is None:
            redecide(transaction, [count.sku])
    if source is not None:
        _enqueue_backorders(transaction, sorted(skus), source)


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


def redecide(transaction: Transaction, skus: Sequence[str]) -> None:
    """Write an inventory report of our own for each SKU that somebody waits for, and bring it to those orders."""
    for sku in skus:
        waited_for = select(backorder.c.sku).where(backorder.c.sku == sku).limit(1)
        if transaction.execute(waited_for).first() is None:
            continue
        lines = tuple(
            InventoryLine(items={"sku": sku}, node=row.node, quantities={"on_hand": Quantity(value=row.on_hand)})
            for row in stock_rows(transaction, [sku])
        )
        number = transaction.new_id()
        report = InventoryReport(number=number, as_of=transaction.now, lines=lines)
        row = {
            "id": number,
            "direction": "in",
            "partner": _DESK,
            "kind": report.kind,
            "identity": report.identity,
            "usage": report.usage,
            "status": "applied",
            "at": transaction.now,
            "content": written(report),
            "digest": content_digest(report),
        }
        transaction.insert(document, row)
        _enqueue_backorders(transaction, [sku], number)


def _enqueue_backorders(transaction: Transaction, skus: Sequence[str], source: str) -> None:
    waiting = transaction.execute(
        select(backorder.c.order_id, backorder.c.since)
        .where(backorder.c.sku.in_(skus))
        .order_by(backorder.c.since, backorder.c.order_id)
    )
    oldest: dict[str, datetime] = {}
    for row in waiting:
        oldest.setdefault(row.order_id, row.since)
    for order_id, since in oldest.items():
        enqueue(transaction, order_id, source, due=since)

"""What channels were told they may sell, and the reports that tell them what has changed since.

A channel has one report under way at a time: what changes meanwhile waits for the next, so that none overtakes another
and a thousand changes are one report. What a report that failed said counts as never told.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from router.catalogue import Catalogue
from router.decision import Outgoing
from router.order_line import ZERO
from router.routing import StockTerms
from router.stock_offer import offers, report_of
from store.database import Database, Transaction
from store.documents import outgoing_row
from store.exceptions import resolve
from store.master_data import items_told
from store.stock_room import stock_rows
from store.tables import document, exception
from store.watch_tables import stock_report, stock_told

_UNDER_WAY = ("queued", "ready")
_FAILED = ("failed", "undelivered")
_REST = timedelta(hours=1)
"""How long a channel is left in peace whose report could not be written or delivered."""
_REASONS = {"": "rule:safe-to-promise"}


class StockOffers:
    """Tells channels what they may sell."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, channels: Mapping[str, StockTerms], catalogue: Catalogue) -> int:
        """Queue a report for each channel that was told otherwise; how many reports."""

        def work(transaction: Transaction) -> int:
            rows, items = stock_rows(transaction, None), items_told(transaction)
            gone = {item.sku: ZERO for item in items if item.discontinued}
            told = 0
            for channel, terms in sorted(channels.items()):
                if _may_tell(transaction, channel):
                    told += _tell(transaction, channel, offers(rows, terms) | gone, catalogue.told(items))
            return told

        return await self._database.write(work) if channels else 0


def _may_tell(transaction: Transaction, channel: str) -> bool:
    """Whether the channel's last report has left, its row locked; what one that failed said is forgotten."""
    transaction.insert_if_absent(stock_report, {"channel": channel, "document": None})
    last = transaction.execute(
        select(stock_report.c.document).where(stock_report.c.channel == channel).with_for_update()
    ).scalar_one()
    sent = transaction.execute(select(document.c.status, document.c.at).where(document.c.id == last)).one_or_none()
    if sent is None:
        return True
    if sent.status in _FAILED:
        if sent.at > transaction.now - _REST:
            return False
        transaction.execute(delete(stock_told).where(stock_told.c.channel == channel, stock_told.c.document == last))
        asked = select(exception.c.id).where(exception.c.document == last, exception.c.status == "open")
        resolve(transaction, list(transaction.execute(asked).scalars()), "the next report")
    return sent.status not in _UNDER_WAY


def _tell(transaction: Transaction, channel: str, offered: Mapping[str, Decimal], catalogue: Catalogue) -> int:
    known = select(stock_told.c.sku, stock_told.c.units).where(stock_told.c.channel == channel)
    told = {row.sku: row.units for row in transaction.execute(known)}
    changed = {sku: units for sku, units in offered.items() if told.get(sku) != units}
    if not changed:
        return 0
    report_id = transaction.new_id()
    report = report_of(f"{transaction.now:%Y%m%d%H%M%S%f}", changed, catalogue, transaction.now)
    row: dict[str, Any] = {"id": report_id, "status": "queued", "at": transaction.now, "due": transaction.now}
    transaction.insert(document, outgoing_row(Outgoing(document=report, to=channel, reasons=_REASONS)) | row)
    for sku, units in changed.items():
        transaction.ensure(stock_told, {"channel": channel, "sku": sku, "units": units, "document": report_id})
        transaction.set(stock_told, {"channel": channel, "sku": sku}, units=units, document=report_id)
    transaction.set(stock_report, {"channel": channel}, document=report_id)
    transaction.announce("render")
    return 1

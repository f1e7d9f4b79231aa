"""The prices that partners were told, and the lists that tell them what holds now, where that has changed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from canonical import PriceList
from router.decision import Outgoing
from router.master_data import MasterData
from router.policy import Policy
from router.price_list import ListedPrice
from router.price_offer import NUMBER, price_list_for
from store.database import Database, Transaction
from store.documents import outgoing_row
from store.master_data import items_told
from store.master_tables import listed_price, price_list
from store.tables import document

_OURS = f"/{NUMBER}"
"""Our own list, among those of everybody: nobody is called by an empty name."""
_REASONS = {"": "rule:price-lists"}


class PriceOffers:
    """Tells partners what they pay."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, channels: Sequence[str], policy: Policy, every: timedelta) -> int:
        """Queue a list for each channel that was told otherwise and not just before; how many lists."""

        def work(transaction: Transaction) -> int:
            return sum(_tell(transaction, channel, policy, every) for channel in sorted(channels))

        return await self._database.write(work) if channels else 0


def _tell(transaction: Transaction, channel: str, policy: Policy, every: timedelta) -> int:
    if not _its_turn(transaction, channel, every):
        return 0
    facts = MasterData(items=items_told(transaction), prices=_prices_told(transaction, channel))
    prices = price_list_for(channel, policy.told(facts, channel), transaction.now)
    if not prices.lines or prices.lines == _last_told(transaction, channel):
        return 0
    row: dict[str, Any] = {
        "id": transaction.new_id(),
        "status": "queued",
        "at": transaction.now,
        "due": transaction.now,
    }
    transaction.insert(document, outgoing_row(Outgoing(document=prices, to=channel, reasons=_REASONS)) | row)
    transaction.announce("render")
    return 1


def _its_turn(transaction: Transaction, channel: str, every: timedelta) -> bool:
    """Whether nobody has just looked at what a channel is told; its row is locked."""
    here = (price_list.c.list == _OURS) & (price_list.c.partner == channel)
    row = {"list": _OURS, "partner": channel, "as_of": transaction.now}
    if transaction.insert_if_absent(price_list, row):
        return True
    looked = transaction.execute(select(price_list.c.as_of).where(here).with_for_update()).scalar_one()
    if looked + every > transaction.now:
        return False
    transaction.execute(update(price_list).where(here).values(as_of=transaction.now))
    return True


def _prices_told(transaction: Transaction, channel: str) -> tuple[ListedPrice, ...]:
    """All prices of a channel, the latest list's first."""
    prices = (
        select(listed_price.c.content)
        .where(listed_price.c.partner == channel, listed_price.c.content != "")
        .order_by(listed_price.c.as_of.desc(), listed_price.c.list, listed_price.c.place)
    )
    return tuple(ListedPrice.model_validate_json(content) for content in transaction.execute(prices).scalars())


def _last_told(transaction: Transaction, channel: str) -> tuple[Any, ...]:
    """The lines of the last list that a channel was sent."""
    sent = (
        select(document.c.content)
        .where(document.c.direction == "out", document.c.kind == PriceList.__name__, document.c.partner == channel)
        .order_by(document.c.at.desc(), document.c.id.desc())
        .limit(1)
    )
    content = transaction.execute(sent).scalar_one_or_none()
    return PriceList.model_validate_json(content).lines if content else ()

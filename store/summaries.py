"""Which of our entries were gathered for an ERP, in which summary: each once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Column, Exists, Index, String, Table, exists, select

from canonical import JournalEntry
from router.decision import Outgoing
from router.destination import Destination
from router.promise import day_of
from router.summary import Dated, Gathered, gather
from store.columns import Instant
from store.database import Database, Transaction
from store.documents import outgoing_row
from store.tables import document, journal_entry, metadata

gathered = Table(
    "gathered",
    metadata,
    Column("erp", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("summary", String, nullable=False),
)
gathering = Table(
    "gathering",
    metadata,
    Column("erp", String, primary_key=True),
    Column("day", String, nullable=False),
    Column("mark", Instant, nullable=False),
)
Index("journal_by_time", journal_entry.c.posted_at)

_BACK = timedelta(hours=1)
"""How long before the mark an entry may have begun that was written after it."""
_REASONS = {"": "rule:summary"}


class Summaries:
    """Gathers entries, and queues what stands for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, destinations: Sequence[Destination], time_zone: str) -> int:
        """Gather what is due of each day that is over, once a day for each ERP; how many summaries."""
        gathering_ones = [one for one in destinations if one.summary]

        def work(transaction: Transaction) -> int:
            today = day_of(transaction.now, time_zone)
            return sum(_gather(transaction, one, today, time_zone) for one in gathering_ones)

        return await self._database.write(work) if gathering_ones else 0


def told_alone(erp: str) -> Exists:
    """Whether an ERP was told of a row of the journal by itself, before its entries were gathered."""
    return exists().where(
        document.c.order_id == journal_entry.c.order_id,
        document.c.partner == erp,
        document.c.kind == JournalEntry.__name__,
        document.c.identity == journal_entry.c.key,
    )


def _gather(transaction: Transaction, erp: Destination, today: date, time_zone: str) -> int:
    mark = _begin(transaction, erp.connection, today)
    if mark is None or erp.summary is None:
        return 0
    waiting = _waiting(transaction, erp, mark - _BACK)
    dated = [(Dated(day_of(entry.posted_on, time_zone), entry), at) for entry, at in waiting]
    ripe = [one for one, _ in dated if one.day < today]
    for one in (found := list(gather(ripe, erp.summary, erp.connection, today))):
        _queue(transaction, erp.connection, one)
    left = [at for one, at in dated if one.day >= today]
    transaction.set(gathering, {"erp": erp.connection}, day=today.isoformat(), mark=min([*left, transaction.now]))
    return len(found)


def _begin(transaction: Transaction, erp: str, today: date) -> datetime | None:
    """From when on entries may not be gathered yet, the ERP's row locked; None where it was done today."""
    first = datetime(1970, 1, 2, tzinfo=transaction.now.tzinfo)
    transaction.insert_if_absent(gathering, {"erp": erp, "day": "", "mark": first})
    row = transaction.execute(select(gathering).where(gathering.c.erp == erp).with_for_update()).one()
    return None if row.day == today.isoformat() else row.mark


def _waiting(transaction: Transaction, erp: Destination, since: datetime) -> list[tuple[JournalEntry, datetime]]:
    """Our entries that the ERP is told of as such, and was not."""
    known = exists().where(gathered.c.erp == erp.connection, gathered.c.key == journal_entry.c.key)
    rows = transaction.execute(
        select(journal_entry.c.event, journal_entry.c.content, journal_entry.c.posted_at).where(
            journal_entry.c.posted_at >= since, ~known, ~told_alone(erp.connection)
        )
    )
    return [
        (JournalEntry.model_validate_json(row.content), row.posted_at)
        for row in rows
        if erp.mode_of(row.event) == "journal"
    ]


def _queue(transaction: Transaction, erp: str, one: Gathered) -> None:
    queued = {"id": transaction.new_id(), "status": "queued", "at": transaction.now, "due": transaction.now}
    transaction.insert(document, outgoing_row(Outgoing(document=one.entry, to=erp, reasons=_REASONS)) | queued)
    transaction.insert(gathered, *({"erp": erp, "key": key, "summary": one.entry.key} for key in one.holds))
    transaction.announce("render")

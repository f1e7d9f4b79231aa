"""The archive: what people and programs may look up."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func, or_, select

from canonical.erasure import TOMBSTONE
from canonical.exchange import Rendered
from router.ports import MadeDecision
from store import rows
from store.anchors import Anchors, audit_head
from store.audit import Violation, audit
from store.database import Database, Transaction
from store.export import EXPORTS
from store.made import MADE, made_decision
from store.settling import settle
from store.tables import delivery, document, exception, journal_entry, order, transmission
from store.timeline import order_story


class Archive:
    """Read-only views of everything kept, and the buttons that settle exceptions."""

    def __init__(self, database: Database, anchors: Anchors) -> None:
        self._database = database
        self._anchors = anchors

    async def orders(
        self, *, limit: int = 100, after: str | None = None, channel: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Orders, the newest first, all of them or one channel's; `after` continues behind the order of that id."""
        wanted = select(order).order_by(order.c.created_at.desc(), order.c.id.desc()).limit(limit)
        if channel is not None:
            wanted = wanted.where(order.c.channel == channel)
        if after is not None:
            then = select(order.c.created_at).where(order.c.id == after).scalar_subquery()
            wanted = wanted.where(or_(order.c.created_at < then, (order.c.created_at == then) & (order.c.id < after)))
        return await self._list(wanted, rows.shown_order)

    async def order(self, wanted: str, *, channel: str | None = None) -> Mapping[str, Any] | None:
        """By id or number, of all or of one channel: header, lines with ledgers, timeline, explanations, documents,
        deliveries, exceptions."""

        def work(transaction: Transaction) -> Mapping[str, Any] | None:
            by_id_first = select(order).where(or_(order.c.id == wanted, order.c.number == wanted))
            if channel is not None:
                by_id_first = by_id_first.where(order.c.channel == channel)
            found = transaction.execute(
                by_id_first.order_by((order.c.id == wanted).desc(), order.c.created_at.desc()).limit(1)
            ).one_or_none()
            return None if found is None else rows.shown_order(found) | order_story(transaction, found.id)

        return await self._database.read(work)

    async def documents(
        self, *, limit: int = 100, order: str | None = None, partner: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Documents, all or one partner's, the newest first; those of one order in the sequence they came."""
        wanted = select(document).limit(limit)
        if partner is not None:
            wanted = wanted.where(document.c.partner == partner)
        if order is None:
            return await self._list(wanted.order_by(document.c.at.desc(), document.c.id.desc()), rows.shown_document)
        of_order = wanted.where(document.c.order_id == order).order_by(document.c.at, document.c.id)
        return await self._list(of_order, rows.shown_document)

    async def received(self, transmission: str) -> Sequence[Mapping[str, Any]]:
        """The documents that came in one transmission."""
        wanted = select(document).where(document.c.transmission == transmission, document.c.direction == "in")
        return await self._list(wanted.order_by(document.c.id), rows.shown_document)

    async def document(self, document_id: str) -> Mapping[str, Any] | None:
        """One document with its canonical content, reasons, control numbers and delivery."""

        def work(transaction: Transaction) -> Mapping[str, Any] | None:
            found = transaction.execute(select(document).where(document.c.id == document_id)).one_or_none()
            return None if found is None else _whole_document(transaction, found)

        return await self._database.read(work)

    async def raw(self, wanted: str) -> Rendered | None:
        """The bytes a document travelled as: the whole transmission it came in, or what was rendered of it.

        A transmission's own id gives its bytes too, since what could not be read has no documents.
        """
        return await self._database.read(lambda transaction: _raw(transaction, wanted))

    async def exceptions(self, *, status: str | None = "open") -> Sequence[Mapping[str, Any]]:
        """What a person must look at, the oldest first; all of it without a status."""
        wanted = select(exception).order_by(exception.c.at, exception.c.id)
        return await self._list(
            wanted if status is None else wanted.where(exception.c.status == status), rows.shown_exception
        )

    async def settle(self, wanted: str, action: Literal["retry", "resolve"], by: str) -> bool:
        """Resolve an open exception, or try again what it is about. False when there is nothing to do so with."""
        return await self._database.write(lambda transaction: settle(transaction, wanted, action, by))

    async def overview(self) -> Mapping[str, Any]:
        """Counts: documents in and out by kind, orders by status, journal totals by currency, open exceptions; and the
        head of the audit trail."""
        return await self._database.read(_overview)

    async def decisions(self) -> AsyncIterator[MadeDecision]:
        """Every decision, order by order, in the sequence they were made."""
        async for _, row in self._database.stream([("decision", MADE)]):
            yield made_decision(row)

    async def export(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """(file stem, row) for every row of the outside auditor's files, as of one instant."""
        wanted = [(stem, statement) for stem, (statement, _) in EXPORTS.items()]
        async for stem, row in self._database.stream(wanted):
            for shown in EXPORTS[stem][1](row):
                yield stem, shown

    async def audit(self) -> AsyncIterator[Violation]:
        """Recompute every invariant from the stored facts, and hold the trail against its anchors; what is violated."""
        async for violation in audit(self._database):
            yield violation
        async for violation in self._anchors.audit():
            yield violation

    async def _list(self, wanted: Any, shown: Any) -> Sequence[Mapping[str, Any]]:
        return await self._database.read(lambda transaction: [shown(row) for row in transaction.execute(wanted).all()])


def _whole_document(transaction: Transaction, row: Any) -> Mapping[str, Any]:
    travels = select(delivery).where(delivery.c.document == (row.carrier or row.id))
    sent = transaction.execute(travels).one_or_none()
    return rows.shown_document(row) | {
        "document": rows.parsed(row.content),
        "reasons": row.reasons or {},
        "source_document": row.source_document,
        "control": row.control,
        "media_type": row.media_type,
        "filename": row.filename,
        "delivery": rows.shown_delivery(sent) if sent else None,
    }


def _raw(transaction: Transaction, wanted: str) -> Rendered | None:
    found = transaction.execute(select(document).where(document.c.id == wanted)).one_or_none()
    if found is not None and found.direction == "out":
        if found.carrier is not None:
            return _raw(transaction, found.carrier)
        if found.body in (None, TOMBSTONE):
            return None
        return Rendered(found.body, found.media_type, found.filename, found.control)
    arrived = select(transmission).where(transmission.c.id == (found.transmission if found else wanted))
    row = transaction.execute(arrived).one_or_none()
    if row is None or row.content == TOMBSTONE:
        return None
    media_type = row.facts.get("content_type", "application/octet-stream")
    return Rendered(row.content, media_type, row.facts.get("filename", row.id))


def _overview(transaction: Transaction) -> Mapping[str, Any]:
    def counted(key: Any, *where: Any) -> dict[str, int]:
        grouped = select(key.label("key"), func.count().label("times")).where(*where).group_by(key).order_by(key)
        return {row.key: row.times for row in transaction.execute(grouped)}

    totals = select(
        journal_entry.c.currency,
        func.sum(journal_entry.c.debit).label("debit"),
        func.sum(journal_entry.c.credit).label("credit"),
    ).group_by(journal_entry.c.currency)
    head = audit_head(transaction)
    return {
        "audit_trail": head and head._asdict(),
        "documents_in": counted(document.c.kind, document.c.direction == "in"),
        "documents_out": counted(document.c.kind, document.c.direction == "out"),
        "orders": counted(order.c.status),
        "journal": {
            row.currency: {"debit": rows.decimal(row.debit), "credit": rows.decimal(row.credit)}
            for row in transaction.execute(totals)
        },
        "exceptions": sum(counted(exception.c.status, exception.c.status == "open").values()),
    }

"""Personal data erased: tombstones in the place of bytes and names, under a hash-chained record of what was there.

Digests, events, decisions, ledgers and the books stay as they are, so that the audit still proves everything.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, false, func, or_, select, text

from canonical import Rejected, canonical_json
from canonical.erasure import ERASED, TOMBSTONE, ErasureReport, without_personal_data
from store.database import Database, Transaction
from store.digest import GENESIS, sha256
from store.recipients import recipients
from store.tables import attempt, delivery, document, exception, lane, order, transmission
from store.watch_tables import erasure

FINISHED = ("shipped", "cancelled")
_GONE = {"erased": True}
_AT_ONCE = 5_000


class Erasing:
    """Takes personal data out of the store, for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def order(self, wanted: str, by: str) -> ErasureReport:
        """Erase one finished order, by id or number; counts rows. Raises `Rejected` while it is not finished."""
        return await self._reported(lambda transaction: _erase_named(transaction, wanted, by))

    async def before(self, instant: datetime, by: str, limit: int = 50) -> ErasureReport:
        """Erase a part of what was finished before an instant; counts orders and transmissions.

        Orders come first, since their transmissions are erased with them: none is left when nothing was erased.
        """

        def work(transaction: Transaction) -> int:
            orders = _finished(transaction, instant, limit)
            for order_id in orders:
                _erase_order(transaction, order_id, by)
            loose = [] if orders else _ownerless(transaction, instant, limit)
            _erase_transmissions(transaction, loose, by)
            return len(orders) + len(loose)

        return await self._reported(work)

    async def _reported(self, work: Callable[[Transaction], int]) -> ErasureReport:
        def erase(transaction: Transaction) -> ErasureReport:
            last = transaction.execute(select(func.max(erasure.c.seq))).scalar_one() or 0
            return ErasureReport(work(transaction), recipients(transaction, after=last))

        return await self._database.write(erase)

    async def digests(self, after: int) -> Sequence[tuple[int, str]]:
        """(number, SHA-256) of what the records behind that number erased, some at a time."""
        erased = select(erasure.c.seq, erasure.c.digest).where(erasure.c.seq > after)
        some = erased.order_by(erasure.c.seq).limit(_AT_ONCE)
        return await self._database.read(
            lambda transaction: [(row.seq, row.digest) for row in transaction.execute(some)]
        )


def _erase_named(transaction: Transaction, wanted: str, by: str) -> int:
    named = select(order.c.id, order.c.status).where(or_(order.c.id == wanted, order.c.number == wanted))
    found = transaction.execute(named.order_by((order.c.id == wanted).desc()).limit(1)).one_or_none()
    if found is None:
        raise Rejected(f"there is no order {wanted}")
    if reason := _unfinished(transaction, found):
        raise Rejected(f"{found.id} {reason}; nothing was erased")
    return _erase_order(transaction, found.id, by)


def _unfinished(transaction: Transaction, found: Any) -> str | None:
    if found.status not in FINISHED:
        return f"is {found.status}: ship or cancel it first"
    if transaction.execute(select(exists().where(*_at_work(found.id)))).scalar_one():
        return "has documents that still wait or are under way"
    asked = exists().where(exception.c.order_id == found.id, exception.c.status == "open")
    return "has open exceptions: settle them first" if transaction.execute(select(asked)).scalar_one() else None


def _at_work(order_id: Any) -> tuple[Any, ...]:
    return document.c.order_id == order_id, document.c.status.in_(("waiting", "parked", "queued", "ready"))


def _unerased(subject: Any) -> Any:
    return ~exists().where(erasure.c.subject == subject)


def _finished(transaction: Transaction, instant: datetime, limit: int) -> Sequence[str]:
    wanted = (
        select(order.c.id)
        .join(lane, lane.c.id == order.c.id)
        .where(
            order.c.status.in_(FINISHED),
            order.c.erased == false(),
            order.c.updated_at < instant,
            lane.c.pending == 0,
            ~exists().where(*_at_work(order.c.id)),
            ~exists().where(exception.c.order_id == order.c.id, exception.c.status == "open"),
        )
        .order_by(order.c.status, order.c.updated_at)
        .limit(limit)
    )
    return transaction.execute(wanted).scalars().all()


def _ownerless(transaction: Transaction, instant: datetime, limit: int) -> Sequence[str]:
    """Transmissions that belong to no order, and nobody will work on any more."""
    owned = document.c.order_id.isnot(None) | document.c.status.in_(("waiting", "parked"))
    asked = exists().where(exception.c.transmission == transmission.c.id, exception.c.status == "open")
    wanted = (
        select(transmission.c.id)
        .where(
            transmission.c.received_at < instant,
            transmission.c.status != "received",
            ~exists().where(document.c.transmission == transmission.c.id, owned),
            ~asked,
            text("not erased"),
        )
        .order_by(transmission.c.received_at)
        .limit(limit)
    )
    return transaction.execute(wanted).scalars().all()


# --- what is erased -------------------------------------------------------------------------------------------------


def _erase_order(transaction: Transaction, order_id: str, by: str) -> int:
    subject = f"order/{order_id}"
    if not transaction.execute(select(_unerased(subject))).scalar_one():
        return 0
    state = transaction.execute(select(order.c.state).where(order.c.id == order_id)).scalar_one()
    _record(transaction, subject, sha256(state), by)
    kept = canonical_json(without_personal_data(json.loads(state)))
    transaction.update(order, {"id": order_id}, state=kept, erased=True)
    own = select(document.c.id).where(document.c.order_id == order_id)
    of_order = or_(document.c.order_id == order_id, document.c.duplicate_of.in_(own))
    rows = transaction.execute(select(document).where(of_order)).all()
    for row in rows:
        _erase_document(transaction, row, by)
    _erase_exceptions(transaction, exception.c.order_id == order_id)
    sources = sorted({row.transmission for row in rows if row.transmission})
    return 1 + len(rows) + _erase_transmissions(transaction, sources, by)


def _erase_document(transaction: Transaction, row: Any, by: str) -> None:
    subject = f"document/{row.id}"
    if not transaction.execute(select(_unerased(subject))).scalar_one():
        return
    _record(transaction, subject, row.sha256 or sha256(row.content or ""), by)
    content = None if row.content is None else canonical_json(without_personal_data(json.loads(row.content)))
    body = None if row.body is None else TOMBSTONE
    transaction.update(document, {"id": row.id}, content=content, body=body, findings=None)
    _erase_exceptions(transaction, exception.c.document == row.id)
    for taken in transaction.execute(select(delivery.c.document).where(delivery.c.document == row.id)).all():
        transaction.update(delivery, {"document": taken.document}, receipt=_GONE)
        transaction.update(attempt, {"delivery": taken.document, "succeeded": False}, outcome=ERASED)


def _erase_transmissions(transaction: Transaction, ids: Iterable[str], by: str) -> int:
    """The bytes of whole transmissions: what others sent in the same file is kept as documents."""
    erased = 0
    for row in transaction.execute(select(transmission).where(transmission.c.id.in_(list(ids)))).all():
        subject = f"transmission/{row.id}"
        if transaction.execute(select(_unerased(subject))).scalar_one():
            erased += 1
            _record(transaction, subject, row.sha256, by)
            transaction.update(transmission, {"id": row.id}, content=TOMBSTONE, facts={}, findings=None, erased=True)
            _erase_exceptions(transaction, exception.c.transmission == row.id)
            loose = select(document).where(document.c.transmission == row.id, document.c.order_id.is_(None))
            for of_it in transaction.execute(loose).all():
                _erase_document(transaction, of_it, by)
    return erased


def erase_bytes(transaction: Transaction, transmission_id: str, digest: str, by: str) -> None:
    """The bytes of one transmission, whose documents stay as they are."""
    subject = f"transmission/{transmission_id}"
    if transaction.execute(select(_unerased(subject))).scalar_one():
        _record(transaction, subject, digest, by)
        transaction.update(transmission, {"id": transmission_id}, content=TOMBSTONE, erased=True)


def _erase_exceptions(transaction: Transaction, which: Any) -> None:
    for row in transaction.execute(select(exception.c.id).where(which, exception.c.status != "open")).all():
        transaction.update(exception, {"id": row.id}, reason=ERASED, facts=_GONE)


# --- the record of it -----------------------------------------------------------------------------------------------


class Erased(NamedTuple):
    """What one record of the chain says: which row was erased, and the digest of what it held."""

    seq: int
    subject: str
    digest: str
    at: datetime
    by: str


def record_hash(previous: str, erased: Erased) -> str:
    """SHA-256 over the hash of the record before and this one's JSON with sorted keys."""
    return sha256(previous + canonical_json(erased._asdict() | {"at": erased.at.isoformat()}))


def _record(transaction: Transaction, subject: str, digest: str, by: str) -> None:
    last = transaction.execute(select(erasure.c.seq, erasure.c.hash).order_by(erasure.c.seq.desc()).limit(1)).first()
    previous = last.hash if last else GENESIS
    erased = Erased(last.seq + 1 if last else 1, subject, digest, transaction.now, by)
    transaction.insert(erasure, erased._asdict() | {"previous": previous, "hash": record_hash(previous, erased)})

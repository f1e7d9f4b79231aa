"""The outbox: documents to render, and rendered bytes to deliver until the other side has taken them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, exists, func, or_, select, update

from canonical import Finding
from canonical.exchange import Draft, Handed, Parcel
from router.ports import Kept, QueuedDocument, Stale, Understood, WriteAtOnce
from store.awaited import ACKNOWLEDGMENT, delivered, give_up
from store.database import Database, Transaction
from store.documents import lately, mark
from store.exceptions import About, open_exception
from store.inbox import keep
from store.questions import tell_asker
from store.rendering import claim_queued, close_queued, hold_queued, render_few
from store.shapes import Shape, among, not_among
from store.tables import attempt, delivery, document

_DELIVERY_LEASE = timedelta(seconds=180)
_MOST_FINDINGS = 200
"""Findings that an exception holds."""
_LOOK_AHEAD = 4
"""How many times the wanted number of rows is looked at, since some destinations are full."""


class Outbox:
    """Outgoing documents as rows, claimed under leases and tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queued(
        self, limit: int, *, patience: float = 0, at_once: WriteAtOnce | None = None
    ) -> Sequence[QueuedDocument]:
        """Claim documents that wait to be rendered, or come to within `patience`, in the sequence they were decided.

        What `at_once` writes of a few of the latter is rendered in the commit that queues them, and not given.
        """
        little = partial(render_few, at_once=at_once) if at_once else None
        return await self._database.claim("render", lambda: partial(claim_queued, limit=limit), patience, little)

    async def rendered(self, queued: QueuedDocument, written: Draft | Kept) -> None:
        """Render, store and make due; or close what does not leave."""
        await self._database.write(partial(close_queued, queued=queued, written=written))

    async def unwritable(self, queued: QueuedDocument, reason: str) -> None:
        """Close a document that could not be written as an exception."""

        def work(transaction: Transaction) -> None:
            hold_queued(transaction, queued)
            mark(transaction, queued.id, status="failed", token=None, due=None)
            about = About(document=queued.id, owner="integration desk")
            open_exception(transaction, "document-not-writable", reason, about)

        await self._database.write(work)

    async def claim(
        self, limit: int, *, each: int, room: Callable[[], Mapping[str, int]], patience: float = 0
    ) -> Sequence[Parcel]:
        """Claim deliveries that are due, or come to be within `patience` seconds.

        At most `each` for one destination, or as many as `room`, asked at that instant, says it has left. Of one
        order's documents for one destination, only the first unfinished is ever due.
        """
        return await self._database.claim(
            "deliver", lambda: partial(_claim_parcels, limit=limit, each=each, room=room()), patience
        )

    async def delivered(self, parcel: Parcel, handed: Handed, said: Understood | None = None) -> None:
        """Note that the other side took it, keep what it answered, and let what was understood of that take effect."""

        def work(transaction: Transaction) -> None:
            _close_attempt(transaction, parcel, "delivered", receipt=dict(handed.receipt))
            _note_attempt(transaction, parcel, succeeded=True, outcome="delivered")
            transaction.update(document, {"id": parcel.id, "status": "ready"}, status="delivered")
            _mark_carried(transaction, parcel, "delivered")
            delivered(transaction, parcel.id, parcel.destination, parcel.kind)
            if handed.answer:
                keep(transaction, handed.answer, said)

        await self._database.write(work)

    async def postponed(self, parcel: Parcel, *, until: datetime) -> None:
        """Let it be looked at again then: the other side is at work on it, so that no try is used up."""

        def work(transaction: Transaction) -> None:
            _close_attempt(transaction, parcel, "due", due=until, attempts=parcel.attempt - 1)

        await self._database.write(work)

    async def failed(
        self, parcel: Parcel, reason: str, *, retry_at: datetime | None, findings: Sequence[Finding] = ()
    ) -> None:
        """Note the attempt; with no `retry_at` it becomes an exception."""

        def work(transaction: Transaction) -> None:
            _note_attempt(transaction, parcel, succeeded=False, outcome=reason)
            if retry_at is not None:
                _close_attempt(transaction, parcel, "due", due=retry_at)
                return
            _close_attempt(transaction, parcel, "failed")
            mark(transaction, parcel.id, status="undelivered")
            _mark_carried(transaction, parcel, "undelivered")
            give_up(transaction, parcel.id)
            _report(transaction, parcel, reason, findings)
            tell_asker(transaction, parcel, reason)

        await self._database.write(work)


def _mark_carried(transaction: Transaction, parcel: Parcel, status: str) -> None:
    """What travels in the same bytes shares their fate; only acknowledgments do."""
    if parcel.kind == ACKNOWLEDGMENT:
        transaction.update(document, {"carrier": parcel.id}, status=status)


_INSTANT = bindparam("instant", type_=document.c.due.type)
_UNTIL = bindparam("until", type_=document.c.due.type)


def _claim_parcels(transaction: Transaction, limit: int, each: int, room: Mapping[str, int]) -> list[Parcel]:
    full = [destination for destination, left in room.items() if left <= 0]
    due = _due(transaction, limit * _LOOK_AHEAD, full)
    seated = _seated(due, each, room)
    if len(seated) > limit or len(due) == limit * _LOOK_AHEAD:
        transaction.announce("deliver")
    return _claim_due(transaction, seated[:limit])


def _due(transaction: Transaction, limit: int, full: Sequence[str]) -> Sequence[Any]:
    return transaction.ask(_DUE, instant=transaction.now, full=full, most=limit)


def _seated(due: Sequence[Any], each: int, room: Mapping[str, int]) -> list[Any]:
    """The rows for which their destination has room."""
    seated: list[Any] = []
    taken: Counter[str] = Counter()
    for row in due:
        if taken[row.destination] < room.get(row.destination, each):
            taken[row.destination] += 1
            seated.append(row)
    return seated


def _claim_due(transaction: Transaction, rows: Sequence[Any]) -> list[Parcel]:
    if not rows:
        return []
    token = transaction.token()
    taken = {"wanted": [row.document for row in rows], "holder": token, "until": transaction.now + _DELIVERY_LEASE}
    transaction.apply(_TAKE_DUE, taken)
    unsettled = _unsettled(transaction, rows)
    return [_parcel(transaction, row, token, row.document in unsettled) for row in rows]


def _unsettled(transaction: Transaction, rows: Sequence[Any]) -> set[str]:
    """The deliveries whose last attempt left no note."""
    tried = {row.document: row.attempts for row in rows if row.attempts}
    if not tried:
        return set()
    noted = select(attempt.c.delivery, func.max(attempt.c.number).label("last")).where(attempt.c.delivery.in_(tried))
    last = {row.delivery: row.last for row in transaction.execute(noted.group_by(attempt.c.delivery))}
    return {document for document, attempts in tried.items() if last.get(document, 0) < attempts}


def _earlier_unfinished() -> Any:
    """Whether the order has an earlier document for the same destination that is still under way."""
    earlier = document.alias("earlier")
    return exists().where(
        earlier.c.order_id == document.c.order_id,
        earlier.c.partner == document.c.partner,
        earlier.c.seq < document.c.seq,
        or_(earlier.c.status == "queued", earlier.c.status == "ready"),
    )


_PARCEL = (
    delivery.c.document, delivery.c.key, delivery.c.destination, delivery.c.attempts,
    document.c.kind, document.c.content, document.c.body, document.c.media_type, document.c.filename,
)  # fmt: skip
_DUE = Shape(
    lambda on: (
        select(*_PARCEL)
        .select_from(delivery)
        .join(document, document.c.id == delivery.c.document)
        .where(
            delivery.c.status == "due",
            delivery.c.due <= _INSTANT,
            not_among(on, delivery.c.destination, "full"),
            ~_earlier_unfinished(),
        )
        .order_by(delivery.c.due, delivery.c.document)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=delivery)
    )
)
_TAKE_DUE = Shape(
    lambda on: (
        update(delivery)
        .where(among(on, delivery.c.document))
        .values(token=bindparam("holder"), due=_UNTIL, attempts=delivery.c.attempts + 1)
    )
)


def _parcel(transaction: Transaction, row: Any, token: str, in_doubt: bool) -> Parcel:
    return Parcel(
        id=row.document,
        key=row.key,
        destination=row.destination,
        kind=row.kind,
        content=row.body,
        media_type=row.media_type,
        filename=row.filename,
        attempt=row.attempts + 1,
        document=lately(transaction, row.document, row),
        token=token,
        in_doubt=in_doubt,
    )


def _close_attempt(transaction: Transaction, parcel: Parcel, status: str, **columns: Any) -> None:
    """Give up the claim with a new status, for which others of its order or for its destination may wait."""
    held = {"document": parcel.id, "token": parcel.token}
    if transaction.update(delivery, held, status=status, token=None, **columns) == 0:
        raise Stale(f"delivery {parcel.id} was claimed by another")
    transaction.announce("deliver")


def _note_attempt(transaction: Transaction, parcel: Parcel, *, succeeded: bool, outcome: str) -> None:
    row = {"number": parcel.attempt, "at": transaction.now, "succeeded": succeeded, "outcome": outcome}
    transaction.insert(attempt, row | {"delivery": parcel.id})


def _report(transaction: Transaction, parcel: Parcel, reason: str, findings: Sequence[Finding]) -> None:
    tried = select(attempt).where(attempt.c.delivery == parcel.id).order_by(attempt.c.number)
    history = [
        {"number": row.number, "at": row.at.isoformat(), "outcome": row.outcome} for row in transaction.execute(tried)
    ]
    told = {"findings": [finding.as_json() for finding in findings[:_MOST_FINDINGS]]} if findings else {}
    about = About(
        order_id=transaction.execute(select(document.c.order_id).where(document.c.id == parcel.id)).scalar_one(),
        document=parcel.id,
        owner="integration desk",
        facts={"destination": parcel.destination, "attempts": history, **told},
    )
    open_exception(transaction, "delivery-failed", reason, about)

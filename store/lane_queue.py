"""Lanes as queues: each order's documents in the sequence they came, claimed by one worker at a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from store.awaited import owe_answers
from store.database import Transaction
from store.digest import GENESIS
from store.documents import mark
from store.exceptions import About, open_exception
from store.shapes import Shape, among
from store.tables import document, lane, lane_entry, lane_name

PATIENCE = timedelta(hours=72)
"""How long a document waits for what it refers to."""


def fulfilment_scope(partner: str | None) -> str:
    """Where fulfilment orders' numbers lead to lanes: only their own recipient may speak of them."""
    return f"fulfilment/{partner or ''}"


def enqueue(
    transaction: Transaction, lane_id: str, document_id: str, *, cause: str | None = None, due: datetime | None = None
) -> None:
    """Append a document to a lane, or with a `cause` the order's own reconsideration because of that document.

    A lane that is claimed stays with its claimant; the entry is seen when it is claimed next.
    """
    transaction.together(_append_all, _Entering(lane_id, document_id, cause, due or transaction.now))
    transaction.announce("route")


class _Entering(NamedTuple):
    """An entry on its way into a lane."""

    lane: str
    document: str
    cause: str | None
    due: datetime


def _append_all(transaction: Transaction, entering: Sequence[_Entering]) -> None:
    """Give each entry its number under its lane's lock, which all take in one order."""
    by_lane: dict[str, list[_Entering]] = {}
    for one in entering:
        by_lane.setdefault(one.lane, []).append(one)
    fresh = {"next_seq": 1, "pending": 0, "events": 0, "head": GENESIS, "sent": 0}
    for lane_id in sorted(by_lane):
        transaction.ensure(lane, fresh | {"id": lane_id, "due": by_lane[lane_id][0].due})
    for row in transaction.ask(_LOCKED, wanted=sorted(by_lane)):
        _append(transaction, row, by_lane[row.id])


_LOCKED = Shape(lambda on: select(lane).where(among(on, lane.c.id)).order_by(lane.c.id).with_for_update())


def _append(transaction: Transaction, row: Any, entering: Sequence[_Entering]) -> None:
    """A lane that is claimed stays as it is due; otherwise it is due with the first of what waits in it."""
    waits = [row.due] if row.pending or row.token else []
    due = row.due if row.token else min([*waits, *(one.due for one in entering)])
    for seq, one in enumerate(entering, start=row.next_seq):
        numbered = {"lane": row.id, "seq": seq, "document": one.document, "cause": one.cause, "status": "waiting"}
        transaction.insert(lane_entry, numbered)
    count = len(entering)
    transaction.set(lane, {"id": row.id}, next_seq=row.next_seq + count, pending=row.pending + count, due=due)


def enqueue_by_name(transaction: Transaction, scope: str, name: str, document_id: str) -> str | None:
    """Append a document to the lane that is known by `name`, or park it until one is. The lane's id if known."""
    found = transaction.ask(_KNOWN_AS, within=scope, called=name)
    if not found:
        mark(
            transaction,
            document_id,
            status="parked",
            waits_for=_awaited(scope, name),
            due=transaction.now + PATIENCE,
        )
        return None
    lane_id = str(found[0].lane)
    mark(transaction, document_id, order_id=lane_id)
    enqueue(transaction, lane_id, document_id)
    return lane_id


def lanes_known_as(transaction: Transaction, scope: str, names: Sequence[str]) -> dict[str, str]:
    """The lanes that are known by these names."""
    found = transaction.ask(_ALL_KNOWN_AS, within=scope, wanted=sorted(set(names))) if names else ()
    return {row.name: row.lane for row in found}


_ALL_KNOWN_AS = Shape(
    lambda on: select(lane_name.c.name, lane_name.c.lane).where(
        lane_name.c.scope == bindparam("within"), among(on, lane_name.c.name)
    )
)
_KNOWN_AS = Shape(
    lambda _: select(lane_name.c.lane).where(
        lane_name.c.scope == bindparam("within"), lane_name.c.name == bindparam("called")
    )
)


class Name(NamedTuple):
    """A name by which others speak of a lane."""

    scope: str
    name: str
    lane: str


def give_names(transaction: Transaction, names: Sequence[Name]) -> None:
    """Let lanes be known by other names, and bring them the documents that were parked for those."""
    if not names:
        return
    by_name = {_awaited(given.scope, given.name): given.lane for given in names}
    for given in names:
        transaction.ensure(lane_name, given._asdict())
    for row in transaction.ask(_PARKED, wanted=list(by_name)):
        lane_id = by_name[row.waits_for]
        mark(transaction, row.id, status="waiting", waits_for=None, due=None, order_id=lane_id)
        enqueue(transaction, lane_id, row.id)
        owe_answers(transaction, row.id, row.kind, lane_id)


_PARKED = Shape(
    lambda on: (
        select(document.c.id, document.c.kind, document.c.waits_for)
        .where(document.c.status == "parked", among(on, document.c.waits_for))
        .order_by(document.c.at, document.c.id)
    )
)


def _awaited(scope: str, name: str) -> str:
    return f"{scope}/{name}"


def revive_parked(transaction: Transaction, lanes: Sequence[str]) -> Counter[str]:
    """Let the lanes' parked entries try again, since their orders moved; how many there were in each."""
    if not lanes:
        return Counter()
    found = transaction.ask(_REVIVE, wanted=lanes)
    for row in found:
        mark(transaction, row.document, status="waiting")
    return Counter(row.lane for row in found)


_REVIVE = Shape(
    lambda on: (
        update(lane_entry)
        .where(among(on, lane_entry.c.lane), lane_entry.c.status == "parked")
        .values(status="waiting")
        .returning(lane_entry.c.lane, lane_entry.c.document)
    )
)


def expire_parked(transaction: Transaction, limit: int) -> int:
    """Turn documents that waited too long for what they refer to into exceptions; how many."""
    overdue = select(document.c.id, document.c.order_id).where(
        document.c.status == "parked", document.c.due <= transaction.now
    )
    rows = transaction.execute(overdue.limit(limit)).all()
    for row in rows:
        mark(transaction, row.id, status="unmatched", due=None)
        transaction.execute(
            update(lane_entry)
            .where(lane_entry.c.lane == row.order_id, lane_entry.c.document == row.id)
            .values(status="done")
        )
        open_exception(
            transaction,
            "document-unmatched",
            "what it refers to did not come in time",
            About(order_id=row.order_id, document=row.id),
        )
    return len(rows)

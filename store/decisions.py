"""Writes a decision: events, ledger, reservations, stock, outgoing documents and postings, together or not at all."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, literal, select, update

from canonical import FulfilmentOrder, JournalEntry
from router.decision import Decision, Reconsider, ReservationChange, World
from router.order import ZERO, Order
from router.ports import Lane, LaneEntry, Stale
from store.database import Transaction
from store.digest import Happened, event_hash, sha256
from store.documents import outgoing_row, written
from store.exceptions import About, open_exception
from store.lane_queue import PATIENCE, fulfilment_scope, give_name, revive_parked
from store.stock_room import apply_changes, reconsider, stock_rows
from store.tables import (
    backorder,
    decision,
    document,
    event,
    journal_entry,
    lane,
    lane_entry,
    order,
    reservation,
)


@dataclass(frozen=True, slots=True)
class _Writing:
    """One decision being written."""

    transaction: Transaction
    lane: Lane
    entry: LaneEntry
    world: World
    made: Decision
    decision_id: str

    @property
    def counts(self) -> bool:
        """Whether it moves stock and money: a test walks the street and moves neither."""
        state = self.made.order or self.lane.order
        return (state.document if state else self.entry.document).usage == "production"


def write_decision(
    transaction: Transaction, claimed: Lane, entry: LaneEntry, world: World, made: Decision
) -> Order | None:
    """Write one decision under the lane's token and return the order as it now stands.

    Raises `Stale` when the lane was claimed by another, the entry is done, or stock moved on under the decision.
    """
    writing = _Writing(transaction, claimed, entry, world, made, transaction.new_id())
    row = _lane_held(transaction, claimed)
    if made.parked:
        _park(writing)
        return claimed.order
    _finish_entry(writing)
    _write_stock(writing)
    _write_events(writing, row)
    _write_record(writing)
    _write_order(writing)
    _queue_documents(writing, row.sent)
    _post(writing)
    _report(writing)
    _move_lane(writing)
    return made.order or claimed.order


def give_up(transaction: Transaction, claimed: Lane, entry: LaneEntry, reason: str) -> None:
    """Take a document out of the lane as an exception. Raises `Stale` as `write_decision` does."""
    _lane_held(transaction, claimed)
    _close_entry(transaction, claimed, entry, "done")
    waiting = (document.c.id == entry.document_id) & (document.c.status == "waiting")
    transaction.execute(update(document).where(waiting).values(status="undecided", due=None))
    _lower_pending(transaction, claimed, 1)
    about = About(claimed.key, entry.document_id, owner="integration desk")
    open_exception(transaction, "decision-failed", reason, about)


def _lane_held(transaction: Transaction, claimed: Lane) -> Any:
    held = select(lane).where(lane.c.id == claimed.key, lane.c.token == claimed.token).with_for_update()
    row = transaction.execute(held).one_or_none()
    if row is None:
        raise Stale(f"lane {claimed.key} was claimed by another")
    return row


def _close_entry(transaction: Transaction, claimed: Lane, entry: LaneEntry, status: str) -> None:
    this = and_(lane_entry.c.lane == claimed.key, lane_entry.c.seq == entry.seq, lane_entry.c.status == "waiting")
    if transaction.execute(update(lane_entry).where(this).values(status=status)).rowcount == 0:
        raise Stale(f"entry {entry.seq} of {claimed.key} is done")


def _park(writing: _Writing) -> None:
    transaction = writing.transaction
    _close_entry(transaction, writing.lane, writing.entry, "parked")
    waiting = (document.c.id == writing.entry.document_id) & (document.c.status == "waiting")
    deadline = func.coalesce(document.c.due, literal(transaction.now + PATIENCE, document.c.due.type))
    transaction.execute(update(document).where(waiting).values(status="parked", due=deadline))
    _lower_pending(transaction, writing.lane, 1)


def _finish_entry(writing: _Writing) -> None:
    _close_entry(writing.transaction, writing.lane, writing.entry, "done")
    decided = update(document).where(document.c.id == writing.entry.document_id, document.c.status == "waiting")
    writing.transaction.execute(decided.values(status="decided", due=None))


def _lower_pending(transaction: Transaction, claimed: Lane, by: int) -> None:
    here = update(lane).where(lane.c.id == claimed.key)
    transaction.execute(here.values(pending=lane.c.pending - by))


# --- stock ----------------------------------------------------------------------------------------------------------


def _write_stock(writing: _Writing) -> None:
    if not writing.counts:
        return
    _recheck_shortage(writing)
    for change in writing.made.reservations:
        _reserve(writing, change)
    apply_changes(writing.transaction, writing.made.stock)
    freed = [change.sku for change in writing.made.stock if change.on_hand - change.reserved > 0]
    reconsider(writing.transaction, freed, writing.entry.document_id, "stock was freed", but=writing.lane.key)


def _recheck_shortage(writing: _Writing) -> None:
    """A backorder was decided because stock was short: `Stale` when more of it has come since."""
    short = sorted(_short_skus(writing.made.order))
    if not short:
        return
    seen = {(row.sku, row.node): row.available for row in writing.world.stock}
    for row in stock_rows(writing.transaction, short):
        if row.available > seen.get((row.sku, row.node), ZERO):
            raise Stale(f"{row.node} has more of {row.sku} than was known")


def _short_skus(state: Order | None) -> set[str]:
    return {line.sku for line in state.lines if line.sku and line.ledger.backordered} if state else set()


def _reserve(writing: _Writing, change: ReservationChange) -> None:
    key = {"order_id": writing.lane.key, "line": change.line, "node": change.node, "sku": change.sku}
    here = and_(*(reservation.c[name] == value for name, value in key.items()))
    transaction = writing.transaction
    if change.quantity > 0 and transaction.insert_if_absent(reservation, key | {"quantity": change.quantity}):
        return
    left = transaction.execute(
        update(reservation)
        .where(here)
        .values(quantity=reservation.c.quantity + change.quantity)
        .returning(reservation.c.quantity)
    ).scalar_one_or_none()
    if left is None or left < 0:
        raise ValueError(f"{change.node} holds less than {-change.quantity} of {change.sku} for {writing.lane.key}")
    if left == 0:
        transaction.execute(delete(reservation).where(here))


# --- the order ------------------------------------------------------------------------------------------------------


def _write_events(writing: _Writing, row: Any) -> None:
    transaction, previous, at = writing.transaction, row.head, writing.world.now
    rows = []
    for seq, happened in enumerate(writing.made.events, start=row.events + 1):
        facts = happened.model_dump(mode="json")["facts"]
        digest = event_hash(previous, Happened(writing.lane.key, seq, happened.kind, at, facts))
        rows.append(
            {
                "order_id": writing.lane.key,
                "seq": seq,
                "kind": happened.kind,
                "at": at,
                "facts": facts,
                "decision": writing.decision_id,
                "previous": previous,
                "hash": digest,
            }
        )
        previous = digest
    transaction.insert(event, *rows)
    moved = update(lane).where(lane.c.id == writing.lane.key)
    transaction.execute(moved.values(events=row.events + len(rows), head=previous))


def _write_record(writing: _Writing) -> None:
    """Keep what the decision read and why it came out so, so that it can be made again and compared."""
    content = writing.entry.document
    row = {
        "id": writing.decision_id,
        "order_id": writing.lane.key,
        "document": writing.entry.document_id,
        "cause": content.cause if isinstance(content, Reconsider) else None,
        "sender": writing.entry.sender,
        "at": writing.world.now,
        "configuration": writing.world.configuration,
        "world": writing.world.model_dump_json(),
        "explanation": writing.made.explanation.model_dump_json(exclude_defaults=True),
        "digest": sha256(writing.made.model_dump_json()),
    }
    writing.transaction.execute(insert(decision).values(row))


def _write_order(writing: _Writing) -> None:
    state = writing.made.order
    if state is None:
        return
    values = {
        "status": state.status,
        "version": state.version,
        "state": state.model_dump_json(),
        "updated_at": writing.transaction.now,
    }
    transaction = writing.transaction
    here = update(order).where(order.c.id == writing.lane.key)
    if transaction.execute(here.values(values)).rowcount == 0:
        row = {
            "id": writing.lane.key,
            "number": state.number,
            "channel": state.channel,
            "usage": state.document.usage,
            "created_at": transaction.now,
        }
        transaction.execute(insert(order).values(row | values))
    _note_backorders(writing, state)


def _note_backorders(writing: _Writing, state: Order) -> None:
    before, now = _short_skus(writing.lane.order), _short_skus(state)
    for sku in sorted(now - before) if writing.counts else ():
        row = {"sku": sku, "order_id": writing.lane.key, "since": writing.transaction.now}
        writing.transaction.insert_if_absent(backorder, row)
    for sku in sorted(before - now):
        here = (backorder.c.sku == sku) & (backorder.c.order_id == writing.lane.key)
        writing.transaction.execute(delete(backorder).where(here))


# --- what goes out --------------------------------------------------------------------------------------------------


def _queue_documents(writing: _Writing, sent: int) -> None:
    transaction = writing.transaction
    rows = []
    for seq, outgoing in enumerate(writing.made.send, start=sent + 1):
        rows.append(
            outgoing_row(outgoing)
            | {
                "id": transaction.new_id(),
                "status": "queued",
                "at": transaction.now,
                "due": transaction.now,
                "order_id": writing.lane.key,
                "seq": seq,
                "source_document": writing.entry.document_id,
            }
        )
        if isinstance(outgoing.document, FulfilmentOrder):
            give_name(transaction, fulfilment_scope(outgoing.to), outgoing.document.number, writing.lane.key)
    transaction.insert(document, *rows)
    if rows:
        here = update(lane).where(lane.c.id == writing.lane.key)
        transaction.execute(here.values(sent=sent + len(rows)))


def _post(writing: _Writing) -> None:
    for entry in writing.made.postings if writing.counts else ():
        row = _posting(writing, entry)
        if not writing.transaction.insert_if_absent(journal_entry, row):
            _posted_before(writing, entry, row["content"])


def _posting(writing: _Writing, entry: JournalEntry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "order_id": writing.lane.key,
        "event": entry.event,
        "currency": entry.currency,
        "debit": sum((line.debit for line in entry.lines), ZERO),
        "credit": sum((line.credit for line in entry.lines), ZERO),
        "posted_at": writing.transaction.now,
        "content": written(entry),
    }


def _posted_before(writing: _Writing, entry: JournalEntry, content: str) -> None:
    """The same entry again is nothing new; another one under its key must be seen."""
    posted = select(journal_entry.c.content).where(journal_entry.c.key == entry.key)
    if writing.transaction.execute(posted).scalar_one() != content:
        reason = f"{entry.key} was posted before with other lines"
        about = About(writing.lane.key, writing.entry.document_id, owner="finance")
        open_exception(writing.transaction, "posting-conflict", reason, about)


def _report(writing: _Writing) -> None:
    for trouble in writing.made.troubles:
        facts = trouble.model_dump(mode="json")["facts"]
        about = About(writing.lane.key, writing.entry.document_id, owner=trouble.owner, facts=facts)
        open_exception(writing.transaction, trouble.code, trouble.reason, about)


def _move_lane(writing: _Writing) -> None:
    """One entry less; and since the order moved, what was parked for it may try again."""
    revived = revive_parked(writing.transaction, writing.lane.key) if writing.made.order else 0
    _lower_pending(writing.transaction, writing.lane, 1 - revived)

"""Writes a decision: events, ledger, reservations, stock, outgoing documents and postings, together or not at all."""

from typing import Any

from sqlalchemy import bindparam, func, literal, select, update

from router.decision import Decision, World
from router.order import ZERO, Order
from router.ports import Lane, LaneEntry, Stale
from store.consequences import post, queue_documents
from store.database import Transaction
from store.exceptions import About, open_exception
from store.lane_queue import PATIENCE, revive_parked
from store.order_ledger import Chain, short_skus, write_events, write_order, write_record
from store.reservations import change_reservations
from store.stock_room import apply_changes, reconsider, stock_rows
from store.tables import (
    document,
    lane,
    lane_entry,
)
from store.telling import tell_listeners
from store.writing import Writing


def write_decision(
    transaction: Transaction, claimed: Lane, entry: LaneEntry, world: World, made: Decision
) -> Order | None:
    """Write one decision under the lane's token and return the order as it now stands.

    Raises `Stale` when the lane was claimed by another, the entry is done, or stock moved on under the decision.
    """
    writing = Writing(transaction, claimed, entry, world, made, transaction.new_id())
    row = _lane_held(transaction, claimed)
    if made.parked:
        _park(writing)
        return claimed.order
    _finish_entry(writing)
    _write_stock(writing)
    chain = write_events(writing, Chain(row.events, row.head))
    write_record(writing)
    write_order(writing)
    sent = tell_listeners(writing, row.events, queue_documents(writing, row.sent))
    post(writing)
    _report(writing)
    _move_lane(writing, chain, sent)
    return made.order or claimed.order


def give_up(transaction: Transaction, claimed: Lane, entry: LaneEntry, reason: str) -> None:
    """Take a document out of the lane as an exception. Raises `Stale` as `write_decision` does."""
    _lane_held(transaction, claimed)
    _close_entry(transaction, claimed, entry, "done")
    transaction.update(document, {"id": entry.document_id, "status": "waiting"}, status="undecided", due=None)
    _lower_pending(transaction, claimed, 1)
    about = About(claimed.key, entry.document_id, owner="integration desk")
    open_exception(transaction, "decision-failed", reason, about)


def _lane_held(transaction: Transaction, claimed: Lane) -> Any:
    row = transaction.execute(_HELD, [{"held": claimed.key, "by": claimed.token}]).one_or_none()
    if row is None:
        raise Stale(f"lane {claimed.key} was claimed by another")
    return row


_HELD = select(lane).where(lane.c.id == bindparam("held"), lane.c.token == bindparam("by")).with_for_update()


def _close_entry(transaction: Transaction, claimed: Lane, entry: LaneEntry, status: str) -> None:
    this = {"lane": claimed.key, "seq": entry.seq, "status": "waiting"}
    if transaction.update(lane_entry, this, status=status) == 0:
        raise Stale(f"entry {entry.seq} of {claimed.key} is done")


def _park(writing: Writing) -> None:
    transaction = writing.transaction
    _close_entry(transaction, writing.lane, writing.entry, "parked")
    waiting = (document.c.id == writing.entry.document_id) & (document.c.status == "waiting")
    deadline = func.coalesce(document.c.due, literal(transaction.now + PATIENCE, document.c.due.type))
    transaction.execute(update(document).where(waiting).values(status="parked", due=deadline))
    _lower_pending(transaction, writing.lane, 1)


def _finish_entry(writing: Writing) -> None:
    _close_entry(writing.transaction, writing.lane, writing.entry, "done")
    waiting = {"id": writing.entry.document_id, "status": "waiting"}
    writing.transaction.update(document, waiting, status="decided", due=None)


def _lower_pending(transaction: Transaction, claimed: Lane, by: int) -> None:
    here = update(lane).where(lane.c.id == claimed.key)
    transaction.execute(here.values(pending=lane.c.pending - by))


# --- stock ----------------------------------------------------------------------------------------------------------


def _write_stock(writing: Writing) -> None:
    if not writing.counts:
        return
    _recheck_shortage(writing)
    change_reservations(writing.transaction, writing.lane.key, writing.made.reservations)
    apply_changes(writing.transaction, writing.made.stock)
    freed = [change.sku for change in writing.made.stock if change.on_hand - change.reserved > 0]
    reconsider(writing.transaction, freed, writing.entry.document_id, "stock was freed", but=writing.lane.key)


def _recheck_shortage(writing: Writing) -> None:
    """A backorder was decided because stock was short: `Stale` when more of it has come since."""
    short = sorted(short_skus(writing.made.order))
    if not short:
        return
    seen = {(row.sku, row.node): row.available for row in writing.world.stock}
    for row in stock_rows(writing.transaction, short):
        if row.available > seen.get((row.sku, row.node), ZERO):
            raise Stale(f"{row.node} has more of {row.sku} than was known")


def _report(writing: Writing) -> None:
    for trouble in writing.made.troubles:
        facts = trouble.model_dump(mode="json")["facts"]
        about = About(writing.lane.key, writing.entry.document_id, owner=trouble.owner, facts=facts)
        open_exception(writing.transaction, trouble.code, trouble.reason, about)


def _move_lane(writing: Writing, chain: Chain, sent: int) -> None:
    """One entry less; and since the order moved, what was parked for it may try again."""
    revived = revive_parked(writing.transaction, writing.lane.key) if writing.made.order else 0
    moved = {"moved": writing.lane.key, "events": chain.events, "head": chain.head, "sent": sent, "less": 1 - revived}
    writing.transaction.execute(_MOVE, [moved])


_MOVE = (
    update(lane)
    .where(lane.c.id == bindparam("moved"))
    .values({name: bindparam(name) for name in ("events", "head", "sent")})
    .values(pending=lane.c.pending - bindparam("less", type_=lane.c.pending.type))
)

"""Writes a decision: events, ledger, reservations, stock, outgoing documents and postings, together or not at all."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, literal, select, update

from router.lanes import Decided
from router.order import Order
from router.order_line import ZERO
from router.ports import Lane, LaneEntry, Stale
from store.backorders import Precedence, reconsider, short_skus
from store.consequences import names_given, post, queue_documents
from store.database import Transaction
from store.exceptions import About, open_exception
from store.lane_queue import PATIENCE, give_names, revive_parked
from store.made import world_text
from store.node_loads import Loads
from store.order_ledger import write_order, write_record
from store.questions import close_worries, withdraw
from store.reservations import change_reservations
from store.shapes import Shape, among
from store.stock_room import Shelves, make_room, stock_rows
from store.tables import (
    document,
    lane,
    lane_entry,
)
from store.telling import tell_listeners
from store.transits import count_transits
from store.wakeups import note_wakeups
from store.writing import Chain, Writing


class ToWrite(NamedTuple):
    """A decision with its digest, and its world as it is kept."""

    decided: Decided
    digest: str
    world_text: str


def to_write(decided: Decided) -> ToWrite:
    """Work out a decision's JSON and digest before others wait for the transaction."""
    return ToWrite(decided, decided.made.digest, world_text(decided.world))


def write_decisions(transaction: Transaction, asked: Sequence[ToWrite]) -> list[Order | Stale | None]:
    """Write decisions under their lanes' tokens, in turn: for each the order as it then stands, or why it is not.

    `Stale` when the lane was claimed by another, the entry is done, or stock moved on under the decision.
    """
    lanes, changes = [one.decided.lane for one in asked], [row for one in asked for row in one.decided.made.stock]
    held, waiting = _held_lanes(transaction, lanes), _waiting_entries(transaction, lanes)
    make_room(transaction, changes)
    shelves = Shelves(transaction, {(row.sku, row.node) for row in changes})
    precedence = Precedence(transaction, {row.sku for row in changes if row.reserved > ZERO})
    loads = Loads(transaction, (change for one in asked for change in one.decided.made.loads))
    outcomes: list[Order | Stale | None] = []
    accepted: list[Writing] = []
    for one in asked:
        lane, made = one.decided.lane, one.decided.made
        try:
            row = _held(held, lane)
            _claim_entry(waiting, lane, one.decided.entry)
            writing = _writing(transaction, one, row)
            loads.check(made.loads)
            precedence.check(writing, shelves.left, partial(_done, accepted, waiting))
            _take_stock(writing, shelves)
            loads.take(made.loads)
        except Stale as stale:
            outcomes.append(stale)
            continue
        accepted.append(writing)
        outcomes.append(made.order or lane.order)
    _write(transaction, accepted)
    shelves.write()
    loads.write()
    return outcomes


def _write(transaction: Transaction, accepted: Sequence[Writing]) -> None:
    decided = [writing for writing in accepted if not writing.made.parked]
    for writing in accepted:
        _park(writing) if writing.made.parked else _finish_entry(writing)
    revived = revive_parked(transaction, [writing.lane.key for writing in decided if writing.made.order])
    for writing in decided:
        change_reservations(transaction, writing.lane.key, writing.made.reservations)
        chain = write_record(writing)
        write_order(writing)
        withdraw(writing)
        close_worries(writing)
        note_wakeups(writing)
        count_transits(transaction, writing.made.came)
        sent = tell_listeners(writing, queue_documents(writing, writing.sent))
        _report(writing)
        _move_lane(writing, chain, sent, less=1 - revived[writing.lane.key])
    give_names(transaction, [name for writing in decided for name in names_given(writing)])
    for writing in decided:
        post(writing)
        _free_stock(writing)


def give_up(transaction: Transaction, claimed: Lane, entry: LaneEntry, reason: str) -> None:
    """Take a document out of the lane as an exception. Raises `Stale` as a decision would be."""
    _held(_held_lanes(transaction, [claimed]), claimed)
    _claim_entry(_waiting_entries(transaction, [claimed]), claimed, entry)
    transaction.set(lane_entry, {"lane": claimed.key, "seq": entry.seq}, status="done")
    transaction.set(document, {"id": entry.document_id, "status": "waiting"}, status="undecided", due=None)
    transaction.execute(update(lane).where(lane.c.id == claimed.key).values(pending=lane.c.pending - 1))
    about = About(claimed.key, entry.document_id, owner="integration desk")
    open_exception(transaction, "decision-failed", reason, about)


# --- the lane and its entries ---------------------------------------------------------------------------------------


def _held_lanes(transaction: Transaction, lanes: Sequence[Lane]) -> dict[str, Any]:
    """The lanes' rows, locked in one order."""
    return {row.id: row for row in transaction.ask(_HELD, wanted=sorted({one.key for one in lanes}))}


def _held(rows: dict[str, Any], claimed: Lane) -> Any:
    row = rows.get(claimed.key)
    if row is None or row.token != claimed.token:
        raise Stale(f"lane {claimed.key} was claimed by another")
    return row


def _waiting_entries(transaction: Transaction, lanes: Sequence[Lane]) -> set[tuple[str, int]]:
    wanted = sorted({one.key for one in lanes})
    return {(row.lane, row.seq) for row in transaction.ask(_WAITING, wanted=wanted)}


_HELD = Shape(lambda on: select(lane).where(among(on, lane.c.id)).order_by(lane.c.id).with_for_update())
_WAITING = Shape(
    lambda on: select(lane_entry.c.lane, lane_entry.c.seq).where(
        among(on, lane_entry.c.lane), lane_entry.c.status == "waiting"
    )
)


def _claim_entry(waiting: set[tuple[str, int]], claimed: Lane, entry: LaneEntry) -> None:
    """Take the entry; nobody has it twice."""
    place = (claimed.key, entry.seq)
    if place not in waiting:
        raise Stale(f"entry {entry.seq} of {claimed.key} is done")
    waiting.remove(place)


def _done(accepted: Sequence[Writing], waiting: set[tuple[str, int]]) -> set[str]:
    """The lanes that are decided to their end beside the others of the group."""
    return {writing.lane.key for writing in accepted} - {key for key, _ in waiting}


def _writing(transaction: Transaction, one: ToWrite, row: Any) -> Writing:
    decided = one.decided
    return Writing(
        transaction=transaction,
        lane=decided.lane,
        entry=decided.entry,
        world=decided.world,
        made=decided.made,
        digest=one.digest,
        world_text=one.world_text,
        decision_id=transaction.new_id(),
        chain=Chain(row.events, row.head),
        sent=row.sent,
        waiting=row.pending,
        last=decided.last,
    )


def _park(writing: Writing) -> None:
    transaction = writing.transaction
    transaction.set(lane_entry, _entry_of(writing), status="parked")
    waiting = (document.c.id == writing.entry.document_id) & (document.c.status == "waiting")
    deadline = func.coalesce(document.c.due, literal(transaction.now + PATIENCE, document.c.due.type))
    transaction.execute(update(document).where(waiting).values(status="parked", due=deadline))
    _move_lane(writing, writing.chain, writing.sent, less=1)


def _finish_entry(writing: Writing) -> None:
    writing.transaction.set(lane_entry, _entry_of(writing), status="done")
    waiting = {"id": writing.entry.document_id, "status": "waiting"}
    writing.transaction.set(document, waiting, status="decided", due=None)


def _entry_of(writing: Writing) -> dict[str, Any]:
    return {"lane": writing.lane.key, "seq": writing.entry.seq}


def _move_lane(writing: Writing, chain: Chain, sent: int, less: int) -> None:
    """The order moved on, and the lane holds `less` entries; with the last one it is given back, due at once."""
    moved = {"moved": writing.lane.key, "events": chain.events, "head": chain.head, "sent": sent, "less": less}
    token, due = (None, writing.transaction.now) if writing.last else (writing.lane.token, None)
    if writing.last and writing.waiting > less:
        writing.transaction.announce("route")
    writing.transaction.apply(_MOVE, moved | {"held_by": token, "then": due})


def _move(_dialect: str) -> Any:
    less, then = bindparam("less", type_=lane.c.pending.type), bindparam("then", type_=lane.c.due.type)
    return (
        update(lane)
        .where(lane.c.id == bindparam("moved"))
        .values({name: bindparam(name) for name in ("events", "head", "sent")})
        .values(pending=lane.c.pending - less, token=bindparam("held_by"), due=func.coalesce(then, lane.c.due))
    )


_MOVE = Shape(_move)


# --- stock ----------------------------------------------------------------------------------------------------------


def _take_stock(writing: Writing, shelves: Shelves) -> None:
    if writing.counts:
        _recheck_shortage(writing)
        shelves.take(writing.made.stock)


def _free_stock(writing: Writing) -> None:
    """Have others decided again who wait for what this decision freed."""
    if writing.counts:
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

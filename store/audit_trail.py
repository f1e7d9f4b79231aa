"""The audit of the trail: every order's chain of events, the blocks that seal all of them, and what was erased."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, exists, func, select

from store.blocks import Block, block_digest, block_hash
from store.digest import GENESIS
from store.erasing import Erased, record_hash
from store.events import chain_of
from store.tables import decision, document, lane, lane_entry, lane_name, order
from store.transaction import Sealed
from store.watch_tables import block, erasure

_sealed = exists().where(block.c.id == decision.c.block)


def _chain_faults(row: Any) -> Iterator[str]:
    hashes = chain_of(row)
    if not row.follows:
        yield f"event {row.first_event} does not follow the one before it"
    if len(hashes) != row.last_event - row.first_event + 1 or row.head != (hashes[-1] if hashes else row.previous):
        yield f"events {row.first_event} to {row.last_event} were changed after they were written"


def _decisions_with_their_predecessor() -> Select[Any]:
    before = decision.alias("before")
    began = (decision.c.first_event == 1) & (decision.c.previous == GENESIS)
    goes_on = exists().where(
        before.c.order_id == decision.c.order_id,
        before.c.last_event == decision.c.first_event - 1,
        before.c.head == decision.c.previous,
        before.c.id != decision.c.id,
    )
    return select(
        decision.c.id, decision.c.order_id, decision.c.at, decision.c.first_event, decision.c.last_event,
        decision.c.events, decision.c.previous, decision.c.head, (began | goes_on).label("follows"),
    )  # fmt: skip


def _lane_faults(row: Any) -> Iterator[str]:
    if row.events != (row.told or 0):
        yield f"{row.events} events are counted, but {row.told or 0} are there"
    if row.events and not row.ended:
        yield f"the chain's head is not event {row.events}"
    elif row.events and not row.sealed:
        yield f"event {row.events} is in no block"
    if row.pending != row.waiting:
        yield f"{row.pending} are pending, but {row.waiting} wait"
    if row.next_seq - 1 != row.entries:
        yield f"{row.next_seq - 1} entries were made, but {row.entries} are there"
    if row.sent != row.outgoing:
        yield f"{row.sent} documents went out, but {row.outgoing} are there"
    if row.events and not row.ordered:
        yield "its order is not there"


def _lanes_with_their_ends() -> Select[Any]:
    of_lane = decision.c.order_id == lane.c.id
    told = select(func.sum(decision.c.last_event - decision.c.first_event + 1)).where(of_lane)
    at_end = of_lane & (decision.c.last_event == lane.c.events) & (decision.c.head == lane.c.head)
    entries = select(func.count()).where(lane_entry.c.lane == lane.c.id)
    waiting = entries.where(lane_entry.c.status == "waiting")
    sent = document.c.order_id == lane.c.id, document.c.direction == "out", document.c.seq.isnot(None)
    outgoing = select(func.count()).where(*sent)
    return select(
        lane,
        told.scalar_subquery().label("told"),
        exists().where(at_end).label("ended"),
        exists().where(at_end, _sealed).label("sealed"),
        waiting.scalar_subquery().label("waiting"),
        entries.scalar_subquery().label("entries"),
        outgoing.scalar_subquery().label("outgoing"),
        exists().where(order.c.id == lane.c.id).label("ordered"),
    )


def _entries_with_their_lanes() -> Select[Any]:
    """Entries whose lane or document is gone, and those that are done though nothing was decided.

    An order's own reconsideration names what caused it, which may be no document.
    """
    of_lane = exists().where(lane.c.id == lane_entry.c.lane)
    document_of = exists().where(document.c.id == lane_entry.c.document)
    decided = exists().where(decision.c.order_id == lane_entry.c.lane, decision.c.document == lane_entry.c.document)
    undecided = exists().where(document.c.id == lane_entry.c.document, document.c.status != "decided")
    done = (lane_entry.c.status == "done") & ~decided & ~undecided
    unknown = lane_entry.c.status.notin_(("waiting", "parked", "done"))
    return select(lane_entry.c.lane, lane_entry.c.seq).where(
        ~of_lane | unknown | (lane_entry.c.cause.is_(None) & (~document_of | done))
    )


def _decisions_on_nothing() -> Select[Any]:
    entered = exists().where(lane_entry.c.lane == decision.c.order_id, lane_entry.c.document == decision.c.document)
    return select(decision.c.id).where(~entered)


def _names_of_nobody() -> Select[Any]:
    return select(lane_name.c.scope, lane_name.c.name).where(~exists().where(lane.c.id == lane_name.c.lane))


def _block_faults(row: Any) -> Iterator[str]:
    if row.previous != (row.before or GENESIS) or (row.before is None and row.id != 1):
        yield "it does not follow the one before it"
    if row.hash != block_hash(row.previous, Block(row.id, row.block, row.decisions, row.digest, row.at)):
        yield "it was changed after it was written"
    held = [Sealed(*line.split(" ")) for line in (row.held or "").splitlines()]
    if (len(held), block_digest(held)) != (row.decisions, row.digest):
        yield f"its {row.decisions} decisions are not the {len(held)} that are there"


def _blocks_with_what_they_hold() -> Select[Any]:
    said = decision.c.id + " " + decision.c.digest + " " + func.coalesce(decision.c.head, "")
    held = select(decision.c.block, func.aggregate_strings(said, "\n").label("held"))
    sealed = held.group_by(decision.c.block).subquery()
    before = block.alias("before")
    joined = block.outerjoin(before, before.c.seq == block.c.seq - 1).outerjoin(sealed, sealed.c.block == block.c.id)
    columns = (block.c.decisions, block.c.digest, block.c.at, block.c.previous, block.c.hash)
    seq = block.c.seq.label("id")
    return select(seq, block.c.id.label("block"), *columns, before.c.hash.label("before"), sealed.c.held).select_from(
        joined
    )


def _said(what: str) -> Callable[[Any], Iterator[str]]:
    """What is said of each row that there is."""
    return lambda _row: iter([what])


def _erasure_faults(row: Any) -> Iterator[str]:
    if row.previous != (row.before or GENESIS) or (row.before is None and row.seq != 1):
        yield f"record {row.seq} does not follow the one before it"
    if row.hash != record_hash(row.previous, Erased(row.seq, row.subject, row.digest, row.at, row.by)):
        yield f"record {row.seq} was changed after it was written"


def _erasures_with_their_predecessor() -> Select[Any]:
    before = erasure.alias("before")
    joined = erasure.outerjoin(before, before.c.seq == erasure.c.seq - 1)
    return select(erasure.c.subject.label("id"), erasure, before.c.hash.label("before")).select_from(joined)


TRAIL: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[str]]]] = {
    # what must hold -> the rows it is judged on, and the judge
    "erasure-chained": (_erasures_with_their_predecessor(), _erasure_faults),
    "event-chained": (_decisions_with_their_predecessor(), _chain_faults),
    "block-whole": (_blocks_with_what_they_hold(), _block_faults),
    "decision-sealed": (select(decision.c.id).where(~_sealed), _said("it is in no block")),
    "decision-grounded": (_decisions_on_nothing(), _said("it was made on nothing that is in its lane")),
    "lane-whole": (_lanes_with_their_ends(), _lane_faults),
    "entry-rooted": (_entries_with_their_lanes(), _said("it is not what its lane or its document says")),
    "name-rooted": (_names_of_nobody(), _said("it leads to no lane")),
}

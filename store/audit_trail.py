"""The audit of the trail: every order's chain of events, the blocks that seal all of them, and what was erased."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, and_, exists, func, select

from canonical import canonical_json
from store.blocks import Block, block_digest, block_hash
from store.digest import GENESIS, Happened, event_hash
from store.erasing import Erased, record_hash
from store.tables import decision, event, lane, lane_entry
from store.transaction import Sealed
from store.watch_tables import block, erasure

_sealed = exists().where(block.c.id == decision.c.block)


def _event_faults(row: Any) -> Iterator[str]:
    if row.previous != (row.before or GENESIS) or (row.before is None and row.seq != 1):
        yield f"event {row.seq} does not follow the one before it"
    if row.hash != event_hash(
        row.previous, Happened(row.order_id, row.seq, row.kind, row.at, canonical_json(row.facts))
    ):
        yield f"event {row.seq} was changed after it was written"


def _events_with_their_predecessor() -> Select[Any]:
    before = event.alias("before")
    joined = event.outerjoin(before, and_(before.c.order_id == event.c.order_id, before.c.seq == event.c.seq - 1))
    return select(event, before.c.hash.label("before")).select_from(joined)


def _lane_faults(row: Any) -> Iterator[str]:
    if row.events and row.last_hash != row.head:
        yield f"the chain's head is not event {row.events}"
    elif row.events and not row.sealed:
        yield f"event {row.events} is in no block"
    if row.later:
        yield f"there are events after {row.events}"
    if row.pending != row.waiting:
        yield f"{row.pending} are pending, but {row.waiting} wait"


def _lanes_with_their_ends() -> Select[Any]:
    of_lane = event.c.order_id == lane.c.id
    last = select(event.c.hash).where(of_lane, event.c.seq == lane.c.events).scalar_subquery()
    later = exists().where(of_lane, event.c.seq > lane.c.events)
    waiting = select(func.count()).where(lane_entry.c.lane == lane.c.id, lane_entry.c.status == "waiting")
    sealed = exists().where(decision.c.order_id == lane.c.id, decision.c.head == lane.c.head, _sealed)
    return select(
        lane,
        last.label("last_hash"),
        later.label("later"),
        sealed.label("sealed"),
        waiting.scalar_subquery().label("waiting"),
    )


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


def _decision_faults(row: Any) -> Iterator[str]:
    yield "it ends on no event of its order" if row.sealed else "it is in no block"


def _decisions_out_of_place() -> Select[Any]:
    """Decisions in no block, or sealed with a head that is no event's hash."""
    rooted = exists().where(event.c.order_id == decision.c.order_id, event.c.hash == decision.c.head)
    missing = ~_sealed | ~(rooted | (decision.c.head == GENESIS))
    return select(decision.c.id, _sealed.label("sealed")).where(missing)


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
    "event-chained": (_events_with_their_predecessor(), _event_faults),
    "block-whole": (_blocks_with_what_they_hold(), _block_faults),
    "decision-sealed": (_decisions_out_of_place(), _decision_faults),
    "lane-whole": (_lanes_with_their_ends(), _lane_faults),
}

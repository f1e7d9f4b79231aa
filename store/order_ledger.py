"""What a decision changes of its order: the events in their chain, the record of the decision, the order itself."""

from typing import NamedTuple

from sqlalchemy import delete

from router.decision import Reconsider
from router.order import Order
from store.digest import Happened, event_hash
from store.tables import backorder, decision, event, order
from store.writing import Writing


class Chain(NamedTuple):
    """How far an order's chain of events reaches, and the hash it ends on."""

    events: int
    head: str


def write_events(writing: Writing, chain: Chain) -> Chain:
    """Append what happened to the order's chain."""
    transaction, previous, at = writing.transaction, chain.head, writing.world.now
    rows = []
    for seq, happened in enumerate(writing.made.events, start=chain.events + 1):
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
    return Chain(chain.events + len(rows), previous)


def write_record(writing: Writing) -> None:
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
        "digest": writing.made.digest,
    }
    writing.transaction.insert(decision, row)


def write_order(writing: Writing) -> None:
    """Keep the order as the decision left it."""
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
    if writing.lane.order is None or transaction.update(order, {"id": writing.lane.key}, **values) == 0:
        row = {
            "id": writing.lane.key,
            "number": state.number,
            "channel": state.channel,
            "usage": state.document.usage,
            "created_at": transaction.now,
        }
        transaction.insert(order, row | values)
    _note_backorders(writing, state)


def short_skus(state: Order | None) -> set[str]:
    """What the order waits for."""
    return {line.sku for line in state.lines if line.sku and line.ledger.backordered} if state else set()


def _note_backorders(writing: Writing, state: Order) -> None:
    before, now = short_skus(writing.lane.order), short_skus(state)
    for sku in sorted(now - before) if writing.counts else ():
        row = {"sku": sku, "order_id": writing.lane.key, "since": writing.transaction.now}
        writing.transaction.insert_if_absent(backorder, row)
    for sku in sorted(before - now):
        here = (backorder.c.sku == sku) & (backorder.c.order_id == writing.lane.key)
        writing.transaction.execute(delete(backorder).where(here))

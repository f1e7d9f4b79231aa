"""What a decision changes of its order: its record with the events in their chain, and the order itself."""

from router.own_work import Reconsider
from store.backorders import note_backorders
from store.events import chain, events_text
from store.tables import decision, order
from store.transaction import Sealed
from store.writing import Chain, Writing


def write_record(writing: Writing) -> Chain:
    """Keep what the decision read, what it made happen and why, so that it can be made again and compared.

    The commit's block seals it, with the head on which the order's chain then ends. How far the chain then reaches.
    """
    made, before, content = writing.made, writing.chain, writing.entry.document
    told = writing.told
    writing.hashes.extend(chain(before.head, writing.lane.key, before.events + 1, writing.world.now, told))
    after = Chain(before.events + len(told), writing.hashes[-1] if told else before.head)
    row = {
        "id": writing.decision_id,
        "order_id": writing.lane.key,
        "document": writing.entry.document_id,
        "cause": content.cause if isinstance(content, Reconsider) else None,
        "sender": writing.entry.sender,
        "at": writing.world.now,
        "configuration": writing.world.configuration,
        "world": writing.world_text,
        "explanation": made.texts.explanation,
        "digest": writing.digest,
        "first_event": before.events + 1,
        "last_event": after.events,
        "events": events_text(told),
        "previous": before.head,
        "head": after.head,
        "block": writing.transaction.seal(Sealed(writing.decision_id, writing.digest, after.head)),
    }
    writing.transaction.insert(decision, row)
    return after


def write_order(writing: Writing) -> None:
    """Keep the order as the decision left it."""
    state = writing.made.order
    if state is None:
        return
    transaction, text = writing.transaction, writing.made.texts.order
    values = {"status": state.status, "version": state.version, "state": text, "updated_at": transaction.now}
    transaction.recent.orders.keep(writing.lane.key, state, text or "")
    if writing.lane.order is not None:
        transaction.set(order, {"id": writing.lane.key}, **values)
    else:
        row = {
            "id": writing.lane.key,
            "number": state.number,
            "channel": state.channel,
            "usage": state.document.usage,
            "created_at": transaction.now,
        }
        transaction.insert(order, row | values)
    note_backorders(writing, state)

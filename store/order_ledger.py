"""What a decision changes of its order: the events in their chain, the record of the decision, the order itself."""

from router.decision import Reconsider
from store.backorders import note_backorders
from store.digest import Happened, event_hash
from store.made import world_text
from store.tables import decision, event, order
from store.transaction import Sealed
from store.writing import Chain, Writing


def write_events(writing: Writing) -> Chain:
    """Append what happened to the order's chain; how far it then reaches."""
    before, at = writing.chain, writing.world.now
    previous = before.head
    told = zip(writing.made.events, writing.made.texts.facts, strict=True)
    for seq, (happened, facts) in enumerate(told, start=before.events + 1):
        digest = event_hash(previous, Happened(writing.lane.key, seq, happened.kind, at, facts))
        row = {"order_id": writing.lane.key, "seq": seq, "kind": happened.kind, "at": at, "facts": facts}
        writing.happened.append(row | {"decision": writing.decision_id, "previous": previous, "hash": digest})
        previous = digest
    writing.transaction.insert(event, *writing.happened)
    return Chain(before.events + len(writing.happened), previous)


def write_record(writing: Writing, head: str) -> None:
    """Keep what the decision read and why it came out so, so that it can be made again and compared.

    The commit's block seals it, with the `head` on which the order's chain then ends.
    """
    content = writing.entry.document
    block = writing.transaction.seal(Sealed(writing.decision_id, writing.made.digest, head))
    row = {
        "id": writing.decision_id,
        "order_id": writing.lane.key,
        "document": writing.entry.document_id,
        "cause": content.cause if isinstance(content, Reconsider) else None,
        "sender": writing.entry.sender,
        "at": writing.world.now,
        "configuration": writing.world.configuration,
        "world": world_text(writing.world),
        "explanation": writing.made.texts.explanation,
        "digest": writing.made.digest,
        "head": head,
        "block": block,
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
        "state": writing.made.texts.order,
        "updated_at": writing.transaction.now,
    }
    transaction = writing.transaction
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

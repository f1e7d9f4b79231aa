"""Events as documents: what a decision made happen is queued for every webhook that listens, in the order's turn."""

import json
from collections.abc import Iterator

from canonical import OrderEvent
from router.decision import Outgoing
from store.consequences import queue
from store.writing import Writing


def tell_listeners(writing: Writing, sent: int) -> int:
    """Queue the decision's events after the `sent` documents before; how many there are then."""
    listeners = {kind: writing.transaction.agreed.listeners(kind) for kind in {one.kind for one in writing.made.events}}
    if not any(listeners.values()):
        return sent
    told = [Outgoing(document=event, to=webhook) for event in _told(writing) for webhook in listeners[event.event]]
    return queue(writing, told, sent)


def _told(writing: Writing) -> Iterator[OrderEvent]:
    previous = writing.chain.head
    happened = zip(writing.told, writing.hashes, strict=True)
    for seq, ((kind, facts), digest) in enumerate(happened, start=writing.chain.events + 1):
        yield OrderEvent(
            usage=writing.usage,
            order=writing.lane.key,
            seq=seq,
            event=kind,
            happened_at=writing.world.now,
            facts=json.loads(facts),
            previous=previous,
            hash=digest,
        )
        previous = digest

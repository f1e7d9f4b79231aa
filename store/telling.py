"""Events as documents: what a decision made happen is queued for every webhook that listens, in the order's turn."""

from sqlalchemy import select

from canonical import OrderEvent
from router.decision import Outgoing
from store.consequences import queue
from store.tables import event
from store.writing import Writing


def tell_listeners(writing: Writing, seen: int, sent: int) -> int:
    """Queue the events behind the first `seen`, after the `sent` documents before; how many there are then."""
    listening = {happened.kind: writing.transaction.agreed.listeners(happened.kind) for happened in writing.made.events}
    if not any(listening.values()):
        return sent
    wanted = select(event).where(event.c.order_id == writing.lane.key, event.c.seq > seen).order_by(event.c.seq)
    told = []
    for row in writing.transaction.execute(wanted):
        happened = OrderEvent(
            usage=writing.usage,
            order=row.order_id,
            seq=row.seq,
            event=row.kind,
            happened_at=row.at,
            facts=row.facts,
            previous=row.previous,
            hash=row.hash,
        )
        told += [Outgoing(document=happened, to=webhook) for webhook in listening.get(row.kind, ())]
    return queue(writing, told, sent)

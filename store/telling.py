"""Events as documents: what a decision made happen is queued for every webhook that listens, in the order's turn."""

import json
from collections.abc import Mapping
from typing import Any

from canonical import OrderEvent
from router.decision import Outgoing
from store.consequences import queue
from store.writing import Writing


def tell_listeners(writing: Writing, sent: int) -> int:
    """Queue the decision's events after the `sent` documents before; how many there are then."""
    told = []
    for row in writing.happened:
        if listeners := writing.transaction.agreed.listeners(row["kind"]):
            happened = _told(writing, row)
            told += [Outgoing(document=happened, to=webhook) for webhook in listeners]
    return queue(writing, told, sent)


def _told(writing: Writing, row: Mapping[str, Any]) -> OrderEvent:
    return OrderEvent(
        usage=writing.usage,
        order=row["order_id"],
        seq=row["seq"],
        event=row["kind"],
        happened_at=row["at"],
        facts=json.loads(row["facts"]),
        previous=row["previous"],
        hash=row["hash"],
    )

"""An order's events: kept with the decision that made them happen, each chained to the one before.

A decision's row says where its events begin, what the chain ended on before them (`previous`) and ends on after them
(`head`): the hashes between are made again from those. A decision of ten lines makes some twenty events, and as rows of
their own they were half of all that was written for it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_

from canonical import canonical_json
from store.columns import quoted
from store.digest import sha256
from store.tables import decision

Told = tuple[str, str]
"""An event's kind, and its facts as JSON with sorted keys and no spaces."""


class ChainedEvent(NamedTuple):
    """An event with its place in its order's chain."""

    order_id: str
    seq: int
    kind: str
    at: datetime
    facts: Any
    previous: str
    hash: str


def chain(previous: str, order: str, first: int, at: datetime, told: Iterable[Told]) -> list[str]:
    """The hash of each event, of which the `first` follows the one whose hash is `previous`.

    It is SHA-256 over the predecessor's hash and the event's JSON with sorted keys, no spaces and an ISO 8601 instant.
    """
    hashes, instant, named = [], at.isoformat(), quoted(order)
    for seq, (kind, facts) in enumerate(told, start=first):
        said = f'"facts":{facts},"kind":{quoted(kind)},"order":{named},"seq":{seq}'
        previous = sha256(f'{previous}{{"at":"{instant}",{said}}}')
        hashes.append(previous)
    return hashes


def events_text(told: Iterable[Told]) -> str:
    """Events as a decision's row keeps them: a JSON array of kinds and facts."""
    return f"[{','.join([f'[{quoted(kind)},{facts}]' for kind, facts in told])}]"


def chain_of(row: Any) -> Sequence[str]:
    """The hashes of a decision's events, made again from what its row says of them."""
    told = [(kind, canonical_json(facts)) for kind, facts in json.loads(row.events)]
    return chain(row.previous, row.order_id, row.first_event, row.at, told)


def events_of(row: Any) -> Iterator[ChainedEvent]:
    """The events of a decision's row. The last one's hash is the one that was kept, whatever became of the others."""
    previous, told = row.previous, json.loads(row.events)
    for seq, ((kind, facts), made) in enumerate(zip(told, chain_of(row), strict=True), start=row.first_event):
        kept = row.head if seq == row.last_event else made
        yield ChainedEvent(row.order_id, seq, kind, row.at, facts, previous, kept)
        previous = kept


def facts_of(row: Any, kinds: Collection[str]) -> list[tuple[str, Any]]:
    """(kind, facts) of a decision's events of some kinds."""
    return [(kind, facts) for kind, facts in json.loads(row.events) if kind in kinds]


def has_event(kinds: Iterable[str]) -> ColumnElement[bool]:
    """Whether a decision made events of any of these kinds."""
    return or_(*(decision.c.events.contains(f'["{kind}",') for kind in kinds))

"""Rows as people and programs outside read them: plain JSON values under the names that outsiders rely on."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical import plain_decimal

Row = Any
"""A database row; its columns are attributes."""
Shown = dict[str, Any]


def moment(instant: datetime | None) -> str | None:
    """An instant as ISO 8601 text in UTC."""
    return None if instant is None else instant.isoformat()


def decimal(number: Decimal) -> str:
    """A quantity or amount as text."""
    return plain_decimal(number)


_MONEY = ("invoiced", "credited", "captured", "refunded", "advance", "due")
"""The sums that an order keeps, in its own currency."""


def shown_order(row: Row) -> Shown:
    """An order with its lines and ledgers."""
    state = json.loads(row.state)
    document = state["document"]
    return {
        "id": row.id,
        "number": row.number,
        "channel": row.channel,
        "status": row.status,
        "usage": row.usage,
        "version": row.version,
        "currency": document["currency"],
        "release": document.get("release"),
        "ordered_on": document["ordered_on"],
        "holds": state["holds"],
        "returns": state.get("returns", ()),
        "money": {name: state.get(name, "0") for name in _MONEY},
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "lines": [
            {name: line.get(name) for name in ("number", "sku", "ledger", "fault", "expected")}
            for line in state["lines"]
        ],
    }


def shown_document(row: Row) -> Shown:
    """A document's row. `sha256` is the digest of the bytes it travelled as; None until they exist."""
    return {
        "id": row.id,
        "direction": row.direction,
        "partner": row.partner,
        "kind": row.kind,
        "identity": row.identity,
        "usage": row.usage,
        "sha256": row.sha256,
        "received_at": moment(row.at),
        "status": row.status,
        "order": row.order_id,
        "transmission": row.transmission,
        "duplicate_of": row.duplicate_of,
        "place": row.place,
        "findings": row.findings or [],
    }


def shown_event(row: Row) -> Shown:
    """An event with its place in the order's hash chain."""
    return {
        "order": row.order_id,
        "seq": row.seq,
        "kind": row.kind,
        "at": moment(row.at),
        "hash": row.hash,
        "previous": row.previous,
        "facts": row.facts,
    }


def shown_reservation(row: Row) -> Shown:
    """What an order's line still holds at a node."""
    return {
        "order": row.order_id,
        "line": row.line,
        "node": row.node,
        "sku": row.sku,
        "quantity": decimal(row.quantity),
    }


def shown_stock(row: Row) -> Shown:
    """What lies at a node and how much of it is promised."""
    return {
        "sku": row.sku,
        "node": row.node,
        "on_hand": decimal(row.on_hand),
        "reserved": decimal(row.reserved),
        "safety": decimal(row.safety),
    }


def shown_delivery(row: Row) -> Shown:
    """A delivery and how often it was tried."""
    return {
        "document": row.document,
        "destination": row.destination,
        "key": row.key,
        "status": row.status,
        "attempts": row.attempts,
        "due": moment(row.due),
        "receipt": row.receipt,
    }


def shown_erasure(row: Row) -> Shown:
    """What was erased, when and by whom; `digest` is of what was there, `subject` names the row, as in `order/ID`."""
    return {
        "seq": row.seq,
        "subject": row.subject,
        "digest": row.digest,
        "at": moment(row.at),
        "by": row.by,
        "hash": row.hash,
        "previous": row.previous,
    }


def shown_posting(row: Row) -> Shown:
    """A journal entry with its lines."""
    entry = json.loads(row.content)
    return {
        "key": row.key,
        "order": row.order_id,
        "event": row.event,
        "currency": row.currency,
        "posted_at": moment(row.posted_at),
        "lines": entry["lines"],
    }


def shown_decision(row: Row) -> Shown:
    """A decision: on what, by which configuration, and why."""
    return {
        "id": row.id,
        "order": row.order_id,
        "document": row.document,
        "at": moment(row.at),
        "configuration": row.configuration,
        "explanation": json.loads(row.explanation),
        "world": json.loads(row.world),
    }


def shown_exception(row: Row) -> Shown:
    """What a person must look at."""
    return {
        "id": row.id,
        "code": row.code,
        "reason": row.reason,
        "owner": row.owner,
        "status": row.status,
        "at": moment(row.at),
        "order": row.order_id,
        "document": row.document,
        "transmission": row.transmission,
        "subject": row.subject,
        "facts": row.facts,
        "settled_by": row.settled_by,
        "settled_at": moment(row.settled_at),
    }


def shown_awaited(row: Row) -> Shown:
    """What is or was awaited. `way` is `expected` for what they owe us, `owed` for what we owe them."""
    return {
        "document": row.document,
        "way": row.way,
        "kind": row.kind,
        "partner": row.partner,
        "since": moment(row.since),
        "due": moment(row.due),
        "status": row.status,
        "settled_at": moment(row.settled_at),
    }


def parsed(content: str | None) -> Mapping[str, Any] | None:
    """A canonical document's JSON."""
    return None if content is None else json.loads(content)

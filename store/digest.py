"""Digests: what makes two contents the same, and what makes a chain of events tamper-evident."""

import hashlib
import json
from datetime import datetime
from typing import NamedTuple

from canonical import canonical_json
from store.columns import quoted

GENESIS = "0" * 64
"""What the first event of a chain names as its predecessor."""


def sha256(content: bytes | str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def content_digest(text: str) -> str:
    """The digest of a document's meaning: its JSON with sorted keys. `text` is the document as it is kept."""
    return sha256(canonical_json(json.loads(text)))


class Happened(NamedTuple):
    """What an event's hash covers beside its predecessor's hash."""

    order: str
    seq: int
    kind: str
    at: datetime
    facts: str
    """As JSON with sorted keys and no spaces."""


def event_hash(previous: str, event: Happened) -> str:
    """SHA-256 over the predecessor's hash and the event's JSON with sorted keys, no spaces and ISO 8601 instants."""
    order, seq, kind, at, facts = event
    said = f'"facts":{facts},"kind":{quoted(kind)},"order":{quoted(order)},"seq":{seq}'
    return sha256(f'{previous}{{"at":"{at.isoformat()}",{said}}}')

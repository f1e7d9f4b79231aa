"""Digests: what makes two contents the same, and what makes a chain of events tamper-evident."""

import hashlib
import json

from canonical import canonical_json

GENESIS = "0" * 64
"""What the first event of a chain names as its predecessor."""


def sha256(content: bytes | str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def content_digest(text: str) -> str:
    """The digest of a document's meaning: its JSON with sorted keys. `text` is the document as it is kept."""
    return sha256(canonical_json(json.loads(text)))

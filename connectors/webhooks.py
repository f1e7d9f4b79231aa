"""Pushed events: proved by their signature over the raw bytes, before anything is parsed."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from canonical.exchange import Arrival
from connectors.connection import Connection
from connectors.engine.template import expand_text
from connectors.manifest import Webhooks as WebhookTerms
from connectors.manifest_auth import Hmac, SharedSecret

_ALGORITHMS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512, "sha1": hashlib.sha1}


class Webhooks:
    """The door of every connection that pushes, under its own name and its connector's. `verify` is pure."""

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        self._doors: dict[str, list[tuple[Connection, WebhookTerms]]] = {}
        pushing = [(one, one.manifest.webhooks) for one in connections.values() if one.manifest.webhooks]
        for connection, terms in pushing:
            self._doors[connection.id] = [(connection, terms)]
        for connection, terms in pushing:
            if connection.manifest.connector not in connections:
                self._doors.setdefault(connection.manifest.connector, []).append((connection, terms))

    def verify(self, connection: str, headers: Mapping[str, str], body: bytes) -> Arrival | None:
        """The arrival when the signature over the raw body holds; None when it does not.

        Under a connector's name, the connection is the one whose signature holds. Raises `KeyError` when there is no
        webhook of that name.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        for door, terms in self._doors[connection]:
            if not door.missing and signed(terms.signature, door, sent, body) and _expected(terms, door, sent):
                return _arrival(terms, door, sent, body)
        return None


def _arrival(terms: WebhookTerms, door: Connection, sent: Mapping[str, str], body: bytes) -> Arrival:
    topic = sent.get(terms.topic.lower(), "")
    facts = {"topic": topic, "content_type": sent.get("content-type", ""), "syntax": "json"}
    brings = terms.topics.get(topic)
    if brings and brings.map and brings.kind:
        facts |= {"map": brings.map, "kind": brings.kind}
    return Arrival(door.id, "webhook", body, sent.get(terms.delivery_id.lower()), facts)


def signed(signature: Hmac | SharedSecret, connection: Connection, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the (lower-cased) headers prove who sent the body, compared in constant time."""
    scope, said = {"settings": connection.settings}, headers.get(signature.header.lower(), "")
    if isinstance(signature, SharedSecret):
        secret = expand_text(signature.value, scope).encode()
        return bool(secret) and hmac.compare_digest(said.encode("utf-8", "replace"), secret)
    given, key = _digest(signature, said), expand_text(signature.key, scope).encode()
    return given is not None and bool(key) and hmac.compare_digest(given, digest(signature.algorithm, key, body))


def digest(algorithm: str, key: bytes, body: bytes) -> bytes:
    """The HMAC of a body."""
    return hmac.new(key, body, _ALGORITHMS[algorithm]).digest()


def _digest(signature: Hmac, given: str) -> bytes | None:
    if not given.startswith(signature.prefix):
        return None
    text = given.removeprefix(signature.prefix)
    try:
        return base64.b64decode(text, validate=True) if signature.encoding == "base64" else bytes.fromhex(text)
    except (binascii.Error, ValueError):
        return None


def _expected(terms: WebhookTerms, connection: Connection, headers: Mapping[str, str]) -> bool:
    scope = {"settings": connection.settings}
    return all(headers.get(name.lower()) == expand_text(value, scope) for name, value in terms.expect.items())

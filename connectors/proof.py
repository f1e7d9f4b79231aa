"""Whether a pushed event comes from whom it says: its proof, held against the raw bytes before anything is read."""

import base64
import binascii
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from canonical import Rejected
from connectors.engine.path import first_at, text_of
from connectors.engine.template import expand_text
from connectors.manifest_webhooks import BasicProof, Hmac, NoProof, PublicKey, SharedSecret, Timestamp
from connectors.syntax.json_text import read_json

_ALGORITHMS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512, "sha1": hashlib.sha1}


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request that claims to be an event; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    path: str = "/"
    remote: str | None = None


def comes_from(networks: Sequence[str], remote: str | None) -> bool:
    """Whether an address is in one of these networks; without any, whether or not it is known."""
    if not networks:
        return True
    try:
        address = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return False
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((inner or address) in ip_network(network) for network in networks)


OwnProof = Hmac | SharedSecret | BasicProof | NoProof
"""What is told by the request alone."""


def proved(proof: OwnProof, settings: Mapping[str, Any], pushed: Pushed, now: datetime) -> bool:
    """Whether the headers prove who sent the body, compared in constant time."""
    scope = {"settings": settings}
    match proof:
        case SharedSecret():
            return _same(pushed.headers.get(proof.header.lower(), ""), expand_text(proof.value, scope))
        case BasicProof():
            login = f"{expand_text(proof.username, scope)}:{expand_text(proof.password, scope)}"
            wanted = "Basic " + base64.b64encode(login.encode()).decode()
            return len(login) > 1 and _same(pushed.headers.get("authorization", ""), wanted)
        case NoProof():
            return True
        case Hmac():
            return _signed(proof, scope, pushed, now)


def digest(algorithm: str, key: bytes, body: bytes) -> bytes:
    """The HMAC of a body."""
    return hmac.new(key, body, _ALGORITHMS[algorithm]).digest()


def key_of(proof: Hmac, scope: Mapping[str, Any]) -> bytes:
    """The bytes of the key."""
    text = expand_text(proof.key, scope)
    return (unicodedata.normalize(proof.normalized, text) if proof.normalized else text).encode()


def signed_content(proof: Hmac, scope: Mapping[str, Any], pushed: Pushed, timestamp: str | None) -> bytes:
    """The bytes that the HMAC is over. Raises `Rejected` when a header they name is missing."""
    known = {
        **scope,
        "method": pushed.method,
        "path": pushed.path,
        "headers": pushed.headers,
        "body_sha256": hashlib.sha256(pushed.body).hexdigest(),
        "timestamp": timestamp,
    }
    return pushed.body.join(expand_text(part, known).encode() for part in proof.signed.split("{body}"))


def key_id_and_signature(proof: PublicKey, pushed: Pushed) -> tuple[str, bytes] | None:
    """The key's id and the signature that the header holds; None when it can't be read."""
    try:
        tree = read_json(base64.b64decode(pushed.headers.get(proof.header.lower(), ""), validate=True))
        key_id, signature = first_at(tree, proof.key_id), first_at(tree, proof.signature)
        return text_of(key_id), base64.b64decode(text_of(signature), validate=True)
    except (binascii.Error, ValueError, Rejected):
        return None


def proved_by_key(proof: PublicKey, pem: str, signature: bytes, body: bytes) -> bool:
    """Whether the key (PEM, its line breaks there or not) made the signature over the body."""
    try:
        key = load_pem_public_key(_with_breaks(pem).encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    digest_of = SHA1() if proof.digest == "sha1" else SHA256()  # noqa: S303 - eBay signs so; nothing else may
    try:
        key.verify(signature, body, ec.ECDSA(digest_of))
    except InvalidSignature:
        return False
    return True


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


class _Said(NamedTuple):
    """What the headers of an event say of its signature."""

    signatures: Sequence[str]
    timestamp: str | None


def _said(proof: Hmac, headers: Mapping[str, str]) -> _Said:
    whole = headers.get(proof.header.lower(), "")
    sent = headers.get(proof.timestamp.header.lower()) if proof.timestamp and proof.timestamp.header else None
    if proof.parts is None:
        return _Said([whole], sent)
    parts = [part.strip().partition("=") for part in whole.split(proof.parts.separator)]
    signatures = [value for name, _, value in parts if name == proof.parts.signature]
    within = next((value for name, _, value in parts if name == proof.parts.timestamp), None)
    return _Said(signatures, within if proof.parts.timestamp else sent)


def _signed(proof: Hmac, scope: Mapping[str, Any], pushed: Pushed, now: datetime) -> bool:
    said, key = _said(proof, pushed.headers), key_of(proof, scope)
    if not key or not _recent(proof.timestamp, said.timestamp, now):
        return False
    try:
        wanted = digest(proof.algorithm, key, signed_content(proof, scope, pushed, said.timestamp))
    except Rejected:
        return False
    given = (_given(proof, text) for text in said.signatures)
    return any(hmac.compare_digest(one, wanted) for one in given if one is not None)


def _given(proof: Hmac, said: str) -> bytes | None:
    if not said.startswith(proof.prefix):
        return None
    text = said.removeprefix(proof.prefix)
    try:
        return base64.b64decode(text, validate=True) if proof.encoding == "base64" else bytes.fromhex(text)
    except (binascii.Error, ValueError):
        return None


def _recent(timestamp: Timestamp | None, said: str | None, now: datetime) -> bool:
    if timestamp is None:
        return True
    if said is None:
        return False
    try:
        sent = _read_time(timestamp, said)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(now - sent) <= max(timestamp.window, timedelta())


def _read_time(timestamp: Timestamp, said: str) -> datetime:
    match timestamp.reads:
        case "iso":
            sent = datetime.fromisoformat(said)
        case "rfc2822":
            sent = parsedate_to_datetime(said)
        case "epoch" | "epoch_ms":
            sent = datetime.fromtimestamp(int(said) / (1000 if timestamp.reads == "epoch_ms" else 1), UTC)
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)


def _with_breaks(pem: str) -> str:
    """A key whose header and footer stand in one line with it, as some APIs send it."""
    head, foot = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    inner = pem.replace(head, "").replace(foot, "")
    return f"{head}\n{''.join(inner.split())}\n{foot}\n"

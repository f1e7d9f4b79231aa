"""The sender's side of a webhook: an event signed as a manifest says, for cases and stand-ins."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from ipaddress import ip_network
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.cases import GivenWebhook
from connectors.connection import Connection
from connectors.engine.template import expand_text
from connectors.engine.wire import Answer
from connectors.manifest_webhooks import BasicProof, Hmac, PublicKey, SharedSecret, Timestamp, Webhooks
from connectors.proof import Pushed, digest, key_of, signed_content
from connectors.syntax.json_text import write_json

DELIVERY = "test-delivery"
_PATH = "/hooks/test"
_KEY_ID = "test-key"
_SIGNED_HEADER = re.compile(r"\{headers\.([\w-]+)\}")
_TOKEN = {"access_token": "test-token"}
"""Asking for a key may want a token first; the same answer serves for both."""


@dataclass(frozen=True, slots=True)
class Event:
    """A request that pushes an event."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    path: str = _PATH
    remote: str | None = None
    key_answer: Answer | None = None
    """What the sender answers when its public key is asked for."""


def sent(terms: Webhooks, connection: Connection, given: GivenWebhook, now: datetime) -> Event:
    """The event of a case; its signature spoilt where the case says so."""
    scope = {"settings": connection.settings}
    body = given.body.encode() if isinstance(given.body, str) else write_json(given.body)
    headers = {name: expand_text(value, scope) for name, value in terms.expect.items()}
    named = ((terms.topic, given.topic), (terms.delivery_id, DELIVERY))
    headers |= {place: value for place, value in named if isinstance(place, str)}
    signed = body if given.signed else body + b" "
    known = str(ip_network(terms.addresses[0])[0]) if terms.addresses else None
    remote = known if given.signed else "192.0.2.255"
    match terms.signature[0]:
        case SharedSecret() as secret:
            headers[secret.header] = expand_text(secret.value, scope) + ("" if given.signed else "?")
        case BasicProof() as basic:
            login = f"{expand_text(basic.username, scope)}:{expand_text(basic.password, scope)}"
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        case Hmac() as proof:
            headers |= _hmac(proof, scope, signed, now - given.sent)
        case PublicKey() as proof:
            headers[proof.header] = sign_by_key(proof, key_of_cases(), _KEY_ID, signed)
            return Event(headers, body, remote=remote, key_answer=key_answer(proof, key_of_cases()))
    return Event(headers, body, remote=remote)


def sign_by_key(proof: PublicKey, key: ec.EllipticCurvePrivateKey, key_id: str, body: bytes) -> str:
    """The header of a body signed by a key."""
    digest_of = SHA1() if proof.digest == "sha1" else SHA256()  # noqa: S303 - as the vendor signs
    signature = base64.b64encode(key.sign(body, ec.ECDSA(digest_of))).decode()
    told = {"alg": "ecdsa", proof.key_id: key_id, proof.signature: signature, "digest": proof.digest.upper()}
    return base64.b64encode(write_json(told)).decode()


def key_answer(proof: PublicKey, key: ec.EllipticCurvePrivateKey) -> Answer:
    """What a sender answers that is asked for its key."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return Answer(200, {}, write_json({proof.key: pem.replace("\n", ""), **_TOKEN}))


@cache
def key_of_cases() -> ec.EllipticCurvePrivateKey:
    """A key for cases, another in every process."""
    return ec.generate_private_key(ec.SECP256R1())


def _hmac(proof: Hmac, scope: Mapping[str, Any], body: bytes, at: datetime) -> dict[str, str]:
    sent = _timestamp(proof.timestamp, at) if proof.timestamp else None
    own = dict.fromkeys(_SIGNED_HEADER.findall(proof.signed), _PATH)
    if proof.timestamp and proof.timestamp.header and sent:
        own[proof.timestamp.header] = sent
    pushed = Pushed({name.lower(): value for name, value in own.items()}, body, path=_PATH)
    made = digest(proof.algorithm, key_of(proof, scope), signed_content(proof, scope, pushed, sent))
    text = proof.prefix + (base64.b64encode(made).decode() if proof.encoding == "base64" else made.hex())
    if proof.parts:
        named = {proof.parts.timestamp: sent, proof.parts.signature: text}
        text = proof.parts.separator.join(f"{name}={value}" for name, value in named.items() if name)
    return {**own, proof.header: text}


def _timestamp(timestamp: Timestamp, at: datetime) -> str:
    if timestamp.reads == "iso":
        return at.isoformat()
    if timestamp.reads == "rfc2822":
        return format_datetime(at)
    return str(int(at.timestamp() * (1000 if timestamp.reads == "epoch_ms" else 1)))

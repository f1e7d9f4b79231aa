"""Pushed events: proved over the raw bytes before anything is parsed, each the same event however often it comes."""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canonical import Rejected
from canonical.exchange import Arrival
from connectors.connection import Connection
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.operation import ask_step
from connectors.engine.path import first_at, text_of
from connectors.engine.template import expand, expand_text
from connectors.manifest_calls import Call, Step
from connectors.manifest_webhooks import InBody, PublicKey, Signature
from connectors.manifest_webhooks import Webhooks as WebhookTerms
from connectors.proof import Pushed, comes_from, key_id_and_signature, proved, proved_by_key
from connectors.syntax.json_text import read_json, write_json

LONGEST_CHALLENGE = 500

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_FETCHES = 10
"""Keys asked for within a minute: ids are made up for free, so more is not believed."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Door:
    connection: Connection
    terms: WebhookTerms
    keys: "_Keys | None"


class Webhooks:
    """The door of every connection that pushes, under its own name and its connector's."""

    def __init__(self, connections: Mapping[str, Connection], callers: Mapping[str, Caller], clock: Clock) -> None:
        self._doors: dict[str, list[_Door]] = {}
        self._clock = clock
        pushing = [
            _Door(one, one.manifest.webhooks, _Keys(callers[one.id], clock) if one.id in callers else None)
            for one in connections.values()
            if one.manifest.webhooks
        ]
        for door in pushing:
            self._doors[door.connection.id] = [door]
        for door in pushing:
            if door.connection.manifest.connector not in connections:
                self._doors.setdefault(door.connection.manifest.connector, []).append(door)

    async def verify(
        self,
        connection: str,
        headers: Mapping[str, str],
        body: bytes,
        method: str = "POST",
        path: str = "/",
        remote: str | None = None,
    ) -> Arrival | None:
        """The arrival when its proof over the raw body holds; None when it does not.

        `path` is path and query as they came, `remote` the sender's address. Under a connector's name, the connection
        is the one whose proof holds. Raises `KeyError` when there is no webhook of that name, `Unavailable` when a key
        can't be fetched now.
        """
        pushed = Pushed({name.lower(): value for name, value in headers.items()}, body, method, path, remote)
        for door in self._doors[connection]:
            if not door.connection.missing and await self._holds(door, pushed):
                return _arrival(door, pushed)
        return None

    def challenge(self, connection: str, query: Mapping[str, str]) -> tuple[bytes, str] | None:
        """The answer (content and media type) that proves the address ours; None when nothing was asked.

        Raises `KeyError` when there is no webhook of that name.
        """
        for door in self._doors[connection]:
            terms = door.terms.challenge
            if terms is None or door.connection.missing or not query.get(terms.query):
                continue
            asked = query[terms.query][:LONGEST_CHALLENGE]
            if terms.kind == "echo":
                return asked.encode(), "text/plain"
            scope = {"settings": door.connection.settings, "challenge": asked}
            made = hashlib.sha256(expand_text(terms.of, scope).encode()).hexdigest()
            return write_json(expand(terms.answer, {**scope, "hash": made})), "application/json"
        return None

    async def _holds(self, door: _Door, pushed: Pushed) -> bool:
        if not _expected(door, pushed) or not comes_from(door.terms.addresses, pushed.remote):
            return False
        return any([await self._proved(door, proof, pushed) for proof in door.terms.signature])

    async def _proved(self, door: _Door, proof: Signature, pushed: Pushed) -> bool:
        if isinstance(proof, PublicKey):
            return door.keys is not None and await door.keys.proved(proof, pushed)
        return proved(proof, door.connection.settings, pushed, self._clock.now())


@dataclass(slots=True)
class _Keys:
    """The public keys of one connection's sender, each fetched once in a while."""

    caller: Caller
    clock: Clock
    _kept: dict[str, tuple[str | None, datetime]] = field(default_factory=dict)
    _fetched: list[datetime] = field(default_factory=list)
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def proved(self, proof: PublicKey, pushed: Pushed) -> bool:
        """Whether the event is signed by a key of theirs."""
        said = key_id_and_signature(proof, pushed)
        if said is None or not _KEY_ID.fullmatch(said[0]):
            return False
        key = await self._key(proof, said[0])
        return key is not None and proved_by_key(proof, key, said[1], pushed.body)

    async def _key(self, proof: PublicKey, key_id: str) -> str | None:
        async with self._fetching:
            now = self.clock.now()
            self._kept = {name: kept for name, kept in self._kept.items() if kept[1] > now}
            if key_id not in self._kept:
                self._fetched = [at for at in self._fetched if at > now - _MINUTE]
                if len(self._fetched) >= _FETCHES:
                    return None
                self._fetched.append(now)
                self._kept[key_id] = await self._fetch(proof, key_id), now + proof.keep
            return self._kept[key_id][0]

    async def _fetch(self, proof: PublicKey, key_id: str) -> str | None:
        """The key; None when they know none of that id."""
        step = Step(name="public_key", call=Call(method="GET", path=proof.path))
        scope = {"settings": self.caller.connection.settings, "key_id": key_id}
        try:
            tree, _ = await ask_step(self.caller, step, scope)
        except Rejected:
            return None
        found = first_at(tree, proof.key)
        return found if isinstance(found, str) else None


def _arrival(door: _Door, pushed: Pushed) -> Arrival:
    topic, delivery_id = _values(pushed, (door.terms.topic, door.terms.delivery_id))
    facts = {"topic": topic or "", "content_type": pushed.headers.get("content-type", ""), "syntax": "json"}
    brings = door.terms.topics.get(topic or "")
    if brings and brings.map and brings.kind:
        facts |= {"map": brings.map, "kind": brings.kind}
    return Arrival(door.connection.id, "webhook", pushed.body, delivery_id, facts)


def _values(pushed: Pushed, places: Iterable[str | InBody]) -> list[str | None]:
    """What stands in headers or, now that it is proved, in the body."""
    found: list[str | None] = []
    for place in places:
        if isinstance(place, str):
            found.append(pushed.headers.get(place.lower()))
            continue
        try:
            found.append(_told(read_json(pushed.body), place.body))
        except Rejected:
            found.append(None)
    return found


def _told(tree: Any, paths: str | tuple[str, ...]) -> str:
    """The value at a path, or those at several, a slash between them."""
    named = [paths] if isinstance(paths, str) else paths
    return "/".join(text_of(first_at(tree, path)) for path in named)


def _expected(door: _Door, pushed: Pushed) -> bool:
    scope = {"settings": door.connection.settings}
    wanted = door.terms.expect.items()
    return all(pushed.headers.get(name.lower()) == expand_text(value, scope) for name, value in wanted)

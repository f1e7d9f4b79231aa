"""Proving who we are: what a request must carry, and tokens fetched and kept until they expire."""

import asyncio
import base64
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from canonical import Misconfigured, Unavailable, exact_decimal
from connectors.connection import Connection
from connectors.engine.template import expand_text
from connectors.engine.wire import Answer, Request
from connectors.manifest_auth import ApiKey, Basic, Bearer, OAuth2
from connectors.secret import Secret
from connectors.syntax.json_text import read_json

Send = Callable[[Request], Awaitable[Answer]]

_EARLY = timedelta(seconds=60)
_USUAL_LIFE = 3600


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Carried:
    """What a request carries beside what its call declares."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "Carried") -> "Carried":
        return Carried({**self.headers, **other.headers}, {**self.query, **other.query})


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the instant from which it is no longer used."""

    secret: Secret
    until: datetime


class Authorization:
    """One connection's proof of itself. Only one refresh runs at a time."""

    def __init__(self, connection: Connection, clock: Clock, learn: Callable[[Secret], None]) -> None:
        self._connection, self._clock, self._learn = connection, clock, learn
        self._token: Token | None = None
        self._refreshing = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether forgetting the token and asking for another could help."""
        return isinstance(self._connection.manifest.auth, OAuth2)

    def forget(self) -> None:
        """Drop the token: the other side refused it."""
        self._token = None

    async def proof(self, send: Send) -> Carried:
        """What the next request must carry; `send` fetches a token where one is needed."""
        match self._connection.manifest.auth:
            case ApiKey() as key:
                value = {key.name: self._text(key.value)}
                return Carried(headers=value) if key.place == "header" else Carried(query=value)
            case Basic() as basic:
                return Carried(headers=_basic(self._text(basic.username), self._text(basic.password)))
            case Bearer() as bearer:
                return Carried(headers={"Authorization": f"Bearer {self._text(bearer.token)}"})
            case OAuth2() as oauth:
                token = await self._current(oauth, send)
                return Carried(headers={oauth.header: oauth.prefix + token.reveal()})
        return Carried()

    async def _current(self, oauth: OAuth2, send: Send) -> Secret:
        async with self._refreshing:
            if self._token is None or self._token.until <= self._clock.now():
                self._token = await self._fetch(oauth, send)
                self._learn(self._token.secret)
            return self._token.secret

    async def _fetch(self, oauth: OAuth2, send: Send) -> Token:
        answer = await send(self._token_request(oauth))
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"no token: HTTP {answer.status}")
        if answer.status != 200:
            raise Misconfigured(f"no token: HTTP {answer.status}; check the client's id and secret")
        tree: Any = read_json(answer.content)
        if not isinstance(tree, Mapping) or not isinstance(tree.get("access_token"), str):
            raise Unavailable("no token: an answer without access_token")
        lifetime = timedelta(seconds=int(exact_decimal(tree.get("expires_in", _USUAL_LIFE))))
        until = self._clock.now() + max(lifetime - _EARLY, lifetime / 2)
        return Token(Secret(tree["access_token"]), until)

    def _token_request(self, oauth: OAuth2) -> Request:
        form: dict[str, str] = {"grant_type": oauth.grant}
        if oauth.refresh_token:
            form["refresh_token"] = self._text(oauth.refresh_token)
        if oauth.scope:
            form["scope"] = oauth.scope
        headers = {name: self._text(value) for name, value in oauth.token_headers.items()}
        identity = self._text(oauth.client_id), self._text(oauth.client_secret)
        if oauth.client_auth == "basic":
            headers |= _basic(*identity)
        else:
            form |= {"client_id": identity[0], "client_secret": identity[1]}
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return Request("POST", self._text(oauth.token_url), headers, urlencode(form).encode())

    def _text(self, template: str) -> str:
        scope = {
            "settings": self._connection.settings,
            "base_url": self._connection.base_url,
            "call": {"id": str(uuid.uuid4())},
        }
        return expand_text(template, scope)


def _basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}

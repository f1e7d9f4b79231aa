"""Proving who we are: what a request must carry, and tokens fetched and kept until they expire."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol
from uuid import uuid4

from canonical import Misconfigured
from connectors.connection import Connection
from connectors.engine.consent import Consent, code_request
from connectors.engine.grant import (
    Grant,
    basic_header,
    credentials_scope,
    digest_of_credentials,
    granted,
    token_request,
)
from connectors.engine.oauth1 import signed_header
from connectors.engine.template import expand_text
from connectors.engine.tokens import Token, Tokens
from connectors.engine.wire import Answer, Request
from connectors.manifest_auth import ApiKey, Basic, Bearer, OAuth1, OAuth2, TokenExchange
from connectors.secret import Secret

Send = Callable[[Request], Awaitable[Answer]]


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


class Authorization:
    """One connection's proof of itself. Only one refresh runs at a time, in this process and in all of them."""

    def __init__(self, connection: Connection, clock: Clock, learn: Callable[[Secret], None], tokens: Tokens) -> None:
        self._connection, self._clock, self._learn, self._tokens = connection, clock, learn, tokens
        self._token: Token | None = None
        self._refused: Secret | None = None
        self._refreshing = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether forgetting the token and asking for another could help."""
        return isinstance(self._connection.manifest.auth, OAuth2 | TokenExchange)

    def forget(self) -> None:
        """Drop the token: the other side refused it."""
        self._refused = self._token.secret if self._token else None
        self._token = None

    async def proof(self, send: Send, path: str = "") -> Carried:
        """What the next request, to `path`, must carry; `send` fetches a token where one is needed."""
        match self._connection.manifest.auth:
            case ApiKey() as key:
                value = {key.name: self._text(key.value)}
                return Carried(headers=value) if key.place == "header" else Carried(query=value)
            case Basic() as basic:
                header = basic_header(self._text(basic.username), self._text(basic.password))
                return Carried(headers={"Authorization": header})
            case Bearer() as bearer:
                return Carried(headers={"Authorization": f"Bearer {self._text(bearer.token)}"})
            case OAuth2() | TokenExchange() as grant:
                token = await self._current(grant, send)
                return Carried(headers={grant.header: self._text(_prefix(grant, path)) + token.reveal()})
        return Carried()

    def signed(self, request: Request) -> Request:
        """The request with its signature, where each is signed."""
        auth = self._connection.manifest.auth
        if not isinstance(auth, OAuth1):
            return request
        names = ("consumer_key", "consumer_secret", "token", "token_secret", "realm")
        said = {name: self._text(getattr(auth, name) or "") for name in names}
        timestamp = int(self._clock.now().timestamp())
        header = signed_header(auth, said, request, uuid4().hex, timestamp)
        return replace(request, headers={**request.headers, "Authorization": header})

    async def _current(self, grant: Grant, send: Send) -> Secret:
        async with self._refreshing:
            if self._token is None or self._token.until <= self._clock.now():
                self._token = await self._kept_or_new(grant, send)
            return self._token.secret

    async def _kept_or_new(self, grant: Grant, send: Send) -> Token:
        """The token another process got meanwhile, or a new one, kept before it is used."""
        name, made_of = self._connection.id, digest_of_credentials(grant, self._connection)
        async with self._tokens.alone(name):
            kept = await self._tokens.get(name)
            ours = kept if kept and kept.made_of == made_of else None
            if ours and ours.until > self._clock.now() and ours.secret != self._refused:
                token = ours
            else:
                token = await self._renewed(grant, send, made_of, ours.refresh if ours else None)
        for secret in filter(None, (token.secret, token.refresh)):
            self._learn(secret)
        return token

    async def log_in(self, consent: Consent, code: str, send: Send) -> None:
        """Take the token that a person's consent gives; what it was before is void."""
        grant = self._connection.manifest.auth
        assert isinstance(grant, OAuth2)
        made_of = digest_of_credentials(grant, self._connection)
        async with self._tokens.alone(self._connection.id):
            answer = await send(code_request(grant, self._connection, consent, code))
            token = granted(grant, answer, self._clock.now(), made_of, None)
            await self._tokens.set(self._connection.id, token)

    async def _renewed(self, grant: Grant, send: Send, made_of: str, refresh: Secret | None) -> Token:
        if isinstance(grant, OAuth2) and grant.grant == "authorization_code" and refresh is None:
            raise Misconfigured(f"nobody has logged in; run `crossdock connector login {self._connection.id}`")
        answer = await send(token_request(grant, self._connection, refresh))
        token = granted(grant, answer, self._clock.now(), made_of, refresh)
        await self._tokens.set(self._connection.id, token)
        return token

    def _text(self, template: str) -> str:
        return expand_text(template, credentials_scope(self._connection))


def _prefix(grant: Grant, path: str) -> str:
    other = grant.prefixes if isinstance(grant, OAuth2) else {}
    return next((prefix for pattern, prefix in other.items() if fnmatchcase(path, pattern)), grant.prefix)

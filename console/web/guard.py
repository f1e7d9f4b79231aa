"""Who is asking: API tokens, and the pages' sessions."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from console.rights import Caller, Right
from console.web.problem import forbidden, unauthorized
from router.ports import Access, Bearer


def require(caller: Caller, right: Right) -> None:
    """Raises `Problem` 403 when `caller` has not `right`."""
    if not caller.may(right):
        raise forbidden(f"{caller.name} may not do this: it needs the right {right!r}")


def caller_of(bearer: Bearer) -> Caller:
    """The caller a token stands for."""
    return Caller(bearer.partner, bearer.role, bearer.person)


async def api_caller(request: web.Request, access: Access) -> Caller:
    """Whom the request's bearer token proves. Raises `Problem` 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("send an API token: `Authorization: Bearer TOKEN`; `crossdock token new` makes one")
    bearer = await access.bearer(token.strip())
    if bearer is None:
        raise unauthorized("this token is not known; `crossdock token new` makes one")
    return caller_of(bearer)


@dataclass(frozen=True, slots=True)
class _Session:
    caller: Caller
    token: str | None
    ends: float


class Sessions:
    """The pages' sessions, kept in this process: a browser holds a random id, never an API token."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, lifetime: float = 12 * 3600.0) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._sessions: dict[str, _Session] = {}
        self._codes: dict[str, Caller] = {}

    def invite(self, caller: Caller) -> str:
        """A code that signs `caller` in, once."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = caller
        return code

    def redeem(self, code: str) -> str | None:
        """A session's id for an unused code."""
        caller = self._codes.pop(code, None)
        return self._begin(caller, None) if caller else None

    async def sign_in(self, token: str, access: Access) -> str | None:
        """A session's id for a token that holds."""
        bearer = await access.bearer(token)
        return self._begin(caller_of(bearer), token) if bearer else None

    async def caller(self, session_id: str | None, access: Access) -> Caller | None:
        """Whom a session proves. A token that was withdrawn ends its session."""
        session = self._sessions.get(session_id or "")
        if session is None or session_id is None:
            return None
        withdrawn = session.token is not None and await access.bearer(session.token) is None
        if withdrawn or session.ends < self._clock():
            self.end(session_id)
            return None
        return session.caller

    def end(self, session_id: str) -> None:
        """Sign out."""
        self._sessions.pop(session_id, None)

    def _begin(self, caller: Caller, token: str | None) -> str:
        now = self._clock()
        self._sessions = {key: kept for key, kept in self._sessions.items() if kept.ends >= now}
        session_id = secrets.token_urlsafe(32)
        self._sessions[session_id] = _Session(caller, token, now + self._lifetime)
        return session_id

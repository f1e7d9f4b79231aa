"""What stands between the hub and a provider when the line is bad: it hands requests on, and spoils one answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import ClientSession, web

from connectors.emulators.loopback import loopback

Spoil = Literal["down", "slow", "throttled", "lost_answer", "garbage", "twice", "late"]
"""`lost_answer`: it is accepted, and nobody hears of it. `twice`: it arrives twice. `late`: it arrives after the hub
has given up and perhaps tried again."""
SPOILS: tuple[Spoil, ...] = ("down", "slow", "throttled", "lost_answer", "garbage", "twice", "late")


_MOMENT = 0.2
"""Seconds."""
_OWN = ("host", "content-length", "transfer-encoding", "accept-encoding", "connection")
"""Headers of a connection, not of what is asked."""


@dataclass
class Line:
    """The first request that holds each text of `of`, in its path or body, is spoilt; all others pass."""

    beyond: str
    spoil: Spoil
    of: list[str]
    lagging: list["asyncio.Task[bytes]"] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Hand one request on."""
        body = await request.read()
        async with ClientSession() as session:
            spoilt = next((text for text in self.of if text.encode() in request.path.encode() + b" " + body), None)
            if spoilt is None:
                return self._told(await self._ask(session, request, body))
            self.of.remove(spoilt)
            return await self._spoil(session, request, body)

    async def _spoil(self, session: ClientSession, request: web.Request, body: bytes) -> web.Response:
        match self.spoil:
            case "down":
                return web.Response(status=503)
            case "throttled":
                return web.Response(status=429, headers={"Retry-After": "0"})
            case "late":
                self.lagging.append(asyncio.create_task(self._later(request, body)))
                return _cut(request)
            case "slow":
                await asyncio.sleep(_MOMENT)
        answer = await self._ask(session, request, body)
        match self.spoil:
            case "lost_answer":
                return _cut(request)
            case "garbage":
                return web.Response(body=b'{"id":1,"resu\xff', content_type="application/json")
            case "twice":
                await self._ask(session, request, body)
        return self._told(answer)

    async def _later(self, request: web.Request, body: bytes) -> bytes:
        """It reaches the ERP only after the hub has given up, and perhaps tried again."""
        await asyncio.sleep(2 * _MOMENT)
        async with ClientSession() as session:
            return await self._ask(session, request, body)

    async def _ask(self, session: ClientSession, request: web.Request, body: bytes) -> bytes:
        carried = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        url = urlsplit(self.beyond)._replace(path=request.path, query=request.query_string).geturl()
        async with session.request(request.method, url, data=body, headers=carried) as answer:
            self.status = answer.status
            return await answer.read()

    def _told(self, content: bytes) -> web.Response:
        return web.Response(status=self.status, body=content, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    """The line is cut: whoever asked hears nothing more."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=504)


@asynccontextmanager
async def bad_line(beyond: str, spoil: Spoil, *of: str) -> AsyncIterator[tuple[Line, str]]:
    """The line, and the address that leads over it to `beyond`."""
    line = Line(beyond, spoil, list(of))
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", line.handle)
    async with loopback(application) as url:
        yield line, url + urlsplit(beyond).path
        await asyncio.gather(*line.lagging)


@asynccontextmanager
async def spoilt(spoil: Spoil, calls: Sequence[str], beyond: str) -> AsyncIterator[str]:
    """A line on which the first of each of these calls is spoilt."""
    async with bad_line(beyond, spoil, *calls) as (line, url):
        yield url
        assert not line.of

"""What stands between the hub and an ERP when the line is bad: it hands requests on, and spoils one answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import ClientSession, web

from connectors.emulators.loopback import loopback

Spoil = Literal["down", "slow", "lost_answer", "garbage", "twice", "late"]
SPOILS: tuple[Spoil, ...] = ("down", "slow", "lost_answer", "garbage", "twice", "late")


@dataclass
class Line:
    """The first request that holds the text `of` is spoilt; all others pass."""

    beyond: str
    spoil: Spoil
    of: str
    patience: float
    """How long the hub waits for an answer."""
    spoilt: bool = False
    lagging: list["asyncio.Task[bytes]"] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Hand one request on."""
        body = await request.read()
        async with ClientSession() as session:
            if self.spoilt or self.of.encode() not in body:
                return self._told(await self._ask(session, request, body))
            self.spoilt = True
            return await self._spoil(session, request, body)

    async def _spoil(self, session: ClientSession, request: web.Request, body: bytes) -> web.Response:
        match self.spoil:
            case "down":
                return web.Response(status=503)
            case "late":
                self.lagging.append(asyncio.create_task(self._later(request, body)))
                await asyncio.sleep(self.patience * 1.5)
                return web.Response(status=504)
            case "slow":
                await asyncio.sleep(self.patience / 4)
        answer = await self._ask(session, request, body)
        match self.spoil:
            case "lost_answer":
                await asyncio.sleep(self.patience * 1.5)
            case "garbage":
                return web.Response(body=b'{"id":1,"resu\xff', content_type="application/json")
            case "twice":
                await self._ask(session, request, body)
        return self._told(answer)

    async def _later(self, request: web.Request, body: bytes) -> bytes:
        """It reaches the ERP only after the hub has given up, and perhaps tried again."""
        await asyncio.sleep(self.patience * 2)
        async with ClientSession() as session:
            return await self._ask(session, request, body)

    async def _ask(self, session: ClientSession, request: web.Request, body: bytes) -> bytes:
        carried = {name: request.headers[name] for name in ("Content-Type", "Cookie") if name in request.headers}
        async with session.post(self.beyond, data=body, headers=carried) as answer:
            self.status = answer.status
            return await answer.read()

    def _told(self, content: bytes) -> web.Response:
        return web.Response(status=self.status, body=content, content_type="application/json")


@asynccontextmanager
async def bad_line(beyond: str, spoil: Spoil, of: str, patience: float) -> AsyncIterator[tuple[Line, str]]:
    """The line, and the address that leads over it to `beyond`."""
    line = Line(beyond, spoil, of, patience)
    application = web.Application()
    application.router.add_post("/{rest:.*}", line.handle)
    async with loopback(application) as url:
        yield line, url
        await asyncio.gather(*line.lagging)

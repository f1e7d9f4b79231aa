"""Serving a stand-in on this machine only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, Protocol

from aiohttp import web


class Served(Protocol):
    """A stand-in's HTTP side."""

    root: ClassVar[str]
    """The path below which its API stands."""
    base_url: str
    """Where it is served, as the connection's `base_url` wants it."""

    def application(self) -> web.Application: ...


@asynccontextmanager
async def loopback(application: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve on 127.0.0.1; yields `http://127.0.0.1:PORT`."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        host, bound = runner.addresses[0][:2]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(served: Served, port: int = 0) -> AsyncIterator[str]:
    """Serve a stand-in on loopback; yields its base URL."""
    async with loopback(served.application(), port) as url:
        served.base_url = url + served.root
        yield served.base_url

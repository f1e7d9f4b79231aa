"""Calls go only where the configuration lets them, and end: whatever a manifest says or a server does."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web

from canonical import Misconfigured, Unavailable
from connectors.connection import host_of
from connectors.emulators.loopback import loopback
from connectors.engine import wire as wire_module
from connectors.engine.wire import Answer, HttpWire, Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with loopback(application) as url:
        yield url


async def ask(wire: HttpWire, url: str, patience: float = 5.0) -> Answer:
    granted = frozenset({host_of(url)})
    return await wire.send(Request("GET", url, timeout=patience), granted, granted)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "https://shop.example.evil.test/",
        "https://shop.example:8443/",
        "https://shop.example@elsewhere.example/",
        "file:///etc/passwd",
        "ftp://shop.example:443/",
        "https://shop.example\x00.evil.test/",
        "https://[::1",
    ],
)
async def test_other_hosts_ports_and_schemes_are_refused(wire: HttpWire, url: str):
    with pytest.raises(Misconfigured):
        await wire.send(Request("GET", url), frozenset({"shop.example:443"}), frozenset())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "224.0.0.1",
        "localhost",
    ],
)
async def test_a_manifests_own_address_may_not_lie_in_a_private_network(wire: HttpWire, host: str):
    url = f"https://{host}/latest/meta-data"
    with pytest.raises(Misconfigured, match="private network"):
        await wire.send(Request("GET", url), frozenset({host_of(url)}), frozenset())


async def test_a_manifests_own_address_is_never_called_unencrypted(wire: HttpWire):
    with pytest.raises(Misconfigured, match="encrypted"):
        await wire.send(Request("GET", "http://shop.example/"), frozenset({"shop.example:80"}), frozenset())


async def test_a_redirect_is_not_followed(wire: HttpWire):
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/secret")

    async with serve(away) as url:
        assert (await ask(wire, url)).status == 302


async def test_an_endless_answer_is_cut_off(wire: HttpWire, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire_module, "LARGEST_ANSWER", 100_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 10_000)

    async with serve(endless) as url:
        with pytest.raises(Unavailable, match="larger than"):
            await ask(wire, url)


async def test_a_packed_bomb_is_cut_off_and_a_packed_answer_unpacked(wire: HttpWire, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire_module, "LARGEST_ANSWER", 100_000)

    async def packed(request: web.Request) -> web.Response:
        size = int(request.path.strip("/"))
        return web.Response(body=gzip.compress(b"x" * size), headers={"Content-Encoding": "gzip"})

    async with serve(packed) as url:
        assert (await ask(wire, url + "/50000")).content == b"x" * 50_000
        with pytest.raises(Unavailable, match="larger than"):
            await ask(wire, url + "/5000000")


async def test_what_is_called_packed_and_is_not_is_read_as_it_is(wire: HttpWire):
    async def called_packed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"result": []}', headers={"Content-Encoding": "gzip"})

    async with serve(called_packed) as url:
        assert (await ask(wire, url)).content == b'{"result": []}'


async def test_a_trickling_answer_ends_in_time(wire: HttpWire):
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.05)

    async with serve(trickle) as url:
        with pytest.raises(Unavailable) as caught:
            await ask(wire, url, patience=0.3)
    assert caught.value.ambiguous


async def test_a_server_that_hangs_up_leaves_doubt_and_one_that_is_not_there_none(wire: HttpWire):
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.close()
        return web.Response()

    async with serve(hang_up) as url:
        with pytest.raises(Unavailable) as caught:
            await ask(wire, url)
    assert caught.value.ambiguous
    with pytest.raises(Unavailable) as caught:
        await ask(wire, url)
    assert not caught.value.ambiguous


async def test_an_unknown_host_is_unavailable(wire: HttpWire):
    host = "no-such-host.invalid"
    with pytest.raises(Unavailable, match="no address"):
        await wire.send(Request("GET", f"https://{host}/"), frozenset({f"{host}:443"}), frozenset())


async def test_a_name_that_turns_private_after_it_was_judged_leads_nowhere(
    wire: HttpWire, monkeypatch: pytest.MonkeyPatch
):
    called = False

    async def private(request: web.Request) -> web.Response:
        nonlocal called
        called = True
        return web.Response()

    async with serve(private) as url:
        port = int(url.rpartition(":")[2])
        answers = iter(["93.184.215.14", "127.0.0.1"])

        async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            return [(2, 1, 6, "", (next(answers), port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        host = f"rebound.example:{port}"
        with pytest.raises(Misconfigured, match="private network"):
            await wire.send(Request("GET", f"https://{host}/"), frozenset({host}), frozenset())
    assert not called

"""Tokens over real HTTP: refresh tokens that change with use, shared by processes, never lost; log-ins; OAuth 1."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from canonical import Misconfigured, Unavailable
from connectors.connection import Connection, host_of
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.oauth1 import signed_header
from connectors.engine.operation import run
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire, Request
from connectors.manifest import Manifest
from connectors.manifest_auth import OAuth1
from connectors.secret import Secret


class SteppingClock:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Server:
    """Hands out tokens; each refresh token works once."""

    refresh: str = "refresh-0000"
    access: str = ""
    grants: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/token", self.token)
        application.router.add_post("/login", self.login)
        application.router.add_post("/session", self.session)
        application.router.add_get("/thing", self.thing)
        return application

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form["refresh_token"] != self.refresh:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.grants += 1
        self.refresh, self.access = f"refresh-{self.grants:04}", f"access-{self.grants:04}"
        return web.json_response({"access_token": self.access, "refresh_token": self.refresh, "expires_in": 900})

    async def login(self, request: web.Request) -> web.Response:
        assert await request.json() == {"username": "ann", "password": "canary-password"}
        self.access = "access-login"
        return web.json_response(self.access)

    async def session(self, request: web.Request) -> web.Response:
        assert await request.json() == {"username": "ann", "password": "canary-password"}
        return web.json_response({"user": {"id": 7}, "result": [True, "session-1"]})

    async def thing(self, request: web.Request) -> web.Response:
        self.seen.append(dict(request.headers))
        known = request.headers.get("Authorization") == f"Bearer {self.access}" or "Cookie" in request.headers
        return web.json_response({"id": 1} if known else {}, status=200 if known else 401)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with loopback(server.application()) as server.url:
        yield server


ROTATING = {
    "kind": "oauth2",
    "grant": "refresh_token",
    "token_url": "{base_url}/token",
    "client_id": "id",
    "client_secret": "{settings.secret}",
    "refresh_token": "{settings.refresh}",
}
LOGIN = {
    "kind": "token_exchange",
    "url": "{base_url}/login",
    "body": {"username": "ann", "password": "{settings.secret}"},
    "token": "",
}


def manifest(auth: dict[str, Any]) -> Manifest:
    head = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
    settings = {"name": {}, "secret": {"secret": True}, "refresh": {"secret": True}}
    steps = [{"name": "get", "call": {"path": "/thing"}}]
    return Manifest.model_validate(
        {**head, "settings": settings, "auth": auth, "operations": {"get": {"steps": steps}}}
    )


def caller(server: Server, wire: HttpWire, clock: SteppingClock, tokens: Path, auth: dict[str, Any]) -> Caller:
    settings = {"name": "ann", "secret": Secret("canary-password"), "refresh": Secret("refresh-0000")}
    granted = frozenset({host_of(server.url)})
    return Caller(
        Connection("shop", "Shop", manifest(auth), settings, server.url, granted), wire, clock, FileTokens(tokens)
    )


async def get(caller: Caller) -> None:
    await run(caller, caller.connection.manifest.operations["get"], {}, "k")


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


async def test_a_refresh_token_that_changes_is_kept_for_the_next_start(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    await get(caller(server, wire, clock, tmp_path, ROTATING))
    clock.at += timedelta(hours=1)
    await get(caller(server, wire, clock, tmp_path, ROTATING))
    assert server.grants == 2
    assert json.loads((tmp_path / "shop.json").read_text())["refresh"] == "refresh-0002"
    assert (tmp_path / "shop.json").stat().st_mode & 0o077 == 0


async def test_processes_that_refresh_at_once_use_up_one_refresh_token(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    await asyncio.gather(*(get(caller(server, wire, clock, tmp_path, ROTATING)) for _ in range(8)))
    assert server.grants == 1


async def test_a_token_refused_elsewhere_is_replaced_once_for_all(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    first, second = (caller(server, wire, clock, tmp_path, ROTATING) for _ in range(2))
    await get(first)
    await get(second)
    server.access = "revoked"
    await get(first)
    await get(second)
    assert server.grants == 2


async def test_other_credentials_make_a_kept_token_void(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    await get(caller(server, wire, clock, tmp_path, ROTATING))
    server.refresh = "refresh-0000"
    await get(caller(server, wire, clock, tmp_path, {**ROTATING, "client_id": "another"}))
    assert server.grants == 2


async def test_a_refresh_token_that_is_over_is_told_without_showing_it(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    server.refresh = "elsewhere"
    with pytest.raises(Misconfigured) as caught:
        await get(caller(server, wire, clock, tmp_path, ROTATING))
    assert "refresh-0000" not in str(caught.value)


async def test_a_log_in_whose_whole_answer_is_the_token(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    await get(caller(server, wire, clock, tmp_path, LOGIN))
    assert server.seen[-1]["Authorization"] == "Bearer access-login"


async def test_a_session_made_of_several_parts_of_the_answer(
    server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path
):
    parts = {"url": "{base_url}/session", "token": "{user.id}:{result[1]}", "prefix": "hub-{settings.name}:"}
    session = {**LOGIN, **parts, "header": "Cookie"}
    await get(caller(server, wire, clock, tmp_path, session))
    assert server.seen[-1]["Cookie"] == "hub-ann:7:session-1"
    (tmp_path / "other").mkdir()
    with pytest.raises(Unavailable, match="no token"):
        await get(caller(server, wire, clock, tmp_path / "other", {**session, "token": "{user.id}:{result[2]}"}))


async def test_oauth1_signs_every_request_anew(server: Server, wire: HttpWire, clock: SteppingClock, tmp_path: Path):
    auth = {"kind": "oauth1", "consumer_key": "ck", "consumer_secret": "{settings.secret}", "realm": "R 1"}
    signing = caller(server, wire, clock, tmp_path, auth)
    for _ in range(2):
        with pytest.raises(Misconfigured):
            await get(signing)
    first, second = (seen["Authorization"] for seen in server.seen)
    assert first.startswith('OAuth realm="R%201", oauth_consumer_key="ck"')
    assert "HMAC-SHA256" in first
    assert first != second


def test_oauth1_signs_as_the_published_example():
    """RFC 5849, section 1.2: the request for the photo."""
    said = {
        "consumer_key": "dpf43f3p2l4k3l03",
        "consumer_secret": "kd94hf93k423kf44",
        "token": "nnch734d00sl2jdk",
        "token_secret": "pfkkdhi9sl3r4s00",
        "realm": "Photos",
    }
    auth = OAuth1(kind="oauth1", algorithm="sha1", consumer_key="", consumer_secret="")
    request = Request("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")
    header = signed_header(auth, said, request, "chapoH", 137131202)
    assert header.endswith('oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"')

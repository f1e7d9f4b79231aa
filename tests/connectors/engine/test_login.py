"""A person logs in: consent in a browser, the code held to its state, tokens kept for every process."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web

from canonical import Misconfigured, Rejected, Unavailable
from connectors.authoring.login import log_in
from connectors.connection import Connection, host_of
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.consent import ask_consent, code_in
from connectors.engine.operation import run
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.secret import Secret

AUTH: dict[str, Any] = {
    "kind": "oauth2",
    "grant": "authorization_code",
    "authorize_url": "{base_url}/authorize",
    "authorize_query": {"prompt": "login"},
    "token_url": "{base_url}/token",
    "client_id": "app",
    "client_secret": "{settings.secret}",
    "scope": "orders stock",
}


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Vendor:
    """Hands out one code for each consent, and tokens for code and verifier."""

    codes: dict[str, str] = field(default_factory=dict)
    refresh: str = ""
    grants: int = 0
    refuses: bool = False
    url: str = ""

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/authorize", self.authorize)
        application.router.add_post("/token", self.token)
        application.router.add_get("/thing", self.thing)
        return application

    async def authorize(self, request: web.Request) -> web.Response:
        query = request.query
        assert (query["client_id"], query["scope"], query["prompt"]) == ("app", "orders stock", "login")
        said = {"error": "access_denied"} if self.refuses else {"code": f"code-{len(self.codes)}"}
        self.codes[said.get("code", "")] = query["code_challenge"]
        location = f"{query['redirect_uri']}?{urlencode({**said, 'state': query['state']})}"
        return web.Response(status=302, headers={"Location": location})

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form["grant_type"] == "authorization_code":
            made = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
            proved = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
            good = self.codes.pop(str(form["code"]), None) == proved
        else:
            good = form["refresh_token"] == self.refresh
        if not good:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.grants += 1
        self.refresh = f"refresh-{self.grants:04}"
        body = {"access_token": f"access-{self.grants:04}", "refresh_token": self.refresh, "expires_in": 900}
        return web.json_response(body)

    async def thing(self, request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == f"Bearer access-{self.grants:04}"
        return web.json_response({}, status=200 if known else 401)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    async with loopback(vendor.application()) as vendor.url:
        yield vendor


def caller(vendor: Vendor, wire: HttpWire, data: Path, **more: Any) -> Caller:
    head = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
    steps = [{"name": "get", "call": {"path": "/thing"}}]
    manifest = Manifest.model_validate(
        {
            **head,
            "settings": {"secret": {"secret": True}},
            "auth": {**AUTH, **more},
            "operations": {"get": {"steps": steps}},
        }
    )
    settings = {"secret": Secret("canary-secret")}
    connection = Connection("shop", "Shop", manifest, settings, vendor.url, frozenset({host_of(vendor.url)}))
    return Caller(connection, wire, StillClock(), FileTokens(data))


async def get(caller: Caller) -> None:
    await run(caller, caller.connection.manifest.operations["get"], {}, "k")


async def nothing_pasted() -> str:
    raise AssertionError


async def browse(url: str) -> int:
    async with aiohttp.ClientSession() as browser, browser.get(url) as page:
        return page.status


async def logged_in(one: Caller, patience: float = 5.0) -> int:
    """As a person does who opens the address at once; what the browser ends on."""
    pages: list[Any] = []

    def show(url: str) -> None:
        pages.append(asyncio.ensure_future(browse(url)))

    await log_in(one, 0, show, nothing_pasted, patience)
    return int(await pages[0])


async def test_a_person_logs_in_once_and_every_process_uses_it(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    with pytest.raises(Misconfigured, match="crossdock connector login shop"):
        await get(caller(vendor, wire, tmp_path))
    assert await logged_in(caller(vendor, wire, tmp_path)) == 200
    await get(caller(vendor, wire, tmp_path))
    assert vendor.grants == 1
    kept = FileTokens(tmp_path)
    token = await kept.get("shop")
    assert token is not None
    assert token.refresh == Secret("refresh-0001")


async def test_the_refresh_token_goes_on_where_the_log_in_ended(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    await logged_in(caller(vendor, wire, tmp_path))
    one = caller(vendor, wire, tmp_path)
    await get(one)
    vendor.grants += 1
    await get(one)
    assert vendor.refresh == "refresh-0003"


async def test_no_consent_is_told(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    vendor.refuses = True
    with pytest.raises(Rejected, match="access_denied"):
        await logged_in(caller(vendor, wire, tmp_path))


async def test_an_answer_to_another_asking_changes_nothing(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    seen: list[str] = []
    statuses: list[int] = []
    asked = asyncio.Event()

    def show(url: str) -> None:
        seen.append(parse_qs(urlsplit(url).query)["redirect_uri"][0])
        asked.set()

    async def forge() -> None:
        await asked.wait()
        statuses.append(await browse(f"{seen[0]}?code=evil&state=guessed"))

    forging = asyncio.ensure_future(forge())
    with pytest.raises(Unavailable, match="nobody consented"):
        await log_in(caller(vendor, wire, tmp_path), 0, show, nothing_pasted, 0.5)
    await forging
    assert statuses == [400]
    assert vendor.grants == 0


async def test_where_no_loopback_is_taken_the_address_is_pasted(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    seen: list[str] = []

    async def paste() -> str:
        async with aiohttp.ClientSession() as browser, browser.get(seen[0], allow_redirects=False) as page:
            return page.headers["Location"] + "\n"

    one = caller(vendor, wire, tmp_path, redirect_uri="https://hub.example/consented")
    await log_in(one, 0, seen.append, paste)
    await get(one)


def test_the_state_and_verifier_are_never_the_same_twice(vendor: Vendor, wire: HttpWire, tmp_path: Path):
    connection = caller(vendor, wire, tmp_path).connection
    asked = [ask_consent(connection, "http://127.0.0.1/callback") for _ in range(2)]
    assert asked[0].state != asked[1].state
    assert asked[0].verifier != asked[1].verifier
    assert asked[0].verifier not in asked[0].url
    with pytest.raises(Rejected):
        code_in(asked[0], {"state": asked[1].state, "code": "c"})

"""The face over the real hub and the example configuration: what comes in by one door is told by the others."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from console.web.server import serve
from hub import Crossdock

CONFIG = Path(__file__).parents[2] / "config" / "hub.yaml"
ORDER = CONFIG.parent / "demo" / "northwind-po.edi"


class Caller:
    """A client of the served hub with a token for each part it plays."""

    def __init__(self, hub: Any, url: str, session: aiohttp.ClientSession) -> None:
        self.hub, self.url, self.session = hub, url, session
        self.tokens: dict[str, str] = {}

    async def __call__(self, method: str, path: str, who: str, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {await self._token(who)}", **more.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **more) as response:
            return response.status, await (response.json() if "json" in response.content_type else response.read())

    async def _token(self, who: str) -> str:
        if who not in self.tokens:
            roles = ("viewer", "operator", "admin", "erp")
            claim = {"role": who} if who in roles else {"partner": who}
            self.tokens[who] = await self.hub.access.issue(**claim)
        return self.tokens[who]


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    """The example hub on fresh data, at work and served on loopback."""
    async with (
        Crossdock().open(CONFIG, tmp_path) as hub,
        serve(hub, "127.0.0.1", 0) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(hub, served.url, session)


async def test_an_850_becomes_an_order_that_partner_and_operator_can_read(call):
    content = ORDER.read_bytes()
    status, receipt = await call("POST", "/v1/documents?partner=northwind", "northwind", data=content)
    assert (status, receipt["status"]) == (202, "accepted")
    await call.hub.drain()

    _, listed = await call("GET", "/v1/orders", "northwind")
    assert [row["number"] for row in listed["orders"]] == ["NW-88214", "NW-88213"]
    order = listed["orders"][1]
    assert order["channel"] == "northwind"
    _, story = await call("GET", f"/v1/orders/{order['number']}/timeline", "operator")
    assert story["timeline"][0]["kind"] == "PurchaseOrder"
    _, why = await call("GET", f"/v1/orders/{order['number']}/explanation", "operator")
    assert why["explanations"][0]["explanation"]["lines"]
    incoming = story["documents"][0]
    _, document = await call("GET", f"/v1/documents/{incoming['id']}", "northwind")
    assert document["document"]["number"] == order["number"]
    assert await call("GET", f"/v1/documents/{incoming['id']}/raw", "northwind") == (200, content)
    assert (await call("GET", f"/v1/orders/{order['number']}", "harbor-grocers"))[0] == 404


async def test_the_same_document_twice_has_one_effect_and_one_answer(call):
    content = ORDER.read_bytes()
    first = await call("POST", "/v1/documents", "northwind", data=content)
    await call.hub.drain()
    assert await call("POST", "/v1/documents", "northwind", data=content) == first
    await call.hub.drain()
    _, listed = await call("GET", "/v1/orders", "viewer")
    assert [row["number"] for row in listed["orders"]] == ["NW-88214", "NW-88213"]


async def test_what_is_no_x12_at_all_is_kept_and_put_before_a_person(call):
    status, _ = await call("POST", "/v1/documents", "northwind", data=b"hello there")
    assert status == 202
    await call.hub.drain()
    _, told = await call("GET", "/v1/exceptions", "viewer")
    [trouble] = told["exceptions"]
    assert trouble["transmission"]
    assert await call("GET", f"/v1/documents/{trouble['transmission']}/raw", "viewer") == (200, b"hello there")


async def test_a_forged_sender_makes_no_order(call):
    status, _ = await call("POST", "/v1/documents", "harbor-grocers", data=ORDER.read_bytes())
    assert status == 202
    await call.hub.drain()
    assert (await call("GET", "/v1/orders", "viewer"))[1]["orders"] == []
    assert (await call("GET", "/v1/exceptions", "viewer"))[1]["exceptions"]


async def test_a_canonical_order_is_decided_while_the_caller_waits(call):
    order = {
        "number": "API-1", "ordered_on": "2026-11-20", "currency": "USD",
        "parties": [{"role": "ship_to", "name": "A", "address": {
            "lines": ["1 Main St"], "city": "Reno", "region": "NV", "postal_code": "89502", "country": "US"}}],
        "lines": [{"number": "1", "items": {"sku": "CS-1001"}, "quantity": {"value": "2"},
                   "price": {"amount": "18.95", "currency": "USD"}}],
    }  # fmt: skip
    working = asyncio.create_task(call.hub.work(frozenset({"intake", "route"})))
    headers = {"Idempotency-Key": "k1", "Prefer": "wait=20"}
    first = await call("POST", "/v1/orders", "operator", json=order, headers=headers)
    again = await call("POST", "/v1/orders", "operator", json=order, headers=headers)
    other = await call("POST", "/v1/orders", "operator", json=order | {"number": "API-2"}, headers=headers)
    working.cancel()
    assert first[0] == 201
    assert first[1]["order"]["channel"] == "api"
    assert first[1]["order"]["lines"][0]["ledger"]["ordered"] == "2"
    assert (again[0], again[1]["id"]) == (201, first[1]["id"])
    assert other[0] == 409


async def test_stock_set_over_http_can_be_promised_over_http(call):
    level = {"sku": "CS-1001", "node": "dc-reno", "on_hand": "7", "safety": "0"}
    assert (await call("POST", "/v1/inventory", "erp", json=level))[0] == 200
    _, told = await call("GET", "/v1/availability?sku=CS-1001", "viewer")
    assert next(row["available"] for row in told["nodes"] if row["node"] == "dc-reno") == "7"


async def test_a_webhook_with_a_wrong_signature_is_401_and_an_unknown_one_404(call):
    for connection, status in (("trailhead", 401), ("nobody", 404)):
        async with call.session.post(f"{call.url}/hooks/{connection}", data=b"{}") as response:
            assert response.status == status


async def test_every_page_shows_real_rows(call):
    await call("POST", "/v1/documents", "northwind", data=ORDER.read_bytes())
    await call.hub.drain()
    token, origin = await call.hub.access.issue(role="admin"), {"Origin": call.url}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await browser.post(f"{call.url}/login", data={"token": token}, headers=origin)
        documents = await call.hub.archive.documents()
        orders = [f"/orders/{row['number']}" for row in await call.hub.archive.orders()]
        for path in ("/", "/documents", "/exceptions", *orders, *(f"/documents/{row['id']}" for row in documents)):
            async with browser.get(call.url + path) as response:
                assert (response.status, response.content_type) == (200, "text/html"), path


async def test_run_says_where_it_is_signs_in_by_its_link_and_stops_when_told(tmp_path):
    command = ["run", "--json", "--port", "0", "--config", str(CONFIG), "--data", str(tmp_path)]
    hub = Path(__file__).parents[2] / "hub.py"
    process = await asyncio.create_subprocess_exec(sys.executable, str(hub), *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    told = json.loads(await process.stdout.readuntil(b"\n}\n"))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(told["url"] + "/readyz") as response:
            assert (await response.json())["ready"] is True
        async with browser.get(told["login"]) as response:
            assert (response.status, response.url.path) == (200, "/")
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0

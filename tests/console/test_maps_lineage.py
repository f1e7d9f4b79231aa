"""Lineage: from any value of a kept document back to its bytes, over HTTP and on the document's page."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright

from canonical.exchange import Arrival, Rendered
from console.pages.json_view import paint_json
from console.pages.lighting import Canonical, lighting_of, style
from console.pages.raw_view import raw_lines
from console.web.server import Served, serve
from hub import Crossdock

CONFIG = Path(__file__).parents[2] / "config" / "hub.yaml"
ORDER = CONFIG.parent / "demo" / "northwind-po.edi"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium here")


@dataclass
class Street:
    """The example hub with one interchange of two orders decided, served on loopback."""

    hub: Any
    served: Served
    session: aiohttp.ClientSession

    async def get(self, path: str, **claim: str) -> tuple[int, Any]:
        """A call to the API by the holder of a fresh token."""
        headers = {"Authorization": f"Bearer {await self.hub.access.issue(**claim)}"}
        async with self.session.get(self.served.url + path, headers=headers) as response:
            return response.status, await response.json()

    async def document(self, kind: str, **more: str) -> dict[str, Any]:
        """The newest document of a kind, whole."""
        rows = [row for row in await self.hub.archive.documents() if row["kind"] == kind]
        [found] = [row for row in rows if more.items() <= row.items()][:1]
        return dict(await self.hub.archive.document(found["id"]))


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with (
        Crossdock().open(CONFIG, tmp_path) as hub,
        serve(hub, "127.0.0.1", 0) as served,
        aiohttp.ClientSession() as session,
    ):
        await hub.receive(Arrival("northwind", "http", ORDER.read_bytes()))
        await hub.drain()
        yield Street(hub, served, session)


def element(content: bytes, span: list[int], where: dict[str, int]) -> str:
    """What stands at a lineage's place in a set."""
    segments = content[span[0] : span[1]].decode().replace("\n", "").split("~")
    return segments[where["segment"] - 1].split("*")[where["element"]]


async def test_every_sourced_value_of_a_received_set_stands_where_its_lineage_says(street):
    content = ORDER.read_bytes()
    for row in [one for one in await street.hub.archive.documents() if one["kind"] == "PurchaseOrder"]:
        kept = await street.hub.archive.document(row["id"])
        status, told = await street.get(f"/v1/documents/{row['id']}/lineage", role="viewer")
        assert (status, told["map"], told["differs"]) == (200, "x12/850", [])
        number = told["values"]["number"]
        assert element(content, row["place"]["span"], number["source"]) == kept["document"]["number"]
        for index, line in enumerate(kept["document"]["lines"]):
            at = told["values"][f"lines.{index}.quantity.value"]
            assert element(content, row["place"]["span"], at["source"]) == line["quantity"]["value"]
            assert at["rule"]["file"].endswith(".yaml")
            assert at["rule"]["line"] > 1


async def test_what_we_sent_is_traced_to_its_bytes_and_to_its_reasons(street):
    row = await street.document("OrderAcknowledgment")
    status, told = await street.get(f"/v1/documents/{row['id']}/lineage", role="viewer")
    content = (await street.hub.archive.raw(row["id"])).content
    start = content.index(b"ST*855")
    assert (status, told["map"]) == (200, "x12/855")
    assert element(content, [start, len(content)], told["values"]["number"]["source"]) == row["document"]["number"]
    assert told["reasons"]["number"].partition(":")[0] in ("source", "order")
    source = await street.hub.archive.document(told["source_document"])
    assert source["kind"] == "PurchaseOrder"


async def test_a_value_that_the_changed_map_reads_otherwise_is_claimed_no_more(street):
    row = await street.document("PurchaseOrder")
    told = await street.hub.lineage(row["id"])
    assert "number" in told["values"]
    from connectors.lineage import told_lineage

    kept = {**row, "document": {**row["document"], "number": "another"}}
    changed = told_lineage(kept, ORDER.read_bytes(), street.hub._outward.trade.translator)
    assert changed["differs"] == ["number"]
    assert "number" not in changed["values"]


async def test_a_shops_order_is_traced_to_pointers(street):
    content = (CONFIG.parent / "demo" / "shopify-order-1001.json").read_bytes()
    facts = {"map": "shopify/order", "kind": "PurchaseOrder"}
    await street.hub.receive(Arrival("trailhead", "webhook", content, "e1", facts))
    await street.hub.drain()
    row = await street.document("PurchaseOrder", partner="trailhead")
    told = await street.hub.lineage(row["id"])
    tree = json.loads(content)
    found = {path: pointed(tree, one["source"]["pointer"]) for path, one in told["values"].items() if one["source"]}
    assert found["number"] == "#1001"
    assert found["parties.0.address.city"] == tree["shipping_address"]["city"]
    assert found["lines.1.items.sku"] == tree["line_items"][1]["sku"]


def pointed(tree: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


async def test_a_canonical_order_is_its_own_source(street):
    order = b'{"number": "1", "ordered_on": "2026-11-20", "currency": "USD", "lines": []}'
    await street.hub.receive(Arrival("api", "http", order, "k", {"kind": "PurchaseOrder"}))
    await street.hub.drain()
    row = await street.document("PurchaseOrder", identity="1//original")
    assert (await street.hub.lineage(row["id"]))["values"]["number"]["source"] == {"pointer": "/number"}


async def test_lineage_is_for_our_own_people(street):
    row = await street.document("PurchaseOrder")
    assert (await street.get(f"/v1/documents/{row['id']}/lineage", partner="northwind"))[0] == 403
    assert (await street.get("/v1/documents/none/lineage", role="viewer"))[0] == 404


# --- the page -------------------------------------------------------------------------------------------------------

MAP = "m/mappings/maps/x.yaml"
TOLD = {
    "values": {
        "number": {"source": {"segment": 2, "tag": "BEG", "element": 3}, "rule": {"file": MAP, "line": 4}},
        "currency": {"source": {}, "rule": {"file": MAP, "line": 5}},
    },
    "reasons": {"lines": "source:lines", "lines.0.status": "rule:allocation"},
}  # fmt: skip
SET = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*1200*U*00401*000000101*0*P*>~"


def test_a_value_and_its_place_carry_the_same_number():
    lighting = lighting_of(TOLD)
    view = raw_lines(Rendered(SET + b"ST*850*1~BEG*00*SA*4711~SE*3*1~", "x", "y"), (), lighting)
    assert '<span class="at-1" id="at-1">4711</span>' in view.lines[2].text
    painted = paint_json({"number": "4711", "currency": "USD"}, Canonical(lighting))
    assert re.search(
        r'<a class="v from-1" id="v-number" href="#at-1">.*4711.*BEG03 in segment 2 · rule maps/x.yaml:4', painted
    )
    assert "not in the source · rule maps/x.yaml:5" in painted
    assert ".from-1" in style(lighting.count)
    assert ".from-2" not in style(lighting.count)


def test_only_the_documents_own_set_is_marked_among_several():
    content = SET + b"ST*850*1~BEG*00*SA*1~SE*3*1~ST*850*2~BEG*00*SA*2~SE*3*2~"
    at = content.index(b"ST*850*2")
    view = raw_lines(Rendered(content, "x", "y"), (at, len(content)), lighting_of(TOLD))
    assert ["at-1" in line.text for line in view.lines] == [False, False, False, False, False, True, False]


def test_the_reason_of_a_part_is_that_of_the_whole():
    lighting = lighting_of(TOLD)
    assert lighting.reason("lines.0.quantity") == "taken from lines.0.quantity of the document decided on"
    assert lighting.reason("lines.0.status") == "made by the rule allocation"
    assert lighting.reason("number") is None


def test_hostile_paths_and_places_stay_text():
    hostile = '"><script>'
    told = {"values": {hostile: {"source": {"pointer": f"/{hostile}"}, "rule": {"file": hostile, "line": 1}}}}
    lighting = lighting_of(told)
    painted = paint_json({hostile: "x"}, Canonical(lighting))
    raw = raw_lines(Rendered(json.dumps({hostile: "x"}).encode(), "application/json", "y"), (), lighting)
    assert "<script" not in painted
    assert "<script" not in "".join(line.text for line in raw.lines)


async def test_the_reasons_of_what_we_sent_lead_to_the_documents_they_speak_of(street):
    sent = await street.document("FulfilmentOrder")
    order = await street.hub.archive.document(sent["source_document"])
    token, origin = await street.hub.access.issue(role="viewer"), {"Origin": street.served.url}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await browser.post(f"{street.served.url}/login", data={"token": token}, headers=origin)
        async with browser.get(f"{street.served.url}/documents/{sent['id']}") as response:
            shown = await response.text()
        async with browser.get(f"{street.served.url}/documents/{order['id']}") as response:
            decided_on = await response.text()
    links = re.findall(rf'/documents/{order["id"]}#(v-[^"]+)"', shown)
    assert "v-lines.0" in links
    assert [link for link in links if f'id="{link}"' not in decided_on and link != "v-usage"] == []


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a headless Chromium."""
    assert CHROMIUM, "CI must have a Chromium"
    async with async_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=quiet)
        yield await browser.new_page()
        await browser.close()


@pytest.mark.browser
@needs_browser
async def test_pointing_at_a_value_or_stepping_to_it_lights_its_source_and_names_its_rule(street, page):
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    row = await street.document("PurchaseOrder")
    await page.goto(street.served.login)
    await page.goto(f"{street.served.url}/documents/{row['id']}")
    value = page.locator('[id="v-lines.0.quantity.value"]')
    source = page.locator("." + (await value.get_attribute("href") or "").removeprefix("#")).first

    async def colour() -> str:
        return str(await source.evaluate("element => getComputedStyle(element).backgroundColor"))

    dark = await colour()
    await value.hover()
    assert await colour() != dark
    assert "PO102 in segment" in await value.inner_text()
    await page.mouse.move(0, 0)
    assert await colour() == dark
    assert "PO102" not in await value.inner_text()
    await value.focus()
    assert await colour() != dark
    assert re.search(r"rule (maps|parts)/x12.*\.yaml:\d+", await value.inner_text())
    await page.keyboard.press("Enter")
    assert page.url.endswith(await value.get_attribute("href") or "nothing")
    assert faults == []

"""What happens to orders is told to webhooks: signed CloudEvents, each order's in turn, until each is taken."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from canonical import Misconfigured
from connectors.emulators.loopback import loopback
from hub import Crossdock
from router.event_kinds import EVENT_KINDS
from tests.following.conftest import PO, ROOT, Opener

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes.....").decode()


@dataclass
class Listener:
    """A receiver that keeps what it was posted and answers as it is told."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204, headers={"Retry-After": "0"})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    one = Listener()
    app = web.Application()
    app.router.add_post("/events", one.take)
    async with loopback(app) as base:
        one.url = f"{base}/events"
        yield one


def told(url: str, kinds: str = "[]", name: str = "warehouse-screen") -> dict[str, list[tuple[str, str]]]:
    webhook = f"  - {{id: {name}, url: {url}, secret: {{env: EVENTS_SECRET}}, kinds: {kinds}}}\n"
    wait = ("  first_wait: PT5S", "  first_wait: PT0.01S")
    return {"hub.yaml": [("poll: PT2S", f"events:\n{webhook}\npoll: PT2S"), wait]}


async def test_every_event_of_an_order_is_told_signed_and_in_turn(opened: Opener, listener, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_SECRET", SECRET)
    async with opened(told(listener.url)) as served:
        await served.send("northwind", PO)
        by_order: dict[str, list[dict[str, Any]]] = {}
        for event in listener.events:
            by_order.setdefault(event["subject"], []).append(event)
        assert len(by_order) == 2
        for order, events in by_order.items():
            story = await served.hub.archive.order(order)
            assert [event["data"]["hash"] for event in events] == [row["hash"] for row in story["events"]]
            assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events)
        assert await served.sound() == []
    for headers, body in listener.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        proof = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(proof).decode()
        assert headers["content-type"] == "application/cloudevents+json"
        event = json.loads(body)
        assert (event["specversion"], event["id"]) == ("1.0", headers["webhook-id"])
        assert event["type"] == f"crossdock.{event['data']['event']}"
        assert event["source"] == "urn:crossdock:cedar-and-slate"


async def test_a_listener_hears_only_the_kinds_it_asked_for(opened: Opener, listener, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_SECRET", SECRET)
    async with opened(told(listener.url, "[order_received, line_released]")) as served:
        await served.send("northwind", PO)
    assert {event["data"]["event"] for event in listener.events} == {"order_received", "line_released"}


async def test_a_failing_listener_gets_the_same_id_again_and_nothing_overtakes(opened, listener, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_SECRET", SECRET)
    listener.answers = [500, 503, 302]
    async with opened(told(listener.url)) as served:
        await served.send("northwind", PO)
        for _ in range(200):
            await served.hub.drain()
            await asyncio.sleep(0.01)
            if not [row for row in await served.hub.archive.documents() if row["status"] == "ready"]:
                break
        assert len(listener.events) == len({event["id"] for event in listener.events}) + 3
        first: dict[str, list[str]] = {}
        for event in listener.events:
            heard = first.setdefault(event["subject"], [])
            if event["sequence"] not in heard:
                heard.append(event["sequence"])
        assert all(heard == sorted(heard) for heard in first.values())
        assert await served.exceptions() == []


async def test_a_listener_that_is_gone_becomes_an_exception(opened: Opener, listener, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_SECRET", SECRET)
    listener.answers = [410]
    async with opened(told(listener.url, "[order_received]")) as served:
        await served.send("northwind", PO)
        [gone] = await served.exceptions("delivery-failed")
        assert "410" in gone["reason"]


async def test_without_its_secret_an_event_waits_as_an_exception_and_is_never_sent(
    opened, listener, monkeypatch
) -> None:
    monkeypatch.delenv("EVENTS_SECRET", raising=False)
    async with opened(told(listener.url, "[order_received]")) as served:
        await served.send("northwind", PO)
        assert {row["code"] for row in await served.exceptions()} == {"delivery-failed"}
    assert listener.got == []


async def test_an_event_that_never_happens_and_a_partners_id_are_faults_with_their_line(opened, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_SECRET", SECRET)
    with pytest.raises(Misconfigured) as error:
        async with opened(told("http://127.0.0.1:9/x", "[order_recieved]", name="northwind")):
            pass
    faults = [found for found in error.value.findings if found.severity == "error"]
    assert [found.code for found in faults] == ["duplicate-id", "unknown-event"]
    assert all(found.where["line"] > 1 for found in faults)


def test_check_tells_of_no_event_faults_in_the_example() -> None:
    findings = Crossdock().workbench(ROOT / "config" / "hub.yaml").check()
    assert not [found for found in findings if found.severity == "error"]


def test_every_event_that_decisions_tell_is_known_to_listeners() -> None:
    import re

    told_in_code = {
        kind
        for path in (ROOT / "router").rglob("*.py")
        for kind in re.findall(r'tell\(\s*"([a-z_]+)"', path.read_text())
    }
    assert told_in_code <= EVENT_KINDS

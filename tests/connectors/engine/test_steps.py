"""Operations that the other side finishes later: made, asked for until they are ready, fetched; across restarts."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from canonical import Rejected, Unavailable, Unfinished
from canonical.exchange import Arrival
from connectors.connection import Connection, host_of
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors
from connectors.engine.operation import Outcome, run
from connectors.engine.progress import FileProgress
from connectors.engine.tokens import MemoryTokens
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret

HEAD = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
AUTH = {"kind": "bearer", "token": "{settings.token}"}
FEED: dict[str, Any] = {
    "steps": [
        {"name": "document", "call": {"method": "POST", "path": "/documents"}},
        {"name": "upload", "call": {"method": "PUT", "url": "{document.url}", "body": "{request.rows}"}},
        {
            "name": "feed",
            "call": {"method": "POST", "path": "/feeds", "body": {"input": "{document.id}"}},
            "errors": [{"body": "expired", "then": "start_over", "wait": "PT5S"}],
        },
        {
            "name": "status",
            "call": {"path": "/feeds/{feed.id}"},
            "until": {"when": {"status.state": "DONE"}, "every": "PT30S", "most": 3},
            "errors": [{"body": "[state=FATAL]", "then": "fail", "class": "data", "message": "state"}],
        },
        {
            "name": "report",
            "call": {"url": "{status.report}"},
            "faults": {
                "at": "issues[severity=ERROR]",
                "where": {"sku": "sku", "line": "messageId"},
                "code": "code",
                "message": "message",
            },
        },
    ],
    "receipt": {"feed": "feed.id", "accepted": "report.summary.accepted"},
}
REPORT: dict[str, Any] = {
    "steps": [
        {"name": "create", "call": {"method": "POST", "path": "/reports", "body": {"since": "{since}"}}},
        {
            "name": "ready",
            "call": {"path": "/reports/{create.id}"},
            "until": {"when": {"ready.state": "DONE"}, "every": "PT1M", "most": 5},
        },
        {"name": "rows", "call": {"url": "{ready.url}", "answer": "tsv"}},
    ],
    "pull": {
        "list": "rows",
        "items": "",
        "kind": "PurchaseOrder",
        "map": "x/order",
        "key": "{item.id}",
        "every": "PT10M",
        "cursor": {},
    },
}


class SteppingClock:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Factory:
    """Makes reports and takes feeds; what was asked of it, in order."""

    states: list[str] = field(default_factory=lambda: ["IN_PROGRESS", "DONE"])
    issues: list[dict[str, Any]] = field(default_factory=list)
    expired: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    proofs: dict[str, str | None] = field(default_factory=dict)
    url: str = ""

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", self.answer)
        return application

    async def answer(self, request: web.Request) -> web.Response:
        name = f"{request.method} {request.path}"
        self.asked.append(name)
        self.proofs[name] = request.headers.get("Authorization")
        if request.path == "/file":
            return web.Response(body=gzip.compress(b"id\tqty\nA-1\t2\nA-2\t1\n"))
        sent = await request.json() if request.can_read_body else None
        return web.json_response(self.told(name, request.rel_url.raw_query_string, sent))

    def told(self, name: str, query: str, sent: Any) -> Any:
        answers: dict[str, Any] = {
            "POST /documents": {"id": "d1", "url": f"{self.url}/upload?signature=s%2F1"},
            "PUT /upload": {},
            "POST /feeds": {"id": "f1"},
            "POST /reports": {"id": "r1"},
            "GET /report": {"issues": self.issues, "summary": {"accepted": 2 - len(self.issues)}},
        }
        if name == "POST /feeds" and self.expired:
            self.expired -= 1
            return {"expired": True}
        if name == "PUT /upload":
            assert query == "signature=s%2F1"
        if name in ("PUT /upload", "POST /reports"):
            self.bodies.append(sent)
        return answers[name] if name in answers else self.state(name)

    def state(self, name: str) -> dict[str, str]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        file = f"{self.url}/{'file' if 'reports' in name else 'report'}"
        return {"state": state, **({"url": file, "report": file} if state == "DONE" else {})}


@pytest.fixture
async def factory() -> AsyncIterator[Factory]:
    factory = Factory()
    async with loopback(factory.application()) as factory.url:
        yield factory


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@dataclass
class Hub:
    """One process after another on the same directory."""

    url: str
    wire: HttpWire
    clock: SteppingClock
    data: Path

    def caller(self) -> Caller:
        operations = {"feed": FEED, "report": REPORT}
        manifest = Manifest.model_validate(
            {**HEAD, "settings": {"token": {"secret": True}}, "auth": AUTH, "operations": operations}
        )
        granted = frozenset({host_of(self.url)})
        connection = Connection("shop", "Shop", manifest, {"token": Secret("canary-token")}, self.url, granted)
        progress = FileProgress(self.data / "progress")
        return Caller(connection, self.wire, self.clock, MemoryTokens(), progress=progress)

    async def feed(self) -> Outcome:
        caller = self.caller()
        operation = caller.connection.manifest.operations["feed"]
        return await run(caller, operation, {"rows": [{"sku": "A"}, {"sku": "B"}]}, "delivery/1")

    async def report(self) -> list[Arrival]:
        pickup = ConnectionPickup(self.caller(), "report", FileCursors(self.data / "cursors"))
        return [arrival async for arrival in pickup.collect()]


@pytest.fixture
def hub(factory: Factory, wire: HttpWire, clock: SteppingClock, tmp_path: Path) -> Hub:
    return Hub(factory.url, wire, clock, tmp_path)


async def test_a_feed_is_submitted_once_and_its_report_read_after_restarts(hub: Hub, factory: Factory):
    with pytest.raises(Unfinished) as waiting:
        await hub.feed()
    assert waiting.value.retry_after == 30
    assert (await hub.feed()).receipt == {"feed": "f1", "accepted": 2}
    assert factory.asked == [
        "POST /documents", "PUT /upload", "POST /feeds", "GET /feeds/f1", "GET /feeds/f1", "GET /report",
    ]  # fmt: skip
    assert factory.bodies == [[{"sku": "A"}, {"sku": "B"}]]
    assert list((hub.data / "progress").iterdir()) == []


async def test_what_lies_at_a_signed_address_is_fetched_without_our_proof(hub: Hub, factory: Factory):
    factory.states = ["DONE"]
    await hub.feed()
    assert factory.proofs["PUT /upload"] is factory.proofs["GET /report"] is None
    assert factory.proofs["POST /feeds"] == "Bearer canary-token"


async def test_refused_lines_of_a_report_are_findings_at_their_places(hub: Hub, factory: Factory):
    factory.states = ["DONE"]
    factory.issues = [
        {"severity": "ERROR", "sku": "B", "messageId": 2, "code": "90220", "message": "'brand' is required"},
        {"severity": "WARNING", "sku": "A", "messageId": 1, "code": "1", "message": "too short"},
    ]
    with pytest.raises(Rejected) as refused:
        await hub.feed()
    [finding] = refused.value.findings
    assert (finding.code, finding.where) == ("line-refused", {"sku": "B", "line": "2"})
    assert finding.message == "90220: 'brand' is required"
    assert "sku B, line 2" in refused.value.message


async def test_what_fails_begins_anew_when_a_person_sends_it_again(hub: Hub, factory: Factory):
    factory.states = ["FATAL"]
    with pytest.raises(Rejected):
        await hub.feed()
    factory.states = ["DONE"]
    await hub.feed()
    assert factory.asked.count("POST /feeds") == 2


async def test_waiting_ends_after_the_most_tries_of_all_processes(hub: Hub, factory: Factory):
    factory.states = ["IN_PROGRESS"]
    for _ in range(2):
        with pytest.raises(Unfinished):
            await hub.feed()
    with pytest.raises(Rejected, match="asked 3 times"):
        await hub.feed()


async def test_an_upload_that_is_too_late_starts_over(hub: Hub, factory: Factory):
    factory.states, factory.expired = ["DONE"], 1
    with pytest.raises(Unavailable) as again:
        await hub.feed()
    assert again.value.retry_after == 5
    await hub.feed()
    assert factory.asked.count("POST /documents") == 2


async def test_a_report_is_made_once_waited_for_quietly_and_its_rows_arrive(
    hub: Hub, factory: Factory, clock: SteppingClock
):
    assert await hub.report() == []
    clock.at += timedelta(minutes=1)
    arrivals = await hub.report()
    rows = [json.loads(arrival.content) for arrival in arrivals]
    assert rows == [{"id": "A-1", "qty": "2"}, {"id": "A-2", "qty": "1"}]
    assert factory.bodies == [{"since": "2026-11-14T12:00:00Z"}]


async def test_the_next_report_begins_where_the_last_one_was_asked_for(
    hub: Hub, factory: Factory, clock: SteppingClock
):
    await hub.report()
    clock.at += timedelta(minutes=7)
    await hub.report()
    factory.states = ["DONE"]
    clock.at += timedelta(minutes=10)
    await hub.report()
    assert factory.bodies[1] == {"since": "2026-11-21T12:00:00Z"}


async def test_a_process_that_dies_while_it_waits_leaves_what_the_next_goes_on_from(hub: Hub, factory: Factory):
    task = asyncio.create_task(hub.feed())
    with pytest.raises(Unfinished):
        await task
    [kept] = (hub.data / "progress").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text())["known"]["feed"] == {"id": "f1"}
    kept.unlink()
    await hub.feed()
    assert factory.asked.count("POST /feeds") == 2

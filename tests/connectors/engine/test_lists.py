"""How lists begin, go on and end: counting, totals, windows, resets; and lines that belong to others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from canonical import Unavailable
from connectors.connection import Connection
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.encoding import decode
from connectors.engine.wire import Answer, Request
from connectors.manifest import Manifest
from connectors.pickup import ConnectionPickup

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
Query = dict[str, str]


class SteppingClock:
    at = START

    def now(self) -> datetime:
        return self.at


class Server:
    """Answers by its function; what it was asked."""

    def __init__(self, answer: Callable[[Query], tuple[int, Any]]) -> None:
        self.answer, self.asked = answer, list[Query]()

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        self.asked.append(query)
        status, tree = self.answer(query)
        return Answer(status, {}, json.dumps(tree).encode())


def pickup(server: Server, query: Query, clock: SteppingClock | None = None, **pull: Any) -> ConnectionPickup:
    said = {"items": "rows", "kind": "PurchaseOrder", "map": "x/y", "key": "{item.id}", "every": "PT1M", **pull}
    head = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
    errors = [{"body": "[code=EXPIRED]", "then": "start_over"}]
    step = {"name": "list", "call": {"path": "/list", "query": query}, "errors": errors}
    manifest = Manifest.model_validate({**head, "operations": {"pull": {"steps": [step], "pull": said}}})
    connection = Connection("shop", "Shop", manifest, {}, "https://x.example")
    return ConnectionPickup(Caller(connection, server, clock or SteppingClock()), "pull", MemoryCursors())


async def ids(one: ConnectionPickup) -> list[int]:
    return [json.loads(arrival.content)["id"] for arrival in [arrival async for arrival in one.collect()]]


def rows(start: int, end: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(start, end)]


async def test_a_query_text_counts_from_where_its_system_counts():
    def answer(query: Query) -> tuple[int, Any]:
        start = int(query["q"].split()[-1])
        return 200, {"rows": rows(start, min(start + 2, 6))}

    server = Server(answer)
    pages = {"kind": "offset", "first": 1, "size": 2}
    assert await ids(pickup(server, {"q": "select * from Invoice startposition {page.offset}"}, pages=pages)) == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert [query["q"].split()[-1] for query in server.asked] == ["1", "3", "5"]


async def test_a_total_ends_a_list_without_asking_once_more():
    server = Server(lambda query: (200, {"rows": rows(int(query["p"]) * 2, int(query["p"]) * 2 + 2), "count": 4}))
    pages = {"kind": "page", "first": 0, "total": "count"}
    assert await ids(pickup(server, {"p": "{page.number}"}, pages=pages)) == [0, 1, 2, 3]
    assert len(server.asked) == 2


async def test_a_token_that_ran_out_begins_the_list_once_more():
    server = Server(lambda query: (200, {"rows": rows(0, 1), "next": "t1"}))

    def answer(query: Query) -> tuple[int, Any]:
        if query.get("t") == "t1" and len(server.asked) == 2:
            return 400, {"code": "EXPIRED"}
        return 200, {"rows": rows(1, 2)} if query.get("t") else {"rows": rows(0, 1), "next": "t1"}

    server.answer = answer
    one = pickup(server, {"t": "{page.token?}"}, pages={"kind": "cursor", "token": "next"})
    assert await ids(one) == [0, 0, 1]
    assert [query.get("t") for query in server.asked] == [None, "t1", None, "t1"]


async def test_a_token_that_always_runs_out_is_told():
    server = Server(
        lambda query: (400, {"code": "EXPIRED"}) if query.get("t") else (200, {"rows": rows(0, 1), "next": "t"})
    )
    with pytest.raises(Unavailable):
        await ids(pickup(server, {"t": "{page.token?}"}, pages={"kind": "cursor", "token": "next"}))


async def test_windows_follow_each_other_up_to_now_even_where_nothing_is():
    clock = SteppingClock()
    server = Server(lambda query: (200, {"rows": []}))
    cursor = {"field": "at", "start": "P3D", "window": "P1D", "format": "epoch_ms"}
    one = pickup(server, {"from": "{since}", "to": "{until}"}, clock, cursor=cursor)
    for _ in range(4):
        await ids(one)
        clock.at += timedelta(minutes=1)
    days = [(float(query["from"]) / 1000, float(query["to"]) / 1000) for query in server.asked]
    assert [round((end - start) / 86_400, 2) for start, end in days] == [1.0, 1.0, 1.0, 0.0]
    assert [start for start, _ in days[1:]] == [end for _, end in days[:-1]]


async def test_what_is_older_is_left_out_where_the_list_cannot_be_asked_by_time():
    clock = SteppingClock()
    told = [{"id": 1, "at": "2026-10-01T00:00:00Z"}, {"id": 2, "at": "2026-11-21T11:00:00Z"}]
    server = Server(lambda query: (200, {"rows": told}))
    one = pickup(server, {}, clock, cursor={"field": "at", "client_side": True})
    assert await ids(one) == [2]
    clock.at += timedelta(minutes=5)
    told.append({"id": 3, "at": "2026-11-21T12:03:00Z"})
    assert await ids(one) == [2, 3]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("rfc3339", "2026-11-14T12:00:00Z"),
        ("naive_utc", "2026-11-14T12:00:00"),
        ("date", "2026-11-14"),
        ("epoch", "1794657600"),
        ("epoch_ms", "1794657600000"),
    ],
)
async def test_instants_are_said_as_the_system_says_them(form: str, said: str):
    server = Server(lambda query: (200, {"rows": []}))
    await ids(pickup(server, {"from": "{since}"}, cursor={"field": "at", "format": form}))
    assert server.asked == [{"from": said}]


def test_json_lines_join_those_they_belong_to():
    lines = b'{"id": "o1"}\n{"id": "l1", "__parentId": "o1"}\n\n{"id": "d1", "__parentId": "l1"}\n{"id": "o2"}\n'
    assert decode("json_lines", lines, parent="__parentId") == [
        {"id": "o1", "children": [{"id": "l1", "__parentId": "o1", "children": [{"id": "d1", "__parentId": "l1"}]}]},
        {"id": "o2"},
    ]
    assert len(decode("json_lines", lines)) == 4

"""Lists are fetched page by page, each item once, and the cursor moves only when all of them are safe."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from canonical import Misconfigured, Rejected, Unavailable
from canonical.exchange import Arrival
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.emulators.loopback import serving
from connectors.emulators.woocommerce import WooCommerceShop
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors, MemoryCursors
from connectors.engine.sweep import sweep
from connectors.engine.wire import Answer, HttpWire, Request
from connectors.manifest import Manifest
from connectors.manifest_calls import Call, Step
from connectors.manifest_lists import Pull
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret

START = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class SteppingClock:
    at: datetime = START + timedelta(days=1)

    def now(self) -> datetime:
        return self.at


def order(number: int, modified: datetime) -> dict[str, object]:
    return {"id": number, "date_modified_gmt": modified.replace(tzinfo=None).isoformat(timespec="seconds")}


@pytest.fixture
async def shop() -> AsyncIterator[WooCommerceShop]:
    shop = WooCommerceShop(consumer_secret="canary-consumer")
    shop.orders = {number: order(number, START + timedelta(minutes=number)) for number in range(1, 251)}
    async with serving(shop):
        yield shop


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def caller(shop: WooCommerceShop, wire: HttpWire, clock: SteppingClock) -> Caller:
    manifest = load_catalogue().manifests["woocommerce"].model_copy(update={"rate_limits": ()})
    settings = {
        "consumer_key": Secret(shop.consumer_key),
        "consumer_secret": Secret(shop.consumer_secret),
        "webhook_secret": Secret("w"),
        "status": "processing",
    }
    connection = Connection("woo", "Woo", manifest, settings, shop.base_url, frozenset({host_of(shop.base_url)}))
    return Caller(connection, wire, clock)


async def collected(pickup: ConnectionPickup) -> list[Arrival]:
    return [arrival async for arrival in pickup.collect()]


def numbers(arrivals: list[Arrival]) -> list[int]:
    return [json.loads(arrival.content)["id"] for arrival in arrivals]


async def test_every_order_of_every_page_arrives_once(caller: Caller, shop: WooCommerceShop):
    arrivals = await collected(ConnectionPickup(caller, "pull_orders", MemoryCursors()))
    assert numbers(arrivals) == list(range(1, 251))
    assert len({arrival.transport_key for arrival in arrivals}) == 250
    assert arrivals[0].facts["map"] == "woocommerce/order"
    assert [request.partition("&page=")[2] for request in shop.requests] == ["1", "2", "3"]


async def test_nothing_is_asked_before_it_is_time_again(caller: Caller, shop: WooCommerceShop, clock: SteppingClock):
    pickup = ConnectionPickup(caller, "pull_orders", MemoryCursors())
    await collected(pickup)
    asked = len(shop.requests)
    assert await collected(pickup) == []
    assert len(shop.requests) == asked
    clock.at += timedelta(minutes=2)
    await collected(pickup)
    assert len(shop.requests) > asked


async def test_the_next_sweep_asks_from_where_the_last_ended_with_some_overlap(
    caller: Caller, shop: WooCommerceShop, tmp_path: Path
):
    cursors = FileCursors(tmp_path)
    first = await collected(ConnectionPickup(caller, "pull_orders", cursors))
    shop.orders[251] = order(251, START + timedelta(minutes=251))
    second = await collected(ConnectionPickup(caller, "pull_orders", cursors))
    assert numbers(second) == [246, 247, 248, 249, 250, 251]
    known = {arrival.transport_key for arrival in first}
    assert [arrival.transport_key in known for arrival in second] == [True] * 5 + [False]


async def test_a_sweep_that_broke_off_moves_no_cursor(caller: Caller):
    cursors = MemoryCursors()
    async for _ in ConnectionPickup(caller, "pull_orders", cursors).collect():
        break
    assert cursors.instants == {}


async def test_deleting_the_file_re_sets_a_cursor_and_a_broken_one_is_told(caller: Caller, tmp_path: Path):
    cursors = FileCursors(tmp_path)
    await collected(ConnectionPickup(caller, "pull_orders", cursors))
    file = tmp_path / "woo.pull_orders.json"
    file.write_text("{")
    with pytest.raises(Unavailable, match="can't be read"):
        await collected(ConnectionPickup(caller, "pull_orders", cursors))
    file.unlink()
    assert len(await collected(ConnectionPickup(caller, "pull_orders", cursors))) == 250


async def test_a_refused_key_is_told_without_showing_it(caller: Caller, shop: WooCommerceShop):
    shop.consumer_key = "other"
    with pytest.raises(Misconfigured) as caught:
        await collected(ConnectionPickup(caller, "pull_orders", MemoryCursors()))
    assert "canary" not in str(caught.value)


@dataclass
class PagedWire:
    """Answers page after page, whatever it is asked."""

    pages: list[Answer]
    urls: list[str] = field(default_factory=list)

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        self.urls.append(request.url)
        return self.pages[min(len(self.urls), len(self.pages)) - 1]


def page(ids: list[int], token: str | None = None, **headers: str) -> Answer:
    tree = {"items": [{"id": number} for number in ids], "next": token, "more": token is not None}
    return Answer(200, headers, json.dumps(tree).encode())


async def swept(pages: dict[str, object], answers: list[Answer]) -> tuple[list[int], list[str]]:
    call = Call.model_validate({"path": "/list", "query": {"at": "{page.token?}", "n": "{page.number}"}})
    head = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
    connection = Connection("x", "X", Manifest.model_validate(head), {}, "https://x.example/v1")
    pull = Pull.model_validate({"items": "items", "kind": "Item", "map": "m", "key": "{item.id}", "pages": pages})
    wire = PagedWire(answers)
    items = sweep(Caller(connection, wire, SteppingClock()), Step(name="list", call=call), pull, {})
    return [item["id"] async for item in items], wire.urls


@pytest.mark.parametrize(
    ("pages", "answers", "last_url"),
    [
        ({"kind": "page", "size": 2}, [page([1, 2]), page([3])], "/list?n=2"),
        ({"kind": "offset", "size": 2}, [page([1, 2]), page([3])], "/list?n=2"),
        ({"kind": "cursor", "token": "next"}, [page([1, 2], "t1"), page([3])], "/list?at=t1&n=2"),
        ({"kind": "cursor", "header": "X-Next"}, [page([1, 2], **{"x-next": "h1"}), page([3])], "/list?at=h1&n=2"),
        ({"kind": "cursor", "token": "next", "has_more": "more"}, [page([1, 2], "t1"), page([3])], "/list?at=t1&n=2"),
        ({"kind": "keyset", "key": "id", "size": 2}, [page([1, 2]), page([3])], "/list?at=2&n=2"),
        ({"kind": "link", "token": "next"}, [page([1, 2], "?from=2"), page([3])], "/list?from=2"),
        ({"kind": "link"}, [page([1, 2], link='<https://x.example/p2>; rel="next"'), page([3])], "/p2"),
        ({"kind": "link"}, [page([1, 2], link="</a>; rel=prev, </p3?a=1,2>; rel=next"), page([3])], "/p3?a=1,2"),
    ],
    ids=["page", "offset", "cursor", "cursor-header", "has-more", "keyset", "link-query", "link-header", "link-second"],
)
async def test_each_kind_of_pages_is_walked(pages: dict[str, object], answers: list[Answer], last_url: str):
    found, urls = await swept(pages, answers)
    assert found == [1, 2, 3]
    assert urls[-1].removeprefix("https://x.example").removeprefix("/v1") == last_url


@pytest.mark.parametrize(
    ("pages", "answers", "says"),
    [
        ({"kind": "cursor", "token": "next"}, [page([1], "t"), page([2], "t"), page([3], "t")], "used before"),
        ({"kind": "page", "size": 1}, [page([1]), page([2]), page([1])], "begins as one before"),
        ({"kind": "cursor", "token": "next", "most": 3}, [page([i], f"t{i}") for i in range(9)], "more than 3 pages"),
    ],
    ids=["same-token", "same-first-item", "too-many"],
)
async def test_pages_without_end_are_stopped(pages: dict[str, object], answers: list[Answer], says: str):
    with pytest.raises(Rejected, match=says):
        await swept(pages, answers)

"""An answer that never comes: by each rule a manifest may give, one effect in the receiver's own books; by none, no
second try but a person who looks.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from connectors.connection import Connection, host_of
from connectors.courier import callers, couriers, knows_again
from connectors.emulators.loopback import loopback
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.transport.couriers import CourierByDestination
from router.decision import Outgoing
from router.flow import RetryPolicy
from store.documents import outgoing_row
from store.tables import document
from tests.flow.street import SteppingClock, Street, open_street, purchase

NUMBER = {"number": "{request.document.number}"}
CREATE = {"name": "create", "call": {"method": "POST", "path": "/{settings.desk}", "body": NUMBER}}
PUT = {"name": "put", "call": {"method": "PUT", "path": "/{settings.desk}/{request.document.number}", "body": NUMBER}}
LOOK = {
    "name": "look_up",
    "call": {"path": "/{settings.desk}"},
    "already_done": {"at": "entries[].number", "has": "{request.document.number}"},
}
ASK = {"name": "ask", "call": {"method": "POST", "path": "/{settings.desk}", "effect": False, "body": {"number": "?"}}}
RULES: Mapping[str, Mapping[str, Any]] = {
    "header": {"idempotency": {"kind": "header", "name": "Idempotency-Key"}, "steps": [CREATE]},
    "query": {"idempotency": {"kind": "query", "name": "requestid"}, "steps": [CREATE]},
    "natural-key": {"idempotency": {"kind": "natural_key"}, "steps": [PUT]},
    "search": {"idempotency": {"kind": "search"}, "steps": [LOOK, CREATE]},
    "none": {"steps": [CREATE]},
    "only-asks": {"steps": [ASK]},
}
DOUBTFUL = 2
"""How many calls at each desk take effect and are never answered."""


@dataclass
class Receiver:
    """A system that keeps a book for each desk, and how often it was asked; knows what each desk says it knows."""

    books: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        desk, number = request.match_info["desk"], (await request.json())["number"]
        known_by = {**request.headers, **request.query, **request.match_info}
        key = next((known_by[name] for name in ("Idempotency-Key", "requestid", "number") if name in known_by), None)
        if key is None or f"{desk}/{key}" not in self._seen:
            self._seen.add(f"{desk}/{key}")
            self.books.setdefault(desk, []).append(number)
        self.asked[desk] = self.asked.get(desk, 0) + 1
        if self.asked[desk] <= DOUBTFUL:
            await asyncio.sleep(30)
        return web.json_response({"taken": number})

    async def list(self, request: web.Request) -> web.Response:
        entries = self.books.get(request.match_info["desk"], [])
        return web.json_response({"entries": [{"number": number} for number in entries]})

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_get("/{desk}", self.list)
        application.router.add_post("/{desk}", self.take)
        application.router.add_put("/{desk}/{number}", self.take)
        async with loopback(application) as url:
            yield url


def connection(desk: str, url: str) -> Connection:
    """To the desk of that name, by the rule of that name."""
    said = {"connector": "receiver", "version": 1, "kind": "other", "title": "R", "docs": "d"}
    manifest = Manifest.model_validate(
        said
        | {"base_url": "https://receiver.example", "defaults": {"timeout": "PT0.2S"}, "settings": {"desk": {}}}
        | {"operations": {"push": RULES[desk]}, "takes": {"PurchaseOrder": {"operation": "push", "map": "x/y"}}}
    )
    return Connection(desk, desk, manifest, {"desk": desk}, url, frozenset({host_of(url)}))


async def queue(street: Street, to: str) -> None:
    """An order on its way to a desk."""

    def work(transaction: Any) -> None:
        row = outgoing_row(Outgoing(document=purchase(f"to-{to}"), to=to))
        due = {"id": f"to-{to}", "status": "queued", "at": transaction.now, "due": transaction.now}
        transaction.insert(document, row | due)

    await street.store.database.write(work)


@asynccontextmanager
async def desks(receiver: Receiver) -> AsyncIterator[Street]:
    """A street on which one document goes to each desk."""
    async with receiver.served() as url:
        by_id, wire = {desk: connection(desk, url) for desk in RULES}, HttpWire()
        courier = CourierByDestination(couriers(callers(by_id, wire, SteppingClock())))
        told = {"retry": RetryPolicy(tries=5), "knows_again": partial(knows_again, by_id)}
        try:
            async with open_street("sqlite://", courier=courier, **told) as street:
                for desk in RULES:
                    await queue(street, desk)
                yield street
        finally:
            await wire.close()


@dataclass(frozen=True)
class Played:
    receiver: Receiver
    statuses: Mapping[str, str]
    exceptions: Mapping[str, Any]


@pytest.fixture(scope="module")
def played() -> Played:
    """Every desk's document, tried until nothing is due."""
    return asyncio.run(_play())


async def _play() -> Played:
    receiver = Receiver()
    async with desks(receiver) as street:
        for _ in range(5):
            await street.settle()
            street.clock.advance(hours=1)
        rows = await street.store.archive.documents()
        exceptions = {row["document"]: row for row in await street.store.archive.exceptions()}
        assert await street.sound() == []
    return Played(receiver, {row["id"]: row["status"] for row in rows}, exceptions)


@pytest.mark.parametrize("rule", ["header", "query", "natural-key", "search"])
def test_by_each_rule_there_is_one_effect(played: Played, rule: str) -> None:
    assert played.receiver.books[rule] == [f"to-{rule}"]
    assert played.receiver.asked[rule] == (1 if rule == "search" else DOUBTFUL + 1)
    assert played.statuses[f"to-{rule}"] == "delivered"


def test_without_a_rule_nothing_is_sent_again_and_a_person_sees_the_history(played: Played) -> None:
    assert played.receiver.asked["none"] == 1
    assert played.statuses["to-none"] == "undelivered"
    [exception] = played.exceptions.values()
    assert exception["code"] == "delivery-failed"
    assert [attempt["number"] for attempt in exception["facts"]["attempts"]] == [1]
    assert [finding["code"] for finding in exception["facts"]["findings"]] == ["delivery-in-doubt"]
    assert "may have arrived" in exception["reason"]


def test_what_only_asks_is_asked_again(played: Played) -> None:
    assert played.receiver.asked["only-asks"] == DOUBTFUL + 1
    assert played.statuses["to-only-asks"] == "delivered"


@pytest.mark.parametrize(("known", "sent"), [(True, 2), (False, 1)])
async def test_a_try_that_nobody_lived_to_note_is_in_doubt(known: bool, sent: int) -> None:
    async with open_street("sqlite://", knows_again=lambda _: known) as street:
        await queue(street, "acme")
        await street.flow.render.step()
        [lost] = await street.flow.deliver.claim()
        await street.courier.deliver(lost)
        await street.store.peers.give_back()
        await street.settle()
        assert len(street.courier.taken) == sent
        assert await street.codes() == ([] if known else ["delivery-failed"])
        for row in await street.store.archive.exceptions():
            assert await street.store.archive.settle(row["id"], "retry", "Ada")
        await street.settle()
        assert len(street.courier.taken) == 2
        assert await street.codes() == []
        assert await street.sound() == []

"""What a connector promises, whichever way it was made: the same suite for YAML and for one Python file."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from canonical import Misconfigured, Rejected, Unavailable
from canonical.exchange import Arrival, Parcel
from connectors.catalogue import Catalogue, load_catalogue
from connectors.connection import Connection, host_of
from connectors.courier import ConnectionCourier
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.pickup import pickups
from connectors.secret import Secret

HEAD = """\
connector: pigeon
version: 1
kind: marketplace
title: Pigeon post
docs: https://pigeon.example
base_url: "https://pigeon.example"
settings: {token: {secret: true}}
auth: {kind: bearer, token: "{settings.token}"}
defaults:
  errors: [{status: 400, then: fail, message: message}]
takes: {ShipmentNotice: {operation: push, map: x/y}}
operations:
  push:
    idempotency: {kind: header, name: Idempotency-Key}
    steps: [{name: push, call: {method: POST, path: /shipments, body: {id: "{request.id}"}}}]
    receipt: {made: push.made}
  pull:
    steps: [{name: pull, call: {path: /orders, query: {since: "{since}"}}}]
    pull: {items: orders, kind: PurchaseOrder, map: x/z, key: "{item.id}", cursor: {field: at}}
"""
PYTHON = '''
"""Pigeon post, in Python."""

async def push(request, reach):
    made = await reach.ask({"method": "POST", "path": "/shipments", "body": {"id": "{request.id}"}}, request=request)
    return {"made": made["made"]}


async def pull(since, reach):
    for order in (await reach.ask({"path": "/orders", "query": {"since": "{since}"}}, since=since))["orders"]:
        yield order


CONNECTOR = {
    "connector": "pigeon",
    "version": 1,
    "kind": "marketplace",
    "title": "Pigeon post",
    "docs": "https://pigeon.example",
    "base_url": "https://pigeon.example",
    "settings": {"token": {"secret": True}},
    "auth": {"kind": "bearer", "token": "{settings.token}"},
    "defaults": {"errors": [{"status": 400, "then": "fail", "message": "message"}]},
    "takes": {"ShipmentNotice": {"operation": "push", "map": "x/y"}},
    "operations": {
        "push": {"function": push, "idempotency": {"kind": "header", "name": "Idempotency-Key"}},
        "pull": {
            "function": pull,
            "pull": {
                "items": "", "kind": "PurchaseOrder", "map": "x/z", "key": "{item.id}", "cursor": {"field": "at"},
            },
        },
    },
}
'''


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Loft:
    """Where pigeons arrive."""

    status: int = 200
    shipments: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    proofs: set[str] = field(default_factory=set)
    url: str = ""

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/shipments", self.ship)
        application.router.add_get("/orders", self.list)
        return application

    async def ship(self, request: web.Request) -> web.Response:
        self.proofs.add(request.headers.get("Authorization", ""))
        if self.status != 200:
            return web.json_response({"message": "no, canary-77"}, status=self.status)
        key = request.headers["Idempotency-Key"]
        self.shipments.setdefault(key, (await request.json())["id"])
        return web.json_response({"made": len(self.shipments)})

    async def list(self, request: web.Request) -> web.Response:
        self.seen.append(request.query["since"])
        orders = [{"id": 1, "at": "2026-11-20T10:00:00Z"}, {"id": 2, "at": "2026-11-21T11:00:00Z"}]
        return web.json_response({"orders": orders}, status=self.status)


@pytest.fixture
async def loft() -> AsyncIterator[Loft]:
    loft = Loft()
    async with loopback(loft.application()) as loft.url:
        yield loft


@pytest.fixture(params=["yaml", "python"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    if request.param == "yaml":
        (tmp_path / "pigeon.yaml").write_text(HEAD)
        return load_catalogue(tmp_path, [])
    (tmp_path / "pigeon_post.py").write_text(PYTHON)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pigeon_post", raising=False)
    return load_catalogue(None, [EntryPoint("pigeon", "pigeon_post:CONNECTOR", "crossdock.connectors")])


@pytest.fixture
def caller(catalogue: Catalogue, loft: Loft, wire: HttpWire) -> Caller:
    manifest = catalogue.manifests["pigeon"]
    granted = frozenset({host_of(loft.url)})
    return Caller(Connection("p", "P", manifest, {"token": Secret("canary-77")}, loft.url, granted), wire, StillClock())


def parcel(key: str = "k-1") -> Parcel:
    return Parcel("d", key, "p", "ShipmentNotice", b'{"id": "S-1"}', "application/json", "s.json", 1)


async def collected(caller: Caller, data: Path) -> list[Arrival]:
    [pickup] = pickups({"p": caller}, FileCursors(data))
    return [arrival async for arrival in pickup.collect()]


def test_it_is_found_whole(catalogue: Catalogue):
    assert [one for one in catalogue.findings if "pigeon" in str(one.where)] == []
    assert set(catalogue.manifests["pigeon"].operations) == {"push", "pull"}
    assert catalogue.origins["pigeon"].cases.name == "pigeon.cases"


async def test_the_same_parcel_twice_has_one_effect(caller: Caller, loft: Loft):
    courier = ConnectionCourier(caller)
    receipts = [(await courier.deliver(parcel())).receipt for _ in range(2)]
    assert [receipt["made"] for receipt in receipts] == [1, 1]
    assert loft.shipments == {"k-1": "S-1"}
    assert loft.proofs == {"Bearer canary-77"}


@pytest.mark.parametrize(("status", "error"), [(400, Rejected), (403, Misconfigured), (503, Unavailable)])
async def test_errors_say_what_to_do_and_hide_secrets(caller: Caller, loft: Loft, status: int, error: type[Exception]):
    loft.status = status
    with pytest.raises(error) as caught:
        await ConnectionCourier(caller).deliver(parcel())
    assert "canary" not in str(caught.value)


async def test_a_kind_it_does_not_take_is_refused(caller: Caller):
    strange = Parcel("d", "k", "p", "Invoice", b"{}", "application/json", "i.json", 1)
    with pytest.raises(Rejected):
        await ConnectionCourier(caller).deliver(strange)


async def test_a_list_brings_each_item_once_and_goes_on_where_it_ended(caller: Caller, loft: Loft, tmp_path: Path):
    arrivals = await collected(caller, tmp_path / "cursors")
    assert [arrival.transport_key for arrival in arrivals] == ["pull/1", "pull/2"]
    assert [json.loads(arrival.content)["id"] for arrival in arrivals] == [1, 2]
    await collected(caller, tmp_path / "cursors")
    assert loft.seen == ["2026-11-14T12:00:00Z", "2026-11-21T11:00:00Z"]


async def test_a_list_that_breaks_leaves_its_cursor(caller: Caller, loft: Loft, tmp_path: Path):
    loft.status = 500
    with pytest.raises(Unavailable):
        await collected(caller, tmp_path / "cursors")
    loft.status = 200
    await collected(caller, tmp_path / "cursors")
    assert loft.seen == ["2026-11-14T12:00:00Z"] * 2


async def test_python_that_breaks_is_an_error_like_any_other(loft: Loft, wire: HttpWire):
    async def push(request: Any, reach: Any) -> None:
        raise ValueError(f"oh {reach.settings['token'].reveal()}")

    declared = {"connector": "c", "version": 1, "kind": "other", "title": "t", "docs": "d", "base_url": loft.url}
    declared |= {"settings": {"token": {"secret": True}}, "operations": {"push": {"function": push}}}
    declared |= {"takes": {"ShipmentNotice": {"operation": "push", "map": "x/y"}}}
    connection = Connection("p", "P", Manifest.model_validate(declared), {"token": Secret("canary-77")}, loft.url)
    with pytest.raises(Unavailable) as caught:
        await ConnectionCourier(Caller(connection, wire, StillClock())).deliver(parcel())
    assert caught.value.ambiguous
    assert "canary" not in str(caught.value)


def test_a_file_that_cannot_be_loaded_is_told():
    catalogue = load_catalogue(None, [EntryPoint("gone", "no_such_module:CONNECTOR", "crossdock.connectors")])
    assert [one.code for one in catalogue.findings] == ["connector-unloadable"]


def test_yaml_has_no_word_for_functions(tmp_path: Path):
    (tmp_path / "pigeon.yaml").write_text(
        HEAD.replace("steps: [{name: push,", "function: os.system\n    x: [{name: push,")
    )
    assert "pigeon" not in load_catalogue(tmp_path, []).manifests

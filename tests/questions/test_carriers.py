"""Carriers through their real connectors: each stand-in's ledger of labels against the order, whatever goes wrong."""

from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from canonical import Document
from canonical.exchange import Draft, Handed, Parcel, Reading
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.courier import callers, couriers
from connectors.emulators import ups
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.secret import Secret
from connectors.settings import InterchangeIdentity
from connectors.surroundings import SystemClock
from connectors.translator import Translator
from mappings.library import MapLibrary
from router.network import Network
from router.shopping_terms import Shopping
from tests.flow import street as streets
from tests.flow.street import JsonLanguage, ObedientCourier, Street, fulfilments, open_street, purchase, stocked

OFFICES = {"ups": (ups.Ups, ups.serving)}


class Language(JsonLanguage):
    """Speaks to the carrier in its own words, and JSON to all others."""

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self.translator = translator

    def read(self, content: bytes, source: str | None, facts: Any, received_at: datetime) -> Reading:
        if "map" in facts:
            return self.translator.read(content, source, facts, received_at)
        return super().read(content, source, facts, received_at)

    def write(self, document: Document, to: str) -> Draft | None:
        return self.translator.write(document, to) if to == "carrier" else super().write(document, to)


@dataclass
class Courier(ObedientCourier):
    """Real for the carrier."""

    real: Any = None

    async def deliver(self, parcel: Parcel) -> Handed:
        return await self.real.deliver(parcel) if parcel.destination == "carrier" else await super().deliver(parcel)


@dataclass
class Trade:
    street: Street
    office: Any


@asynccontextmanager
async def trading(name: str, monkeypatch: pytest.MonkeyPatch, **terms: Any) -> AsyncIterator[Trade]:
    make, serve = OFFICES[name]
    policy = streets.POLICY
    nodes = [node.model_copy(update={"ships": "hub", "takes_back": True}) for node in policy.network.nodes]
    shopping = Shopping.model_validate({"ask": "carrier", "silence": "wait", **terms})
    routing = policy.routing.model_copy(update={"shipping": shopping})
    whole = policy.model_copy(update={"network": Network(nodes=tuple(nodes)), "routing": routing})
    monkeypatch.setattr(streets, "POLICY", whole)
    office, wire = make(), HttpWire()
    async with serve(office) as url:
        connection = _connection(name, office, url)
        nobody = InterchangeIdentity(qualifier="ZZ", id="NOBODY", group="NOBODY")
        translator = Translator(Partners({}, {}, nobody), MapLibrary(), {"carrier": connection})
        real = couriers(callers({"carrier": connection}, wire, SystemClock()))["carrier"]
        async with open_street("sqlite://", courier=Courier(real=real), language=Language(translator)) as street:
            yield Trade(street, office)
            assert await street.sound() == []
    await wire.close()


def _connection(name: str, office: Any, url: str) -> Connection:
    manifest = load_catalogue().manifests[name]
    defaults = {key: one.default for key, one in manifest.settings.items() if one.default is not None}
    secrets = {key: Secret(getattr(office, key)) for key, one in manifest.settings.items() if one.secret}
    own = {"account": office.account} if name == "ups" else {}
    return Connection("carrier", "Carrier", manifest, {**defaults, **own, **secrets}, url, frozenset({host_of(url)}))


async def trade(street: Street, quantity: int = 5) -> None:
    await stocked(street)
    await street.send(purchase("PO1", quantity))
    await on(street)


async def on(street: Street) -> None:
    """Time passes until nothing is left to do."""
    await street.settle()
    for _ in range(8):
        street.clock.advance(seconds=70)
        await street.flow.schedule.wake()
        await street.settle()


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("label", ["pdf", "png", "zpl"])
async def test_the_cheapest_that_keeps_the_promise_is_labelled_once_in_the_format_wanted(name, label, monkeypatch):
    async with trading(name, monkeypatch, label=label) as made:
        await trade(made.street)
        order = await made.street.order("PO1")
        assert (order["status"], await made.street.codes()) == ("released", [])
        assert len(made.office.live) == 1
        [(_, fulfilment)] = fulfilments(made.street)
        assert fulfilment["freight"]["carrier"]["service"] == "3_day_select"
        assert [one["value"] for one in fulfilment["references"]] == list(made.office.live)
        [told] = [one for one in order["documents"] if one["kind"] == "Label"]
        kept = (await made.street.store.archive.document(told["id"]))["document"]
        [drawn] = kept["packages"][0]["documents"]
        assert (drawn["format"], b64decode(drawn["content"])) == (label, ups.DRAWN[label.upper()])


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("fault", ["server_error", "silent_after_accepting", "garbage", "too_many", "html"])
async def test_a_fault_at_any_call_labels_nothing_twice(name, fault, monkeypatch):
    for call in range(4):
        async with trading(name, monkeypatch) as made:
            made.office.faults.silence = 0.01
            made.office.faults.queue.extend([None] * call + [fault])
            await trade(made.street)
            assert (await made.street.order("PO1"))["status"] == "released"
            assert len(made.office.live) == 1
            [(_, fulfilment)] = fulfilments(made.street)
            assert [one["value"] for one in fulfilment["references"]] == list(made.office.live)


@pytest.mark.parametrize("name", OFFICES)
async def test_several_packages_have_a_label_each_under_one_shipment(name, monkeypatch):
    async with trading(name, monkeypatch, parcel={"pounds": 2}) as made:
        await trade(made.street)
        [shipment] = made.office.live.values()
        assert len(shipment["packages"]) == 3


@pytest.mark.parametrize("name", OFFICES)
async def test_a_cancelled_order_is_voided_at_the_carrier(name, monkeypatch):
    async with trading(name, monkeypatch) as made:
        await trade(made.street)
        await made.street.send(purchase("PO1", 5).changed(purpose="cancel"))
        await on(made.street)
        assert (len(made.office.shipments), made.office.live) == (1, {})

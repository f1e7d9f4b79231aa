"""AvaTax and TaxJar through their real connectors: each stand-in's ledger against our books, whatever goes wrong."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical import Document
from canonical.exchange import Draft, Handed, Parcel, Reading
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.courier import callers, couriers
from connectors.emulators import avatax, taxjar
from connectors.emulators.tax_rates import RATES, tax_on
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.secret import Secret
from connectors.settings import InterchangeIdentity
from connectors.surroundings import SystemClock
from connectors.translator import Translator
from mappings.library import MapLibrary
from router.taxes import Taxes
from tests.flow import street as streets
from tests.flow.street import JsonLanguage, ObedientCourier, Street, advice, fulfilments, open_street, purchase, stocked

OFFICES = {"avatax": (avatax.AvaTax, avatax.serving), "taxjar": (taxjar.TaxJar, taxjar.serving)}
IL_TAX = tax_on("10.00", RATES["IL"])
"""On the ten dollars that each order here is worth."""


class Language(JsonLanguage):
    """Speaks to the provider in its own words, and JSON to all others."""

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self.translator = translator

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        if "map" in facts:
            return self.translator.read(content, source, facts, received_at)
        return super().read(content, source, facts, received_at)

    def write(self, document: Document, to: str) -> Draft | None:
        return self.translator.write(document, to) if to == "taxman" else super().write(document, to)


@dataclass
class Courier(ObedientCourier):
    """Real for the provider."""

    real: Any = None

    async def deliver(self, parcel: Parcel) -> Handed:
        return await self.real.deliver(parcel) if parcel.destination == "taxman" else await super().deliver(parcel)


@dataclass
class Trade:
    street: Street
    office: Any


@asynccontextmanager
async def trading(name: str, monkeypatch: pytest.MonkeyPatch, silence: str) -> AsyncIterator[Trade]:
    make, serve = OFFICES[name]
    asking = {"ask": "taxman", "within": "PT30S", "silence": silence}
    rates = [{"country": "US", "name": "Guess", "rate": "5"}]
    taxes = Taxes.model_validate({"taxed": [{"channels": ["acme"], "provider": asking}], "rates": rates})
    monkeypatch.setattr(streets, "POLICY", streets.POLICY.model_copy(update={"taxes": taxes}))
    office, wire = make(), HttpWire()
    async with serve(office) as url:
        connection = _connection(name, office, url)
        nobody = InterchangeIdentity(qualifier="ZZ", id="NOBODY", group="NOBODY")
        translator = Translator(Partners({}, {}, nobody), MapLibrary(), {"taxman": connection})
        real = couriers(callers({"taxman": connection}, wire, SystemClock()))["taxman"]
        async with open_street("sqlite://", courier=Courier(real=real), language=Language(translator)) as street:
            yield Trade(street, office)
            assert await street.sound() == []
    await wire.close()


def _connection(name: str, office: Any, url: str) -> Connection:
    manifest = load_catalogue().manifests[name]
    defaults = {key: one.default for key, one in manifest.settings.items() if one.default is not None}
    secrets = {key: Secret(getattr(office, key)) for key, one in manifest.settings.items() if one.secret}
    account = {"account": office.account} if name == "avatax" else {}
    return Connection("taxman", "Taxman", manifest, {**defaults, **account, **secrets}, url, frozenset({host_of(url)}))


async def trade(street: Street) -> None:
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await on(street)
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await on(street)


async def on(street: Street) -> None:
    """Time passes until nothing is left to do."""
    await street.settle()
    for _ in range(8):
        street.clock.advance(seconds=40)
        await street.flow.schedule.wake()
        await street.settle()


async def tax_payable(street: Street) -> Decimal:
    entries = [json.loads(p.content)["document"] for p in street.courier.effects("JournalEntry").values()]
    lines = [line for entry in entries for line in entry["lines"] if line["account"] == "2200"]
    return sum((Decimal(line["credit"]) - Decimal(line["debit"]) for line in lines), Decimal(0))


@pytest.mark.parametrize("name", OFFICES)
async def test_what_is_charged_is_what_the_provider_has_on_its_books(name, monkeypatch):
    async with trading(name, monkeypatch, "wait") as made:
        await trade(made.street)
        assert len(made.office.recorded) == 1
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX
        assert await made.street.codes() == []


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("fault", ["server_error", "silent_after_accepting", "garbage", "too_many", "html"])
async def test_a_fault_at_any_call_taxes_nothing_twice(name, fault, monkeypatch):
    for call in range(3):
        async with trading(name, monkeypatch, "wait") as made:
            made.office.faults.silence = 0.01
            made.office.faults.queue.extend([None] * call + [fault])
            await trade(made.street)
            assert (await made.street.order("PO1"))["status"] == "shipped"
            assert len(made.office.recorded) == 1
            assert await tax_payable(made.street) == IL_TAX


@pytest.mark.parametrize("name", OFFICES)
async def test_a_dead_provider_is_estimated_for_and_trued_up_when_it_lives_again(name, monkeypatch):
    async with trading(name, monkeypatch, "proceed") as made:
        made.office.faults.queue.extend(["server_error"] * 200)
        await trade(made.street)
        assert (await made.street.order("PO1"))["status"] == "shipped"
        assert await tax_payable(made.street) == Decimal("0.50")
        made.office.faults.queue.clear()
        for _ in range(12):
            await on(made.street)
        assert len(made.office.recorded) == 1
        assert await tax_payable(made.street) == IL_TAX

"""An order's whole way: fetched from a shop, decided, answered, shipped in parts, returned and refunded, to the cent.

Each marketplace is its stand-in, whose own ledger says what the shop was told.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical import Document, ReturnAuthorization, ReturnReceipt, ShipmentAdvice
from canonical.exchange import Arrival, Draft, Handed, Parcel, Reading
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, load_connections
from connectors.courier import ConnectionCourier
from connectors.emulators import amazon, sample_orders, shopify_orders, walmart
from connectors.emulators.stand_in import standing_in
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.pickup import ConnectionPickup
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary
from router.policy import Policy
from router.routing import StockTerms
from tests.connectors.engine.shop_ledgers import ASKS, LEDGERS
from tests.flow.street import (
    POLICY,
    START,
    JsonLanguage,
    ObedientCourier,
    Street,
    advice,
    fulfilments,
    open_street,
    stocked,
)

NAMES = ["adobe-commerce", "amazon", "ebay", "shopify", "walmart", "woocommerce"]
ASKING = ["ebay", "shopify", "walmart"]
"""Those that tell what buyers want to send back; Amazon does by report, the others not at all."""
TELLING = ["adobe-commerce", "shopify", "woocommerce"]
"""Those that tell what was given back, ours too."""
SKUS = ("CS-1005", "CS-1003")


def policy_for(shop: str) -> Policy:
    """The street's policy, with a shop that takes its buyers' money, and what it sells."""
    told = POLICY.model_dump(mode="json", exclude_defaults=True)
    told["routing"]["channels"] = {shop: {"code": "SH", "payment": "captured", "returns": {"window_days": None}}}
    told["catalogue"] = {"items": [{"sku": sku, "cost": {"amount": "1", "currency": "USD"}} for sku in SKUS]}
    for node in told["network"]["nodes"]:
        node["takes_back"] = True
    told["posting"]["rules"] = [
        _rule("shipment", {"5000": "cost"}, {"1300": "cost"}),
        _rule(
            "invoice", {"1200": "total", "4000": "allowances"}, {"4000": ["goods", "freight", "charges"], "2200": "tax"}
        ),
        _rule("return", {"1300": "cost"}, {"5000": "cost"}),
        _rule(
            "credit",
            {"4000": ["goods", "freight", "charges"], "2200": "tax"},
            {"1200": "total", "4000": ["allowances", "fee"]},
        ),
        _rule("settlement", {"1000": "paid", "6100": "fees"}, {"1200": "amount"}),
    ]
    return Policy.model_validate(told)


def _rule(event: str, debit: Mapping[str, Any], credit: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {side: account, "amount": amount}
        for side, posted in (("debit", debit), ("credit", credit))
        for account, amounts in posted.items()
        for amount in ([amounts] if isinstance(amounts, str) else amounts)
    ]
    return {"name": event, "event": event, "lines": lines}


@dataclass
class Interpreter:
    """Speaks the shop's language with the shop, and the street's with everybody else."""

    shop: str
    translator: Translator
    street: JsonLanguage

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: Any) -> Reading:
        speaker = self.translator if "map" in facts else self.street
        return speaker.read(content, source, facts, received_at)

    def write(self, document: Document, to: str) -> Draft | None:
        return self.translator.write(document, to) if to == self.shop else self.street.write(document, to)


@dataclass
class Carriers:
    """Brings the shop its parcels by its manifest, and keeps the others'."""

    shop: str
    courier: ConnectionCourier
    others: ObedientCourier

    def effects(self, kind: str) -> Mapping[str, Parcel]:
        return self.others.effects(kind)

    async def deliver(self, parcel: Parcel) -> Handed:
        return await (self.courier if parcel.destination == self.shop else self.others).deliver(parcel)


@dataclass
class Trade:
    """One marketplace, and the hub that trades there."""

    name: str
    shop: Connection
    office: Any
    caller: Caller
    street: Street

    async def pulled(self, operation: str) -> None:
        """Take a list in, and work until nothing is due."""
        async for arrival in ConnectionPickup(self.caller, operation, MemoryCursors()).collect():
            await self.street.intake.receive(arrival)
        await self.settled()

    async def said(self, document: Document, by: str) -> None:
        """Somebody else says something."""
        await self.street.send(document, source=by)
        await self.settled()

    async def settled(self) -> None:
        """Work, at Amazon also on the feeds that it is asked about again."""
        await self.street.settle()
        for _ in range(3 if self.name == "amazon" else 0):
            self.street.clock.advance(minutes=2)
            await self.street.settle()

    async def order(self, number: str) -> Mapping[str, Any]:
        return await self.street.order(f"{self.shop.id}/{number}")

    async def only_order(self) -> Mapping[str, Any]:
        [row] = await self.street.store.archive.orders()
        return await self.street.order(row["id"])

    def ledger(self, what: str) -> Any:
        """What the shop's own ledger says: tracking numbers, money given back, orders and lines cancelled, stock."""
        return LEDGERS[self.name][what](self.office)


@pytest.fixture(params=NAMES)
async def trade(request: Any, tmp_path: Path, wire: HttpWire) -> AsyncIterator[Trade]:
    """A hub at one marketplace that holds one order of two lines."""
    async with standing_in(request.param, START, orders=1) as told:
        await asyncio.to_thread((tmp_path / "shop.yaml").write_text, yaml.safe_dump(dict(told.connection)))
        loaded = load_connections(tmp_path, load_catalogue().manifests, told.environment, tmp_path)
        [shop] = loaded.by_id.values()
        shop = replace(shop, manifest=shop.manifest.model_copy(update={"rate_limits": ()}))
        nobody = Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US"))
        language = Interpreter(shop.id, Translator(nobody, MapLibrary(), {shop.id: shop}), JsonLanguage())
        carriers, policy = Carriers(shop.id, None, ObedientCourier()), policy_for(shop.id)  # type: ignore[arg-type]
        url = f"sqlite:///{tmp_path}/hub.db"
        async with open_street(url, courier=carriers, language=language, policy=policy) as street:
            caller = Caller(shop, wire, street.clock)
            carriers.courier = ConnectionCourier(caller)
            for sku in SKUS:
                await stocked(street, sku, east=10, west=0)
            yield Trade(request.param, shop, told.office, caller, street)
            assert await street.sound() == []


async def ship(trade: Trade, skus: Mapping[str, str]) -> None:
    """The node ships what is named of its fulfilment order, each SKU under a tracking number of its own."""
    [(operator, asked)] = fulfilments(trade.street)
    for sku, tracking in skus.items():
        whole = advice(asked, f"S-{tracking}").as_json()
        lines = [line | {"status": "BP"} for line in whole["lines"] if line["items"]["sku"] == sku]
        said = whole | {"lines": lines, "tracking_numbers": [tracking], "carrier": {"scac": "UPSN", "routing": "UPS"}}
        await trade.said(ShipmentAdvice.model_validate(said), operator)


async def come_back(trade: Trade, order: Mapping[str, Any]) -> None:
    """The buyer sends all of the second line back, and the node says that it came."""
    line = order["lines"][1]
    if trade.name in ASKING:
        ASKS[trade.name](trade.office, order["number"], line["number"])
        await trade.pulled("pull_returns")
    else:
        asked = {"number": "1", "order_line": line["number"], "quantity": {"value": "2"}, "reason": "damaged"}
        said = {"number": "RA1", "order_number": order["number"], "requested_on": "2026-03-04", "lines": [asked]}
        await trade.said(ReturnAuthorization.model_validate(said), trade.shop.id)
    [opened] = (await trade.only_order())["returns"]
    came = {"number": "1", "items": {"sku": line["sku"]}, "quantity": {"value": "2"}, "condition": "good"}
    said = {"number": "W1", "order_number": opened["number"], "received_on": "2026-03-09", "lines": [came]}
    await trade.said(ReturnReceipt.model_validate(said), "wh-east")


async def test_an_order_is_shipped_in_parts_returned_and_refunded_to_the_cent(trade: Trade) -> None:
    await trade.pulled("pull_orders")
    await ship(trade, {"CS-1005": "1Z1", "CS-1003": "1Z2"})
    order = await trade.only_order()
    assert trade.ledger("tracked") == ["1Z1", "1Z2"]
    assert (order["status"], order["money"]["invoiced"]) == ("shipped", "89.34" if trade.name == "walmart" else "81.64")
    await come_back(trade, order)
    credited = (await trade.only_order())["money"]["credited"]
    assert credited == ("36.84" if trade.name == "ebay" else "40.59")
    assert trade.ledger("refunded") == Decimal(credited)
    if trade.name in TELLING:
        await trade.pulled("pull_refunds")
    assert (await trade.only_order())["money"]["credited"] == credited
    assert trade.ledger("answered")
    offers = trade.street.store.offers
    await offers.publish({trade.shop.id: StockTerms()}, policy_for(trade.shop.id).catalogue)
    await trade.settled()
    assert trade.ledger("stock") == {"CS-1005": 9, "CS-1003": 10}


_SETTLES: Mapping[str, Any] = {
    "amazon": lambda office: (office.settle, "pull_settlements", amazon.ACCOUNT_FEE),
    "shopify": lambda office: (office.orders.settle, "pull_payouts", shopify_orders.ACCOUNT_FEE),
    "walmart": lambda office: (office.settle, "pull_settlements", walmart.ACCOUNT_FEE),
}


@pytest.mark.parametrize("trade", _SETTLES, indirect=True)
async def test_what_a_marketplace_pays_out_clears_the_order_and_its_fees_are_booked_once(trade: Trade) -> None:
    await trade.pulled("pull_orders")
    await ship(trade, {"CS-1005": "1Z1", "CS-1003": "1Z2"})
    order, (settle, pull, account_fee) = await trade.only_order(), _SETTLES[trade.name](trade.office)
    invoiced = Decimal(order["money"]["invoiced"])
    settle("03162026", START, order["number"], invoiced, Decimal("9.85"))
    for _ in range(2):
        await trade.pulled(pull)
    books: Counter[str] = Counter()
    async for _, row in trade.street.store.archive.export():
        for line in row["lines"] if "debit" in row.get("lines", [{}])[0] else ():
            books[line["account"]] += Decimal(line["debit"]) - Decimal(line["credit"])  # type: ignore[assignment]
    assert (books["1200"], books["6100"]) == (0, Decimal("9.85") + account_fee)
    assert books["1000"] == invoiced - books["6100"]
    assert await trade.street.codes() == []


async def test_what_is_not_served_is_cancelled_over_there_and_what_is_cancelled_there_is_not_served(
    trade: Trade,
) -> None:
    sample = getattr(sample_orders, f"{trade.name.replace('-', '_')}_order")
    unknown = json.dumps(sample(2, START), default=str).replace("CS-100", "NO-100")
    trade.office.add_order(json.loads(unknown))
    await trade.pulled("pull_orders")
    assert len(trade.ledger("cancelled")) == 1
    await _CANCELS[trade.name](trade)
    statuses = {row["number"]: row["status"] for row in await trade.street.store.archive.orders()}
    assert set(statuses.values()) == {"cancelled"}
    assert len(trade.ledger("cancelled")) == (2 if trade.name in ("adobe-commerce", "walmart", "woocommerce") else 1)


async def _cancel_adobe(trade: Trade) -> None:
    trade.office.orders[1] |= {"state": "canceled"}
    await trade.pulled("pull_cancelled")


async def _cancel_amazon(trade: Trade) -> None:
    order = trade.office.orders["111-0000001-0000000"]
    trade.office.add_order({**order, "fulfillment": {"fulfillmentStatus": "CANCELLED"}})
    await trade.pulled("pull_cancelled")


async def _cancel_ebay(trade: Trade) -> None:
    order = trade.office.orders["01-00001-00001"]
    trade.office.add_order({**order, "cancelStatus": {"cancelState": "CANCELED"}})
    await trade.pulled("pull_cancelled")


async def _cancel_shopify(trade: Trade) -> None:
    told = sample_orders.shopify_order(1, START) | {"cancelled_at": START.isoformat()}
    facts = {"map": "shopify/cancellation", "kind": "OrderChange", "syntax": "json"}
    content = json.dumps(told, default=str).encode()
    await trade.street.intake.receive(Arrival(trade.shop.id, "webhook", content, "w1", facts))
    await trade.settled()


async def _cancel_walmart(trade: Trade) -> None:
    for line in ("1", "2"):
        trade.office.ask_cancel("4000000001", line)
    await trade.pulled("pull_cancel_requests")
    reasons = {reason for order, _, reason in trade.office.cancelled if order == "4000000001"}
    assert reasons == {"CUSTOMER_REQUESTED_SELLER_TO_CANCEL"}


async def _cancel_woocommerce(trade: Trade) -> None:
    trade.office.orders[1] = trade.office.orders[1] | {"status": "cancelled"}
    await trade.pulled("pull_cancelled")


_CANCELS: Mapping[str, Any] = {
    "adobe-commerce": _cancel_adobe,
    "amazon": _cancel_amazon,
    "ebay": _cancel_ebay,
    "shopify": _cancel_shopify,
    "walmart": _cancel_walmart,
    "woocommerce": _cancel_woocommerce,
}

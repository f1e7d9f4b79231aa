"""A shop's order and its shipment through signed webhook, maps and courier: what connectors do of the street."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import (
    Carrier,
    CreditMemo,
    Document,
    Invoice,
    InvoiceLine,
    JournalEntry,
    JournalLine,
    Package,
    PackageLine,
    PurchaseOrder,
    Quantity,
    ShipmentNotice,
    has_errors,
)
from canonical.exchange import Parcel
from connectors.connection import Connections
from connectors.courier import callers, couriers
from connectors.emulators.shopify import ShopifyShop
from connectors.engine.authorization import Clock
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.proof import digest
from connectors.settings import InterchangeIdentity
from connectors.syntax.csv_text import read_csv, read_csv_rows
from connectors.translator import Translator
from connectors.webhooks import Webhooks
from mappings.library import MapLibrary

DEMO = Path(__file__).parents[3] / "config" / "demo"
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDERS = ["shopify-order-1001.json", "shopify-order-1002.json", "shopify-order-1003.json"]


class Still:
    def now(self) -> datetime:
        return AT


@pytest.fixture
def translator(connections: Connections) -> Translator:
    identity = InterchangeIdentity(qualifier="ZZ", id="US", group="US")
    return Translator(Partners({}, {}, identity), MapLibrary(), connections.by_id)


async def pushed(shop: ShopifyShop, connections: Connections, translator: Translator, name: str) -> PurchaseOrder:
    """The canonical order that a demo file becomes when the shop pushes it."""
    import base64

    body = (DEMO / name).read_bytes()
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest("sha256", shop.client_secret.encode(), body)).decode(),
        "X-Shopify-Shop-Domain": shop.domain,
        "X-Shopify-Webhook-Id": name,
    }
    arrival = await Webhooks(connections.by_id, {}, Still()).verify("trailhead", headers, body)
    assert arrival is not None
    [incoming] = translator.read(arrival.content, arrival.source, arrival.facts, AT).documents
    assert not has_errors(incoming.findings)
    assert isinstance(incoming.document, PurchaseOrder)
    return incoming.document


def owed(order: PurchaseOrder) -> Decimal:
    """What the lines, charges, allowances and taxes sum to."""
    total = Decimal(0)
    for line in order.lines:
        assert line.price
        total += line.price.extend(line.quantity.value)
    for part in (order, *order.lines):
        total += sum((charge.amount or Decimal(0) for charge in part.charges), Decimal(0))
        total -= sum((allowance.amount or Decimal(0) for allowance in part.allowances), Decimal(0))
        total += sum((tax.amount or Decimal(0) for tax in part.taxes), Decimal(0))
    return total


@pytest.mark.parametrize("name", ORDERS)
async def test_a_pushed_order_keeps_its_money_to_the_cent(
    shop: ShopifyShop, connections: Connections, translator: Translator, name: str
):
    order = await pushed(shop, connections, translator, name)
    told = json.loads((DEMO / name).read_bytes())
    assert order.total == owed(order) == Decimal(told["total_price"])
    assert [line.number for line in order.lines] == [str(line["id"]) for line in told["line_items"]]


def shipped(order: PurchaseOrder, tracking: str = "1Z001985YW99744790") -> ShipmentNotice:
    """A notice that everything left in one carton, the way the router words it."""
    lines = tuple(
        PackageLine(order_number=order.number, line_number=line.number, items=line.items, quantity=line.quantity)
        for line in order.lines
    )
    return ShipmentNotice(
        number="S-1",
        shipped_on=date(2026, 11, 21),
        order_numbers=(order.number,),
        carrier=Carrier(scac="UPSN"),
        tracking_numbers=(tracking,) if tracking else (),
        packages=(Package(id="1", lines=lines[:1]),),
        lines=lines[1:],
        order_extensions={order.number: order.extensions},
    )


def parcel_of(translator: Translator, document: Document, to: str) -> Parcel:
    draft = translator.write(document, to)
    assert draft is not None
    assert list(draft.findings) == []
    rendered = draft.render({}, AT)
    return Parcel("d", "k", to, document.kind, rendered.content, rendered.media_type, rendered.filename, 1)


async def deliver(connections: Connections, wire: HttpWire, clock: Clock, parcel: Parcel) -> Mapping[str, Any]:
    return (await couriers(callers(connections.by_id, wire, clock))[parcel.destination].deliver(parcel)).receipt


@pytest.mark.parametrize("tracking", ["1Z001985YW99744790", ""], ids=["tracked", "untracked"])
async def test_its_shipment_goes_back_once(
    shop: ShopifyShop, connections: Connections, translator: Translator, wire: HttpWire, clock: Clock, tracking: str
):
    order = await pushed(shop, connections, translator, ORDERS[0])
    shop.add_order(json.loads((DEMO / ORDERS[0]).read_bytes()))
    parcel = parcel_of(translator, shipped(order, tracking), "trailhead")
    await deliver(connections, wire, clock, parcel)
    assert (await deliver(connections, wire, clock, parcel))["already"]
    [made] = shop.fulfilments
    assert made.quantities == {line.number: int(line.quantity.value) for line in order.lines}
    assert made.tracking == {"company": "UPS", "numbers": [tracking or "S-1"]}


async def test_a_posting_becomes_rows_that_read_back_as_the_posting(
    connections: Connections, translator: Translator, wire: HttpWire, clock: Clock, tmp_path: Path
):
    entry = JournalEntry(
        key="o1/invoiced/INV-1",
        order="o1",
        event="invoiced",
        posted_on=date(2026, 11, 21),
        currency="USD",
        memo='for "Maya", net 30',
        lines=(
            JournalLine(account="1200", debit=Decimal("111.95"), dimensions={"channel": "trailhead"}),
            JournalLine(account="4000", credit=Decimal("111.95"), dimensions={"node": "RNO"}),
        ),
    )
    receipt = await deliver(connections, wire, clock, parcel_of(translator, entry, "books"))
    assert receipt["path"] == str(tmp_path / "books" / "journal-o1%2Finvoiced%2FINV-1.csv")
    rows = read_csv_rows(Path(receipt["path"]).read_bytes())  # noqa: ASYNC240 - a test waits for its disk
    assert MapLibrary().get("file-erp/journal").read(rows).document == entry


def invoice(order: PurchaseOrder) -> Invoice:
    lines = tuple(InvoiceLine.model_validate(dict(line)) for line in order.lines)
    return Invoice(
        number="TH-1002-I1",
        order_number=order.number,
        invoiced_on=date(2026, 11, 21),
        currency=order.currency,
        lines=lines,
        charges=order.charges,
        allowances=order.allowances,
        taxes=order.taxes,
        total=order.total or Decimal(0),
    )


@pytest.mark.parametrize("kind", [Invoice, CreditMemo])
async def test_an_invoices_rows_sum_to_its_total(
    shop: ShopifyShop, connections: Connections, translator: Translator, kind: type[Invoice]
):
    document = kind.model_validate(dict(invoice(await pushed(shop, connections, translator, ORDERS[1]))))
    parcel = parcel_of(translator, document, "books")
    rows = read_csv(parcel.content)
    assert {row["row"] for row in rows} == {"line", "allowance", "charge", "tax"}
    assert {row["total"] for row in rows} == {"161.55"}
    amounts = {"charge": Decimal(1), "tax": Decimal(1), "allowance": Decimal(-1)}
    total = sum((Decimal(row["price"]) * Decimal(row["quantity"]) for row in rows if row["row"] == "line"), Decimal(0))
    total += sum((amounts[row["row"]] * Decimal(row["amount"]) for row in rows if row["row"] != "line"), Decimal(0))
    assert total == document.total
    assert rows[0]["item.sku"] == "CS-1005"


def test_a_kind_nobody_declared_is_not_taken(translator: Translator):
    assert translator.write(shipped_nothing(), "avatax") is None


def shipped_nothing() -> ShipmentNotice:
    return ShipmentNotice(
        number="S", shipped_on=date(2026, 1, 1), lines=(PackageLine(quantity=Quantity(value=Decimal(1))),)
    )

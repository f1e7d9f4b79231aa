"""What the maps of shops, file ERPs and providers write: each document as its exact native tree, and a twin."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from canonical import (
    AcknowledgedLine,
    Address,
    Adjustment,
    Carrier,
    CreditCheck,
    CreditMemo,
    Document,
    Exemption,
    InventoryLine,
    InventoryReport,
    Invoice,
    InvoiceLine,
    JournalEntry,
    JournalLine,
    LineOutcome,
    Money,
    Note,
    OrderAcknowledgment,
    OrderChange,
    OrderLine,
    Package,
    PackageLine,
    PaymentCapture,
    Price,
    PurchaseOrder,
    Quantity,
    ReturnAuthorization,
    ReturnLine,
    ShipmentNotice,
    Tax,
    TaxLine,
    TaxRequest,
)
from mappings.compiled import CompiledMap
from mappings.library import MapLibrary

GOLDEN = json.loads((Path(__file__).parent / "cases" / "shop-answers.json").read_text())
"""By map: the tree it writes of the document below of its kind."""

TWO = Quantity(value=Decimal(2))
SHIPPED = PackageLine(order_number="1001", line_number="11", items={"sku": "CS-1005"}, quantity=TWO)
UNPACKED = PackageLine(order_number="1001", line_number="12", items={"sku": "CS-1006"}, quantity=TWO)
CARTON = "00012345600000000018"
OF_SHOPS: dict[str, JsonValue] = {
    "1001": {
        "adobe_commerce": {"id": "17"},
        "amazon": {"marketplace": "ATVPDKIKX0DER"},
        "shopify": {"id": "450789469"},
        "woocommerce": {"id": "727"},
    }
}
BILLED = InvoiceLine(
    number="11",
    order_line="11",
    items={"sku": "CS-1005"},
    quantity=TWO,
    price=Price(amount=Decimal("19.99"), currency="USD"),
    taxes=(Tax(code="State", amount=Decimal("3.30"), rate=Decimal("8.25")),),
)
OWED: dict[str, Any] = {
    "number": "1001-1", "invoiced_on": date(2026, 9, 16), "order_number": "1001", "currency": "USD", "lines": (BILLED,),
    "charges": (Adjustment(code="shipping", amount=Decimal("5.00"), description="Ground"),),
    "allowances": (Adjustment(code="discount", amount=Decimal("1.00")),), "total": Decimal("47.28"),
}  # fmt: skip
ASKED: dict[str, Any] = {"number": "q1", "order": "o1", "asked_at": datetime(2026, 9, 15, 12, tzinfo=UTC)}
HERE = Address(lines=("9 Dock Road",), city="Dallas", region="TX", postal_code="75201", country="US")
THERE = Address(lines=("1 Main Street", "Suite 5"), city="Austin", region="TX", postal_code="78701", country="US")
DOCUMENTS: dict[str, Document] = {
    document.kind: document
    for document in (
        ShipmentNotice(
            number="S1",
            shipped_on=datetime(2026, 9, 16, 12, tzinfo=UTC),
            order_numbers=("1001",),
            order_extensions=OF_SHOPS,
            carrier=Carrier(scac="UPSN", service="ground", routing="UPS Ground"),
            tracking_numbers=("1Z999",),
            packages=(Package(id="p1", kind="carton", sscc=CARTON, tracking_number="1Z999", lines=(SHIPPED,)),),
            lines=(UNPACKED,),
        ),
        InventoryReport(
            number="I1",
            as_of=datetime(2026, 9, 16, 12, tzinfo=UTC),
            lines=(
                InventoryLine(
                    number="1", items={"sku": "CS-1005"}, quantities={"available": Quantity(value=Decimal(7))}
                ),
            ),
        ),
        OrderAcknowledgment(
            number="1001",
            change_number="2",
            decision="accepted",
            acknowledged_on=datetime(2026, 9, 15, 12, tzinfo=UTC),
            currency="USD",
            lines=(
                AcknowledgedLine(number="11", quantity=TWO, outcomes=(LineOutcome(outcome="accepted", quantity=TWO),)),
            ),
        ),
        PurchaseOrder(
            number="1001",
            ordered_on=datetime(2026, 9, 15, 11, tzinfo=UTC),
            currency="USD",
            lines=(
                OrderLine(
                    number="11",
                    items={"sku": "CS-1005"},
                    description="Mug",
                    quantity=TWO,
                    price=Price(amount=Decimal("39.98"), currency="USD", per=TWO),
                ),
            ),
            extensions={"crossdock": {"channel": "shop", "order": "shop/1001"}},
        ),
        OrderChange(
            number="1001",
            type="online_order",
            purpose="cancel",
            changed_on=datetime(2026, 9, 15, 13, tzinfo=UTC),
            ordered_on=datetime(2026, 9, 15, 11, tzinfo=UTC),
            currency="USD",
            notes=(Note(text="customer", kind="cancel_reason"),),
            extensions={"shopify": {"id": "450789469", "financial_status": "voided"}},
        ),
        Invoice(**OWED),
        CreditMemo(**OWED, invoice_number="1001-1", reason="customer"),
        ReturnAuthorization(
            number="1001-R1",
            purpose="denial",
            order_number="1001",
            requested_on=datetime(2026, 9, 20, 12, tzinfo=UTC),
            notes=(Note(text="line 11: goods come back within 30 days"),),
            lines=(ReturnLine(number="1", order_line="11", quantity=TWO),),
        ),
        JournalEntry(
            key="o1/invoiced/1001-1",
            order="o1",
            event="invoiced",
            posted_on=date(2026, 9, 16),
            currency="USD",
            memo="Invoice 1001-1",
            lines=(
                JournalLine(account="1200", debit=Decimal("47.28"), dimensions={"channel": "shop"}),
                JournalLine(account="4000", credit=Decimal("47.28"), dimensions={"node": "RNO"}),
            ),
        ),
        PaymentCapture(
            **ASKED, action="capture", key="o1/1001-1", amount=Decimal("47.28"), currency="USD", authorization="au_9"
        ),
        CreditCheck(**ASKED, customer="northwind", amount=Money(amount=Decimal("100.00"), currency="USD")),
        TaxRequest(
            **ASKED,
            purpose="commit",
            transaction="1001-1",
            on=date(2026, 9, 16),
            currency="USD",
            customer="C7",
            exemption=Exemption(certificate="TX-88", reason="resale"),
            ship_from=HERE,
            ship_to=THERE,
            lines=(
                TaxLine(
                    number="11",
                    items={"sku": "CS-1005"},
                    description="Mug",
                    quantity=TWO,
                    amount=Decimal("39.98"),
                    tax_code="PC040100",
                ),
            ),
            freight=Decimal("5.00"),
            total=Decimal("44.98"),
            taxed=Decimal("3.30"),
        ),
    )
}


def written(mapping: CompiledMap) -> Any:
    rendition = mapping.write(DOCUMENTS[mapping.document.__name__])
    assert [finding.code for finding in rendition.findings] == []
    return json.loads(json.dumps(rendition.tree, default=str))


@pytest.mark.parametrize("name", GOLDEN)
def test_a_document_is_written_exactly_so(library: MapLibrary, name: str) -> None:
    assert written(library.get(name)) == GOLDEN[name]


def with_words_for(value: Any, number: str) -> Any:
    """The tree with `number` said in words, wherever it stands."""
    if isinstance(value, dict):
        return {name: with_words_for(part, number) for name, part in value.items()}
    if isinstance(value, list):
        return [with_words_for(part, number) for part in value]
    return "many" if str(value) == number and not isinstance(value, bool) else value


def said(name: str) -> list[str]:
    """The numbers of the documents that a map's tree says."""
    text = json.dumps(GOLDEN[name])
    return [number for number in ("2", "7", "47.28") if f'"{number}"' in text or f": {number}" in text]


TWINS = [(name, number) for name in GOLDEN for number in said(name) if MapLibrary().get(name).head.direction != "write"]
"""Of the maps that read what they write."""


@pytest.mark.parametrize(("name", "number"), TWINS)
def test_a_number_in_words_is_found_when_it_is_read(library: MapLibrary, name: str, number: str) -> None:
    findings = library.get(name).read(with_words_for(GOLDEN[name], number)).findings
    assert "value-unconvertible" in {finding.code for finding in findings}

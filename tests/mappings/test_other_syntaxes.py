"""JSON, XML and CSV maps."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from canonical import (
    AcknowledgedLine,
    Carrier,
    LineOutcome,
    OrderAcknowledgment,
    Package,
    PackageLine,
    PurchaseOrder,
    Quantity,
    ShipmentNotice,
)
from mappings.context import Context
from mappings.library import MapLibrary

ORDER: dict[str, Any] = {
    "id": 450789469,
    "name": "#1001",
    "created_at": "2026-09-15T11:00:00-05:00",
    "currency": "USD",
    "test": False,
    "taxes_included": False,
    "total_price": "61.56",
    "email": "ann@shop.example",
    "customer": {"id": 9007199254740993, "first_name": "Ann", "last_name": "Lee"},
    "shipping_address": {"name": "Ann Lee", "address1": "1 Main", "city": "Austin", "province_code": "TX",
                         "zip": "78701", "country_code": "US", "phone": "555"},
    "line_items": [
        {"id": 1, "sku": "A", "quantity": 2, "price": "19.99", "name": "Widget",
         "discount_allocations": [{"amount": "4.00"}],
         "tax_lines": [{"title": "State", "price": "2.88", "rate": Decimal("0.08")}]},
        {"id": 2, "sku": "B", "quantity": 1, "price": "15.00", "name": "Bolt", "tax_lines": []},
    ],
    "shipping_lines": [{"title": "Ground", "code": "GND", "price": "8.00", "discount_allocations": [{"amount": "1.00"}],
                        "tax_lines": [{"title": "State", "price": "0.70", "rate": Decimal("0.1")}]}],
    "tax_lines": [{"title": "State", "price": "3.58", "rate": Decimal("0.08")}],
}  # fmt: skip


def shop_order(library: MapLibrary, **changes: Any) -> PurchaseOrder:
    translation = library.get("shopify/order").read({**ORDER, **changes})
    assert translation.findings == ()
    assert isinstance(translation.document, PurchaseOrder)
    return translation.document


def test_a_shop_order_keeps_every_cent(library: MapLibrary) -> None:
    order = shop_order(library)
    assert order.total == Decimal("61.56")
    assert [line.allowances[0].amount for line in order.lines if line.allowances] == [Decimal("4.00")]
    assert [charge.amount for charge in order.charges] == [Decimal("8.00")]
    assert [given.amount for given in order.allowances] == [Decimal("1.00")]
    assert [tax.amount for tax in order.taxes] == [Decimal("0.70")]
    assert order.lines[0].taxes[0].rate == Decimal(8)


def test_a_cent_that_does_not_add_up_is_told(library: MapLibrary) -> None:
    translation = library.get("shopify/order").read({**ORDER, "total_price": "61.57"})
    assert [(one.code, dict(one.where)) for one in translation.findings] == [
        ("total-differs", {"pointer": "/total_price"})
    ]


def test_a_64_bit_id_keeps_its_digits(library: MapLibrary) -> None:
    assert shop_order(library).party("buyer").identifiers == {"shopify": "9007199254740993"}  # type: ignore[union-attr]


def test_a_wrapped_order_reads_as_the_bare_one(library: MapLibrary) -> None:
    assert library.get("shopify/order").read({"order": ORDER}).document == shop_order(library)


def test_an_order_of_a_test_shop_is_a_test(library: MapLibrary) -> None:
    assert shop_order(library, test=True).usage == "test"


def test_a_bad_price_in_a_shop_order_is_found_by_its_pointer(library: MapLibrary) -> None:
    lines = json.loads(json.dumps(ORDER["line_items"], default=str))
    lines[1]["price"] = "fifteen"
    translation = library.get("shopify/order").read({**ORDER, "line_items": lines})
    [found] = [one for one in translation.findings if one.code == "value-unconvertible"]
    assert (dict(found.where), found.facts["path"]) == ({"pointer": "/line_items/1/price"}, "lines.1.price.amount")


def test_a_shipment_is_told_to_the_shop_by_its_orders_own_name(library: MapLibrary) -> None:
    notice = ShipmentNotice(
        number="S1", shipped_on=date(2026, 9, 16), carrier=Carrier(scac="FDE"), tracking_numbers=("1Z1",),
        order_numbers=("#1001",), order_extensions={"#1001": {"shopify": {"id": "450789469"}}},
        packages=(Package(id="1", lines=(PackageLine(line_number="1", quantity=Quantity(value=Decimal(1))),)),),
    )  # fmt: skip
    rendition = library.get("shopify/shipment").write(notice)
    assert rendition.findings == ()
    assert rendition.tree["orders"] == [{"number": "#1001", "order_id": "450789469"}]
    assert rendition.tree["carrier"] == {"company": "FedEx"}
    assert rendition.tree["packages"] == [{"id": "1", "lines": [{"line_item_id": "1", "quantity": "1"}]}]


CXML = b"""<cXML payloadID="1@buyer" timestamp="2026-09-15T10:00:00Z">
<Header><From><Credential domain="DUNS"><Identity>123456789</Identity></Credential></From></Header>
<Request><OrderRequest><OrderRequestHeader orderID="4711" orderDate="2026-09-15" type="new">
<Total><Money currency="USD">25.00</Money></Total></OrderRequestHeader>
<ItemOut quantity="2" lineNumber="1"><ItemID><SupplierPartID>A-1</SupplierPartID></ItemID>
<ItemDetail><UnitPrice><Money currency="USD">12.50</Money></UnitPrice><Description>Widget</Description>
<UnitOfMeasure>C62</UnitOfMeasure></ItemDetail></ItemOut></OrderRequest></Request></cXML>"""


def test_a_cxml_order_is_read(library: MapLibrary) -> None:
    translation = library.get("cxml/order-request").read(etree.fromstring(CXML))
    assert translation.findings == ()
    assert isinstance(translation.document, PurchaseOrder)
    [line] = translation.document.lines
    assert (line.items, line.quantity.unit, line.price and line.price.amount) == (
        {"sku": "A-1"},
        "EA",
        Decimal("12.50"),
    )


def test_a_cxml_total_that_differs_is_found_by_its_xpath(library: MapLibrary) -> None:
    translation = library.get("cxml/order-request").read(etree.fromstring(CXML.replace(b"25.00", b"26.00")))
    [found] = translation.findings
    assert found.code == "total-differs"
    assert found.where["xpath"] == "/cXML/Request/OrderRequest/OrderRequestHeader/Total/Money"


def test_a_cxml_confirmation_is_written_in_the_order_of_its_dtd(library: MapLibrary) -> None:
    outcome = LineOutcome(outcome="accepted", quantity=Quantity(value=Decimal(2)), ship_on=date(2026, 9, 20))
    line = AcknowledgedLine(number="1", quantity=Quantity(value=Decimal(2)), outcomes=(outcome,))
    answer = OrderAcknowledgment(
        number="4711", decision="accepted", acknowledged_on=date(2026, 9, 16), currency="USD", lines=(line,)
    )
    rendition = library.get("cxml/confirmation-request").write(
        answer, Context(facts={"sender": "US", "message_id": "9"})
    )
    root = rendition.tree
    assert [child.tag for child in root] == ["Header", "Request"]
    assert root.find("Request/ConfirmationRequest/ConfirmationItem/ConfirmationStatus").get("type") == "accept"


def test_csv_rows_become_one_order_and_an_unknown_column_is_told(library: MapLibrary) -> None:
    rows = [
        {"order_number": "7", "order_date": "2026-09-01", "ship_to_name": "Store", "sku": "A", "quantity": "2"},
        {
            "order_number": "7",
            "order_date": "2026-09-01",
            "sku": "B",
            "quantity": "1",
            "price": "3.50",
            "colour": "red",
        },
    ]
    translation = library.get("csv/order").read(rows)
    assert isinstance(translation.document, PurchaseOrder)
    assert [(line.number, line.items["sku"]) for line in translation.document.lines] == [("1", "A"), ("2", "B")]
    assert [(one.code, dict(one.where)) for one in translation.findings] == [
        ("unread", {"line": 3, "column": "colour"})
    ]


def test_a_bad_csv_quantity_is_found_by_line_and_column(library: MapLibrary) -> None:
    rows = [{"order_number": "7", "order_date": "2026-09-01", "sku": "A", "quantity": "two"}]
    translation = library.get("csv/order").read(rows)
    assert translation.document is None
    assert dict(translation.findings[0].where) == {"line": 2, "column": "quantity"}


def test_a_finding_in_a_wrapped_order_has_the_pointer_of_the_whole_file(library: MapLibrary) -> None:
    wrapped = {"order": {**ORDER, "line_items": [{**ORDER["line_items"][0], "price": "dear"}]}}
    mapping = library.get("shopify/order")
    found = [(one.code, dict(one.where)) for one in mapping.read(wrapped).findings]
    assert ("value-unconvertible", {"pointer": "/order/line_items/0/price"}) in found
    assert mapping.where(wrapped)["number"].source == {"pointer": "/order/name"}


MAPS = Path(__file__).parents[2] / "mappings" / "maps"


def test_a_value_of_an_xml_order_has_its_xpath_and_its_rule(library: MapLibrary) -> None:
    root = etree.fromstring((MAPS / "cxml" / "order-request.cases" / "usual.in.xml").read_bytes())
    origin = library.get("cxml/order-request").where(root)["lines.0.quantity.value"]
    assert dict(origin.source) == {"xpath": "/cXML/Request/OrderRequest/ItemOut/@quantity", "line": 28}
    assert root.xpath(str(origin.source["xpath"])) == ["12"]
    assert "quantity" in rule_text(origin.rule)


def test_a_value_of_a_csv_order_has_its_line_and_column_and_its_rule(library: MapLibrary) -> None:
    lines = (MAPS / "csv" / "order.cases" / "two-lines.in.csv").read_text().splitlines()
    origin = library.get("csv/order").where(list(csv.DictReader(lines)))["lines.1.quantity.value"]
    assert dict(origin.source) == {"line": 3, "column": "quantity"}
    assert "quantity" in rule_text(origin.rule)


def test_a_value_of_a_json_order_has_its_pointer_and_its_rule(library: MapLibrary) -> None:
    origin = library.get("shopify/order").where(ORDER)["lines.1.quantity.value"]
    assert dict(origin.source) == {"pointer": "/line_items/1/quantity"}
    assert "quantity" in rule_text(origin.rule)


def rule_text(rule: Any) -> str:
    """The line of the map file at which a rule stands."""
    return Path(str(rule["file"])).read_text().splitlines()[int(rule["line"]) - 1]


def test_milliseconds_since_1970_may_be_told_as_iso_8601(library: MapLibrary) -> None:
    """Walmart's orders: the one in JSON, the other in XML."""
    text = (MAPS / "walmart" / "order.cases" / "usual.in.json").read_text()
    told = json.loads(text, parse_float=Decimal)
    mapping = library.get("walmart/order")
    moments = []
    for value in (1789992000000, "2026-09-21T12:00:00.000Z"):
        document = mapping.read({**told, "orderDate": value}).document
        assert isinstance(document, PurchaseOrder)
        moments.append(document.ordered_on)
    assert moments == [datetime(2026, 9, 21, 12, tzinfo=UTC)] * 2

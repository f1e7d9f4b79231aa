"""Arrivals that are not X12: canonical JSON, a connection's events, bytes that a named map reads."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import Misconfigured, PurchaseOrder
from connectors.partners import partners_of
from connectors.profile import SentSet
from connectors.translator import Translator
from mappings.library import MapLibrary

AT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "number": "W-1",
    "ordered_on": "2026-11-20",
    "currency": "USD",
    "lines": [{"number": "1", "items": {"sku": "CS-1001"}, "quantity": {"value": "2", "unit": "EA"}}],
}
MAP = """\
map: own/order
document: PurchaseOrder
syntax: {syntax}
fields:
  number: number
  ordered_on: placed
  currency: {{context: currency}}
  lines:
    each: {each}
    fields:
      number: line
      quantity: {{fields: {{value: quantity, unit: {{const: EA}}}}}}
"""


def test_a_canonical_order_in_json_is_read_as_it_is(translator: Translator) -> None:
    reading = translator.read(json.dumps(ORDER).encode(), "northwind", {"kind": "PurchaseOrder"}, AT)
    [incoming] = reading.documents
    assert (incoming.kind, incoming.sender, incoming.accepted) == ("PurchaseOrder", "northwind", True)
    assert incoming.document == PurchaseOrder.model_validate_json(json.dumps(ORDER))
    assert (reading.replies, reading.syntax) == ((), "json")


@pytest.mark.parametrize("content", [b"", b"{", b'{"number": 1.5}', json.dumps({**ORDER, "total": 1.5}).encode()])
def test_a_faulty_canonical_order_takes_no_effect_and_says_where(translator: Translator, content: bytes) -> None:
    [incoming] = translator.read(content, "northwind", {"kind": "PurchaseOrder"}, AT).documents
    assert (incoming.document, incoming.accepted) == (None, False)
    assert all(finding.severity == "error" and finding.where is not None for finding in incoming.findings)
    assert incoming.findings


@pytest.fixture
def own(tmp_path: Path, translator: Translator) -> Any:
    def build(syntax: str, each: str) -> Translator:
        folder = tmp_path / "maps" / "own"
        folder.mkdir(parents=True)
        (folder / "order.yaml").write_text(MAP.format(syntax=syntax, each=each))
        return Translator(translator.partners, MapLibrary(tmp_path))

    return build


def test_json_is_read_by_the_map_the_door_names(own: Any) -> None:
    tree = {"number": "W-2", "placed": "2026-11-20", "rows": [{"line": 1, "quantity": 2.50}]}
    reading = own("json", "rows").read(json.dumps(tree).encode(), "northwind", {"map": "own/order"}, AT)
    [incoming] = reading.documents
    assert isinstance(incoming.document, PurchaseOrder)
    assert incoming.document.ordered_on == date(2026, 11, 20)
    assert incoming.document.lines[0].quantity.value == Decimal("2.5")
    assert reading.syntax == "json"


def test_json_that_is_none_is_a_finding_of_the_transmission(own: Any) -> None:
    reading = own("json", "rows").read(b"{,}", "northwind", {"map": "own/order"}, AT)
    assert reading.documents == ()
    assert [finding.code for finding in reading.findings] == ["json-syntax"]


def test_a_map_nobody_has_is_a_misconfiguration(translator: Translator) -> None:
    with pytest.raises(Misconfigured):
        translator.read(b"{}", "northwind", {"map": "own/nothing"}, AT)


CXML = b"""<?xml version="1.0"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd">
<cXML payloadID="1@buyer" timestamp="2026-11-20T10:00:00Z"><Header/>
<Request><OrderRequest><OrderRequestHeader orderID="4711" orderDate="2026-11-20"><Total>
<Money currency="USD">25.00</Money></Total></OrderRequestHeader><ItemOut quantity="2" lineNumber="1">
<ItemID><SupplierPartID>CS-1</SupplierPartID></ItemID>
<ItemDetail><UnitPrice><Money currency="USD">12.50</Money></UnitPrice></ItemDetail></ItemOut></OrderRequest></Request>
</cXML>"""


def test_xml_of_a_partner_is_read_by_the_map_of_theirs_that_recognises_it(translator: Translator) -> None:
    profile = translator.partners.by_id["northwind"]
    sends = {**profile.sends, "OrderRequest": SentSet(map="cxml/order-request")}
    partners = partners_of([profile.model_copy(update={"sends": sends})], translator.partners.ours)
    reading = Translator(partners, MapLibrary()).read(CXML, "northwind", {}, AT)
    [incoming] = reading.documents
    assert (incoming.kind, incoming.sender, incoming.findings) == ("PurchaseOrder", "northwind", ())


def test_xml_that_no_map_of_the_partner_reads_is_one_located_finding(translator: Translator) -> None:
    [finding] = translator.read(CXML, "northwind", {}, AT).findings
    assert (finding.code, dict(finding.where)) == ("document-other", {"xpath": "/cXML"})


def test_xml_is_recognised_without_naming_a_map(translator: Translator) -> None:
    [incoming] = translator.examine_xml(CXML, None, AT).documents
    assert incoming.place == {"map": "cxml/order-request"}


def test_a_map_told_to_read_another_document_says_so_once(translator: Translator) -> None:
    [incoming] = translator.examine_by_map(CXML, "cxml/ship-notice-request", None, AT).documents
    assert [(one.code, dict(one.where)) for one in incoming.findings] == [("document-other", {"xpath": "/cXML"})]

"""Files of a connector's system: recognised by its payloads, and every place in them one of the whole file."""

import json
from datetime import UTC, datetime

import pytest

from connectors.manifest import Manifest, Payload
from connectors.partners import Partners
from connectors.payloads import Payloads
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary
from mappings.yaml_model import load_model

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANIFEST = """
connector: acme
version: 1
kind: marketplace
title: Acme
docs: https://acme.example
defaults: {errors: [{status: "4xx", body: "errors[]", then: fail, message: "errors[].text"}]}
payloads:
  - {at: page.orders, when: {item.id: {present: true}}, map: acme/order}
  - {when: {item.id: {present: true}}, map: acme/order}
"""
ORDER_MAP = """
map: acme/order
document: PurchaseOrder
syntax: json
fields:
  number: id
  ordered_on: on
  currency: {const: USD}
  lines:
    each: lines
    fields:
      number: {index: true}
      items: {fields: {sku: sku}}
      quantity: {fields: {value: count, unit: {const: EA}}}
"""
ORDER = {"id": "A-1", "on": "2026-03-01", "lines": [{"sku": "LAMP", "count": "2"}]}


@pytest.fixture
def payloads() -> Payloads:
    manifest, findings = load_model(MANIFEST, Manifest)
    assert manifest, findings
    nobody = Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US"))
    return Payloads(manifest, Translator(nobody, MapLibrary(more={"acme/order": ORDER_MAP})))


def read(payloads: Payloads, tree, **options):
    return payloads.read(json.dumps(tree).encode(), NOON, **options)


def test_each_document_of_a_list_is_read_and_placed(payloads):
    reading = read(payloads, {"page": {"orders": [ORDER, {**ORDER, "id": "A-2"}]}})
    assert [one.document.number for one in reading.documents] == ["A-1", "A-2"]
    assert [one.place["pointer"] for one in reading.documents] == ["/page/orders/0", "/page/orders/1"]


def test_a_document_by_itself_is_read(payloads):
    assert read(payloads, ORDER).documents[0].document.number == "A-1"


def test_a_fault_is_located_in_the_whole_file(payloads):
    wrong = {**ORDER, "lines": [{"sku": "LAMP", "count": "two"}]}
    [order] = read(payloads, {"page": {"orders": [wrong]}}).documents
    assert order.document is None
    assert "/page/orders/0/lines/0/count" in [one.where.get("pointer") for one in order.findings]


def test_lineage_points_into_the_whole_file(payloads):
    [order] = read(payloads, {"page": {"orders": [ORDER]}}, trace=True).documents
    assert order.lineage["number"]["source"] == {"pointer": "/page/orders/0/id"}


def test_an_answer_that_is_an_error_says_so(payloads):
    [finding] = read(payloads, {"errors": [{"text": "no such order"}]}).findings
    assert (finding.code, finding.where, finding.message) == (
        "other-side-refused", {"pointer": "/errors"}, "no such order",
    )  # fmt: skip


def test_what_no_payload_is_like_is_one_finding_that_says_what_is(payloads):
    [finding] = read(payloads, {"customers": []}).findings
    assert finding.code == "payload-unknown"
    assert "it holds customers" in finding.message
    assert "page.orders" in finding.message


@pytest.mark.parametrize("content", [b"", b"[1]", b"7", b'{"page": {"orders": {}}}', b'{"page": []}'])
def test_nothing_is_silent(payloads, content):
    assert payloads.read(content, NOON).findings


def test_xml_is_read_by_the_names_of_its_elements(payloads):
    order = "<a:id>A-1</a:id><a:on>2026-03-01</a:on><a:lines><a:sku>LAMP</a:sku><a:count>2</a:count></a:lines>"
    xml = f'<a:page xmlns:a="urn:acme"><a:orders>{order}</a:orders></a:page>'
    [read_order] = payloads.read(xml.encode(), NOON).documents
    assert read_order.document.lines[0].items == {"sku": "LAMP"}


def test_a_document_of_another_form_is_shaped_first_and_placed_as_a_whole(payloads):
    shape = {"id": "{item.name}", "on": "{item.day?}", "lines": [{"each": "item.rows[]", "as": "row", "of": "{row}"}]}
    rows = (Payload.model_validate({"at": "data.nodes", "map": "acme/order", "shape": shape}),)
    shaped = Payloads(payloads.manifest.model_copy(update={"payloads": rows}), payloads.translator)
    reading = read(
        shaped, {"data": {"nodes": [{"name": "A-1", "day": "2026-03-01", "rows": ORDER["lines"]}, {"x": 1}]}}
    )
    assert [one.document and one.document.number for one in reading.documents] == ["A-1", None]
    [finding] = reading.documents[1].findings
    assert (finding.severity, finding.where) == ("error", {"pointer": "/data/nodes/1"})

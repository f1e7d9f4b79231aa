"""Drafted maps: what is guessed of names and values, and that any sample at all gives a map that reads it."""

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from canonical import Misconfigured, Rejected
from connectors.authoring.drafts import Proved, draft_map, syntax_of
from connectors.partners import Partners
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.authoring.sample import csv_sample, json_sample, words_of
from mappings.authoring.values import checked, date_form, item_scheme
from mappings.authoring.vocabulary import LEAST, vocabulary
from mappings.library import MapLibrary
from mappings.strict_yaml import read_yaml

TRANSLATOR = Translator(Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US")), MapLibrary())


def drafted(content: str, kind: str | None = None) -> Proved:
    return draft_map(TRANSLATOR, content.encode(), "sample", None, kind)


def document(proved: Proved) -> dict[str, Any]:
    [read] = proved.reads
    assert read.document is not None
    return dict(read.document)


CSV = """\
Order No,Order Date,Ship To Name,Ship To City,Ship To Zip,Line,Item,UPC Code,Qty,UOM,Unit Price,Colour
A-17,09/15/2026,Ann Lee,Reno,89502,1,CS-1001,850012010012,12,EA,18.95,red
A-17,09/15/2026,Ann Lee,Reno,89502,2,CS-1002,850012010029,2,DZ,42.50,blue
"""
XML = """\
<Order xmlns="urn:acme" orderID="X-9" orderDate="2026-09-15" currency="EUR">
  <ShipTo><Name>Store 9</Name><Street>1 Main</Street><City>Oslo</City><CountryCode>NO</CountryCode></ShipTo>
  <Lines>
    <Line number="1"><SKU>A-1</SKU><Quantity unit="H87">3</Quantity><UnitPrice>9.50</UnitPrice><Hue>red</Hue></Line>
    <Line number="2"><SKU>A-2</SKU><Quantity unit="H87">1</Quantity><UnitPrice>19.50</UnitPrice></Line>
  </Lines>
</Order>
"""
INVOICE = {
    "invoice": {
        "invoiceNumber": "INV-7", "invoiceDate": "15.09.2026", "poNumber": "4711", "currencyCode": "USD",
        "billingAddress": {"fullName": "Bob", "addressLine1": "9 Oak", "city": "Reno", "zipCode": "89502"},
        "rows": [{"pos": 1, "articleNumber": "A", "quantity": 2, "netPrice": 9.5, "title": "Mug"}],
        "shippingCost": "5.00", "totalAmount": "25.90", "internal": {"flags": [1, 2]},
    }
}  # fmt: skip


def test_csv_columns_become_an_order_with_its_party_and_lines():
    proved = drafted(CSV)
    read = document(proved)
    assert proved.document == "PurchaseOrder"
    assert (read["number"], read["ordered_on"]) == ("A-17", "2026-09-15")
    assert read["parties"][0]["role"] == "ship_to"
    assert read["parties"][0]["address"] == {"lines": [], "city": "Reno", "postal_code": "89502"}
    assert [line["items"]["upc"] for line in read["lines"]] == ["850012010012", "850012010029"]
    assert read["lines"][1]["quantity"] == {"value": "2", "unit": "DZ"}
    assert list(proved.draft.ignore) == ["Colour"]
    assert proved.reads[0].findings == []


def test_xml_with_a_namespace_is_read_by_elements_and_attributes():
    proved = drafted(XML)
    read = document(proved)
    assert (read["number"], read["currency"]) == ("X-9", "EUR")
    assert read["parties"][0]["address"]["country"] == "NO"
    assert [line["quantity"] for line in read["lines"]] == [{"value": "3", "unit": "EA"}, {"value": "1", "unit": "EA"}]
    assert list(proved.draft.ignore) == ["Lines/Line/Hue"]
    assert proved.reads[0].findings == []


def test_a_json_invoice_inside_its_member_is_known_for_an_invoice():
    proved = drafted(json.dumps(INVOICE))
    read = document(proved)
    assert proved.document == "Invoice"
    assert (read["number"], read["order_number"], read["total"]) == ("INV-7", "4711", "25.90")
    assert read["charges"] == [{"code": "shipping", "amount": "5.00", "settlement": "off_invoice"}]
    assert read["lines"][0]["items"] == {"sku": "A"}
    assert list(proved.draft.ignore) == ["internal"]


UNITS = [
    ({"unit_price": "5.00"}, None, "5.00"),
    ({"unit_price": "5"}, None, "5"),
    ({"unit_cost": 5, "uom": "CA"}, "uom", "5"),
    ({"unit_price": "5.00", "unit": "each"}, "unit", "5.00"),
    ({"unit_price": "5.00", "unit_price_currency": "USD"}, None, "5.00"),
    ({"unitPrice": "5.00", "unitOfMeasure": "H87"}, "unitOfMeasure", "5.00"),
    ({"price": "5.00", "measure": "12.5"}, None, "5.00"),
]


@pytest.mark.parametrize(("told", "unit", "amount"), UNITS)
def test_a_unit_is_known_by_its_look_and_a_price_of_a_unit_is_none(told: dict[str, Any], unit: str | None, amount: str):
    order = {"order_id": "1", "created_at": "2026-01-01", "currency": "USD", "items": [{"sku": "A", "qty": 2, **told}]}
    proved = drafted(json.dumps(order), "PurchaseOrder")
    [line] = document(proved)["lines"]
    assert line["price"]["amount"] == amount
    guessed = [text for text in proved.draft.text().splitlines() if text.strip().startswith("unit:")]
    assert [bool(unit and unit in text) for text in guessed] == ([True] if unit else [])


def test_the_kind_that_is_asked_for_is_drafted_and_what_it_lacks_is_marked():
    proved = drafted(json.dumps(INVOICE), "ShipmentNotice")
    assert proved.document == "ShipmentNotice"
    assert document(proved)["lines"][0]["quantity"]["value"] == "2"
    assert "shipped_on: {fact: received_at}  # guess: nothing in the sample looks like it" in proved.draft.text()


def test_every_rule_and_every_ignored_path_is_marked_as_a_guess():
    body = drafted(CSV).draft.text().partition("fields:\n")[2].splitlines()
    heads = ("fields:", "join:", "- each:", "each:", "when:", "ignore:")
    unmarked = [line for line in body if "# guess" not in line and not line.strip().startswith(heads)]
    assert [line for line in unmarked if not line.strip().endswith(":")] == []


def test_of_several_documents_the_first_is_taken_and_that_is_said():
    order = {"order_id": "1", "created_at": "2026-01-01", "items": [{"sku": "A", "qty": 1}]}
    proved = drafted(json.dumps({"orders": [order, {**order, "order_id": "2"}]}))
    assert document(proved)["number"] == "1"
    assert "holds 2 documents" in proved.draft.text()


def test_x12_is_read_by_a_map_that_extends_the_standards_own():
    text = "ST*850*0001~BEG*00*SA*1**20260915~PO1*1*1*EA~PID*F****Blue****Y~PKG*F~SE*6*0001~"
    proved = drafted(text.replace("****Y~PKG*F", "").replace("SE*6", "SE*5"))
    assert proved.draft.text().endswith("map: draft/850\nextends: x12/850\n")
    with_dmg = "ST*850*0001~BEG*00*SA*1**20260915~PO1*1*1*EA~PWK*BT~SE*5*0001~"
    proved = drafted(with_dmg)
    assert [*proved.draft.ignore] == ["PO1/PWK"]
    assert [one["code"] for one in proved.reads[0].findings] == []


@pytest.mark.parametrize("content", ["[]", "{}", "ST*830*0001~SE*2*0001~"])
def test_what_no_map_can_come_of_is_refused_with_its_reason(content):
    with pytest.raises(Misconfigured):
        drafted(content)


# --- names and values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [("shipTo_City", "ship to city"), ("orderID", "order id"), ("UPCCode", "upc code"), ("address1", "address 1")],
)
def test_a_name_is_its_words(name, words):
    assert words_of(name) == tuple(words.split())


def test_a_foreign_parts_own_number_is_not_the_documents():
    known = vocabulary()
    assert known.score("PurchaseOrder.number", ("id",), ()) > LEAST
    assert known.score("PurchaseOrder.number", ("id",), ("customer",)) < LEAST
    assert known.score("line.description", words_of("Ship To Name"), ()) < LEAST


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2026-09-15"], ""),
        (["2026-09-15T10:00:00Z"], ""),
        (["09/15/2026", "01/02/2026"], "%m/%d/%Y"),
        (["15/09/2026"], "%d/%m/%Y"),
        (["15.09.2026"], "%d.%m.%Y"),
        (["20260915"], "%Y%m%d"),
        (["1789466400000"], "epoch_ms"),
        (["tomorrow"], False),
        (["09/15/2026", "15/09/2026"], False),
        ([], False),
    ],
)
def test_a_date_form_fits_all_values_or_none(values, form):
    assert date_form(values) == form


def test_trade_item_numbers_are_known_by_length_and_check_digit():
    assert item_scheme(["850012010012"]) == "upc"
    assert item_scheme(["4006381333931"]) == "ean"
    assert item_scheme(["00850012010012", "00850012010029"]) == "gtin"
    assert item_scheme(["850012010013"]) is None
    assert item_scheme(["850012010012", "4006381333931"]) is None


@given(some.text("0123456789", min_size=7, max_size=13))
def test_one_check_digit_and_no_other_makes_a_number_whole(body):
    assert [checked(body + digit) for digit in "0123456789"].count(True) == 1


# --- any sample at all ----------------------------------------------------------------------------------------------

NAMES = some.one_of(
    some.sampled_from(["id", "order_number", "date", "currency", "lines", "items", "qty", "price", "sku", "ship_to"]),
    some.text(string.printable, min_size=1, max_size=8),
)  # fmt: skip
SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.text(max_size=12),
    some.sampled_from(["2026-01-01", "1.50", "USD"]),
)
TREES = some.recursive(
    SCALARS,
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(some.dictionaries(NAMES, TREES, min_size=1, max_size=6))
def test_any_json_object_gives_a_map_that_loads_compiles_and_reads_it_or_a_reason(tree):
    try:
        proved = drafted(json.dumps(tree))
    except (Misconfigured, Rejected):
        return
    file, findings = read_yaml(proved.draft.text())
    assert file is not None, findings
    document(proved)


@settings(max_examples=40, deadline=None)
@given(some.lists(some.dictionaries(NAMES, some.text(max_size=8), min_size=1, max_size=5), min_size=1, max_size=3))
def test_any_rows_make_a_sample_whose_parts_can_be_addressed(rows):
    for part in csv_sample(rows).parts:
        assert part.path
    assert json_sample({"rows": rows}).documents >= 1


def test_the_syntax_is_known_by_how_the_bytes_begin():
    assert [syntax_of(one) for one in (b" \n{}", b"\xef\xbb\xbf[]", b"<a/>", b"ISA*", b"a,b\n")] == [
        "json", "json", "xml", "x12", "csv",
    ]  # fmt: skip

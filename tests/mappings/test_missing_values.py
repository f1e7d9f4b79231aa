"""A required value that is not given is told with where it would stand in the source and in the document."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mappings.library import MapLibrary

HEAD = "map: own/order\ndocument: PurchaseOrder\nunread: ignore\n"
MAPS = {
    "x12": """syntax: x12
fields:
  number: BEG03
  ordered_on: BEG05
  currency: {const: USD}
  freight: {fields: {payment: FOB01}}
  parties: {each: N1, fields: {role: N101, address: {fields: {city: N401}}}}
  lines: {each: PO1, fields: {number: PO101, quantity: {fields: {value: PO102, unit: PO103}}}}
""",
    "json": """syntax: json
fields:
  number: head.id
  ordered_on: head.placed
  currency: {const: USD}
  parties: {each: sites, fields: {role: role, address: {fields: {city: place.city}}}}
  lines: {each: items, fields: {number: no, quantity: {fields: {value: ordered.count, unit: ordered.unit}}}}
""",
    "xml": """syntax: xml
fields:
  number: Head/@id
  ordered_on: Head/@placed
  currency: {const: USD}
  parties: {each: Site, fields: {role: "@role", address: {fields: {city: City}}}}
  lines: {each: Item, fields: {number: "@no", quantity: {fields: {value: Ordered, unit: "Ordered/@unit"}}}}
""",
    "csv": """syntax: csv
fields:
  number: order
  ordered_on: placed
  currency: {const: USD}
  lines: {each: ., fields: {number: no, quantity: {fields: {value: count, unit: unit}}}}
""",
}
BEG, ONE, TWO = "BEG*00*SA*4711**20260915~", "PO1*1*12*EA~", "PO1*2*3*EA~"
FIRST, SECOND = {"no": "1", "ordered": {"count": 12}}, {"no": "2", "ordered": {"count": 3}}
HEADED = {"id": "4711", "placed": "2026-09-15"}
ITEM = '<Item no="2"><Ordered unit="EA">3</Ordered></Item>'
COLUMNS = "order,placed,no,count,unit\n4711,2026-09-15,1,12,EA\n"


def json_of(**changes: Any) -> str:
    return json.dumps({"head": HEADED, "items": [FIRST, SECOND], **changes})


def xml_of(body: str, head: str = '<Head id="4711" placed="2026-09-15"/>') -> str:
    return f"<Order>{head}{body}</Order>"


def x12_of(*segments: str) -> str:
    return f"ST*850*0001~{''.join(segments)}SE*{len(segments) + 2}*0001~"


CASES = {
    "x12-element": ("x12", x12_of(BEG, ONE, "PO1*2**EA~"), "lines.1.quantity.value", "segment 4 tag PO1 element 2"),
    "x12-last-element": ("x12", x12_of(BEG, ONE, "PO1*2~"), "lines.1.quantity", "segment 4 tag PO1 element 2"),
    "x12-segment": ("x12", x12_of("BEG*00*SA***20260915~", ONE, TWO), "number", "segment 2 tag BEG element 3"),
    "x12-absent-segment": ("x12", x12_of(ONE, TWO), "number", "segment 1 tag BEG element 3"),
    "x12-loops": ("x12", x12_of(BEG, "FOB*CC~"), "lines", "segment 1 tag ST"),
    "x12-in-a-loop": ("x12", x12_of(BEG, "N1~N4*RENO~", ONE), "parties.0.role", "segment 3 tag N1 element 1"),
    "json-member": ("json", json_of(items=[FIRST, {"no": "2", "ordered": {"unit": "EA"}}]), "lines.1.quantity.value",
                    "pointer /items/1/ordered/count"),
    "json-object": ("json", json_of(items=[FIRST, {"no": "2"}]), "lines.1.quantity", "pointer /items/1/ordered/count"),
    "json-null": ("json", json_of(head={**HEADED, "id": None}), "number", "pointer /head/id"),
    "json-list": ("json", json_of(items=[]), "lines", "pointer "),
    "json-in-a-loop": ("json", json_of(sites=[{"place": {"city": "Reno"}}]), "parties.0.role", "pointer /sites/0/role"),
    "xml-element": ("xml", xml_of('<Item no="1"><Ordered>12</Ordered></Item><Item no="2"/>'), "lines.1.quantity",
                    "xpath /Order/Item[2]/Ordered"),
    "xml-attribute": ("xml", xml_of(ITEM, '<Head placed="2026-09-15"/>'), "number", "xpath /Order/Head/@id"),
    "xml-parent": ("xml", xml_of(ITEM, ""), "number", "xpath /Order/Head/@id"),
    "csv-cell": ("csv", COLUMNS + "4711,2026-09-15,2,,EA\n", "lines.1.quantity.value", "line 3 column count"),
    "csv-column": ("csv", "order,no,count\n4711,1,12\n", "ordered_on", "line 2 column placed"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_missing_value_is_told_with_both_places(tmp_path: Path, x12_tree: Any, name: str) -> None:
    syntax, text, path, place = CASES[name]
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "order.yaml").write_text(HEAD + MAPS[syntax])
    parse = {
        "x12": x12_tree,
        "json": json.loads,
        "xml": etree.fromstring,
        "csv": lambda content: list(csv.DictReader(content.splitlines())),
    }
    translation = MapLibrary(tmp_path).get("own/order").read(parse[syntax](text))
    found = {str(one.facts["path"]): one.where for one in translation.findings if one.code == "value-missing"}
    assert translation.document is None
    assert (
        " ".join(f"{key} {value}" for key, value in found[path].items() if syntax != "xml" or key == "xpath") == place
    )


def test_a_code_that_is_neither_yes_nor_no_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "maps" / "own").mkdir(parents=True)
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "sold.yaml").write_text(
        'codes: sold\ntitle: What is sold no more\nvalues: {"A": "false", "D": "true"}\n'
    )
    (tmp_path / "maps" / "own" / "item.yaml").write_text(
        "map: own/item\ndocument: Item\nsyntax: json\nunread: ignore\n"
        "fields: {sku: id, discontinued: {at: state, codes: sold}}\n"
    )
    read = MapLibrary(tmp_path).get("own/item").read
    assert read({"id": "A-1", "state": "D"}).document.discontinued is True
    [finding] = read({"id": "A-1", "state": "X"}).findings
    assert (finding.code, finding.severity, finding.where) == ("code-unmapped", "error", {"pointer": "/state"})

"""Canonical JSON at the door: strict, and every fault at its pointer."""

import json
from typing import Any

import pytest

from canonical import PurchaseOrder
from connectors.canonical_json import read_canonical


def order(**changes: Any) -> dict[str, Any]:
    line = {"number": "1", "items": {"sku": "CS-1001"}, "quantity": {"value": "2", "unit": "EA"}}
    return {"number": "A-1", "ordered_on": "2026-11-20", "currency": "USD", "lines": [line], **changes}


def test_a_canonical_order_is_read_as_it_was_written() -> None:
    document, findings = read_canonical("PurchaseOrder", json.dumps(order()).encode())
    assert findings == []
    assert isinstance(document, PurchaseOrder)
    assert read_canonical("PurchaseOrder", json.dumps(document.as_json()).encode())[0] == document


@pytest.mark.parametrize(
    ("content", "pointer", "mend"),
    [
        (order(total=12.5), "/total", "decimal number written as text"),
        (order(ordered_on=20261120), "/ordered_on", "valid date"),
        (order(ordered_on="2026-13-01"), "/ordered_on", "month"),
        (order(ordered_on="2026-11-20T10:00:00"), "/ordered_on", "timezone"),
        (order(currency="usd"), "/currency", "pattern"),
        (order(colour="red"), "/colour", "extensions"),
        (order(lines=[{"number": "1", "quantity": {"unit": "EA"}}]), "/lines/0/quantity/value", "missing"),
        (order(lines=[{"number": 1, "quantity": {"value": "1"}}]), "/lines/0/number", "string"),
        (order(extensions=[]), "/extensions", "object"),
        ([], "", "object"),
    ],
)
def test_a_fault_is_told_at_its_pointer(content: Any, pointer: str, mend: str) -> None:
    document, findings = read_canonical("PurchaseOrder", json.dumps(content).encode())
    assert document is None
    assert [finding.where for finding in findings] == [{"pointer": pointer}]
    assert mend in findings[0].message


@pytest.mark.parametrize(
    ("content", "mend"),
    [
        (b'{"number": "1", "number": "2"}', "given twice"),
        (b'{"number": ', "not JSON"),
        (b'{"number": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"total": NaN}', "NaN"),
    ],
)
def test_what_is_no_json_is_told_where(content: bytes, mend: str) -> None:
    document, [finding] = read_canonical("PurchaseOrder", content)
    assert document is None
    assert finding.code == "json-syntax"
    assert mend in finding.message


def test_a_kind_nobody_knows_is_a_finding() -> None:
    document, [finding] = read_canonical("Order", b"{}")
    assert document is None
    assert finding.code == "unknown-kind"

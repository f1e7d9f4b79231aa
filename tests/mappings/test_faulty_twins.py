"""Each golden case with one fault, named for it: exactly what is found, where, and at which canonical path."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from canonical import has_errors
from mappings.library import MapLibrary

CASES = Path(__file__).parent / "cases"
Found = tuple[str, str | None, int | None, str | None]
"""(code, segment, element, canonical path)."""

TWINS: list[tuple[str, str, str, str, list[Found]]] = [
    ("180", "day-that-is-none", "RMA9*20260915", "RMA9*20261315", [("value-unconvertible", "BGN", 3, "requested_on")]),
    (
        "180",
        "quantity-in-words",
        "BLI*VN*SKU-1*2*EA",
        "BLI*VN*SKU-1*two*EA",
        [("value-unconvertible", "BLI", 3, "lines.0.quantity.value")],
    ),
    (
        "180",
        "quantity-missing",
        "BLI*VN*SKU-1*2*EA",
        "BLI*VN*SKU-1**EA",
        [("value-missing", "BLI", 3, "lines.0.quantity.value")],
    ),
    ("214", "hour-that-is-none", "20260922*0905", "20260922*2505", [("value-unconvertible", "AT7", 5, "events.2.at")]),
    ("214", "unknown-status", "AT7*D1", "AT7*Y7", [("code-unmapped", "AT7", 1, "events.2.status")]),
    ("810", "total-a-cent-off", "TDS*25406", "TDS*25407", [("total-differs", "TDS", 1, None)]),
    ("810", "total-with-two-points", "TDS*25406", "TDS*2.5.1", [("value-unconvertible", "TDS", 1, "total")]),
    ("810", "one-line-too-many-counted", "CTT*2*8", "CTT*3*8", [("total-differs", "CTT", 1, None)]),
    ("810", "number-missing", "INV55", "", [("value-missing", "BIG", 2, "number")]),
    (
        "812",
        "amount-in-words",
        "CDD*11*C*1*3000",
        "CDD*11*C*1*lots",
        [("value-unconvertible", "CDD", 4, "lines.0.extensions.x12.amount")],
    ),
    (
        "812",
        "unknown-currency",
        "CUR*BY*USD",
        "CUR*BY*usd",
        [
            ("value-invalid", "CUR", 2, "currency"),
            ("value-invalid", "CUR", 2, "lines.0.price.currency"),
            ("value-invalid", "CUR", 2, "lines.1.price.currency"),
        ],
    ),
    ("820", "pays-more-than-its-lines", "BPR*I*1195.5", "BPR*I*1196.5", [("total-differs", "BPR", 2, None)]),
    (
        "820",
        "adjustment-in-words",
        "ADX*-10*59",
        "ADX*ten*59",
        [("value-unconvertible", "ADX", 1, "adjustments.0.amount")],
    ),
    (
        "820",
        "unknown-reason",
        "ADX*-5.5*01",
        "ADX*-5.5*9Q",
        [("code-unmapped", "ADX", 2, "lines.0.adjustments.0.reason")],
    ),
    (
        "824",
        "unknown-verdict",
        "OTI*TR",
        "OTI*QQ",
        [("code-unmapped", "OTI", 1, "verdict"), ("code-unmapped", "OTI", 1, "sets.0.verdict")],
    ),
    (
        "832",
        "price-in-words",
        "CTP**CON*399.6*",
        "CTP**CON*dear*",
        [("value-unconvertible", "CTP", 3, "lines.1.prices.0.price.amount")],
    ),
    ("832", "unknown-price", "CTP**RTL*", "CTP**QQQ*", [("code-unmapped", "CTP", 2, "lines.0.prices.2.kind")]),
    ("832", "unknown-purpose", "prices*05~", "prices*ZZ~", [("code-unmapped", "BCT", 10, "purpose")]),
    ("832", "one-line-too-many-counted", "CTT*3", "CTT*4", [("total-differs", "CTT", 1, None)]),
    (
        "846",
        "quantity-with-an-exponent",
        "QTY*33*120",
        "QTY*33*1E2",
        [("value-unconvertible", "QTY", 2, "lines.0.quantities.available.value")],
    ),
    ("846", "unknown-quantity", "QTY*20*48", "QTY*8Q*48", [("code-unmapped", "QTY", 1, "lines.0.quantities")]),
    ("846", "one-line-too-many-counted", "CTT*2", "CTT*3", [("total-differs", "CTT", 1, None)]),
    (
        "850",
        "day-that-is-none",
        "12*20260915*C77",
        "12*20261315*C77",
        [("value-unconvertible", "BEG", 5, "ordered_on")],
    ),
    ("850", "number-missing", "SA*PO4711", "SA*", [("value-missing", "BEG", 3, "number")]),
    ("850", "unknown-purpose", "BEG*00", "BEG*99", [("code-unmapped", "BEG", 1, "purpose")]),
    (
        "850",
        "quantity-in-words",
        "PO1*2*2*CA",
        "PO1*2*two*CA",
        [("value-unconvertible", "PO1", 2, "lines.1.quantity.value")],
    ),
    (
        "850",
        "price-with-an-exponent",
        "CA*99.999",
        "CA*1e3",
        [("value-unconvertible", "PO1", 4, "lines.1.price.amount")],
    ),
    ("850", "quantity-missing", "PO1*2*2*CA", "PO1*2**CA", [("value-missing", "PO1", 2, "lines.1.quantity.value")]),
    ("850", "unknown-party", "N1*BY*Acme", "N1*Q7*Acme", [("code-unmapped", "N1", 1, "parties.1.role")]),
    ("850", "one-line-too-many-counted", "CTT*2*12", "CTT*3*12", [("total-differs", "CTT", 1, None)]),
    ("850", "quantities-that-do-not-add-up", "CTT*2*12", "CTT*2*99", [("total-differs", "CTT", 2, None)]),
    (
        "850",
        "element-nobody-reads",
        "PID*F****Widget, blue",
        "PID*F****Widget, blue****Y",
        [("unread", "PID", 9, None)],
    ),
    ("850", "segment-nobody-reads", "SCH*4*EA", "CTB*OR*Partial is fine~SCH*4*EA", [("unread", "CTB", None, None)]),
    ("850", "qualifier-without-a-number", "*IN*B1", "*IN", [("pair-incomplete", "PO1", 6, "lines.0.items")]),
    (
        "855",
        "unknown-outcome",
        "ACK*IR*2*CA",
        "ACK*ZY*2*CA",
        [("code-unmapped", "ACK", 1, "lines.1.outcomes.0.outcome")],
    ),
    ("855", "day-that-is-none", "20260916*CJ", "20260931*CJ", [("value-unconvertible", "BAK", 9, "acknowledged_on")]),
    ("855", "quantities-that-do-not-add-up", "CTT*2*12", "CTT*2*13", [("total-differs", "CTT", 2, None)]),
    (
        "856",
        "quantity-missing",
        "SN1**6*EA",
        "SN1***EA",
        [("value-missing", "SN1", 2, "packages.1.lines.0.quantity.value")],
    ),
    ("856", "quantities-that-do-not-add-up", "CTT*9*11", "CTT*9*12", [("total-differs", "CTT", 2, None)]),
    ("856", "weight-in-words", "G*40.5*LB", "G*heavy*LB", [("value-unconvertible", "TD1", 7, "weight.value")]),
    ("860", "unknown-change", "POC*2*DI", "POC*2*ZQ", [("code-unmapped", "POC", 2, "lines.1.change")]),
    ("860", "day-that-is-none", "***20260918", "***20260938", [("value-unconvertible", "BCH", 11, "changed_on")]),
    ("865", "unknown-decision", "BCA*04*AC", "BCA*04*QQ", [("code-unmapped", "BCA", 2, "decision")]),
    (
        "865",
        "quantity-in-words",
        "ACK*IA*6*EA",
        "ACK*IA*six*EA",
        [("value-unconvertible", "ACK", 2, "lines.0.outcomes.0.quantity.value")],
    ),
    (
        "875",
        "quantity-in-words",
        "G68*2*CA",
        "G68*two*CA",
        [("value-unconvertible", "G68", 1, "lines.1.quantity.value")],
    ),
    ("875", "day-that-is-none", "G50*N*20260915", "G50*N*20260935", [("value-unconvertible", "G50", 2, "ordered_on")]),
    ("875", "quantities-that-do-not-add-up", "G76*12*CA", "G76*13*CA", [("total-differs", "G76", 1, None)]),
    ("880", "total-a-cent-off", "G33*13550", "G33*13551", [("total-differs", "G33", 1, None)]),
    ("880", "quantity-missing", "G17*2*CA", "G17**CA", [("value-missing", "G17", 1, "lines.1.quantity.value")]),
    ("940", "quantity-in-words", "W01*2*CA", "W01*x*CA", [("value-unconvertible", "W01", 1, "lines.1.quantity.value")]),
    ("940", "number-missing", "W05*N*FO1", "W05*N*", [("value-missing", "W05", 2, "number")]),
    ("940", "quantities-that-do-not-add-up", "W76*12", "W76*11", [("total-differs", "W76", 1, None)]),
    ("944", "quantity-in-words", "W07*3*CA", "W07*x*CA", [("value-unconvertible", "W07", 1, "lines.1.quantity.value")]),
    ("944", "quantities-that-do-not-add-up", "W14*11", "W14*12", [("total-differs", "W14", 1, None)]),
    ("944", "unknown-exception", "W13*1*EA*02", "W13*1*EA*9Q", [("code-unmapped", "W13", 3, "lines.0.exceptions")]),
    ("945", "quantities-that-do-not-add-up", "W03*13*40.5*LB", "W03*14*40.5*LB", [("total-differs", "W03", 1, None)]),
    ("945", "unknown-status", "W12*CP", "W12*ZQ", [("code-unmapped", "W12", 1, "lines.1.status")]),
    ("997", "unknown-verdict", "AK5*R*5", "AK5*Q*5", [("code-unmapped", "AK5", 1, "sets.1.verdict")]),
]


@pytest.mark.parametrize(
    ("case", "fault", "good", "bad", "expected"), TWINS, ids=[f"{twin[0]}-{twin[1]}" for twin in TWINS]
)
def test_a_faulty_twin_is_found_with_both_places(
    library: MapLibrary, x12_tree: Any, case: str, fault: str, good: str, bad: str, expected: list[Found]
) -> None:
    text = (CASES / f"{case}.x12").read_text()
    assert good in text
    translation = library.get(f"x12/{case}").read(x12_tree(text.replace(good, bad, 1)))
    assert [
        (one.code, one.where.get("tag"), one.where.get("element"), one.facts.get("path"))
        for one in translation.findings
    ] == expected
    assert all(one.where.get("segment") for one in translation.findings)
    assert translation.document is not None or has_errors(translation.findings)


def test_every_x12_map_has_a_faulty_twin(library: MapLibrary) -> None:
    assert {f"x12/{twin[0]}" for twin in TWINS} == {name for name in library.names if name.startswith("x12/")}


EMPTY = {"x12": lambda: None, "json": dict, "csv": list, "xml": lambda: etree.fromstring(b"<cXML/>")}
READING = [
    name
    for name in MapLibrary().names
    if MapLibrary().get(name).head.direction != "write" and MapLibrary().get(name).head.syntax != "x12"
]


@pytest.mark.parametrize("name", READING)
def test_a_document_that_says_nothing_is_refused_with_every_place_that_is_empty(library: MapLibrary, name: str) -> None:
    mapping = library.get(name)
    translation = mapping.read(EMPTY[mapping.head.syntax]())
    assert translation.document is None
    assert {one.code for one in translation.findings} <= {"value-missing", "value-invalid", "document-other"}
    assert all(one.severity == "error" and one.where and one.facts["rule"]["line"] for one in translation.findings)

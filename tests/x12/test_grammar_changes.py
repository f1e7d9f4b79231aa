"""A partner's deviations: narrowed, extended, replaced, and what does not fit said plainly."""

import re
from pathlib import Path
from typing import Any

import pytest

from canonical import Finding
from connectors.grammar_changes import GrammarChanges, adjust
from connectors.syntax.x12 import Judge, Profile, TransactionSet, find_grammar, find_judge, read
from mappings.strict_yaml import read_yaml


def findings(content: bytes, changes: dict[str, object]) -> list[Finding]:
    own = GrammarChanges.model_validate(changes)
    (one,) = [event for event in read(content, Profile(own.judge)) if isinstance(event, TransactionSet)]
    return one.findings


def codes(content: bytes, changes: dict[str, object]) -> list[tuple[str, object]]:
    found = findings(content, changes)
    return [(finding.code, finding.where.get("element", finding.where["tag"])) for finding in found]


def test_without_changes_the_order_is_right(order: bytes) -> None:
    assert codes(order, {}) == []


def test_a_list_is_narrowed_for_one_place(order: bytes) -> None:
    assert codes(order, {"elements": {"BEG02": {"codes": ["NE", "DS"]}}}) == [("element-code", 2)]
    assert codes(order, {"elements": {"BEG02": {"codes": ["NE", "SA"]}}}) == []


def test_a_list_is_extended(order: bytes) -> None:
    odd = order.replace(b"24*EA", b"24*QX")
    assert codes(odd, {}) == [("element-code", 3)]
    assert codes(odd, {"elements": {"355": {"add": ["QX"]}}}) == []
    assert codes(odd, {"elements": {"PO103": {"add": ["QX"]}}}) == []


def test_an_element_is_made_mandatory_or_given_another_length(order: bytes) -> None:
    assert codes(order, {"elements": {"BEG04": {"required": True}}}) == [("element-missing", 4)]
    assert codes(order, {"elements": {"BEG03": {"most": 8}}}) == [("element-long", 3)]


def test_a_finding_on_a_changed_element_names_the_standards_number(order: bytes) -> None:
    (found,) = findings(order, {"elements": {"BEG03": {"most": 8}}})
    assert found.facts["number"] == "324"


def test_a_use_is_required_forbidden_or_limited(order: bytes) -> None:
    assert codes(order, {"uses": {"PWK": {"required": True}}}) == [("segment-missing", "PWK")]
    assert codes(order, {"uses": {"PO1/SDQ": {"forbidden": True}}}) == [("segment-undefined", "SDQ")]
    assert codes(order, {"uses": {"REF": {"most": 1}}}) == [("segment-excess", "REF")]


def test_a_segment_is_replaced(order: bytes) -> None:
    assert codes(order, {"segments": {"CTT": "354!"}}) == [("element-excess", 2)]


def test_the_structure_is_replaced(order: bytes) -> None:
    found = codes(order, {"structure": "BEG! CUR* REF* PO1*! { PID* } CTT"})
    assert {code for code, _ in found} == {"segment-undefined"}


def test_a_segment_the_standard_lacks_is_placed(order: bytes) -> None:
    extended = order.replace(b"PO4*12*1*EA", b"MTX**STORE GROUP 7", 1)
    assert codes(extended, {}) == [("segment-unexpected", "MTX")]
    assert codes(extended, {"uses": {"PO1/MTX": {"after": "PID", "most": 0}}}) == []


def test_an_element_the_standard_lacks_is_checked(order: bytes) -> None:
    own = {
        "segments": {"CTT": "354! 9001!"},
        "elements": {"9001": {"type": "AN", "least": 2, "most": 3, "name": "Store group"}},
    }
    assert codes(order, own) == []
    (found,) = findings(order.replace(b"CTT*3*130", b"CTT*3*1300"), own)
    assert (found.code, found.facts["name"]) == ("element-long", "Store group")


@pytest.mark.parametrize(
    "changes",
    [
        {"elements": {"BEG02": {"codes": ["NE"]}}},
        {"elements": {"PO103": {"add": ["QX"], "remove": ["EA"]}}},
        {"elements": {"355": {"remove": ["EA"]}, "REF02": {"least": 4, "most": 6}}},
        {"elements": {"PO107": {"required": True}, "CUR03": {"required": True}}},
        {"elements": {"C00101": {"codes": ["EA"]}}},
        {"segments": {"PID": "349! 750 559 751 352!"}},
        {"uses": {"REF": {"most": 1}, "PO1/PID": {"required": True}}},
        {"structure": "BEG! REF* DTM* N1* { N3* N4 } -- PO1*! { PID* MEA* SAC* } -- CTT SAC* { TXI }"},
    ],
    ids=str,
)
def test_what_is_compiled_of_a_change_judges_as_a_grammar_compiled_anew(
    order: bytes, changes: dict[str, object]
) -> None:
    judge = GrammarChanges.model_validate(changes).judge("004010", "850")
    assert judge is not None
    anew = Judge(judge.grammar)
    for text in variants(order):
        assert judge.findings(text, {}) == anew.findings(text, {})
        assert judge.accepts(text) <= (not judge.findings(text, {}))


def variants(order: bytes) -> list[str]:
    """The order, and it with each of its segments left out, doubled or cut short."""
    (one,) = [event for event in read(order) if isinstance(event, TransactionSet)]
    segments = one.text.split("\x1e")[:-1]
    made = [segments]
    for at, segment in enumerate(segments[1:-1], 1):
        cut = segment.rpartition("\x1d")[0] or segment
        made += [[*segments[:at], *put, *segments[at + 1 :]] for put in ([], [segment, segment], [cut])]
    return ["\x1e".join([*each, ""]) for each in made]


DOCS = Path(__file__).parents[2] / "docs" / "x12.md"


@pytest.mark.parametrize("shown", re.findall(r"^```yaml\n(.*?)^```", DOCS.read_text(), flags=re.MULTILINE | re.DOTALL))
def test_what_the_documentation_shows_fits_the_grammar(shown: str) -> None:
    file, faults = read_yaml(shown)
    assert (faults, file is not None) == ([], True)
    content: Any = file and file.content
    grammar = find_grammar("004010", "850")
    assert grammar is not None
    changes = GrammarChanges.model_validate(content["sends"]["850"]["grammar"])
    assert changes != GrammarChanges()
    assert adjust(grammar, changes)[1] == []


def test_a_judge_of_the_standard_is_shared_where_nothing_changes() -> None:
    assert GrammarChanges().judge("004010VICS", "850") is find_judge("004010", "850")


@pytest.mark.parametrize(
    ("changes", "trail", "named"),
    [
        ({"elements": {"BEG99": {"most": 3}}}, ("elements", "BEG99"), "no element BEG99"),
        ({"elements": {"9001": {"most": 3}}}, ("elements", "9001"), "no element 9001"),
        ({"elements": {"355": {"required": True}}}, ("elements", "355"), "say where"),
        ({"uses": {"PO1/XYZ": {"most": 1}}}, ("uses", "PO1/XYZ"), "no XYZ in PO1"),
        ({"uses": {"PO1/XYZ": {"after": "QQQ"}}}, ("uses", "PO1/XYZ"), "no QQQ in PO1"),
        ({"segments": {"XYZ": "353"}}, ("segments", "XYZ"), "no segment XYZ"),
        ({"segments": {"BEG": "353 | P0102"}}, ("segments", "BEG"), "P0102"),
        ({"segments": {"BEG": "353 , 92"}}, ("segments", "BEG"), "no part"),
        ({"structure": "BEG { CUR"}, ("structure",), "not closed"),
        ({"structure": "BEG } CUR"}, ("structure",), "closes nothing"),
        ({"structure": "{ BEG }"}, ("structure",), "no head"),
        ({"structure": "BEG lower"}, ("structure",), "'lower'"),
    ],
)
def test_what_does_not_fit_is_named_and_located(changes: dict[str, object], trail: tuple[str, ...], named: str) -> None:
    grammar = find_grammar("004010", "850")
    assert grammar is not None
    _, (misfit,) = adjust(grammar, GrammarChanges.model_validate(changes))
    assert misfit.trail == trail
    assert named in misfit.message

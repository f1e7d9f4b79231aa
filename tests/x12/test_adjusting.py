"""A partner's deviations: narrowed, extended, replaced, and what does not fit said plainly."""

import pytest

from canonical.errors import Misconfigured
from connectors.syntax.x12 import Profile, TransactionSet, find_grammar, read
from connectors.syntax.x12.adjustment import adjust, adjusted_judges


def codes(content: bytes, changes: dict[str, object]) -> list[tuple[str, object]]:
    profile = Profile(find_judge=adjusted_judges({"850": changes}))
    (one,) = [event for event in read(content, profile) if isinstance(event, TransactionSet)]
    return [(finding.code, finding.where.get("element", finding.where["tag"])) for finding in one.findings]


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
    profile = Profile(find_judge=adjusted_judges({"850": {"elements": {"BEG03": {"most": 8}}}}))
    (one,) = [event for event in read(order, profile) if isinstance(event, TransactionSet)]
    assert one.findings[0].facts["number"] == "324"


def test_a_use_is_required_forbidden_or_limited(order: bytes) -> None:
    assert codes(order, {"uses": {"PWK": {"required": True}}}) == [("segment-missing", "PWK")]
    assert codes(order, {"uses": {"PO1/SDQ": {"forbidden": True}}}) == [("segment-undefined", "SDQ")]
    assert codes(order, {"uses": {"REF": {"most": 1}}}) == [("segment-excess", "REF")]


def test_a_segment_is_replaced(order: bytes) -> None:
    assert codes(order, {"segments": {"CTT": "354!"}}) == [("element-excess", 2)]


def test_the_structure_is_replaced(order: bytes) -> None:
    found = codes(order, {"structure": "BEG! CUR* REF* PO1*! { PID* } CTT"})
    assert {code for code, _ in found} == {"segment-undefined"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"element": {}}, "'element'"),
        ({"elements": {"BEG99": {"most": 3}}}, "BEG99"),
        ({"elements": {"BEG02": {"code": ["SA"]}}}, "'code'"),
        ({"uses": {"PO1/XYZ": {"most": 1}}}, "no XYZ in PO1"),
        ({"segments": {"XYZ": "353"}}, "XYZ"),
        ({"structure": "BEG { CUR"}, "not closed"),
        ({"structure": "BEG lower"}, "'lower'"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, object], named: str) -> None:
    grammar = find_grammar("004010", "850")
    assert grammar is not None
    with pytest.raises(Misconfigured, match=named):
        adjust(grammar, changes)

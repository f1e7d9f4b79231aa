"""The grammars: all of them load and hang together, and agree with an independent source where there is one."""

from importlib import resources
from xml.etree import ElementTree

import pytest

from connectors.syntax.x12.grammar import find_grammar, nearest_release, parse_structure, releases
from connectors.syntax.x12.judge import Judge

KNOWN = sorted(
    {
        (name, entry.name)
        for name, one in releases().items()
        if (one.folder / "sets").is_dir()
        for entry in (one.folder / "sets").iterdir()
    }
)
MAPS = {("004010", "997"): "997.4010.xml", ("005010", "999"): "999.5010.xml"}


@pytest.mark.parametrize(("release", "set_id"), KNOWN, ids=str)
def test_a_grammar_loads_compiles_and_says_who_it_is(release: str, set_id: str) -> None:
    grammar = find_grammar(release, set_id)
    assert grammar is not None
    assert grammar.set_id == set_id
    assert Judge(grammar).structure.root is grammar.root


@pytest.mark.parametrize(("release", "set_id"), KNOWN, ids=str)
def test_notes_and_lists_fit_their_segments(release: str, set_id: str) -> None:
    grammar = find_grammar(release, set_id)
    assert grammar is not None
    for segment in (*grammar.segments.values(), *grammar.composites.values()):
        for note in segment.notes:
            assert max(note.places) <= len(segment.fields or ()), f"{segment.tag} {note}"
    for number, codes in grammar.codes.items():
        element = grammar.elements[number]
        assert [code for code in codes if not element.least <= len(code) <= element.greatest] == [], number


def loops(node: ElementTree.Element) -> list[tuple[str, str, str]]:
    """pyx12's structure inside ST as (segment, loop it stands in, mandatory)."""
    return [
        (segment.get("xid") or "", own[0].get("xid") or "", segment.findtext("usage") or "")
        for loop in node.iter("loop")
        if (own := loop.findall("segment"))
        for segment in own
    ]


@pytest.mark.parametrize(("release", "set_id"), MAPS)
def test_the_structure_is_that_of_an_independent_map(release: str, set_id: str) -> None:
    text = (resources.files("pyx12") / "map" / MAPS[release, set_id]).read_text("utf-8")
    envelope = {"ISA", "IEA", "GS", "GE", "TA1"}
    theirs = {(tag, head) for tag, head, _ in loops(ElementTree.fromstring(text)) if tag not in envelope}
    grammar = find_grammar(release, set_id)
    assert grammar is not None
    ours = {(use.tag, use.tag if use.is_loop else parent.tag) for parent in grammar.uses() for use in parent.members}
    assert {tag for tag, _ in theirs} - {tag for tag, _ in ours} <= {"ST"}
    assert {tag for tag, _ in ours} - {tag for tag, _ in theirs} == set()


def test_other_releases_and_suffixes_resolve_to_the_nearest() -> None:
    asked = ["004010", "004010VICS", "004030", "004060", "005010X231A1", "006020", "003050", "002040", "rubbish"]
    assert [nearest_release(one).name for one in asked] == ["004010"] * 4 + ["005010"] * 2 + ["003010"] * 3


@pytest.mark.parametrize("set_id", ["../elements", "", "85", "850/..", "\x00", "ABC"])
def test_only_identifiers_name_a_grammar(set_id: str) -> None:
    assert find_grammar("004010", set_id) is None


def test_a_loop_left_open_is_refused() -> None:
    with pytest.raises(ValueError, match="PO1 is not closed"):
        parse_structure("BEG! PO1* { PID*")

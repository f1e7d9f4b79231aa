"""By property: any tree a grammar allows writes to bytes that read back as the same tree without a fault."""

import random
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.syntax.x12 import (
    ControlNumbers,
    Delimiters,
    Node,
    OutgoingGroup,
    OutgoingInterchange,
    OutgoingSet,
    TransactionSet,
    find_judge,
    read,
    render,
)
from connectors.syntax.x12.check import SegmentCheck
from connectors.syntax.x12.grammar import Element, Grammar, Segment, Use, find_grammar

AT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
SETS = [("004010", one) for one in ("850", "855", "856", "810", "940", "945", "860", "846", "997")] + [
    ("005010", "850"),
    ("005010", "856"),
]
DELIMITERS = [
    Delimiters("*", "~", ">", ""),
    Delimiters("|", "\n", "^", ""),
    Delimiters("\x1d", "\x1c", "\x1f", ""),
    Delimiters("+", "'", ":", ""),
]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789-./#&"


def value(element: Element, codes: list[str], pick: random.Random) -> str:
    if codes:
        return pick.choice(codes)
    length = pick.randint(element.least, min(element.greatest, element.least + 8))
    match element.type:
        case "DT":
            return f"2026{pick.randint(1, 12):02}{pick.randint(1, 28):02}"[-element.greatest :]
        case "TM":
            return f"{pick.randint(0, 23):02}{pick.randint(0, 59):02}"
        case "R":
            return "".join(pick.choices("123456789", k=length))
        case kind if kind[0] == "N":
            return "".join(pick.choices("123456789", k=length))
        case _:
            return "X" + "".join(pick.choices(LETTERS, k=length - 2)) + "X" if length > 1 else "X"


@cache
def ready(tag: str, set_id: str, release: str) -> SegmentCheck:
    grammar = find_grammar(release, set_id)
    assert grammar is not None
    return SegmentCheck(grammar.segments[tag], grammar)


def terminated(elements: list[str]) -> str:
    return "\x1d".join(elements) + "\x1e"


def elements(segment: Segment, grammar: Grammar, pick: random.Random) -> list[str]:
    """A segment that keeps its notes: tried until the check is content."""
    check = ready(segment.tag, grammar.set_id, grammar.release)
    for share in (0.4, 0.2, 0.6, 0.1, 0.8, 0.3, 0.5, 1.0, 0.0) * 4:
        made = [segment.tag]
        for place in segment.fields or ():
            element = grammar.elements.get(place.number)
            wanted = place.required or pick.random() < share
            made.append(value(element, list(grammar.codes.get(place.number, ())), pick) if element and wanted else "")
        while not made[-1]:
            made.pop()
        if len(made) > 1 and not check.findings(terminated(made), {"segment": 2, "tag": segment.tag}):
            return made
    return []


def node(use: Use, grammar: Grammar, pick: random.Random, depth: int = 0) -> Node | None:
    made = elements(grammar.segments[use.tag], grammar, pick)
    if not made:
        return None
    children: dict[str, list[Node]] = {}
    for member in use.members:
        often = 1 if member.required else pick.random() < 0.5 / (depth + 1)
        if member.tag in children or not often:
            continue
        found = [
            one
            for _ in range(min(member.most, pick.choice((1, 1, 2))))
            if (one := node(member, grammar, pick, depth + 1))
        ]
        if found:
            children[member.tag] = found
        elif member.required:
            return None
    return Node(made, children)


def tree(grammar: Grammar, pick: random.Random) -> Node | None:
    root = Use("ST", True, 1, tuple(member for member in grammar.root.members if member.tag != "SE"))
    children: dict[str, list[Node]] = {}
    for member in root.members:
        if member.tag in children or not (member.required or pick.random() < 0.4):
            continue
        if made := node(member, grammar, pick):
            children[member.tag] = [made]
        elif member.required:
            return None
    return Node(["ST"], children)


@pytest.mark.parametrize(("version", "set_id"), SETS, ids=str)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), delimiters=st.sampled_from(DELIMITERS))
def test_a_tree_reads_back_as_it_was_written(version: str, set_id: str, seed: int, delimiters: Delimiters) -> None:
    grammar = find_grammar(version, set_id)
    assert grammar is not None
    root = tree(grammar, random.Random(seed))
    if root is None:
        return
    group = OutgoingGroup(grammar.functional_id, "US", "THEM", version, [OutgoingSet(set_id, root)])
    out = OutgoingInterchange(("ZZ", "US"), ("ZZ", "THEM"), [group], delimiters=delimiters)
    rendered = render(out, at=AT, control=ControlNumbers(1, 1))
    if rendered.findings:
        return
    (back,) = [event for event in read(rendered.content) if isinstance(event, TransactionSet)]
    assert [finding.message for finding in back.findings] == []
    assert back.root.children.keys() - {"SE"} == root.children.keys()
    again = render(
        OutgoingInterchange(
            ("ZZ", "US"),
            ("ZZ", "THEM"),
            [OutgoingGroup(grammar.functional_id, "US", "THEM", version, [OutgoingSet(set_id, back.root)])],
            delimiters=delimiters,
        ),
        at=AT,
        control=ControlNumbers(1, 1),
    )
    assert again.content == rendered.content


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_what_the_fast_path_accepts_the_exact_check_finds_no_fault_in(version: str) -> None:
    """The fast path may be narrower than the grammar, never wider."""
    judge = find_judge(version, "850")
    assert judge is not None
    pick = random.Random(997)
    alphabet = "0123456789ABEUPZ.- "
    wrong = []
    for tag, segment in judge.grammar.segments.items():
        check = ready(tag, "850", judge.grammar.release)
        for _ in range(40):
            made = elements(segment, judge.grammar, pick) or [tag]
            place = pick.randrange(1, len(made) + 2)
            made += [""] * (place + 1 - len(made))
            made[place] = "".join(pick.choices(alphabet, k=pick.randint(0, 6)))
            text = terminated(made)
            if judge.accepts_segment(text) and check.findings(text, {"segment": 1, "tag": tag}):
                wrong.append(text)
    assert wrong == []

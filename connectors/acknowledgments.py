"""Acknowledgments as documents: what we say back of a group or interchange, and what a 997, 999 or TA1 tells us."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from canonical import AcknowledgedSet, Acknowledgment, Fault, Finding, Usage, Verdict
from canonical.card_number import hidden_text
from connectors.syntax.x12 import GroupEnd, InterchangeEnd, Node, SetVerdict

VERDICTS: Mapping[str, Verdict] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "P": "partially_accepted",
    "R": "rejected",
}
"""X12 elements 715 and 717."""

SEGMENT_CODES, ELEMENT_CODE, SET_CODE, GROUP_CODE = "AK304", "AK403", "AK502", "AK905"


def of_group(end: GroupEnd, form: str, at: datetime, usage: Usage) -> Acknowledgment:
    """The verdict on a group, as a 997 or 999 (`form`) tells it."""
    received = len(end.sets)
    codes = _codes(end.findings, GROUP_CODE)
    return Acknowledgment(
        usage=usage,
        number=end.start.control or "0",
        level="group",
        type=form,
        functional_id=end.start.functional_id or None,
        verdict=VERDICTS[end.verdict],
        acknowledged_at=at,
        codes=codes,
        counts={"included": _count(end.said, received), "received": received, "accepted": len(end.accepted)},
        sets=tuple(map(_of_set, end.sets)),
        extensions={"x12": {"version": end.start.version}},
    )


def of_interchange(end: InterchangeEnd, at: datetime, usage: Usage) -> Acknowledgment:
    """The verdict on an interchange, as a TA1 tells it."""
    start = end.start
    return Acknowledgment(
        usage=usage,
        number=start.control or "0",
        level="interchange",
        type="TA1",
        verdict=VERDICTS[end.verdict],
        acknowledged_at=at,
        codes=(end.note,),
        extensions={"x12": {"date": start.elements[9].strip(), "time": start.elements[10].strip()}},
    )


def _of_set(one: SetVerdict) -> AcknowledgedSet:
    return AcknowledgedSet(
        set=one.set_id or "???",
        control_number=one.control or "0",
        verdict=VERDICTS[one.verdict],
        codes=_codes(one.findings, SET_CODE),
        faults=tuple(_fault(finding) for finding in one.findings if _in_segment(finding)),
    )


def _in_segment(finding: Finding) -> bool:
    return bool(finding.ack) and (SEGMENT_CODES in finding.ack or ELEMENT_CODE in finding.ack)  # type: ignore[operator]


def _fault(finding: Finding) -> Fault:
    where = finding.where
    value = finding.facts.get("value")
    return Fault(
        segment=_number(where.get("segment")),
        tag=str(where["tag"]) if where.get("tag") else None,
        loop=str(where["loop"]) if where.get("loop") else None,
        element=_number(where.get("element")),
        component=_number(where.get("component")),
        codes=dict(finding.ack or {}),
        value=hidden_text(str(value)) if value else None,
        message=hidden_text(finding.message),
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _count(said: str, otherwise: int) -> int:
    return int(said) if said.isdecimal() and len(said) <= 6 else otherwise


def _codes(findings: Iterable[Finding], place: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.ack[place] for finding in findings if finding.ack and place in finding.ack))


def of_response(root: Node, form: str, at: datetime, usage: Usage) -> Acknowledgment:
    """What a partner's 997 or 999 (`form`) says of a group of ours. It has passed its grammar."""
    [group] = root.children["AK1"]
    [trailer] = root.children["AK9"]
    return Acknowledgment(
        usage=usage,
        number=group[2],
        level="group",
        type=form,
        functional_id=group[1],
        verdict=VERDICTS.get(trailer[1], "rejected"),
        acknowledged_at=at,
        codes=tuple(filter(None, trailer.elements[5:])),
        counts={name: _count(trailer[place], 0) for place, name in enumerate(("included", "received", "accepted"), 2)},
        sets=tuple(_said_of_set(node) for node in root.children.get("AK2", ())),
    )


def _said_of_set(node: Node) -> AcknowledgedSet:
    children = node.children
    [trailer] = children.get("AK5") or children["IK5"]
    return AcknowledgedSet(
        set=node[1],
        control_number=node[2],
        verdict=VERDICTS.get(trailer[1], "rejected"),
        codes=tuple(filter(None, trailer.elements[2:])),
        faults=tuple(fault for note in children.get("AK3") or children.get("IK3", ()) for fault in _said_of(note)),
    )


def _said_of(note: Node) -> Iterator[Fault]:
    """An AK3 or IK3, once for itself or once for each element it tells of."""
    place = {"segment": _count(note[2], 0), "tag": note[1] or None, "loop": note[3] or None}
    elements = note.children.get("AK4") or note.children.get("IK4", ())
    if not elements:
        yield Fault(**place, codes={SEGMENT_CODES: note[4]} if note[4] else {})
    for one in elements:
        position, _, component = re.sub(r"[^0-9]+", " ", one[1]).partition(" ")
        yield Fault(
            **place,
            element=_count(position, 0),
            component=_count(component, 0) or None,
            codes={ELEMENT_CODE: one[3]},
            value=one[4] or None,
        )


def of_interchange_response(elements: Sequence[str], at: datetime, usage: Usage) -> Acknowledgment:
    """What a partner's TA1 says of an interchange of ours (X12.5)."""
    said = [*(element.strip() for element in elements), "", "", "", "", "", ""]
    return Acknowledgment(
        usage=usage,
        number=said[1] or "0",
        level="interchange",
        type="TA1",
        verdict=VERDICTS.get(said[4], "rejected"),
        acknowledged_at=at,
        codes=(said[5],) if said[5] else (),
    )

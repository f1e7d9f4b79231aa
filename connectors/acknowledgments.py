"""What a reading of X12 says back, as canonical acknowledgments: one a group, and one an interchange for a TA1."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from canonical import AcknowledgedSet, Acknowledgment, Fault, Finding, Usage, Verdict
from connectors.syntax.x12.events import GroupEnd, InterchangeEnd, SetVerdict

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
    verdict: Verdict = VERDICTS[end.verdict]
    return Acknowledgment(
        usage=usage,
        number=end.start.control or "0",
        level="group",
        type=form,
        functional_id=end.start.functional_id or None,
        verdict="accepted_with_errors" if verdict == "accepted" and codes else verdict,
        acknowledged_at=at,
        codes=codes,
        counts={"included": _count(end.said, received), "received": received, "accepted": len(end.accepted)},
        sets=tuple(map(_of_set, end.sets)),
        extensions={"x12": {"version": end.start.version}},
    )


def of_interchange(end: InterchangeEnd, at: datetime, usage: Usage) -> Acknowledgment:
    """The verdict on an interchange, as a TA1 tells it: what is sound apart from warnings is accepted with errors."""
    start = end.start
    verdict: Verdict = "accepted" if not end.findings else "accepted_with_errors" if end.accepted else "rejected"
    return Acknowledgment(
        usage=usage,
        number=start.control or "0",
        level="interchange",
        type="TA1",
        verdict=verdict,
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
        value=str(value) if value else None,
        message=finding.message,
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _count(said: str, otherwise: int) -> int:
    return int(said) if said.isdecimal() and len(said) <= 6 else otherwise


def _codes(findings: Iterable[Finding], place: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.ack[place] for finding in findings if finding.ack and place in finding.ack))

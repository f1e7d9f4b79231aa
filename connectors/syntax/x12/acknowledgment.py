"""Acknowledgments: what we answer to an interchange, as a description the writer renders when it is sent.

997 for every version unless the profile asks for 999; TA1 when ISA14 asks for it or the interchange is at fault;
nothing for a 997, 999 or TA1. One interchange answers one interchange, addressed back; one AK1 to AK9 set answers one
group.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.events import GroupEnd, InterchangeEnd, SetVerdict
from connectors.syntax.x12.node import Node
from connectors.syntax.x12.writer import OutgoingGroup, OutgoingInterchange, OutgoingSet

_NEVER_ANSWERED = frozenset({"FA"})
"""Functional identifiers of acknowledgments: 997 and 999."""


@dataclass(frozen=True, slots=True)
class AcknowledgmentPolicy:
    """How a partner wants to be answered. None of the last four means: as the inbound interchange does it."""

    kind: Literal["997", "999"] = "997"
    technical: Literal["asked", "always", "never"] = "asked"
    """When a TA1 goes out; `asked` is by ISA14, and always when the interchange is at fault."""
    detail: bool = True
    """AK2 to AK5 for accepted sets too; otherwise only for those with faults."""
    version: str | None = None
    interchange_version: str | None = None
    delimiters: Delimiters | None = None
    line_ends: str = ""


DEFAULT_POLICY = AcknowledgmentPolicy()


def acknowledge(received: InterchangeEnd, policy: AcknowledgmentPolicy = DEFAULT_POLICY) -> OutgoingInterchange | None:
    """The answer to an interchange, or None when there is nothing to answer.

    An interchange whose envelope is at fault is rejected whole: a TA1 and no 997, for none of it takes effect.
    """
    start = received.start
    if not start.sender[1]:
        return None
    answered = [group for group in received.groups if group.start.functional_id not in _NEVER_ANSWERED]
    only_answers = bool(received.groups) and not answered
    note = received.note
    notes = []
    if _wants_note(policy, asked=start.wants_acknowledgment, failed=not received.accepted) and not only_answers:
        verdict = "R" if not received.accepted else "A"
        notes.append(["TA1", start.control, *(start.elements[9:11]), verdict, note])
    groups = [_group(group, policy) for group in answered] if received.accepted else []
    if not notes and not groups:
        return None
    delimiters = policy.delimiters or _usable(start.delimiters)
    version = policy.interchange_version or start.version or "00401"
    return OutgoingInterchange(
        start.receiver, start.sender, groups, start.usage, delimiters, version, notes=notes, line_ends=policy.line_ends
    )


def _wants_note(policy: AcknowledgmentPolicy, *, asked: bool, failed: bool) -> bool:
    if policy.technical == "never":
        return False
    return failed or asked or policy.technical == "always"


def _usable(inbound: Delimiters) -> Delimiters:
    """The inbound delimiters, with a component separator where it had none."""
    component = inbound.component or next(
        char for char in ":>^<" if char not in (inbound.element, inbound.segment, inbound.repetition)
    )
    return Delimiters(inbound.element, inbound.segment, component, inbound.repetition)


def _group(group: GroupEnd, policy: AcknowledgmentPolicy) -> OutgoingGroup:
    version = policy.version or group.start.version or "004010"
    kind = policy.kind
    implementation = ""
    if kind == "999":
        version = implementation = policy.version or "005010X231A1"
    elif version >= "005010":
        version = version[:6]
    one = OutgoingSet(kind, group_response(group, policy), implementation)
    return OutgoingGroup("FA", group.start.receiver, group.start.sender, version, [one])


def group_response(group: GroupEnd, policy: AcknowledgmentPolicy = DEFAULT_POLICY) -> Node:
    """The 997 or 999 of one group, as a tree."""
    is_999 = policy.kind == "999"
    start = group.start
    header = ["AK1", start.functional_id, start.control, *([start.version] if is_999 else [])]
    detailed = [one for one in group.sets if policy.detail or one.verdict != "A"]
    accepted = len(group.accepted) if group.verdict != "R" else 0
    said = group.said if group.said.isdigit() else str(len(group.sets))
    codes = _codes(group.findings, "AK905")[:5]
    trailer = ["AK9", group.verdict, str(int(said)), str(len(group.sets)), str(accepted), *codes]
    sets = _SetResponses(detailed, is_999=is_999)
    return Node(["ST"], {"AK1": [Node(header)], "AK2": sets, "AK9": [Node(trailer)]})


class _SetResponses(Sequence[Node]):
    """The AK2 loops of a group, each made when it is asked for: a large group with many faults has very many nodes."""

    def __init__(self, verdicts: Sequence[SetVerdict], *, is_999: bool) -> None:
        self._verdicts = verdicts
        self._is_999 = is_999

    def __len__(self) -> int:
        return len(self._verdicts)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> "_SetResponses": ...
    def __getitem__(self, index: int | slice) -> "Node | _SetResponses":
        if isinstance(index, slice):
            return _SetResponses(self._verdicts[index], is_999=self._is_999)
        return _set_response(self._verdicts[index], is_999=self._is_999)


def _set_response(one: SetVerdict, *, is_999: bool) -> Node:
    header = ["AK2", one.set_id, one.control, *([one.implementation] if is_999 and one.implementation else [])]
    third, fifth = ("IK3", "IK5") if is_999 else ("AK3", "AK5")
    if not one.findings:
        return Node(header, {fifth: [Node([fifth, one.verdict])]})
    faults = [finding for finding in one.findings if finding.severity == "error"]
    segments = list(_segment_notes(faults, is_999=is_999))
    codes = _codes(faults, "AK502")
    if segments:
        codes = [*codes, "5"]
    trailer = Node([fifth, one.verdict, *codes[:5]])
    return Node(header, {third: segments, fifth: [trailer]} if segments else {fifth: [trailer]})


def _segment_notes(faults: Sequence[Finding], *, is_999: bool) -> Iterator[Node]:
    """One AK3 for each fault of a segment, and one with the AK4s of its elements (AK304 8)."""
    by_segment: dict[tuple[int | str, int | str], list[Finding]] = {}
    for finding in faults:
        if finding.ack and ("AK304" in finding.ack or "AK403" in finding.ack):
            by_segment.setdefault((finding.where["segment"], finding.where["tag"]), []).append(finding)
    third, fourth = ("IK3", "IK4") if is_999 else ("AK3", "AK4")
    for (position, tag), findings in by_segment.items():
        place = [third, str(tag), str(position), ""]
        elements: list[Node] = []
        for finding in findings:
            ack = finding.ack or {}
            if "AK403" in ack:
                elements.append(_element_note(finding, fourth))
            else:
                yield Node([*place, ack["AK304"]])
        if elements:
            yield Node([*place, "8"], {fourth: elements})


def _element_note(finding: Finding, tag: str) -> Node:
    where, facts = finding.where, finding.facts
    place = str(where["element"])
    if "component" in where:
        place += f":{where['component']}"
    code = (finding.ack or {})["AK403"]
    if tag == "AK4" and code in ("12", "13"):
        code = "3"
    number = str(facts.get("number", ""))
    value = str(facts.get("value", ""))[:99]
    return Node([tag, place, number if number.isdigit() else "", code, value])


def _codes(findings: Sequence[Finding], place: str) -> list[str]:
    """The codes the findings earn in one place, each once, in order."""
    errors = (finding for finding in findings if finding.severity == "error" and finding.ack)
    return list(dict.fromkeys(one.ack[place] for one in errors if one.ack and place in one.ack))


def is_acknowledgment(functional_id: str) -> bool:
    """Whether a group holds acknowledgments, which are never answered."""
    return functional_id in _NEVER_ANSWERED

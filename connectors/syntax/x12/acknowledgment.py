"""Acknowledgments: what we answer to an interchange, as a description the writer renders when it is sent.

997 for every version unless the profile asks for 999; TA1 when ISA14 asks for it or the interchange is at fault;
nothing for a 997, 999 or TA1. One interchange answers one interchange, addressed back; one AK1 to AK9 set answers one
group.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from canonical.card_number import hidden_text
from canonical.finding import Finding
from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.events import GroupEnd, InterchangeEnd, SetVerdict
from connectors.syntax.x12.node import Node
from connectors.syntax.x12.writer import OutgoingGroup, OutgoingInterchange, OutgoingSet

_VERSION = re.compile(r"00[2-8]\d\d")
_MOST_CODES = 5
"""AK502 to AK506, AK905 to AK909."""
_LONGEST_COPY = 99
"""Characters of AK404. A bad value is copied only where it has no character that may not stand in a value."""
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
    """The answer to an interchange, or None when there is nothing to answer, or nobody: its header cannot be read.

    An interchange whose envelope is at fault is rejected whole: a TA1 and no 997, for none of it takes effect. One
    with faults that forbid nothing is accepted with errors noted.
    """
    start = received.start
    if not start.is_whole or not start.sender[1]:
        return None
    answered = [group for group in received.groups if group.start.functional_id not in _NEVER_ANSWERED]
    only_answers = bool(received.groups) and not answered
    notes = []
    if _wants_note(policy, asked=start.wants_acknowledgment, failed=not received.accepted) and not only_answers:
        notes.append(["TA1", start.control, *(start.elements[9:11]), received.verdict, received.note])
    groups = [_group(group, policy) for group in answered] if received.accepted else []
    if not notes and not groups:
        return None
    delimiters = policy.delimiters or _usable(start.delimiters)
    version = policy.interchange_version or (start.version if _VERSION.fullmatch(start.version) else "00401")
    usage = start.usage if start.usage in ("P", "T", "I") else "P"
    return OutgoingInterchange(
        start.receiver, start.sender, groups, usage, delimiters, version, notes=notes, line_ends=policy.line_ends
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


@dataclass(frozen=True, slots=True)
class _Form:
    """A 997 or 999 of one release: the names of its segments and the codes it knows."""

    kind: Literal["997", "999"]
    version: str

    @property
    def prefix(self) -> str:
        """Of the segments that note faults and close a set: AK3, AK4 and AK5, or IK3, IK4 and IK5."""
        return "IK" if self.kind == "999" else "AK"

    def code(self, place: str, code: str) -> str:
        """The code as this form says it."""
        since, before = _YOUNGER.get((place, code), ("", ""))
        return before if self.kind == "997" and self.version < since else code


_YOUNGER = {
    ("AK403", "12"): ("004020", "3"),
    ("AK403", "13"): ("004020", "3"),
    ("AK502", "18"): ("005010", "6"),
    ("AK502", "23"): ("003070", "7"),
    ("AK905", "19"): ("005010", "6"),
}
"""Codes that came with a release, and what a 997 says before it."""


def _form(group: GroupEnd, policy: AcknowledgmentPolicy) -> _Form:
    if policy.kind == "999":
        return _Form("999", policy.version or "005010X231A1")
    version = policy.version or group.start.version or "004010"
    return _Form("997", version[:6] if version >= "005010" else version)


def _group(group: GroupEnd, policy: AcknowledgmentPolicy) -> OutgoingGroup:
    form = _form(group, policy)
    implementation = form.version if form.kind == "999" else ""
    one = OutgoingSet(form.kind, group_response(group, policy), implementation)
    return OutgoingGroup("FA", group.start.receiver, group.start.sender, form.version, [one])


def group_response(group: GroupEnd, policy: AcknowledgmentPolicy = DEFAULT_POLICY) -> Node:
    """The 997 or 999 of one group, as a tree."""
    form, start = _form(group, policy), group.start
    header = ["AK1", start.functional_id, start.control, *([start.version] if form.kind == "999" else [])]
    detailed = [one for one in group.sets if policy.detail or one.verdict != "A"]
    accepted = len(group.accepted) if group.verdict != "R" else 0
    said = group.said if group.said.isdigit() else str(len(group.sets))
    trailer = ["AK9", group.verdict, str(int(said)), str(len(group.sets)), str(accepted)]
    trailer += _codes(group.findings, "AK905", form)[:_MOST_CODES]
    return Node(["ST"], {"AK1": [Node(header)], "AK2": _SetResponses(detailed, form), "AK9": [Node(trailer)]})


class _SetResponses(Sequence[Node]):
    """The AK2 loops of a group, each made when it is asked for: a large group with many faults has very many nodes."""

    def __init__(self, verdicts: Sequence[SetVerdict], form: _Form) -> None:
        self._verdicts = verdicts
        self._form = form

    def __len__(self) -> int:
        return len(self._verdicts)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> "_SetResponses": ...
    def __getitem__(self, index: int | slice) -> "Node | _SetResponses":
        if isinstance(index, slice):
            return _SetResponses(self._verdicts[index], self._form)
        return _set_response(self._verdicts[index], self._form)


def _set_response(one: SetVerdict, form: _Form) -> Node:
    header = ["AK2", one.set_id, one.control]
    if form.kind == "999" and one.implementation:
        header.append(one.implementation)
    third, fifth = f"{form.prefix}3", f"{form.prefix}5"
    if not one.findings:
        return Node(header, {fifth: [Node([fifth, one.verdict])]})
    faults = [finding for finding in one.findings if finding.severity == "error"]
    segments = list(_segment_notes(faults, form))
    codes = _codes(faults, "AK502", form)
    if segments:
        codes = [*codes, "5"]
    trailer = Node([fifth, one.verdict, *codes[:_MOST_CODES]])
    return Node(header, {third: segments, fifth: [trailer]} if segments else {fifth: [trailer]})


def _segment_notes(faults: Sequence[Finding], form: _Form) -> Iterator[Node]:
    """One AK3 for each fault of a segment, and one with the AK4s of its elements (AK304 8)."""
    by_segment: dict[tuple[int | str, int | str], list[Finding]] = {}
    for finding in faults:
        if finding.ack and ("AK304" in finding.ack or "AK403" in finding.ack):
            by_segment.setdefault((finding.where["segment"], finding.where["tag"]), []).append(finding)
    third, fourth = f"{form.prefix}3", f"{form.prefix}4"
    for (position, tag), findings in by_segment.items():
        place = [third, str(tag), str(position), str(findings[0].facts.get("loop_identifier", ""))]
        elements: list[Node] = []
        for finding in findings:
            ack = finding.ack or {}
            if "AK403" in ack:
                elements.append(_element_note(finding, fourth, form))
            else:
                yield Node([*place, ack["AK304"]])
        if elements:
            yield Node([*place, "8"], {fourth: elements})


def _element_note(finding: Finding, tag: str, form: _Form) -> Node:
    where, facts = finding.where, finding.facts
    place = [str(where["element"]), str(where.get("component", "")), ""]
    if form.version >= "005010":
        place[2] = str(where.get("repetition", ""))
    position = ":".join(place).rstrip(":")
    number = str(facts.get("number", ""))
    value = hidden_text(str(facts.get("value", "")), "X")[:_LONGEST_COPY]  # a star may be their separator
    code = form.code("AK403", finding.ack["AK403"] if finding.ack else "")
    return Node([tag, position, number if number.isdigit() else "", code, value if value.isprintable() else ""])


def _codes(findings: Sequence[Finding], place: str, form: _Form) -> list[str]:
    """The codes that findings earn in one place (AK502, AK905), each once, in order."""
    return list(dict.fromkeys(form.code(place, one.ack[place]) for one in findings if one.ack and place in one.ack))


def is_acknowledgment(functional_id: str) -> bool:
    """Whether a group holds acknowledgments, which are never answered."""
    return functional_id in _NEVER_ANSWERED

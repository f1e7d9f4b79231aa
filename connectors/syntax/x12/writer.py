"""Writing X12: a description of an interchange in, bytes out.

A set to write is a tree of `Node`s under its ST (whose own elements may be left empty): the grammar orders the
segments, the writer makes ST, SE, GE, IEA and their counts and control numbers, numbers HL loops from their nesting,
and cuts trailing empty elements. A value that cannot stand in the output is replaced by the policy, and a finding says
so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Grammar, Segment, Use, find_grammar
from connectors.syntax.x12.node import Node

Party = tuple[str, str]
"""Interchange qualifier and identifier, as ("01", "123456789")."""


@dataclass(frozen=True)
class OutgoingSet:
    """A transaction set to write. In its composites and repetitions `component` and `repetition` separate."""

    set_id: str
    root: Node
    implementation: str = ""
    component: str = ":"
    repetition: str = "^"


@dataclass(frozen=True)
class OutgoingGroup:
    """A functional group to write; `version` is GS08."""

    functional_id: str
    sender: str
    receiver: str
    version: str
    sets: Sequence[OutgoingSet]


@dataclass(frozen=True)
class OutgoingInterchange:
    """An interchange to write, all but its time and control numbers, which are known when it is sent."""

    sender: Party
    receiver: Party
    groups: Sequence[OutgoingGroup]
    usage: str = "P"
    delimiters: Delimiters = field(default_factory=Delimiters)
    version: str = "00401"
    wants_acknowledgment: bool = False
    line_ends: str = ""
    """Written after every terminator: an empty text, or a newline for partners who want lines."""
    notes: Sequence[Sequence[str]] = ()
    """TA1 segments, written directly after the ISA."""


@dataclass(frozen=True, slots=True)
class ControlNumbers:
    """The first number of each level; groups count on from `group`, sets from `set` in each group."""

    interchange: int
    group: int
    set: int = 1


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in the place of a character that would break the output."""

    delimiter: str = " "
    truncate: bool = False
    """Cut values longer than the element's greatest length instead of writing them as they are."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes, and what had to be changed to make them (`value-replaced`, `value-truncated`, `segment-unplaced`)."""

    content: bytes
    findings: Sequence[Finding]


def render(
    interchange: OutgoingInterchange,
    *,
    at: datetime,
    control: ControlNumbers,
    replacement: Replacement = Replacement(),
    encoding: str = "utf-8",
    grammars: Mapping[str, Grammar] | None = None,
) -> Rendered:
    """The interchange as bytes. `at` gives ISA09/10 and GS04/05; `grammars` (by set) stand in for the standard's."""
    writing = _Writing(interchange.delimiters, replacement, grammars or {})
    join = interchange.delimiters.element.join
    lines = [join(_isa(interchange, at, control.interchange)), *map(join, interchange.notes)]
    for number, group in enumerate(interchange.groups, control.group):
        lines.append(join(_gs(group, at, number)))
        for set_number, one in enumerate(group.sets, control.set):
            lines += writing.transaction_set(one, group.version, f"{set_number:04}")
        lines.append(join(["GE", str(len(group.sets)), str(number)]))
    lines.append(join(["IEA", str(len(interchange.groups)), f"{control.interchange:09}"]))
    ends = interchange.delimiters.segment + interchange.line_ends
    text = ends.join([*lines, ""])
    return Rendered(text.encode(encoding, "replace"), tuple(writing.findings))


def _isa(interchange: OutgoingInterchange, at: datetime, number: int) -> list[str]:
    own = interchange.delimiters
    (sender_kind, sender), (receiver_kind, receiver) = interchange.sender, interchange.receiver
    eleventh = own.repetition or "U"
    asked = "1" if interchange.wants_acknowledgment else "0"
    # fmt: off
    return [
        "ISA", "00", " " * 10, "00", " " * 10, f"{sender_kind:2.2}", f"{sender:15.15}",
        f"{receiver_kind:2.2}", f"{receiver:15.15}", f"{at:%y%m%d}", f"{at:%H%M}", eleventh, interchange.version,
        f"{number:09}", asked, interchange.usage, own.component or ":",
    ]
    # fmt: on


def _gs(group: OutgoingGroup, at: datetime, number: int) -> list[str]:
    date = f"{at:%Y%m%d}" if group.version >= "004010" else f"{at:%y%m%d}"
    agency = "X"
    return [
        "GS",
        group.functional_id,
        group.sender,
        group.receiver,
        date,
        f"{at:%H%M}",
        str(number),
        agency,
        group.version,
    ]


class _Writing:
    """The sets of one interchange, and what had to be changed to write them."""

    def __init__(self, delimiters: Delimiters, replacement: Replacement, grammars: Mapping[str, Grammar]) -> None:
        self._delimiters = delimiters
        self._replacement = replacement
        self._grammars = grammars
        self.findings: list[Finding] = []
        own = (delimiters.element, delimiters.segment, delimiters.component, delimiters.repetition, "\r", "\n")
        self._safely = str.maketrans({char: replacement.delimiter for char in own if char})
        self._unsafe = re.compile(f"[{re.escape(''.join(own))}]")
        self._cuts = replacement.truncate

    def transaction_set(self, one: OutgoingSet, version: str, control: str) -> Iterator[str]:
        """The set's segments without terminators, ST to SE."""
        grammar = self._grammars.get(one.set_id) or find_grammar(version, one.set_id)
        join = self._delimiters.element.join
        yield join(["ST", one.set_id, control, *([one.implementation] if one.implementation else [])])
        position = 1
        for position, node in enumerate(self._ordered(one.root, grammar.root if grammar else None), 2):
            yield join(self._segment(node, one, grammar, control, position))
        yield join(["SE", str(position + 1), control])

    def _ordered(self, node: Node, use: Use | None) -> Iterator[Node]:
        """What hangs under `node`, in the order of the grammar; what the grammar lacks comes last. SE is made anew."""
        left = dict(node.children)
        left.pop("SE", None)
        for member in use.members if use else ():
            if not (nodes := left.pop(member.tag, None)):
                continue
            if member.tag == "HL":
                yield from self._levels(nodes, member, "", count())
                continue
            if len(nodes) > member.most:
                left[member.tag] = nodes[member.most :]
                nodes = nodes[: member.most]
            for one in nodes:
                yield one
                if one.children:
                    yield from self._ordered(one, member)
        if left:
            yield from self._unplaced(left)

    def _unplaced(self, left: Mapping[str, Sequence[Node]]) -> Iterator[Node]:
        for tag, nodes in left.items():
            for one in nodes:
                self.findings.append(fault("segment-unplaced", {"tag": tag}))
                yield one
                yield from self._ordered(one, None)

    def _levels(self, nodes: Sequence[Node], use: Use, parent: str, numbers: "count[int]") -> Iterator[Node]:
        """HL loops with what is nested in them; HL01, HL02 and HL04 are filled in where they are empty."""
        for node in nodes:
            number = f"{next(numbers) + 1}"
            below = node.children.get("HL", ())
            own = node[1] or number
            has_below = node[4] or ("1" if below else "" if node[1] else "0")
            yield Node(["HL", own, node[2] or parent, node[3], has_below])
            rest = {tag: found for tag, found in node.children.items() if tag != "HL"}
            yield from self._ordered(Node(node.elements, rest), use)
            yield from self._levels(below, use, own, numbers)

    def _segment(self, node: Node, one: OutgoingSet, grammar: Grammar | None, control: str, position: int) -> list[str]:
        elements = list(node.elements)
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        tag = elements[0]
        joined = "".join(elements)
        inner = one.component in joined or one.repetition in joined
        if not (self._cuts or self._unsafe.search(joined)) and not (inner and self._has_inner(tag, grammar)):
            return elements
        segment = grammar.segments.get(tag) if grammar else None
        for number, value in enumerate(elements[1:], 1):
            at: dict[str, int | str] = {"set": control, "segment": position, "tag": tag, "element": number}
            elements[number] = self._element(value, segment, grammar, one, at)
        return elements

    def _has_inner(self, tag: str, grammar: Grammar | None) -> bool:
        """Whether a segment may hold composites or repetitions."""
        segment = grammar.segments.get(tag) if grammar else None
        fields = (segment.fields if segment else None) or ()
        return any(place.repeat > 1 or place.number[0] == "C" for place in fields)

    def _element(
        self, value: str, segment: Segment | None, grammar: Grammar | None, one: OutgoingSet, at: dict[str, int | str]
    ) -> str:
        if not value:
            return ""
        place = None
        number = int(at["element"])
        if segment and segment.fields and number <= len(segment.fields):
            place = segment.fields[number - 1]
        if place and grammar and place.number in grammar.composites:
            parts = [self._safe(part, at) for part in value.split(one.component)]
            while parts and not parts[-1]:
                parts.pop()
            return (self._delimiters.component or ":").join(parts)
        if place and place.repeat > 1 and self._delimiters.repetition:
            return self._delimiters.repetition.join(self._safe(part, at) for part in value.split(one.repetition))
        safe = self._safe(value, at)
        element = grammar.elements.get(place.number) if grammar and place else None
        if element and self._replacement.truncate and element.type in ("AN", "ID") and len(safe) > element.greatest:
            self.findings.append(fault("value-truncated", at, value=safe, most=element.greatest))
            safe = safe[: element.greatest].rstrip()
        return safe

    def _safe(self, value: str, at: dict[str, int | str]) -> str:
        safe = value.translate(self._safely)
        if safe != value:
            self.findings.append(fault("value-replaced", at, value=value))
        return safe

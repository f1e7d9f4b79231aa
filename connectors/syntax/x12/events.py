"""What reading yields, in the order of the file.

Nothing in an interchange may take effect before its `InterchangeEnd`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from canonical.finding import Finding, has_errors
from connectors.syntax.x12.delimiters import COMPONENT, ELEMENT, REPETITION, SEGMENT, Delimiters
from connectors.syntax.x12.grammar import Grammar
from connectors.syntax.x12.judge import Judge
from connectors.syntax.x12.node import Node
from connectors.syntax.x12.structure import build_tree

Verdict = Literal["A", "E", "P", "R"]
"""Accepted; accepted, errors noted; partly accepted (groups); rejected. X12 elements 715 and 717."""


@dataclass(frozen=True)
class InterchangeStart:
    """An ISA. `elements[0]` is the tag, so that `elements[13]` is ISA13; values as written, blanks and all."""

    elements: Sequence[str]
    delimiters: Delimiters
    offset: int
    """Of its first byte in the source."""
    findings: Sequence[Finding] = ()

    def _at(self, place: int) -> str:
        return self.elements[place].strip() if place < len(self.elements) else ""

    @property
    def is_whole(self) -> bool:
        """Whether it has all its elements, so that each stands in its place."""
        return len(self.elements) == 17

    @property
    def sender(self) -> tuple[str, str]:
        """Qualifier and identifier."""
        return self._at(5), self._at(6)

    @property
    def receiver(self) -> tuple[str, str]:
        return self._at(7), self._at(8)

    @property
    def version(self) -> str:
        """ISA12, as `00401`."""
        return self._at(12)

    @property
    def control(self) -> str:
        return self._at(13)

    @property
    def wants_acknowledgment(self) -> bool:
        """ISA14: a TA1 is asked for."""
        return self._at(14) == "1"

    @property
    def usage(self) -> str:
        """ISA15: P, T or I."""
        return self._at(15) or "P"


@dataclass(frozen=True)
class GroupStart:
    """A GS; `elements[6]` is GS06."""

    elements: Sequence[str]
    interchange: InterchangeStart
    findings: Sequence[Finding] = ()

    def _at(self, place: int) -> str:
        return self.elements[place].strip() if place < len(self.elements) else ""

    @property
    def functional_id(self) -> str:
        return self._at(1)

    @property
    def sender(self) -> str:
        return self._at(2)

    @property
    def receiver(self) -> str:
        return self._at(3)

    @property
    def control(self) -> str:
        return self._at(6)

    @property
    def version(self) -> str:
        """GS08, as `004010VICS`."""
        return self._at(8)


@dataclass
class TransactionSet:
    """One ST to SE. The tree is built when first asked for."""

    set_id: str
    control: str
    implementation: str
    """ST03, 005010 and later."""
    group: GroupStart
    judge: Judge | None
    """None when no grammar knows the set; the tree is then flat."""
    text: str
    """In canonical delimiters."""
    encoding: str
    """How its bytes were read: utf-8, or latin-1 where they are no UTF-8. Both give the same bytes back."""
    span: tuple[int, int]
    """First byte and the one after the last, in the source."""
    segment_count: int
    findings: list[Finding]
    verdict: Verdict
    binaries: tuple[bytes, ...] = ()
    """What its BIN and BDS segments carry, in order; letters stand in its place in the tree."""

    @property
    def interchange(self) -> InterchangeStart:
        return self.group.interchange

    @property
    def version(self) -> str:
        """GS08."""
        return self.group.version

    @property
    def delimiters(self) -> Delimiters:
        """Those of the values in the tree."""
        return self.group.interchange.delimiters

    @property
    def usage(self) -> str:
        """ISA15: P, T or I."""
        return self.interchange.usage

    @property
    def grammar(self) -> Grammar | None:
        return self.judge.grammar if self.judge else None

    @cached_property
    def segments(self) -> list[list[str]]:
        """Elements as written, tag first, trailing empty ones absent."""
        text = self.text
        if COMPONENT in text:
            text = text.replace(COMPONENT, self.delimiters.component)
        if REPETITION in text:
            text = text.replace(REPETITION, self.delimiters.repetition)
        segments = text[:-1].split(SEGMENT)
        if ELEMENT + SEGMENT in text:
            segments = [one.rstrip(ELEMENT) for one in segments]
        return [one.split(ELEMENT) for one in segments]

    @cached_property
    def root(self) -> Node:
        """The ST loop; every segment of the set hangs under it."""
        if self.judge:
            return build_tree(self.judge.structure, self.segments)
        children: dict[str, list[Node]] = {}
        for position, elements in enumerate(self.segments[1:], 2):
            children.setdefault(elements[0], []).append(Node(elements, position=position))
        return Node(self.segments[0], children, 1)


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """What an acknowledgment needs of a set when the set itself is gone."""

    set_id: str
    control: str
    implementation: str
    verdict: Verdict
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class GroupEnd:
    """A GE, or the point where one was missed. Counts are what was said and what was there."""

    start: GroupStart
    sets: Sequence[SetVerdict]
    findings: Sequence[Finding]
    said: str
    """GE01."""

    @property
    def accepted(self) -> list[SetVerdict]:
        return [one for one in self.sets if one.verdict != "R"]

    @property
    def rejected(self) -> list[SetVerdict]:
        return [one for one in self.sets if one.verdict == "R"]

    @property
    def verdict(self) -> Verdict:
        """AK901: R when the group is at fault or none of its sets is accepted, P when some are, E for errors noted."""
        if has_errors(self.findings) or (self.sets and not self.accepted):
            return "R"
        if self.rejected:
            return "P"
        noted = any(finding.ack for finding in self.findings) or any(one.verdict == "E" for one in self.sets)
        return "E" if noted else "A"


@dataclass(frozen=True)
class InterchangeEnd:
    """An IEA, or the point where one was missed."""

    start: InterchangeStart
    groups: Sequence[GroupEnd]
    findings: Sequence[Finding]
    """Of the whole envelope: ISA, IEA and what stood between groups."""

    @property
    def note(self) -> str:
        """TA105: the code of the first fault, before it of the first that rejects; 000 for none."""
        noted = sorted((one for one in self.findings if one.ack), key=lambda one: one.severity != "error")
        return noted[0].ack["TA105"] if noted and noted[0].ack else "000"

    @property
    def verdict(self) -> Verdict:
        """TA104: R when the envelope is at fault, E when faults are noted that forbid nothing."""
        return "R" if not self.accepted else "A" if self.note == "000" else "E"

    @property
    def accepted(self) -> bool:
        """Whether the envelope is sound. By default only then may what it holds take effect."""
        return not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class InterchangeAcknowledged:
    """A TA1 of a partner. `elements[1]` is the control number of ours that it answers, `elements[5]` its note."""

    elements: Sequence[str]
    interchange: InterchangeStart


@dataclass(frozen=True, slots=True)
class Stray:
    """A finding that belongs to the file: not X12, or text outside any interchange."""

    finding: Finding


Event = InterchangeStart | GroupStart | TransactionSet | GroupEnd | InterchangeEnd | InterchangeAcknowledged | Stray

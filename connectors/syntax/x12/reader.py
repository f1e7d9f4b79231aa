"""Reading X12: bytes in, interchanges, groups and transaction sets out, one at a time, whatever the file is like.

Memory is bounded by the largest transaction set. What is wrong is told by findings; nothing is passed over in silence
and nothing a partner sends raises.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import ELEMENT
from connectors.syntax.x12.envelope import (
    group_end_findings,
    group_place,
    group_start_findings,
    interchange_end_findings,
    interchange_place,
)
from connectors.syntax.x12.events import (
    Event,
    GroupEnd,
    GroupStart,
    InterchangeAcknowledged,
    InterchangeEnd,
    InterchangeStart,
    SetVerdict,
    Stray,
    TransactionSet,
)
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.header import service_findings
from connectors.syntax.x12.seeking import seek
from connectors.syntax.x12.transaction import STANDARD, Profile, decode, judge_set
from connectors.syntax.x12.window import Source, Window

_BOUNDARY = re.compile(rb"\x1e[ \t]*(?:(SE)|ST|GE|GS|IEA)(?=[\x1d\x1e])|\x1e[ \t]*ISA(?=[^A-Za-z0-9\x1e])")
_MOST_KEPT = 200_000
"""Findings of one interchange that are kept for its acknowledgment, so that memory is bounded however bad a file is."""
_LOOK_BACK = 16
"""Longer than any boundary, so that one cut in two by the end of the window is found again."""


def read(source: Source, profile: Profile | Callable[[InterchangeStart], Profile] = STANDARD) -> Iterator[Event]:
    """Everything in the source, in order.

    `source` is bytes, a binary file or an iterable of bytes; `profile` is one for all, or chosen for each interchange
    by its header. A source that holds no X12 yields one `Stray`.
    """
    return _Reader(Window(source), profile).events()


@dataclass
class _OpenGroup:
    start: GroupStart
    findings: list[Finding]
    sets: list[SetVerdict] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)


@dataclass
class _OpenInterchange:
    start: InterchangeStart
    findings: list[Finding]
    groups: list[GroupEnd] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)
    notes: int = 0
    kept: int = 0


class _Reader:
    def __init__(self, window: Window, profile: Profile | Callable[[InterchangeStart], Profile]) -> None:
        self._window = window
        self._choose = None if isinstance(profile, Profile) else profile
        self._profile = profile if isinstance(profile, Profile) else STANDARD
        self._interchange: _OpenInterchange | None = None
        self._group: _OpenGroup | None = None
        self._seen: set[tuple[tuple[str, str], tuple[str, str], str]] = set()

    def events(self) -> Iterator[Event]:
        found_any = False
        while True:
            if self._interchange is None:
                start = yield from seek(self._window, found_any=found_any)
                if start is None:
                    return
                found_any = True
                yield self._open(start)
            yield from self._segment()

    def _open(self, start: InterchangeStart) -> InterchangeStart:
        findings = list(start.findings)
        key = (start.sender, start.receiver, start.control)
        if key in self._seen and start.control:
            findings.append(fault("interchange-duplicate", interchange_place(start), value=start.control))
        self._seen.add(key)
        self._interchange = _OpenInterchange(start, findings)
        if self._choose:
            self._profile = self._choose(start)
        return start

    # Inside an interchange

    def _segment(self) -> Iterator[Event]:
        """Read one envelope segment, or one whole transaction set."""
        interchange = self._interchange
        assert interchange is not None
        if not self._at_segment():
            yield from self._close_interchange(interchange, None)
            return
        text, at = self._window.text, self._window.at
        if text.startswith((b"ST\x1d", b"ST\x1e"), at):
            yield from self._transaction_set(interchange)
        elif text.startswith(b"ISA", at) and not text[at + 3 : at + 4].isalnum():
            yield from self._close_interchange(interchange, None)
        else:
            yield from self._envelope(interchange, self._one_segment(interchange))

    def _at_segment(self) -> bool:
        """Move to the next segment's tag; False when there is none."""
        window = self._window
        while True:
            text, at = window.text, window.at
            while at < len(text) and text[at] in b" \t\r\n\x00\x1e\x1a":
                at += 1
            if at > window.at:
                window.take(at)
            if len(text) - at >= 8 or not window.fill():
                return window.at < len(window.text)

    def _one_segment(self, interchange: _OpenInterchange) -> list[str]:
        window = self._window
        while (end := window.text.find(b"\x1e", window.at)) < 0:
            if not window.fill():
                where = interchange_place(interchange.start)
                interchange.findings.append(fault("interchange-terminator", where))
                end = len(window.text)
                break
        taken, _ = window.take(min(end + 1, len(window.text)))
        return decode(taken.rstrip(b"\x1e \t\x00"))[0].split(ELEMENT)

    def _envelope(self, interchange: _OpenInterchange, elements: list[str]) -> Iterator[Event]:
        match elements[0].strip():
            case "GS":
                yield from self._start_group(interchange, elements)
            case "GE" if self._group:
                yield from self._close_group(interchange, elements)
            case "IEA":
                yield from self._close_interchange(interchange, elements)
            case "TA1":
                interchange.notes += 1
                yield InterchangeAcknowledged(elements, interchange.start)
            case "ISB" | "ISE" as tag:
                where = {**interchange_place(interchange.start), "tag": tag}
                interchange.findings.extend(service_findings(elements, where))
            case tag:
                yield from self._outside(interchange, tag, elements)

    def _outside(self, interchange: _OpenInterchange, tag: str, elements: list[str]) -> Iterator[Event]:
        """What belongs to no set: a segment is a fault of its envelope, anything else is a stray."""
        where = {**interchange_place(interchange.start), "tag": tag}
        if not re.fullmatch("[A-Z][A-Z0-9]{1,2}", tag) or len(elements) < 2:
            value = ELEMENT.join(elements)
            yield Stray(fault("text-outside", interchange_place(interchange.start), count=len(value), value=value[:40]))
        elif tag == "GE":
            interchange.findings.append(fault("group-trailer-alone", where))
        elif self._group:
            self._group.findings.append(fault("group-content", {**where, "group": self._group.start.control}))
        else:
            interchange.findings.append(fault("interchange-content", where))

    # Groups

    def _start_group(self, interchange: _OpenInterchange, elements: list[str]) -> Iterator[Event]:
        if self._group:
            yield from self._close_group(interchange, None)
        start = GroupStart(elements, interchange.start)
        findings = list(group_start_findings(start))
        if start.control in interchange.controls:
            findings.append(fault("group-control-duplicate", {**group_place(start), "tag": "GS"}, value=start.control))
        interchange.controls.add(start.control)
        start = replace(start, findings=tuple(findings))
        self._group = _OpenGroup(start, findings)
        yield start

    def _start_missing_group(self, interchange: _OpenInterchange) -> GroupStart:
        """Sets that stand outside any group are read as one, by the interchange's version."""
        version = (interchange.start.version or "00401").ljust(6, "0")
        start = GroupStart(["GS", "", "", "", "", "", "", "X", version], interchange.start)
        missing = fault("group-header-missing", {**interchange_place(interchange.start), "tag": "ST"})
        if interchange.start.elements[1:]:
            interchange.findings.append(missing)
        self._group = _OpenGroup(replace(start, findings=(missing,)), [])
        return self._group.start

    def _close_group(self, interchange: _OpenInterchange, trailer: list[str] | None) -> Iterator[Event]:
        group, self._group = self._group, None
        assert group is not None
        real = bool(group.start.functional_id)
        if real or trailer:
            group.findings.extend(group_end_findings(group.start, trailer, len(group.sets)))
        said = trailer[1].strip() if trailer and len(trailer) > 1 else ""
        ended = GroupEnd(group.start, tuple(group.sets), tuple(group.findings), said)
        if real:
            interchange.groups.append(ended)
        yield ended

    # Transaction sets

    def _transaction_set(self, interchange: _OpenInterchange) -> Iterator[Event]:
        if self._group is None:
            yield self._start_missing_group(interchange)
        group = self._group
        assert group is not None
        end, complete = self._find_set_end()
        raw, span = self._window.take(end)
        if not raw.endswith(b"\x1e"):
            interchange.findings.append(fault("interchange-terminator", interchange_place(interchange.start)))
        one = judge_set(raw, span, group.start, self._profile, complete=complete, controls=group.controls)
        one.binaries = self._window.take_binaries(span)
        group.sets.append(self._verdict(one, interchange))
        yield one

    def _verdict(self, one: TransactionSet, interchange: _OpenInterchange) -> SetVerdict:
        """What is kept of a set: all its findings, until an interchange has had very many, then the first."""
        kept = one.findings if interchange.kept < _MOST_KEPT else one.findings[:1]
        interchange.kept += len(kept)
        return SetVerdict(one.set_id, one.control, one.implementation, one.verdict, tuple(kept))

    def _find_set_end(self) -> tuple[int, bool]:
        """Where the set ends in the window, and whether an SE ends it."""
        window = self._window
        start = 2
        while True:
            match = _BOUNDARY.search(window.text, window.at + start)
            if match and match[1] is None:
                return match.start() + 1, False
            if match:
                end = window.text.find(b"\x1e", match.end())
                if end >= 0:
                    return end + 1, True
                start = match.start() - window.at
            else:
                start = max(2, len(window.text) - window.at - _LOOK_BACK)
            if not window.fill():
                return len(window.text), match is not None

    # The end of an interchange

    def _close_interchange(self, interchange: _OpenInterchange, trailer: list[str] | None) -> Iterator[Event]:
        if self._group:
            yield from self._close_group(interchange, None)
        self._interchange = None
        start, groups = interchange.start, interchange.groups
        only_notes = bool(interchange.notes) and not groups
        found = interchange_end_findings(start, trailer, len(groups), only_notes=only_notes)
        yield InterchangeEnd(start, tuple(groups), (*interchange.findings, *found))

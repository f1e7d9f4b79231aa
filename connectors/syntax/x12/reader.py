"""Reading X12: bytes in, interchanges, groups and transaction sets out, one at a time, whatever the file is like.

Memory is bounded by the largest transaction set. What is wrong is told by findings; nothing is passed over in silence
and nothing a partner sends raises.
"""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import ELEMENT, Delimiters
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
)
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.header import BARE, HEADER, WINDOW, guess_delimiters, header_findings, read_header
from connectors.syntax.x12.transaction import STANDARD, Profile, decode, judge_set
from connectors.syntax.x12.window import Source, Window

_BOUNDARY = re.compile(rb"\x1e[ \t]*(?:(SE)|ST|GE|GS|IEA)(?=[\x1d\x1e])|\x1e[ \t]*ISA(?=[^A-Za-z0-9\x1e])")
_BLANK = b" \t\r\n\x00\x1a\xef\xbb\xbf\xfe\xff"
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
                started = yield from self._find_start(found_any=found_any)
                if not started:
                    return
                found_any = True
            yield from self._segment()

    # Between interchanges

    def _find_start(self, *, found_any: bool) -> Generator[Event, None, bool]:
        """Pass over blanks and strays to the next header; returns whether there is one."""
        window = self._window
        head = window.peek(WINDOW)
        blank = len(head) - len(head.lstrip(_BLANK))
        if BARE.match(head, blank) and guess_delimiters(head[blank:]):
            window.skip(blank)
            yield self._start_bare()
            return True
        if HEADER.match(head, blank):
            window.skip(blank)
            if start := self._start_interchange():
                yield start
                return True
        return (yield from self._search_start(found_any=found_any))

    def _search_start(self, *, found_any: bool) -> Generator[Event, None, bool]:
        """Pass over what is no header, and report it."""
        window = self._window
        window.read_with(None)
        skipped = b""
        while True:
            window.peek(WINDOW)
            rest = window.rest
            header = HEADER.search(rest)
            if header:
                skipped += rest[: header.start()]
                window.skip(header.start())
                if start := self._start_interchange():
                    yield from self._strays(skipped, start.offset, found_any=True)
                    yield start
                    return True
            step = 1 if header else max(len(rest) - _LOOK_BACK, 0)
            skipped = (skipped + window.rest[:step])[-4096:]
            window.skip(step)
            if not header and not window.fill():
                skipped += window.rest
                window.skip(len(window.rest))
                yield from self._strays(skipped, window.offset, found_any=found_any)
                return False

    def _strays(self, skipped: bytes, end: int, *, found_any: bool) -> Iterator[Stray]:
        text = skipped.strip(_BLANK)
        value = text[:40].decode("latin-1")
        if not found_any:
            yield Stray(fault("not-x12", {"offset": 0}, value=value))
        elif text:
            yield Stray(fault("text-outside", {"offset": end - len(skipped)}, count=len(text), value=value))

    def _start_interchange(self) -> InterchangeStart | None:
        """Read the ISA the window stands at; None when it is none after all."""
        window = self._window
        found = read_header(window.peek(WINDOW))
        if found is None:
            return None
        elements, delimiters, length = found
        findings = list(header_findings(elements, delimiters))
        start = InterchangeStart(elements, delimiters, window.offset, tuple(findings))
        key = (start.sender, start.receiver, start.control)
        if key in self._seen:
            findings.append(fault("interchange-duplicate", interchange_place(start), value=start.control))
        self._seen.add(key)
        window.skip(length)
        window.read_with(delimiters)
        self._open(start, findings)
        return start

    def _start_bare(self) -> InterchangeStart:
        """GS or ST without ISA: an interchange that is at fault from its first byte."""
        window = self._window
        head = window.peek(WINDOW)
        delimiters = guess_delimiters(head) or Delimiters()
        missing = fault("interchange-header-missing", {"tag": head[:2].decode("latin-1"), "segment": 1})
        start = InterchangeStart(["ISA"], delimiters, window.offset, (missing,))
        window.read_with(delimiters)
        self._open(start, [missing])
        return start

    def _open(self, start: InterchangeStart, findings: list[Finding]) -> None:
        self._interchange = _OpenInterchange(start, findings)
        if self._choose:
            self._profile = self._choose(start)

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
        group.sets.append(SetVerdict(one.set_id, one.control, one.implementation, one.verdict, tuple(one.findings)))
        yield one

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

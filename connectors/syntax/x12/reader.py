"""Reading X12: bytes in, interchanges, groups and transaction sets out, one at a time, whatever the file is like.

Memory is bounded by the largest transaction set. What is wrong is told by findings; nothing is passed over in silence
and nothing a partner sends raises.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from canonical.finding import Finding, has_errors
from connectors.syntax.x12.delimiters import ELEMENT, SEGMENT, Delimiters
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
    Verdict,
)
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import nearest_release
from connectors.syntax.x12.header import BARE, HEADER, WINDOW, guess_delimiters, header_findings, read_header
from connectors.syntax.x12.judge import Judge, find_judge, split, tidy
from connectors.syntax.x12.window import Source, Window

_BOUNDARY = re.compile(rb"\x1e[ \t]*(?:(SE)|ST|GE|GS|IEA)(?=[\x1d\x1e])|\x1e[ \t]*ISA(?=[^A-Za-z0-9\x1e])")
_BLANK = b" \t\r\n\x00\x1a\xef\xbb\xbf\xfe\xff"


@dataclass(frozen=True)
class Profile:
    """How one partner's interchanges are read.

    `find_judge` gives the grammar for a version and a set; `tolerated` are the codes of findings that do not reject a
    set (it is then accepted with errors noted).
    """

    find_judge: Callable[[str, str], Judge | None] = find_judge
    tolerated: frozenset[str] = frozenset()


STANDARD = Profile()


def read(source: Source, profile: Profile | Callable[[InterchangeStart], Profile] = STANDARD) -> Iterator[Event]:
    """Everything in the source, in order.

    `source` is bytes, a binary file or an iterable of bytes; `profile` is one for all, or chosen for each interchange
    by its header. A source that holds no X12 yields one `Stray`.
    """
    return _Reader(Window(source), profile).events()


@dataclass
class _OpenGroup:
    start: GroupStart
    sets: list[SetVerdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)


@dataclass
class _OpenInterchange:
    start: InterchangeStart
    findings: list[Finding]
    groups: list[GroupEnd] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)


class _Reader:
    def __init__(self, window: Window, profile: Profile | Callable[[InterchangeStart], Profile]) -> None:
        self._window = window
        self._choose = profile if callable(profile) else None
        self._profile = STANDARD if callable(profile) else profile
        self._delimiters = Delimiters()
        self._interchange: _OpenInterchange | None = None
        self._group: _OpenGroup | None = None
        self._seen: set[tuple[object, ...]] = set()

    def events(self) -> Iterator[Event]:
        found_any = False
        while True:
            if self._interchange is None and self._group is None:
                started = yield from self._find_start(found_any=found_any)
                if not started:
                    return
                found_any = True
            yield from self._segment()

    # --- between interchanges -----------------------------------------------------------------------------------

    def _find_start(self, *, found_any: bool) -> Iterator[Event]:
        """Pass over blanks and strays to the next header; returns whether there is one."""
        window = self._window
        window.read_with(None)
        skipped = b""
        while True:
            while len(window.rest) < WINDOW and window.fill():
                pass
            rest = window.rest
            blank = len(rest) - len(rest.lstrip(_BLANK))
            bare = BARE.match(rest, blank) if not skipped.strip(_BLANK) else None
            header = HEADER.search(rest)
            if bare and guess_delimiters(rest[blank : blank + WINDOW]):
                window.skip_raw(blank)
                yield from self._start_bare()
                return True
            if header:
                skipped += rest[: header.start()]
                window.skip_raw(header.start())
                yield from self._strays(skipped, found_any=True)
                if (yield from self._start_interchange()):
                    return True
                skipped = window.rest[:3]
                window.skip_raw(3)
                found_any = True
                continue
            keep = min(len(rest), 8)
            skipped = (skipped + rest[: len(rest) - keep])[-4096:]
            window.skip_raw(len(rest) - keep)
            if not window.fill():
                yield from self._strays(skipped + window.rest, found_any=found_any)
                window.skip_raw(len(window.rest))
                return False

    def _strays(self, skipped: bytes, *, found_any: bool) -> Iterator[Event]:
        if not found_any:
            yield Stray(fault("not-x12", {"offset": 0}, value=skipped[:40].decode("latin-1")))
        elif text := skipped.strip(_BLANK):
            where = {"offset": self._window.offset - len(skipped)}
            yield Stray(fault("text-outside", where, count=len(text), value=text[:40].decode("latin-1")))

    def _start_interchange(self) -> Iterator[Event]:
        """Read the ISA the window stands at; returns False when it is none after all."""
        window = self._window
        while len(window.rest) < WINDOW and window.fill():
            pass
        found = read_header(window.rest[:WINDOW])
        if found is None:
            return False
        elements, delimiters, length = found
        offset = window.offset
        window.skip_raw(length)
        self._delimiters = delimiters
        findings = list(header_findings(elements, delimiters))
        start = InterchangeStart(elements, delimiters, offset, tuple(findings))
        key = (start.sender, start.receiver, start.control)
        if key in self._seen:
            findings.append(fault("interchange-duplicate", self._where(start), value=start.control))
        self._seen.add(key)
        self._interchange = _OpenInterchange(start, findings)
        if self._choose:
            self._profile = self._choose(start)
        window.read_with(delimiters)
        yield start
        return True

    def _start_bare(self) -> Iterator[Event]:
        """GS or ST without ISA: an interchange that is at fault from its first byte."""
        window = self._window
        delimiters = guess_delimiters(window.rest[:WINDOW])
        assert delimiters is not None
        self._delimiters = delimiters
        start = InterchangeStart(["ISA"], delimiters, window.offset)
        missing = fault("interchange-header-missing", {"tag": window.rest[:2].decode("latin-1"), "segment": 1})
        start = replace(start, findings=(missing,))
        self._interchange = _OpenInterchange(start, [missing])
        window.read_with(delimiters)
        yield start

    # --- inside an interchange ----------------------------------------------------------------------------------

    def _segment(self) -> Iterator[Event]:
        """Read one envelope segment, or one whole transaction set."""
        window = self._window
        if not self._at_segment():
            yield from self._close_interchange(None)
            return
        text, at = window.text, window.at
        if text.startswith(b"ST\x1d", at) or text.startswith(b"ST\x1e", at):
            yield from self._transaction_set()
        elif text.startswith(b"ISA", at) and text[at + 3 : at + 4] not in (b"\x1e", b""):
            yield from self._close_interchange(None)
        else:
            yield from self._envelope(self._one_segment())

    def _at_segment(self) -> bool:
        """Move to the next segment's tag; False when there is none."""
        window = self._window
        while True:
            text = window.text
            while window.at < len(text) and text[window.at] in b" \t\r\n\x00\x1e\x1a":
                window.take(window.at + 1)
            if len(text) - window.at >= 8 or not window.fill():
                return window.at < len(window.text)

    def _one_segment(self) -> list[str]:
        window = self._window
        while (end := window.text.find(b"\x1e", window.at)) < 0:
            if not window.fill():
                end = len(window.text)
                break
        taken, _ = window.take(min(end + 1, len(window.text)))
        return _decode(taken.rstrip(b"\x1e \t\x00"))[0].split(ELEMENT)

    def _envelope(self, elements: list[str]) -> Iterator[Event]:
        match elements[0].strip():
            case "GS":
                yield from self._start_group(elements)
            case "GE":
                yield from self._close_group(elements)
            case "IEA":
                yield from self._close_interchange(elements)
            case "TA1" if self._interchange:
                yield InterchangeAcknowledged(elements, self._interchange.start)
            case tag:
                yield from self._outside(tag, elements)

    def _outside(self, tag: str, elements: list[str]) -> Iterator[Event]:
        """A segment that belongs to no set: what looks like one is a set without header, the rest is a stray."""
        if re.fullmatch("[A-Z][A-Z0-9]{1,2}", tag) and len(elements) > 1:
            found = fault("set-header-missing", {**self._place(), "tag": tag}, tag=tag)
            if self._group:
                self._group.findings.append(replace(found, ack={"AK905": "5"}))
            elif self._interchange:
                self._interchange.findings.append(replace(found, ack={"TA105": "024"}))
            return
        value = ELEMENT.join(elements)
        yield Stray(fault("text-outside", self._place(), count=len(value), value=value[:40]))

    # --- groups -------------------------------------------------------------------------------------------------

    def _start_group(self, elements: list[str]) -> Iterator[Event]:
        if self._group:
            yield from self._close_group(None)
        interchange = self._interchange
        start = GroupStart(elements, interchange.start if interchange else None)
        findings = list(self._group_findings(start))
        if interchange:
            if start.control in interchange.controls:
                findings.append(fault("group-control-duplicate", self._group_place(start), value=start.control))
            interchange.controls.add(start.control)
        start = replace(start, findings=tuple(findings))
        self._group = _OpenGroup(start, findings=findings)
        yield start

    def _group_findings(self, start: GroupStart) -> Iterator[Finding]:
        where = self._group_place(start)
        if not re.fullmatch(r"\d{1,9}", start.control):
            yield fault("group-control-invalid", {**where, "element": 6}, value=start.control)
        if not re.fullmatch(r"00\d{4}.{0,6}", start.version):
            yield fault("group-version", {**where, "element": 8}, value=start.version)
            return
        release = nearest_release(start.version).name
        if release != start.version:
            yield fault("release-nearest", {**where, "element": 8}, value=start.version, release=release)

    def _close_group(self, elements: list[str] | None) -> Iterator[Event]:
        group, self._group = self._group, None
        if group is None:
            if self._interchange:
                self._interchange.findings.append(fault("group-trailer-alone", {**self._place(), "tag": "GE"}))
            return
        where = self._group_place(group.start)
        said = elements[1].strip() if elements and len(elements) > 1 else ""
        trailer = elements[2].strip() if elements and len(elements) > 2 else ""
        if elements is None:
            group.findings.append(fault("group-trailer-missing", {**where, "tag": "GE"}))
        else:
            if not _same_number(said, len(group.sets)):
                at = {**where, "tag": "GE", "element": 1}
                group.findings.append(fault("group-count", at, said=said or "nothing", count=len(group.sets)))
            if not _same(trailer, group.start.control):
                at = {**where, "tag": "GE", "element": 2}
                group.findings.append(fault("group-control-mismatch", at, trailer=trailer, header=group.start.control))
        ended = GroupEnd(group.start, tuple(group.sets), tuple(group.findings), said)
        if self._interchange:
            self._interchange.groups.append(ended)
        yield ended

    # --- transaction sets ---------------------------------------------------------------------------------------

    def _transaction_set(self) -> Iterator[Event]:
        if self._group is None:
            yield from self._start_missing_group()
        end, complete = self._find_set_end()
        raw, span = self._window.take(end)
        text, encoding = _decode(raw)
        if not text.endswith(SEGMENT):
            text += SEGMENT
        yield self._judge(text, encoding, span, complete=complete)

    def _start_missing_group(self) -> Iterator[Event]:
        """Sets that stand outside any group are read as one of an unknown kind, by the interchange's version."""
        version = (self._interchange.start.version if self._interchange else "") or "00401"
        start = GroupStart(["GS", "", "", "", "", "", "", "X", version.ljust(6, "0")], self._interchange.start if self._interchange else None)
        missing = fault("group-header-missing", {**self._place(), "tag": "ST"})
        if self._interchange and start.interchange and start.interchange.elements[1:]:
            self._interchange.findings.append(missing)
        self._group = _OpenGroup(replace(start, findings=(missing,)), findings=[])
        yield self._group.start

    def _find_set_end(self) -> tuple[int, bool]:
        """Where the set ends, and whether an SE ends it."""
        window = self._window
        start = window.at + 2
        while True:
            match = _BOUNDARY.search(window.text, start)
            if match and match[1] is None:
                return match.start() + 1, False
            if match:
                end = window.text.find(b"\x1e", match.end())
                if end >= 0:
                    return end + 1, True
            length = len(window.text) - window.at
            if not window.fill():
                return len(window.text), match is not None
            start = window.at + max(2, length - 16 if match is None else match.start() - window.at)
            if match is not None:
                start = window.at + 2

    def _judge(self, text: str, encoding: str, span: tuple[int, int], *, complete: bool) -> TransactionSet:
        group = self._group
        assert group is not None
        version = group.start.version
        segments = split(text)
        header = segments[0]
        set_id = header[1] if len(header) > 1 else ""
        control = header[2].strip() if len(header) > 2 else ""
        where = {**self._group_place(group.start), "set": control}
        where.pop("tag", None)
        found: list[Finding] = []
        if "" in (one[0].strip(" \t\x00") for one in segments) or any(one[0][0] in " \t\x00" for one in segments):
            text, found = tidy(text, where)
            segments = split(text)
        judge = self._profile.find_judge(version, set_id)
        if judge is None:
            code = "set-unsupported" if re.fullmatch(r"\d{3}", set_id) else "set-identifier"
            release = nearest_release(version).name
            found.append(fault(code, {**where, "segment": 1, "tag": "ST", "element": 1}, set=set_id, release=release))
        else:
            found += judge.findings(text, segments, where)
        if not complete:
            found.append(fault("set-trailer-missing", {**where, "segment": len(segments), "tag": "SE"}))
        found += self._trailer_findings(segments, control, where, complete=complete)
        verdict = self._verdict(found)
        group.sets.append(SetVerdict(set_id, control, header[3] if len(header) > 3 else "", verdict, tuple(found)))
        start = group.start.interchange
        return TransactionSet(
            set_id, control, header[3] if len(header) > 3 else "", version, group.start, start, judge, text, encoding,
            span, len(segments), found, verdict, self._delimiters,
        )

    def _trailer_findings(
        self, segments: list[list[str]], control: str, where: dict[str, int | str], *, complete: bool
    ) -> Iterator[Finding]:
        group = self._group
        assert group is not None
        if not 4 <= len(control) <= 9:
            yield fault("set-control-invalid", {**where, "segment": 1, "tag": "ST", "element": 2}, value=control)
        if control in group.controls:
            yield fault("set-control-duplicate", {**where, "segment": 1, "tag": "ST", "element": 2}, value=control)
        group.controls.add(control)
        if not complete:
            return
        trailer = segments[-1]
        said = trailer[1].strip() if len(trailer) > 1 else ""
        named = trailer[2].strip() if len(trailer) > 2 else ""
        at = {**where, "segment": len(segments), "tag": "SE"}
        if not _same_number(said, len(segments)):
            yield fault("set-count", {**at, "element": 1}, said=said or "nothing", count=len(segments))
        if named != control:
            yield fault("set-control-mismatch", {**at, "element": 2}, trailer=named, header=control)

    def _verdict(self, found: list[Finding]) -> Verdict:
        faults = [finding for finding in found if finding.severity == "error"]
        if not faults:
            return "A"
        return "E" if all(finding.code in self._profile.tolerated for finding in faults) else "R"

    # --- the end of an interchange ------------------------------------------------------------------------------

    def _close_interchange(self, elements: list[str] | None) -> Iterator[Event]:
        if self._group:
            yield from self._close_group(None)
        interchange, self._interchange = self._interchange, None
        if interchange is None:
            return
        self._window.read_with(None)
        start = interchange.start
        where = self._where(start)
        if elements is None:
            if start.elements[1:]:
                interchange.findings.append(fault("interchange-trailer-missing", {**where, "tag": "IEA"}))
        else:
            said = elements[1].strip() if len(elements) > 1 else ""
            trailer = elements[2].strip() if len(elements) > 2 else ""
            if not _same_number(said, len(interchange.groups)):
                at = {**where, "tag": "IEA", "element": 1}
                count = len(interchange.groups)
                interchange.findings.append(fault("interchange-count", at, said=said or "nothing", count=count))
            if not _same(trailer, start.control):
                at = {**where, "tag": "IEA", "element": 2}
                found = fault("interchange-control-mismatch", at, trailer=trailer, header=start.control)
                interchange.findings.append(found)
        yield InterchangeEnd(start, tuple(interchange.groups), tuple(interchange.findings))

    # --- places -------------------------------------------------------------------------------------------------

    def _where(self, start: InterchangeStart) -> dict[str, int | str]:
        return {"interchange": start.control}

    def _place(self) -> dict[str, int | str]:
        return self._where(self._interchange.start) if self._interchange else {}

    def _group_place(self, start: GroupStart) -> dict[str, int | str]:
        return {**self._place(), "group": start.control, "tag": "GS"}


def _decode(raw: bytes) -> tuple[str, str]:
    """Text and how it was read; latin-1 takes any byte, so nothing is lost."""
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def _same_number(said: str, count: int) -> bool:
    return said.isascii() and said.isdigit() and int(said) == count


def _same(one: str, other: str) -> bool:
    """Control numbers are equal as numbers: leading zeros are no difference."""
    return one == other or (one.isdigit() and other.isdigit() and int(one) == int(other))

"""What the envelopes say of themselves, held against what is there: counts, control numbers, versions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from canonical.finding import Finding
from connectors.syntax.x12.events import GroupStart, InterchangeStart
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import nearest_release

Where = dict[str, int | str]


def interchange_place(start: InterchangeStart) -> Where:
    return {"interchange": start.control} if start.control else {}


def group_place(start: GroupStart) -> Where:
    return {**interchange_place(start.interchange), "group": start.control}


def group_start_findings(start: GroupStart) -> Iterator[Finding]:
    """Of a GS alone."""
    where: Where = {**group_place(start), "tag": "GS"}
    if not re.fullmatch(r"\d{1,9}", start.control):
        yield fault("group-control-invalid", {**where, "element": 6}, value=start.control)
    if not re.fullmatch(r"00\d{4}.{0,6}", start.version):
        yield fault("group-version", {**where, "element": 8}, value=start.version)
        return
    release = nearest_release(start.version).name
    if release != start.version:
        yield fault("release-nearest", {**where, "element": 8}, value=start.version, release=release)


def group_end_findings(start: GroupStart, trailer: Sequence[str] | None, sets: int) -> Iterator[Finding]:
    """Of a GE, or of its absence (`trailer` None); `sets` is how many there were."""
    where: Where = {**group_place(start), "tag": "GE"}
    if trailer is None:
        yield fault("group-trailer-missing", where)
        return
    said, control = _two(trailer)
    if not _is_number(said, sets):
        yield fault("group-count", {**where, "element": 1}, said=said or "nothing", count=sets)
    if not _same_control(control, start.control):
        yield fault("group-control-mismatch", {**where, "element": 2}, trailer=control, header=start.control)


def interchange_end_findings(
    start: InterchangeStart, trailer: Sequence[str] | None, groups: int, *, only_notes: bool
) -> Iterator[Finding]:
    """Of an IEA, or of its absence. An interchange that holds TA1s only may say 0 groups or 1."""
    where: Where = {**interchange_place(start), "tag": "IEA"}
    if trailer is None:
        if start.elements[1:]:
            yield fault("interchange-trailer-missing", where)
        return
    said, control = _two(trailer)
    if not _is_number(said, groups) and not (only_notes and _is_number(said, 1)):
        yield fault("interchange-count", {**where, "element": 1}, said=said or "nothing", count=groups)
    if not _same_control(control, start.control):
        yield fault("interchange-control-mismatch", {**where, "element": 2}, trailer=control, header=start.control)


def set_findings(
    segments: Sequence[Sequence[str]], control: str, where: Mapping[str, int | str], *, complete: bool
) -> Iterator[Finding]:
    """Of ST and SE; `complete` says that there is an SE."""
    if not 4 <= len(control) <= 9:
        yield fault("set-control-invalid", {**where, "segment": 1, "tag": "ST", "element": 2}, value=control)
    at: Where = {**where, "segment": len(segments), "tag": "SE"}
    if not complete:
        yield fault("set-trailer-missing", {**at, "segment": len(segments) + 1})
        return
    said, named = _two(segments[-1])
    if not _is_number(said, len(segments)):
        yield fault("set-count", {**at, "element": 1}, said=said or "nothing", count=len(segments))
    if named != control:
        yield fault("set-control-mismatch", {**at, "element": 2}, trailer=named, header=control)


def _two(trailer: Sequence[str]) -> tuple[str, str]:
    """The count and the control number of a trailer, blank where it is cut short."""
    count, control = (*(one.strip() for one in trailer[1:3]), "", "")[:2]
    return count, control


def _is_number(said: str, count: int) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 18 and int(said) == count


def _same_control(one: str, other: str) -> bool:
    """Control numbers are equal as numbers: leading zeros are no difference."""
    return one == other or (one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0"))

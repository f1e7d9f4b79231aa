"""What the envelopes say of themselves, held against what is there: counts, control numbers, versions."""

import re
from collections.abc import Iterator, Sequence

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import ELEMENT, SEGMENT
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
    if not re.fullmatch(r"[A-Z][A-Z0-9]", start.functional_id):
        yield fault("group-identifier", {**where, "element": 1}, value=start.functional_id)
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
    if start.is_whole and control != start.control:
        same = _same_control(control, start.control)
        code = "interchange-control-format" if same else "interchange-control-mismatch"
        yield fault(code, {**where, "element": 2}, trailer=control, header=start.control)


def st_place(group: GroupStart, control: str) -> Where:
    """ST02 of a set."""
    return {**group_place(group), "set": control, "segment": 1, "tag": "ST", "element": 2}


def set_findings(text: str, count: int, group: GroupStart, control: str, *, complete: bool) -> list[Finding]:
    """Of ST and SE. `text` is the set in canonical delimiters, `count` its segments; `complete`: there is an SE."""
    found: list[Finding] = []
    if not 4 <= len(control.strip()) <= 9:
        found.append(fault("set-control-invalid", st_place(group, control), value=control))
    at: Where = {"segment": count, "tag": "SE"}
    if not complete:
        at["segment"] = count + 1
        place = {**st_place(group, control), **at}
        del place["element"]
        return [*found, fault("set-trailer-missing", place)]
    said, named = _two(text[text.rfind(SEGMENT, 0, -1) + 1 : -1].split(ELEMENT))
    if not _is_number(said, count):
        at = {**st_place(group, control), **at, "element": 1}
        found.append(fault("set-count", at, said=said or "nothing", count=count))
    if named != control.strip():
        at = {**st_place(group, control), **at, "element": 2}
        found.append(fault("set-control-mismatch", at, trailer=named, header=control))
    return found


def _two(trailer: Sequence[str]) -> tuple[str, str]:
    """The count and the control number of a trailer, blank where it is cut short."""
    count, control = (*(one.strip() for one in trailer[1:3]), "", "")[:2]
    return count, control


def _is_number(said: str, count: int) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 18 and int(said) == count


def _same_control(one: str, other: str) -> bool:
    """Control numbers are equal as numbers: leading zeros are no difference."""
    return one == other or (one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0"))

"""One transaction set's bytes, judged: what the reader does between ST and SE."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from canonical.finding import Finding, has_errors
from connectors.syntax.x12.delimiters import COMPONENT, ELEMENT, REPETITION, SEGMENT, Delimiters
from connectors.syntax.x12.envelope import group_place, set_findings, st_place
from connectors.syntax.x12.events import GroupStart, TransactionSet, Verdict
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import nearest_release
from connectors.syntax.x12.judge import Judge, find_judge, tidy, untidy


@dataclass(frozen=True)
class Profile:
    """How one partner's interchanges are read.

    `find_judge` gives the grammar for a version and a set; without one, sets are read but not judged, and their trees
    are flat. `tolerated` are the codes of findings that do not reject a
    set (it is then accepted with errors noted).
    """

    find_judge: Callable[[str, str], Judge | None] | None = find_judge
    tolerated: frozenset[str] = frozenset()


STANDARD = Profile()

_REPEATING = "004020"
"""The first release in which elements may be repeated; before, the repetition separator is a character like any."""


def judge_set(
    raw: bytes,
    span: tuple[int, int],
    group: GroupStart,
    profile: Profile,
    *,
    complete: bool,
    controls: set[str],
) -> TransactionSet:
    """The set in `raw` (canonical delimiters) with its findings and its verdict.

    `complete` says that an SE ends it; `controls` are the control numbers seen in its group, to which its own is added.
    """
    text, encoding = decode(raw)
    if not text.endswith(SEGMENT):
        text += SEGMENT
    _, set_id, control, implementation = (*text[: text.index(SEGMENT)].split(ELEMENT), "", "", "")[:4]
    judge = profile.find_judge(group.version, set_id) if profile.find_judge else None
    if REPETITION in text and judge and judge.grammar.release < _REPEATING:
        text = text.replace(REPETITION, group.interchange.delimiters.repetition)
    found: list[Finding] = []
    if profile.find_judge and not (judge and complete and judge.accepts(text)):
        text, found = _exactly(text, set_id, judge, group, control)
    known = judge and group.functional_id and not has_errors(group.findings)
    if judge and known and judge.grammar.functional_id != group.functional_id:
        facts = {"set": set_id, "group": group.functional_id, "own": judge.grammar.functional_id}
        found.append(fault("set-wrong-group", {**st_place(group, control), "element": 1}, **facts))
    count = text.count(SEGMENT)
    found += set_findings(text, count, group, control, complete=complete)
    if control in controls:
        found.append(fault("set-control-duplicate", st_place(group, control), value=control))
    controls.add(control)
    return TransactionSet(
        set_id=set_id,
        control=control,
        implementation=implementation,
        group=group,
        judge=judge,
        text=text,
        encoding=encoding,
        span=span,
        segment_count=count,
        findings=found,
        verdict=_verdict(found, profile.tolerated) if found else "A",
    )


def _exactly(text: str, set_id: str, judge: Judge | None, group: GroupStart, control: str) -> tuple[str, list[Finding]]:
    """The text without what is no segment, and all that is wrong with it."""
    where: dict[str, int | str] = {**group_place(group), "set": control}
    found: list[Finding] = []
    if untidy(text):
        text, found = tidy(text, where)
    if judge:
        found += _restored(judge.findings(text, where), text, group.interchange.delimiters)
    else:
        found.append(_unsupported(set_id, group.version, st_place(group, control)))
    return text, found


def _restored(found: list[Finding], text: str, delimiters: Delimiters) -> list[Finding]:
    """The findings with the interchange's own separators in the values they show."""
    if COMPONENT not in text and REPETITION not in text:
        return found
    own = str.maketrans({COMPONENT: delimiters.component, REPETITION: delimiters.repetition})
    return [replace(one, facts={**one.facts, "value": str(one.facts.get("value", "")).translate(own)}) for one in found]


def _unsupported(set_id: str, version: str, where: dict[str, int | str]) -> Finding:
    where["element"] = 1
    code = "set-unsupported" if re.fullmatch(r"\d{3}", set_id) else "set-identifier"
    return fault(code, where, set=set_id, release=nearest_release(version).name)


def _verdict(found: Sequence[Finding], tolerated: frozenset[str]) -> Verdict:
    faults = [finding for finding in found if finding.severity == "error"]
    if not faults:
        return "A"
    return "E" if all(finding.code in tolerated for finding in faults) else "R"


def decode(raw: bytes) -> tuple[str, str]:
    """Text and how it was read: UTF-8, else latin-1, which takes any byte, so that nothing is lost."""
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"

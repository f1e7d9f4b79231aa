"""An independent referee: pyx12 judges what we judge, by the same grammars, and the two verdicts are compared.

pyx12 cannot judge everything; what it cannot it says plainly (`Verdicts.refused`). Where the two differ for a reason
that is known, the reason is in `KNOWN`; a difference with none is a fault of ours, of the grammar or of pyx12, and has
to be looked into.
"""

import atexit
import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from pyx12.errors import EngineError, X12Error
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from connectors.syntax.x12.events import TransactionSet
from connectors.syntax.x12.grammar import find_grammar
from connectors.syntax.x12.referee_maps import write_maps


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One fault: the segment's number in its set (ST is 1), the element's (0: the segment itself), and the code.

    For a segment the code is AK304, for an element AK403, for the set as a whole (segment 0) AK502.
    """

    segment: int
    tag: str
    element: int
    code: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one judge says of one transaction set."""

    control: str
    accepted: bool
    notes: frozenset[Note]
    nested: frozenset[Note] = frozenset()
    """Those of `notes` that tell of a segment missing inside a loop (ours only)."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What pyx12 says of a file, or why it cannot judge it."""

    sets: Sequence[Verdict] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something only one of the two says; without a note, that it rejects the set. `reason` is empty when unknown."""

    control: str
    side: str
    note: Note | None
    reason: str


_HEADER = 106
"""The width of ISA with its terminator."""


def judge(content: bytes) -> Verdicts:
    """pyx12's verdict on every transaction set of the file, by our grammars."""
    for reason in _limits(content):
        return Verdicts(refused=reason)
    text = content.decode("ascii")
    version, wanted = _wanted([one.strip("\r\n").split(text[3]) for one in text.split(text[_HEADER - 1])])
    if not version:
        return Verdicts(
            refused="several versions, or two kinds of set in one kind of group: pyx12 has one map for each"
        )
    folder = _maps(version, text[84:89], tuple(sorted(wanted.items())))
    if folder is None:
        return Verdicts(refused="a set without a grammar")
    answer = io.StringIO()
    with _silence():
        try:
            x12n_document(ParamsBase(), io.StringIO(text), None, None, fd_json=answer, map_path=str(folder))
        except (EngineError, X12Error, IndexError, AttributeError, AssertionError, ValueError) as error:
            return Verdicts(refused=f"pyx12 failed: {type(error).__name__}: {error}")
    return Verdicts(sets=list(_parse(json.loads(answer.getvalue()))))


def _wanted(segments: Sequence[Sequence[str]]) -> tuple[str, Mapping[str, str]]:
    """GS08, empty if there are several, and the set within each GS01."""
    versions: set[str] = set()
    wanted: dict[str, str] = {}
    functional_id = ""
    for one in segments:
        if one[0] == "GS":
            functional_id = one[1]
            versions.add(one[8])
        elif one[0] == "ST" and wanted.setdefault(functional_id, one[1]) != one[1]:
            versions.add("")
    return versions.pop() if len(versions) == 1 else "", wanted


@contextmanager
def _silence() -> Iterator[None]:
    """pyx12 logs every fault it finds, and some of its loggers set their own level."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "pyx12"]
    loggers = [logging.getLogger(name) for name in ("pyx12", *names)]
    before = [one.disabled for one in loggers]
    for one in loggers:
        one.disabled = True
    try:
        yield
    finally:
        for one, state in zip(loggers, before, strict=True):
            one.disabled = state


def _limits(content: bytes) -> Iterator[str]:
    """Why pyx12 cannot judge this file; nothing when it can."""
    if not content.startswith(b"ISA") or len(content) < _HEADER:
        yield "the file does not begin with a whole ISA"
        return
    if not content.isascii():
        yield "characters beyond ASCII"
    element, end = content[3:4], content[_HEADER - 1 : _HEADER]
    if content[84:89] not in (b"00401", b"00501") or content[: _HEADER - 1].count(element) != 16:
        yield "ISA12 is neither 00401 nor 00501, or ISA is not of fixed width"
    *body, rest = (one.strip(b"\r\n") for one in content.split(end))
    if rest.strip():
        yield "the last segment has no terminator"
    if not all(one.strip() for one in body):
        yield "an empty segment: pyx12 stops there"
    heads = [one.split(element) for one in body]
    if sum(one[0] == b"ISA" for one in heads) != 1 or heads[-1][0] != b"IEA":
        yield "not exactly one interchange"
    if {len(one) for one in heads if one[0] == b"GS"} != {9}:
        yield "no functional group, or GS has not eight elements"


@lru_cache
def _folder() -> Path:
    """Where the maps are, for the life of the process."""
    folder = Path(mkdtemp(prefix="referee-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder


@lru_cache
def _maps(version: str, interchange: str, wanted: tuple[tuple[str, str], ...]) -> Path | None:
    """A folder of maps for these versions and these sets by GS01; None when a set has no grammar."""
    grammars = {functional_id: find_grammar(version, set_id) for functional_id, set_id in wanted}
    known = {functional_id: grammar for functional_id, grammar in grammars.items() if grammar}
    if len(known) < len(grammars):
        return None
    folder = Path(mkdtemp(dir=_folder()))
    write_maps(folder, version, interchange, known)
    return folder


def _parse(answer: Any) -> Iterator[Verdict]:
    """The verdicts in pyx12's report."""
    for interchange in answer["interchanges"]:
        for group in interchange["groups"]:
            for one in group["transactions"]:
                notes = {Note(0, "", 0, error["err_cde"]) for error in one["errors"]}
                for segment in one["segments"]:
                    notes.update(_segment_notes(segment))
                yield Verdict(one["trn_set_control_num"], one["ack_code"] in ("A", "E"), frozenset(notes))


def _segment_notes(segment: Any) -> Iterator[Note]:
    number, tag = segment["seg_count"], segment["seg_id"]
    for error in segment["errors"]:
        said = error["err_str"]
        if composite := _COMPOSITE.match(said):
            yield Note(number, tag, int(composite[1]), "1")
            continue
        code = next((code for start, code in _WITHIN.items() if said.startswith(start)), error["err_cde"])
        yield Note(number, tag, 0, code)
    for element in segment["elements"]:
        for error in element["errors"]:
            yield Note(number, tag, element["ele_pos"], error["err_cde"])


_WITHIN = {"Syntax Error (E": "10", "Syntax Error": "2", "Too many elements": "3"}
"""What pyx12 says of a segment as a whole, though its code (8) does not."""
_COMPOSITE = re.compile(r"Mandatory composite .*\(\w+(\d\d)\) is missing")


def verdict_of(one: TransactionSet) -> Verdict:
    """Our own verdict on a set, in the referee's terms."""
    notes, nested = set(), set()
    for finding in one.findings:
        if finding.severity != "error" or not finding.ack:
            continue
        where = finding.where
        tag, segment, element = str(where.get("tag", "")), int(where.get("segment", 0)), int(where.get("element", 0))
        for place, code in finding.ack.items():
            if place == "AK502":
                note = Note(0, "", 0, code)
            elif place == "AK304":
                note = Note(segment, tag, 0, "1" if code in ("2", "6", "7") else code)
            else:
                note = Note(segment, tag, 0 if code in ("2", "3", "10") else element, "6" if code == "13" else code)
            notes.add(note)
            if finding.facts.get("within"):
                nested.add(note)
    return Verdict(one.control, one.verdict in ("A", "E"), frozenset(notes), frozenset(nested))


def compare(ours: Iterable[TransactionSet], theirs: Verdicts) -> list[Difference]:
    """Every difference between our verdicts and pyx12's, each with the reason when it is a known one."""
    return [
        difference
        for one, verdict in zip(map(verdict_of, ours), theirs.sets, strict=True)
        for difference in _differences(one, verdict)
    ]


def _differences(ours: Verdict, theirs: Verdict) -> Iterator[Difference]:
    reasons = set()
    for note in sorted(ours.notes - theirs.notes):
        reasons.add(reason := _reason_of_ours(note, ours, theirs))
        yield Difference(ours.control, "ours", note, reason)
    for note in sorted(theirs.notes - ours.notes):
        reasons.add(reason := _reason_of_theirs(note, ours.notes))
        yield Difference(ours.control, "theirs", note, reason)
    if ours.accepted != theirs.accepted:
        only = ours.notes if theirs.accepted else theirs.notes
        explained = only and "" not in reasons and not ours.notes & theirs.notes
        side = "ours" if theirs.accepted else "theirs"
        yield Difference(ours.control, side, None, " / ".join(sorted(reasons)) if explained else "")


def _reason_of_ours(note: Note, ours: Verdict, theirs: Verdict) -> str:
    if note in ours.nested and not any((one.tag, one.code) == (note.tag, "3") for one in theirs.notes):
        return KNOWN["restart"]
    if note.element and any((one.segment, one.element, one.code) == (note.segment, 0, "1") for one in theirs.notes):
        return KNOWN["unplaced"]
    if note.code == "12":
        return KNOWN["repetition"]
    if Note(note.segment - 1, note.tag, 0, "3") in theirs.notes - ours.notes:
        return KNOWN["trailer"]
    return ""


def _reason_of_theirs(note: Note, ours: frozenset[Note]) -> str:
    if not note.element and note.code in _THEIRS_ALONE:
        return KNOWN[_THEIRS_ALONE[note.code]]
    if note.element and any((one.segment, one.element) == (note.segment, note.element) for one in ours):
        return KNOWN["further"]
    if note.code in ("4", "5") and any((one.tag, one.code) == (note.tag, note.code) for one in ours):
        return KNOWN["repeated"]
    if note.code == "3" and replace(note, segment=note.segment + 1) in ours:
        return KNOWN["trailer"]
    return ""


_THEIRS_ALONE = {"HL1": "hierarchy", "HL2": "hierarchy", "SEG1": "trailing", "8": "bare"}
KNOWN: Mapping[str, str] = {
    "hierarchy": "pyx12 wants HL01 to count from 1 and HL02 to name a parent; the standard leaves both to partners",
    "trailing": "pyx12 notes separators at the end of a segment; they carry nothing",
    "bare": "pyx12 notes a segment without a single value; where no element is mandatory we let it pass",
    "further": "pyx12 goes on with a value after its first fault; we say what is wrong first",
    "repeated": "pyx12 notes every occurrence beyond the most; we note the first",
    "unplaced": "pyx12 does not look at the elements of a segment that has no place",
    "repetition": "pyx12 does not part repetitions where the map knows none",
    "trailer": "of what is missing before SE pyx12 gives the segment before; we give SE, where it was missed",
    "restart": "pyx12 does not miss the last mandatory segments of a loop that begins anew",
}

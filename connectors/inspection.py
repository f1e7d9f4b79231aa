"""`inspect`: every segment of a file with its name, its loop and what each element means, findings beside it.

Works on any X12, known partner or not; values are plain JSON. The shape is that of the console's `Inspection`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from canonical import Finding
from connectors.syntax.x12 import (
    AcknowledgmentPolicy,
    ControlNumbers,
    Event,
    Grammar,
    GroupEnd,
    InterchangeEnd,
    InterchangeStart,
    OutgoingInterchange,
    Profile,
    Stray,
    TransactionSet,
    acknowledge,
    read,
    render,
)
from connectors.syntax.x12.grammar import Field, Segment
from connectors.syntax.x12.window import Source

Profiles = Callable[[InterchangeStart], Profile]
Policies = Callable[[InterchangeStart], AcknowledgmentPolicy | None]
"""How an interchange is answered; None when its sender gets no answer."""


def inspect(source: Source, profiles: Profiles, policies: Policies, at: datetime, control: int) -> dict[str, Any]:
    """The annotated file. Acknowledgments bear the time `at` and control numbers from `control` on."""
    seen = _Inspection(policies, at, control)
    for event in read(source, profiles):
        seen.take(event)
    return seen.value()


@dataclass
class Tally:
    """What a file holds, counted as it streams by."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    errors: int = 0

    def take(self, event: Event) -> None:
        """Count one event of the reader."""
        match event:
            case TransactionSet():
                self.counts.update(sets=1, segments=event.segment_count)
            case GroupEnd():
                self.counts["groups"] += 1
            case InterchangeEnd():
                self.counts["interchanges"] += 1
            case Stray():
                self.note([event.finding])
                return
            case _:
                return
        self.note(event.findings)

    def note(self, findings: Iterable[Finding]) -> None:
        """Count findings by their code."""
        for finding in findings:
            self.codes[finding.code] += 1
            self.errors += finding.severity == "error"

    def summary(self) -> dict[str, Any]:
        """`{interchanges, groups, sets, segments, documents, findings: {code: n}}`."""
        names = ("interchanges", "groups", "sets", "segments", "documents")
        return {**{name: self.counts[name] for name in names}, "findings": dict(self.codes)}


def summarize(source: Source, profiles: Profiles) -> Tally:
    """Counts only, in the memory of the largest set; every set that is not rejected counts as a document."""
    tally = Tally()
    for event in read(source, profiles):
        tally.take(event)
        if isinstance(event, TransactionSet) and event.verdict != "R":
            tally.counts["documents"] += 1
    return tally


@dataclass
class _Inspection:
    policies: Policies
    at: datetime
    control: int
    interchanges: list[dict[str, Any]] = field(default_factory=list)
    acknowledgments: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _sets: list[dict[str, Any]] = field(default_factory=list)
    _groups: list[dict[str, Any]] = field(default_factory=list)

    def value(self) -> dict[str, Any]:
        return {
            "interchanges": self.interchanges,
            "findings": [finding.as_json() for finding in self.findings],
            "acknowledgments": self.acknowledgments,
        }

    def take(self, event: object) -> None:
        match event:
            case Stray():
                self.findings.append(event.finding)
            case TransactionSet():
                self.findings.extend(event.findings)
                self._sets.append(annotate_set(event))
            case GroupEnd():
                self.findings.extend(event.findings)
                self._groups.append(_group(event, self._sets))
                self._sets = []
            case InterchangeEnd():
                self.findings.extend(event.findings)
                self.interchanges.append(_interchange(event.start, self._groups, self._sets))
                self._groups, self._sets = [], []
                self._answer(event)

    def _answer(self, end: InterchangeEnd) -> None:
        policy = self.policies(end.start)
        answer = acknowledge(end, policy) if policy else None
        if answer is None:
            return
        numbers = ControlNumbers(interchange=self.control, group=self.control)
        self.control += 1
        content = render(answer, at=self.at, control=numbers).content
        self.acknowledgments.append(
            {"to": "/".join(answer.receiver), "type": _types(answer), "content": content.decode("utf-8", "replace")}
        )


def _types(answer: OutgoingInterchange) -> str:
    """What the answer holds, as `TA1, 997`."""
    sets = dict.fromkeys(one.set_id for group in answer.groups for one in group.sets)
    return ", ".join([*(["TA1"] if answer.notes else []), *sets])


def _interchange(start: InterchangeStart, groups: list[dict[str, Any]], loose: list[dict[str, Any]]) -> dict[str, Any]:
    delimiters = start.delimiters
    return {
        "control": start.control,
        "delimiters": {
            "element": delimiters.element,
            "segment": delimiters.segment,
            "component": delimiters.component,
            "repetition": delimiters.repetition,
        },
        "isa": {f"ISA{number:02}": value for number, value in enumerate(start.elements[1:], 1)},
        "groups": [*groups, *([{"functional_id": "", "control": "", "sets": loose}] if loose else [])],
    }


def _group(end: GroupEnd, sets: list[dict[str, Any]]) -> dict[str, Any]:
    start = end.start
    return {
        "functional_id": start.functional_id,
        "control": start.control,
        "sender": start.sender,
        "receiver": start.receiver,
        "version": start.version,
        "verdict": end.verdict,
        "sets": sets,
    }


def annotate_set(one: TransactionSet) -> dict[str, Any]:
    """A transaction set with every segment and element named."""
    segments = one.segments
    loops = one.judge.structure.paths([each[0] for each in segments]) if one.judge else [""] * len(segments)
    beside: dict[object, list[Finding]] = {}
    for finding in one.findings:
        beside.setdefault(finding.where.get("segment"), []).append(finding)
    return {
        "id": one.set_id,
        "name": one.grammar.name if one.grammar else "",
        "control": one.control,
        "version": one.version,
        "verdict": one.verdict,
        "segments": [
            _segment(position, elements, loop, one, beside.get(position, ()))
            for position, (elements, loop) in enumerate(zip(segments, loops, strict=True), 1)
        ],
    }


def _segment(
    position: int, elements: Sequence[str], loop: str, one: TransactionSet, findings: Iterable[Finding]
) -> dict[str, Any]:
    segment = one.grammar.segments.get(elements[0]) if one.grammar else None
    return {
        "position": position,
        "tag": elements[0],
        "name": segment.name if segment else "",
        "loop": loop,
        "elements": list(_elements(elements, segment, one)) if one.grammar else _unnamed(elements),
        "findings": [finding.as_json() for finding in findings],
    }


def _unnamed(elements: Sequence[str]) -> list[dict[str, Any]]:
    tag = elements[0]
    return [{"position": f"{tag}{at:02}", "value": value} for at, value in enumerate(elements[1:], 1) if value]


def _elements(elements: Sequence[str], segment: Segment | None, one: TransactionSet) -> Iterator[dict[str, Any]]:
    places = (segment.fields if segment else None) or ()
    grammar = one.grammar
    assert grammar is not None
    for at, value in enumerate(elements[1:], 1):
        if not value:
            continue
        position = f"{elements[0]}{at:02}"
        place = places[at - 1] if at <= len(places) else None
        if place is None:
            yield {"position": position, "value": value}
            continue
        yield from _place(position, place, value, grammar, one)


def _place(position: str, place: Field, value: str, grammar: Grammar, one: TransactionSet) -> Iterator[dict[str, Any]]:
    """An element, each of its repetitions, or the components of a composite."""
    separator = one.delimiters.repetition
    for repetition in value.split(separator) if place.repeat > 1 and separator else [value]:
        composite = grammar.composites.get(place.number)
        if composite is None:
            yield _element(position, place.number, repetition, grammar)
            continue
        parts = repetition.split(one.delimiters.component) if one.delimiters.component else [repetition]
        for at, part in enumerate(parts, 1):
            fields = composite.fields or ()
            if part and at <= len(fields):
                yield _element(f"{position}-{at:02}", fields[at - 1].number, part, grammar)


def _element(position: str, number: str, value: str, grammar: Grammar) -> dict[str, Any]:
    element = grammar.elements.get(number)
    note: dict[str, Any] = {"position": position, "name": element.name if element else "", "value": value}
    meaning = meaning_of(value, element.type if element else "", grammar.meanings.get(number, {}))
    return {**note, "meaning": meaning} if meaning else note


def meaning_of(value: str, kind: str, codes: Mapping[str, str]) -> str | None:
    """What a value stands for: its code's name, the date, or the number with its implied decimals."""
    if value in codes:
        return codes[value]
    if kind == "DT":
        return _date(value)
    if kind == "TM" and len(value) >= 4 and value.isdigit():
        return f"{value[:2]}:{value[2:4]}"
    if kind[:1] == "N" and kind[1:].strip("0").isdigit() and value.lstrip("-").isdigit():
        places = int(kind[1:])
        digits = value.lstrip("-").rjust(places + 1, "0")
        return f"{'-' if value.startswith('-') else ''}{digits[:-places]}.{digits[-places:]}"
    return None


def _date(value: str) -> str | None:
    if not value.isdigit() or len(value) not in (6, 8):
        return None
    century = "" if len(value) == 8 else "20" if value < "700000" else "19"
    try:
        return date.fromisoformat(century + value).isoformat()
    except ValueError:
        return None

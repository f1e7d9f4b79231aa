"""The exact check of a segment's elements: what is wrong, where, and its acknowledgment code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import COMPONENT, ELEMENT, REPETITION
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Element, Field, Grammar, Note, Segment
from connectors.syntax.x12.pattern import doubts_pattern, shape_pattern

Where = Mapping[str, int | str]

_PARTED = re.compile("[\x1c\x1f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DECIMAL = re.compile(r"-?(\d*)(?:\.(\d*))?")
_WHOLE = re.compile(r"-?\d+")
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?")


class SegmentCheck:
    """The exact check of one kind of segment, made ready: an expression takes out the values that are in doubt.

    What it takes out is looked at closely, for it may be right after all (see `pattern`).
    """

    def __init__(self, segment: Segment, grammar: Grammar) -> None:
        self._segment = segment
        self._grammar = grammar
        self._fields = segment.fields or ()
        self._elements = [grammar.elements.get(place.number) for place in self._fields]
        self._codes = [grammar.codes.get(place.number, {}) for place in self._fields]
        self._doubts = doubts_pattern(segment, grammar).match
        self._shape = shape_pattern(segment, grammar).match

    def findings(self, text: str, where: Where) -> list[Finding]:
        """The faults, in the order of the elements. `text` is one segment in canonical delimiters, terminated."""
        if self._segment.fields is None:
            return []
        found: list[Finding] = []
        doubts = self._doubts(text)
        last = doubts.lastindex if doubts else None
        for number, value in enumerate(doubts.groups()[:last], 1) if doubts and last else ():
            if value and value not in self._codes[number - 1]:
                found += self._value(value, number, {**where, "element": number})
        return found if self._shape(text) else self._misshapen(found, _trimmed(text[:-1].split(ELEMENT)), where)

    def _value(self, value: str, number: int, at: Where) -> list[Finding]:
        element = self._elements[number - 1]
        if element is None or _PARTED.search(value):
            return _place(value, self._fields[number - 1], self._grammar, at)
        found = value_fault(value, element, self._codes[number - 1], at)
        return [found] if found else []

    def _misshapen(self, found: list[Finding], values: Sequence[str], where: Where) -> list[Finding]:
        """With what was found what is missing, what is too much, and the syntax notes that are broken."""
        count, most = len(values), len(self._fields)
        for number, place in enumerate(self._fields, 1):
            if place.required and not (number <= count and values[number - 1]):
                at = {**where, "element": number}
                found.append(fault("element-missing", at, name=_name(place, self._grammar), number=_number(place)))
        found.sort(key=_element)
        if count > most:
            at = {**where, "element": most + 1}
            found.append(fault("element-excess", at, count=count, most=most, value=values[most]))
        return [*found, *_notes(values, self._segment, self._grammar, where, "element")]


def _element(finding: Finding) -> int:
    return int(finding.where["element"])


def _trimmed(elements: Sequence[str]) -> list[str]:
    values = list(elements[1:])
    while values and not values[-1]:
        values.pop()
    return values


def _place(value: str, place: Field, grammar: Grammar, at: Where) -> list[Finding]:
    composite = grammar.composites.get(place.number)
    if REPETITION in value:
        repeats = value.split(REPETITION)
        found = [
            one
            for number, repeat in enumerate(repeats, 1)
            if repeat
            for one in _single(repeat, place, composite, grammar, {**at, "repetition": number})
        ]
        if len(repeats) > place.repeat:
            facts = {"name": _name(place, grammar), "count": len(repeats), "most": place.repeat}
            found.insert(0, fault("element-repeated", at, number=_number(place), value=value, **facts))
        return found
    return _single(value, place, composite, grammar, at)


def _single(value: str, place: Field, composite: Segment | None, grammar: Grammar, at: Where) -> list[Finding]:
    if composite:
        return list(_composite(value, composite, grammar, at))
    if COMPONENT in value:
        facts = {"name": _name(place, grammar), "number": _number(place), "value": value}
        return [fault("component-excess", at, count=value.count(COMPONENT) + 1, most=1, **facts)]
    element = grammar.elements.get(place.number)
    found = value_fault(value, element, grammar.codes.get(place.number, {}), at) if element else None
    return [found] if found else []


def _composite(value: str, composite: Segment, grammar: Grammar, at: Where) -> Iterator[Finding]:
    values = _trimmed(["", *value.split(COMPONENT)])
    fields = composite.fields or ()
    for number, (part, place) in enumerate(zip_longest(values[: len(fields)], fields, fillvalue=""), 1):
        assert isinstance(place, Field)
        inside = {**at, "component": number}
        if part:
            yield from _place(str(part), place, grammar, inside)
        elif place.required:
            yield fault("element-missing", inside, name=_name(place, grammar), number=_number(place))
    if len(values) > len(fields):
        yield fault("component-excess", at, name=composite.name, count=len(values), most=len(fields), value=value)
    yield from _notes(values, composite, grammar, at, "component")


def value_fault(value: str, element: Element, codes: Mapping[str, str], at: Where) -> Finding | None:
    """What is wrong with a simple value: characters first, then length, then meaning."""
    kind = element.type
    facts = {"value": value, "name": element.name, "number": element.number}
    if not _allowed(value, kind):
        code = {"DT": "element-date", "TM": "element-time"}.get(kind, "element-character")
        return fault(code, at, type=kind, **facts)
    length = _length(value, kind)
    if length < element.least:
        return fault("element-short", at, least=element.least, **facts)
    if length > element.greatest:
        return fault("element-long", at, most=element.greatest, **facts)
    code = _meaningless(value, kind, codes)
    return fault(code, at, **facts) if code else None


def _meaningless(value: str, kind: str, codes: Mapping[str, str]) -> str:
    """The fault of a value that has the right form but no meaning; empty when it has one."""
    if kind == "DT" and not _is_date(value):
        return "element-date"
    if kind == "TM" and not _TIME.fullmatch(value):
        return "element-time"
    return "element-code" if codes and value not in codes else ""


def _allowed(value: str, kind: str) -> bool:
    if kind == "R":
        match = _DECIMAL.fullmatch(value)
        return bool(match and (match[1] or match[2])) and value.isascii()
    if kind[0] == "N":
        return bool(_WHOLE.fullmatch(value)) and value.isascii()
    if kind in ("DT", "TM"):
        return value.isascii() and value.isdigit()
    return not _CONTROL.search(value)


def _length(value: str, kind: str) -> int:
    return sum(char.isdigit() for char in value) if kind == "R" or kind[0] == "N" else len(value)


def _is_date(value: str) -> bool:
    """YYYYMMDD, or YYMMDD in releases before 004010."""
    year = int(value[:-4]) + (2000 if len(value) == 6 else 0)
    try:
        date(year, int(value[-4:-2]), int(value[-2:]))
    except ValueError:
        return False
    return True


def _notes(values: Sequence[str], segment: Segment, grammar: Grammar, where: Where, level: str) -> Iterator[Finding]:
    blamed: set[int] = set()
    for note in segment.notes:
        has = [place <= len(values) and bool(values[place - 1]) for place in note.places]
        for place in _lacking(note, has):
            if place not in blamed:
                blamed.add(place)
                code = "element-excluded" if note.kind == "E" else "element-conditional"
                name = _name((segment.fields or ())[place - 1], grammar)
                number = _number((segment.fields or ())[place - 1])
                value = values[place - 1] if note.kind == "E" else ""
                facts = {"name": name, "number": number, "note": _sentence(note), "value": value}
                yield fault(code, {**where, level: place}, **facts)


def _lacking(note: Note, has: Sequence[bool]) -> list[int]:
    """The places at fault: those missing, or for E those too many."""
    match note.kind:
        case "P" if any(has) and not all(has):
            return [place for place, there in zip(note.places, has, strict=True) if not there]
        case "R" if not any(has):
            return [note.places[0]]
        case "E" if sum(has) > 1:
            return [place for place, there in zip(note.places, has, strict=True) if there][1:]
        case "C" if has[0] and not all(has):
            return [place for place, there in zip(note.places, has, strict=True) if not there]
        case "L" if has[0] and not any(has[1:]):
            return [note.places[1]]
        case _:
            return []


def _sentence(note: Note) -> str:
    first, *rest = (f"{place:02}" for place in note.places)
    others = ", ".join(rest)
    return {
        "P": f"if any of {first}, {others} is present, all are required ({note})",
        "R": f"at least one of {first}, {others} is required ({note})",
        "E": f"no more than one of {first}, {others} may be present ({note})",
        "C": f"if {first} is present, {others} is required ({note})",
        "L": f"if {first} is present, one of {others} is required ({note})",
    }[note.kind]


def _number(place: Field) -> str:
    """The data element's number; a profile's own element is `353.BEG01`."""
    return place.number.partition(".")[0]


def _name(place: Field, grammar: Grammar) -> str:
    known = grammar.composites.get(place.number) or grammar.elements.get(place.number)
    return known.name if known else place.number

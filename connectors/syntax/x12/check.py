"""The exact check of a segment's elements: what is wrong, where, and its acknowledgment code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import COMPONENT, ELEMENT, REPETITION
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Element, Field, Grammar, Note, Segment
from connectors.syntax.x12.pattern import notes_pattern, value_pattern

Where = Mapping[str, int | str]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DECIMAL = re.compile(r"-?(\d*)(?:\.(\d*))?")
_WHOLE = re.compile(r"-?\d+")
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?")


class SegmentCheck:
    """The exact check of one kind of segment, made ready: each place knows an expression for what is right at sight.

    What the expression rejects is looked at closely, for it may be right after all (see `pattern`).
    """

    def __init__(self, segment: Segment, grammar: Grammar) -> None:
        self._segment = segment
        self._grammar = grammar
        self._fields = segment.fields or ()
        self._rights = [value_pattern(place.number, grammar) for place in self._fields]
        self._noted = notes_pattern(segment) if segment.notes else None

    def findings(self, elements: Sequence[str], where: Where) -> Iterator[Finding]:
        """The faults, in the order of the elements. `elements` holds the tag first, in canonical delimiters."""
        if self._segment.fields is None:
            return
        values = _trimmed(elements)
        yield from self._places(values, where)
        if len(values) > len(self._fields):
            most = len(self._fields)
            at = {**where, "element": most + 1}
            yield fault("element-excess", at, count=len(values), most=most, value=values[most])
        if self._noted and not self._noted.match(ELEMENT.join(["", *values])):
            yield from _notes(values, self._segment, self._grammar, where, "element")

    def _places(self, values: Sequence[str], where: Where) -> Iterator[Finding]:
        for number, (place, right) in enumerate(zip(self._fields, self._rights, strict=True), 1):
            value = values[number - 1] if number <= len(values) else ""
            if value:
                if not right.fullmatch(value):
                    yield from _place(value, place, self._grammar, {**where, "element": number})
            elif place.required:
                at = {**where, "element": number}
                yield fault("element-missing", at, name=_name(place, self._grammar), number=place.number)


def _trimmed(elements: Sequence[str]) -> list[str]:
    values = list(elements[1:])
    while values and not values[-1]:
        values.pop()
    return values


def _place(value: str, place: Field, grammar: Grammar, at: Where) -> Iterator[Finding]:
    repeats = value.split(REPETITION)
    if len(repeats) > place.repeat:
        name = _name(place, grammar)
        yield fault("element-repeated", at, name=name, count=len(repeats), most=place.repeat, number=place.number)
    composite = grammar.composites.get(place.number)
    for one in repeats:
        if composite:
            yield from _composite(one, composite, grammar, at)
        elif COMPONENT in one:
            count = one.count(COMPONENT) + 1
            facts = {"name": _name(place, grammar), "number": place.number, "value": one}
            yield fault("component-excess", at, count=count, most=1, **facts)
        elif element := grammar.elements.get(place.number):
            yield from check_value(one, element, grammar.codes.get(place.number, {}), at)


def _composite(value: str, composite: Segment, grammar: Grammar, at: Where) -> Iterator[Finding]:
    values = _trimmed(["", *value.split(COMPONENT)])
    fields = composite.fields or ()
    for number, (part, place) in enumerate(zip_longest(values[: len(fields)], fields, fillvalue=""), 1):
        assert isinstance(place, Field)
        inside = {**at, "component": number}
        if part:
            yield from _place(str(part), place, grammar, inside)
        elif place.required:
            yield fault("element-missing", inside, name=_name(place, grammar), number=place.number)
    if len(values) > len(fields):
        yield fault("component-excess", at, name=composite.name, count=len(values), most=len(fields), value=value)
    yield from _notes(values, composite, grammar, at, "component")


def check_value(value: str, element: Element, codes: Mapping[str, str], at: Where) -> Iterator[Finding]:
    """The faults of one simple value: characters first, then length, then meaning."""
    facts = {"value": value, "name": element.name, "number": element.number}
    if not _allowed(value, element.type):
        code = {"DT": "element-date", "TM": "element-time"}.get(element.type, "element-character")
        yield fault(code, at, type=element.type, **facts)
        return
    length = _length(value, element.type)
    if length < element.least:
        yield fault("element-short", at, least=element.least, **facts)
    elif length > element.greatest:
        yield fault("element-long", at, most=element.greatest, **facts)
    elif element.type == "DT" and not _is_date(value):
        yield fault("element-date", at, **facts)
    elif element.type == "TM" and not _TIME.fullmatch(value):
        yield fault("element-time", at, **facts)
    elif codes and value not in codes:
        yield fault("element-code", at, **facts)


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
                number = (segment.fields or ())[place - 1].number
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


def _name(place: Field, grammar: Grammar) -> str:
    known = grammar.composites.get(place.number) or grammar.elements.get(place.number)
    return known.name if known else place.number

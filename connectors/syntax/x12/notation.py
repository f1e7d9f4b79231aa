"""The notation of grammar files and of partners' changes to them: a segment on a line, a structure in words.

`REF Reference Identification | 128! 127 352 C040 | R0203` is a segment, `BEG! REF* N1:200 { N3:2 N4 } -- CTT` a
structure; `grammar` tells what the signs mean.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNBOUNDED = 999_999_999


@dataclass(frozen=True, slots=True)
class Element:
    """A data element of the dictionary. Lengths are in characters, in digits for R and Nn."""

    number: str
    type: str
    least: int
    greatest: int
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a segment or composite: which element or composite stands there."""

    number: str
    required: bool = False
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Note:
    """A syntax note: P paired, R at least one, E at most one, C first needs the rest, L first needs one of the rest."""

    kind: str
    places: tuple[int, ...]

    def __str__(self) -> str:
        return self.kind + "".join(f"{place:02}" for place in self.places)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment or composite. `fields` is None where the grammar does not know its elements."""

    tag: str
    name: str
    fields: tuple[Field, ...] | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A segment's place in a set's structure; with `members` it is the head of a loop."""

    tag: str
    required: bool = False
    most: int = 1
    members: tuple["Use", ...] = ()
    area: int = 0

    @property
    def is_loop(self) -> bool:
        return bool(self.members)


def parse_element(line: str) -> Element:
    """An element from its line, `353 ID 2 2 Transaction Set Purpose Code`."""
    number, kind, least, greatest, name = line.split(" ", 4)
    return Element(number, kind, int(least), int(greatest), name)


_FIELD = re.compile(r"\(([^)]*)\)(\d+)|(\w+)(!?)(?:@(\d+)(!?))?")
_LEFT = re.compile(r"\((?:[\w!@]+ ?)+\)\d+|\w+!?(?:@\d+!?)?")
_NOTE = re.compile(r"([PRECL])((?:\d\d)+)")


def parse_segment(line: str) -> Segment:
    """A segment from its line; ValueError when the line is not of the form."""
    heading, elements, notes = (*(part.strip() for part in line.split("|")), "")[:3]
    tag, _, name = heading.partition(" ")
    fields = tuple(_parse_fields(elements))
    segment = Segment(tag, name, fields, tuple(_parse_notes(notes)))
    beyond = next((str(note) for note in segment.notes if max(note.places) > len(fields)), None)
    if beyond or not fields or _LEFT.sub("", elements).strip():
        raise ValueError(f"{beyond or elements!r} is no part of a segment of {len(fields)} elements")
    return segment


def _parse_fields(text: str) -> Iterator[Field]:
    for group, times, number, required, repeat, also in _FIELD.findall(text):
        if group:
            yield from [*_parse_fields(group)] * int(times)
        else:
            yield Field(number, bool(required or also), int(repeat or 1))


def _parse_notes(text: str) -> Iterator[Note]:
    for kind, places in _NOTE.findall(text):
        yield Note(kind, tuple(int(places[at : at + 2]) for at in range(0, len(places), 2)))


_PLACE = re.compile(r"(C\d{3}|[A-Z][A-Z0-9]{1,2})(\d\d)")


def parse_place(text: str) -> tuple[str, int]:
    """`BEG02` as a tag and a number; an element's own number, `355`, has no tag."""
    match = _PLACE.fullmatch(text)
    return (match[1], int(match[2])) if match else ("", 0)


_USE = re.compile(r"([A-Z][A-Z0-9]{1,2})(?::(\d+)|(\*))?(!?)")


def parse_structure(text: str) -> tuple[Use, ...]:
    """A set's structure from its text; ValueError that names the word that is wrong."""
    area = 0
    levels: list[list[Use]] = [[]]
    heads: list[Use] = []
    for word in text.split():
        if word == "--":
            area += 1
        elif word == "{" and not levels[-1]:
            raise ValueError("a loop has no head: write its first segment before `{`")
        elif word == "{":
            heads.append(levels[-1].pop())
            levels.append([])
        elif word == "}" and not heads:
            raise ValueError("a `}` closes nothing")
        elif word == "}":
            members = tuple(levels.pop())
            head = heads.pop()
            levels[-1].append(Use(head.tag, head.required, head.most, members, head.area))
        elif match := _USE.fullmatch(word):
            tag, most, many, required = match.groups()
            levels[-1].append(Use(tag, bool(required), int(most or (UNBOUNDED if many else 1)), (), area))
        else:
            raise ValueError(f"{word!r} is no segment, `{{`, `}}` or `--`")
    if heads:
        raise ValueError(f"the loop {heads[-1].tag} is not closed")
    return tuple(levels[0])

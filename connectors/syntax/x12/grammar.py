"""Grammars as data: what a release of the standard says of elements, segments and transaction sets.

A release is a folder under `grammars/`, named by its six digits. It holds only what differs from its base (`base`, one
line, the release it builds on; absent in the first). All files are plain text, one thing a line:

`elements`      `353 ID 2 2 Transaction Set Purpose Code` — number, type, least and greatest length, name. Types: AN,
                ID, DT, TM, R, N0..N9, B. Lengths count digits only in R and Nn.
`segments`      `REF Reference Identification | 128! 127 352 C040 | R0203` — tag, name, elements in order, syntax notes.
                `!` is mandatory. `(235 234)10` repeats elements ten times. `127@5` may be repeated five times in its
                place (5010's repetition). Notes are the standard's: P, R, E, C, L and two digits an element. A tag such
                as C040 is a composite and has the same form. A segment a set uses but this file lacks is read with its
                elements unchecked.
`codes/353`     `00 Original` — the whole list of an element. An element of type ID without a file takes any value. A
                later release's file adds to its base's, a line `-00` takes a code away, and an empty file says that the
                list is as it was; without one a later release leaves the element open, as lists grow.
`sets/850`      First line: id, functional identifier, name. Then the structure: `REF` once at most, `REF:3` three
                times, `REF*` any number, `!` mandatory, `N1:200 { N3:2 N4 }` a loop that starts with N1. `--` parts
                heading, detail and summary. ST and SE are understood.

Everything is read when first asked for, and kept. Sources: ASC X12 004010 and 005010 as published in implementation
guides, checked against independent tables.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.abc import Traversable
from types import MappingProxyType

from connectors.syntax.x12.notation import (
    UNBOUNDED,
    Element,
    Field,
    Note,
    Segment,
    Use,
    parse_element,
    parse_segment,
    parse_structure,
)

__all__ = [
    "UNBOUNDED",
    "Element",
    "Field",
    "Grammar",
    "Note",
    "Release",
    "Segment",
    "Use",
    "find_grammar",
    "known_tags",
    "nearest_release",
    "parse_segment",
    "parse_structure",
    "releases",
]

_NO_SEGMENTS: Mapping[str, Segment] = MappingProxyType({})
_FLOATING = frozenset({"NTE"})
_SET_ID = re.compile("[0-9]{3}")
_LOCATION = resources.files(__package__) / "grammars"


@dataclass(frozen=True)
class Grammar:
    """One transaction set in one release: its structure, and the segments and elements it uses."""

    set_id: str
    functional_id: str
    name: str
    release: str
    root: Use
    segments: Mapping[str, Segment]
    composites: Mapping[str, Segment]
    elements: Mapping[str, Element]
    codes: Mapping[str, Mapping[str, str]]
    """By element number: code to meaning, for elements that have a list. Any other value is a fault."""
    meanings: Mapping[str, Mapping[str, str]]
    """As `codes`, and for elements that are open what is known of their codes."""

    @property
    def floating(self) -> frozenset[str]:
        """Segments that may stand anywhere: notes, in the releases before 004010."""
        return _FLOATING if self.release < "004010" else frozenset()

    def uses(self) -> Iterator[Use]:
        """Every place of the structure, in order, loops before their members."""
        waiting = [self.root]
        while waiting:
            use = waiting.pop()
            yield use
            waiting.extend(reversed(use.members))


@dataclass
class Release:
    """One release of the standard, read from its folder when first asked for."""

    name: str
    folder: Traversable
    base: "Release | None" = None
    _elements: dict[str, Element] = field(default_factory=dict)
    _segments: dict[str, Segment] = field(default_factory=dict)
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def element(self, number: str) -> Element | None:
        """The element of this number; None when no release up to this one has it."""
        return self._dictionary.get(number)

    def segment(self, tag: str) -> Segment | None:
        """The segment or composite of this tag; None when no release up to this one has it."""
        if tag in self._segments:
            return self._segments[tag]
        line = _lines(self.name).get(tag)
        if line is None:
            return self.base.segment(tag) if self.base else None
        found = self._segments[tag] = parse_segment(line)
        return found

    def codes(self, number: str) -> Mapping[str, str]:
        """Code to meaning; empty when the element is open."""
        own = (self.folder / "codes" / number).is_file()
        later = self.base is not None and self.base.name < self.name
        return {} if later and not own else self.meanings(number)

    def meanings(self, number: str) -> Mapping[str, str]:
        """Code to meaning of every code known up to this release, whether the element is open or not."""
        if number not in self._codes:
            self._codes[number] = self._read_codes(number)
        return self._codes[number]

    def grammar(self, set_id: str) -> Grammar | None:
        """The set's grammar in this release or the nearest one it builds on."""
        text = self.structure(set_id)
        return self.assemble(text) if text else None

    def structure(self, set_id: str) -> str | None:
        """The text of the set's structure; a release that has none of its own uses its base's.

        `set_id` is what a partner wrote and becomes a file's name, so anything but an identifier is no set.
        """
        if not _SET_ID.fullmatch(set_id):
            return None
        own = _read(self.folder / "sets" / set_id)
        return own or (self.base.structure(set_id) if self.base else None)

    def assemble(self, text: str) -> Grammar:
        """A grammar from the text of a set's structure and this release's segments and elements."""
        heading, _, body = text.partition("\n")
        set_id, functional_id, name = heading.split(" ", 2)
        root = Use("ST", True, 1, (*parse_structure(body), Use("SE", True, 1, (), 9)))
        return self.furnished(set_id, functional_id, name, root)

    def furnished(
        self, set_id: str, functional_id: str, name: str, root: Use, own: Mapping[str, Segment] = _NO_SEGMENTS
    ) -> Grammar:
        """The grammar of a structure, with what this release says of its segments; `own` ones stand in for them."""
        tags = dict.fromkeys(use.tag for use in _walk(root))
        tags |= dict.fromkeys(_FLOATING if self.name < "004010" else ())
        segments = {tag: own.get(tag) or self.segment(tag) or Segment(tag, tag, None) for tag in tags}
        numbers = {place.number for segment in segments.values() for place in segment.fields or ()}
        composites = {n: one for n in numbers if n[0] == "C" and (one := own.get(n) or self.segment(n))}
        numbers |= {place.number for composite in composites.values() for place in composite.fields or ()}
        elements = {n: element for n in numbers if (element := self.element(n))}
        coded = [n for n, element in elements.items() if element.type == "ID"]
        meanings = {n: known for n in coded if (known := self.meanings(n))}
        codes = {n: listed for n in meanings if (listed := self.codes(n))}
        return Grammar(set_id, functional_id, name, self.name, root, segments, composites, elements, codes, meanings)

    @property
    def _dictionary(self) -> dict[str, Element]:
        if not self._elements:
            if self.base:
                self._elements.update(self.base._dictionary)  # noqa: SLF001 - a release reads its own base
            for line in (_read(self.folder / "elements") or "").splitlines():
                element = parse_element(line)
                self._elements[element.number] = element
        return self._elements

    def _read_codes(self, number: str) -> Mapping[str, str]:
        codes = dict(self.base.meanings(number)) if self.base else {}
        for line in (_read(self.folder / "codes" / number) or "").splitlines():
            code, _, meaning = line.partition(" ")
            if code.startswith("-"):
                codes.pop(code[1:], None)
            else:
                codes[code] = meaning
        return codes


@lru_cache
def _lines(release: str) -> dict[str, str]:
    """The release's segments, unparsed, by tag."""
    text = _read(_LOCATION / release / "segments") or ""
    return {line.split(" ", 1)[0]: line for line in text.splitlines() if line}


def _walk(use: Use) -> Iterator[Use]:
    yield use
    for member in use.members:
        yield from _walk(member)


def _read(file: Traversable) -> str | None:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return None


@lru_cache
def releases() -> Mapping[str, Release]:
    """Every release there is a folder for, oldest first."""
    names = sorted(entry.name for entry in _LOCATION.iterdir() if entry.name.isdigit())
    bases = {name: (_read(_LOCATION / name / "base") or "").strip() for name in names}
    known: dict[str, Release] = {}

    def build(name: str) -> Release:
        if name not in known:
            base = bases[name]
            known[name] = Release(name, _LOCATION / name, build(base) if base else None)
        return known[name]

    return {name: build(name) for name in names}


def nearest_release(version: str) -> Release:
    """The release that reads `version` (GS08, as `004010VICS`): its own, else the last before it, else the first."""
    digits = re.sub(r"\D.*", "", version)[:6]
    digits = digits.ljust(6, "0") if digits.startswith("00") else digits.zfill(6)
    known = releases()
    earlier = [name for name in known if name <= digits]
    return known[earlier[-1] if earlier else next(iter(known))]


@lru_cache(maxsize=256)
def find_grammar(version: str, set_id: str) -> Grammar | None:
    """The grammar for a set in the release nearest to `version`; None when no release knows the set."""
    return nearest_release(version).grammar(set_id)


@lru_cache
def known_tags(release: str) -> frozenset[str]:
    """Every segment the release and those it builds on have."""
    own = releases()[release]
    return frozenset(_lines(release)) | (known_tags(own.base.name) if own.base else frozenset())

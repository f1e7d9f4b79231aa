"""A partner's deviations from the standard: a grammar narrowed, extended or replaced by what their profile says.

The profile's form (all parts optional), by transaction set:

    "850":
      structure: "BEG! CUR REF* -- PO1*! { PID* } -- CTT"   replaces the whole structure
      uses:                                                  one place of it, by the path of its loops
        REF: {required: true, most: 5}
        PO1/SDQ: {forbidden: true}
      segments:
        BEG: "353! 92! 324! 328 373! | C0504"                elements and notes in the form of the grammar files
      elements:
        BEG02: {codes: [SA, NE]}                             only these
        PO106: {add: [ZX], required: true}                   these too; mandatory here
        REF02: {least: 4, most: 10}
        "355": {add: [ZX]}                                   wherever the element stands
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from canonical.errors import Misconfigured
from connectors.syntax.x12.grammar import Element, Field, Grammar, Use, find_grammar, parse_segment, parse_structure
from connectors.syntax.x12.judge import Judge

Changes = Mapping[str, Mapping[str, Any]]
"""By transaction set."""


def adjusted_judges(changes: Changes) -> Callable[[str, str], Judge | None]:
    """A `find_judge` for a profile with these changes. Each set is compiled when it is first met (tens of ms)."""

    @lru_cache(maxsize=64)
    def find(version: str, set_id: str) -> Judge | None:
        grammar = find_grammar(version, set_id)
        if grammar is None:
            return None
        own = changes.get(set_id)
        return Judge(adjust(grammar, own) if own else grammar)

    return find


def adjust(grammar: Grammar, changes: Mapping[str, Any]) -> Grammar:
    """The grammar with one set's changes; Misconfigured names the entry that does not fit it."""
    unknown = set(changes) - {"structure", "uses", "segments", "elements"}
    if unknown:
        raise Misconfigured(f"{grammar.set_id}: {min(unknown)!r} is none of structure, uses, segments, elements")
    if "structure" in changes:
        grammar = _restructured(grammar, str(changes["structure"]))
    for path, how in changes.get("uses", {}).items():
        root = _with_use(grammar.root, path.split("/"), how, f"{grammar.set_id} uses {path}")
        grammar = replace(grammar, root=root)
    for tag, text in changes.get("segments", {}).items():
        if tag not in grammar.segments:
            raise Misconfigured(f"{grammar.set_id} segments {tag}: the set has no such segment")
        own = parse_segment(f"{tag} {grammar.segments[tag].name} | {text}")
        grammar = replace(grammar, segments={**grammar.segments, tag: own})
    for place, how in changes.get("elements", {}).items():
        grammar = _with_element(grammar, str(place), _Rule.read(how, f"{grammar.set_id} elements {place}"))
    return grammar


def _restructured(grammar: Grammar, text: str) -> Grammar:
    try:
        members = parse_structure(text)
    except (ValueError, IndexError) as error:
        raise Misconfigured(f"{grammar.set_id} structure: {error}") from error
    root = replace(grammar.root, members=(*members, grammar.root.members[-1]))
    return replace(grammar, root=root)


def _with_use(use: Use, path: list[str], how: Mapping[str, Any], entry: str) -> Use:
    """The loop with the first member that the path names changed."""
    members = list(use.members)
    index = next((n for n, member in enumerate(members) if member.tag == path[0]), None)
    if index is None:
        raise Misconfigured(f"{entry}: there is no {path[0]} in {use.tag}")
    if len(path) > 1:
        members[index] = _with_use(members[index], path[1:], how, entry)
    elif how.get("forbidden"):
        del members[index]
    else:
        found = members[index]
        required, most = bool(how.get("required", found.required)), int(how.get("most", found.most))
        members[index] = replace(found, required=required, most=most)
    return replace(use, members=tuple(members))


@dataclass(frozen=True)
class _Rule:
    """What a profile says of one element."""

    codes: tuple[str, ...] | None
    add: tuple[str, ...]
    required: bool | None
    least: int | None
    most: int | None

    @classmethod
    def read(cls, how: Mapping[str, Any], entry: str) -> "_Rule":
        unknown = set(how) - {"codes", "add", "required", "least", "most"}
        if unknown:
            raise Misconfigured(f"{entry}: {min(unknown)!r} is none of codes, add, required, least, most")
        codes = tuple(map(str, how["codes"])) if "codes" in how else None
        added = tuple(map(str, how.get("add", ())))
        return cls(codes, added, how.get("required"), how.get("least"), how.get("most"))

    def element(self, element: Element) -> Element:
        least = self.least if self.least is not None else element.least
        most = self.most if self.most is not None else element.greatest
        return Element(element.number, element.type, least, most, element.name)

    def listed(self, known: Mapping[str, str], meanings: Mapping[str, str]) -> Mapping[str, str]:
        """The list as it is now; empty means any value."""
        if self.codes is not None:
            return {code: meanings.get(code, "") for code in (*self.codes, *self.add)}
        return {**known, **{code: meanings.get(code, "") for code in self.add}} if known else known


def _with_element(grammar: Grammar, place: str, rule: _Rule) -> Grammar:
    """The rule for an element wherever it stands (`355`), or for one place (`BEG02`), which gets its own element."""
    match = re.fullmatch(r"([A-Z][A-Z0-9]{1,2}?)(\d\d)", place)
    number = place if match is None else _number_at(grammar, match[1], int(match[2]), place)
    element = grammar.elements.get(number)
    if element is None:
        raise Misconfigured(f"{grammar.set_id} elements {place}: the set has no such simple element")
    key = number if match is None else f"{number.partition('.')[0]}.{place}"
    if match:
        grammar = _with_place(grammar, match[1], int(match[2]), key, rule.required)
    listed = rule.listed(grammar.codes.get(number, {}), grammar.meanings.get(number, {}))
    codes = {**grammar.codes, key: listed} if listed else grammar.codes
    elements = {**grammar.elements, key: rule.element(element)}
    meanings = {**grammar.meanings, key: {**grammar.meanings.get(number, {}), **listed}}
    return replace(grammar, elements=elements, codes=codes, meanings=meanings)


def _number_at(grammar: Grammar, tag: str, number: int, place: str) -> str:
    segment = grammar.segments.get(tag)
    if segment is None or segment.fields is None or not 0 < number <= len(segment.fields):
        raise Misconfigured(f"{grammar.set_id} elements {place}: the set has no such place")
    return segment.fields[number - 1].number


def _with_place(grammar: Grammar, tag: str, number: int, key: str, required: bool | None) -> Grammar:
    segment = grammar.segments[tag]
    fields = list(segment.fields or ())
    old = fields[number - 1]
    fields[number - 1] = Field(key, old.required if required is None else bool(required), old.repeat)
    return replace(grammar, segments={**grammar.segments, tag: replace(segment, fields=tuple(fields))})

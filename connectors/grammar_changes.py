"""A partner's deviations from the standard: a grammar narrowed, extended or replaced by what their profile says.

The profile's form, for one transaction set; every part is optional:

    structure: "BEG! CUR REF* -- PO1*! { PID* } -- CTT"   the whole structure, in the notation of the grammar files
    uses:                                                  one place of it, by the path of its loops
      REF: {required: true, most: 5}
      PO1/SDQ: {forbidden: true}
      PO1/MTX: {after: PID, most: 10}                      a place that the standard lacks
    segments:
      BEG: "353! 92! 324! 328 373! | C0504"                elements and notes of a segment or composite
    elements:
      BEG02: {codes: [SA, NE]}                             in this place only these
      PO106: {add: [ZX], required: true}                   these too; mandatory here, with what notes then call for
      REF02: {least: 4, most: 10}
      "355": {add: [ZX], remove: [EA]}                     wherever the element stands
      "9001": {type: AN, most: 20, name: Store group}      an element that the standard lacks
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from pydantic import Field as Setting

from canonical import Text
from connectors.syntax import x12
from connectors.syntax.x12.grammar import releases
from connectors.syntax.x12.notation import (
    UNBOUNDED,
    Element,
    Field,
    Note,
    Segment,
    Use,
    parse_place,
    parse_segment,
    parse_structure,
)
from mappings.yaml_model import ConfigModel


class UseChange(ConfigModel):
    """One place of a structure. `after` puts a segment the standard lacks there behind its sibling or its loop's head;
    `most: 0` means any number."""

    required: bool | None = None
    most: int | None = Setting(default=None, ge=0)
    forbidden: bool = False
    after: Text | None = None


class ElementChange(ConfigModel):
    """One element, or one place of it."""

    codes: tuple[Text, ...] | None = None
    """The whole list; `add` and `remove` change the standard's."""
    add: tuple[Text, ...] = ()
    remove: tuple[Text, ...] = ()
    required: bool | None = None
    least: int | None = Setting(default=None, ge=0)
    most: int | None = Setting(default=None, ge=1)
    type: str | None = Setting(default=None, pattern=r"^(?:AN|ID|DT|TM|R|N[0-9]?|B)$")
    name: Text | None = None

    def element(self, number: str, known: Element | None) -> Element:
        """The element as it is now."""
        name, kind, least, most = (known.name, known.type, known.least, known.greatest) if known else ("", "AN", 1, 1)
        return Element(
            known.number if known else number,
            self.type or kind,
            least if self.least is None else self.least,
            most if self.most is None else self.most,
            self.name or name or number,
        )

    def listed(self, known: Mapping[str, str], meanings: Mapping[str, str]) -> Mapping[str, str]:
        """The list as it is now; empty means any value."""
        if self.codes is not None:
            known = {code: meanings.get(code, "") for code in self.codes}
        elif not known:
            return known
        added = {code: meanings.get(code, "") for code in self.add}
        return {code: meaning for code, meaning in {**known, **added}.items() if code not in self.remove}


class GrammarChanges(ConfigModel):
    """What differs for a partner in one transaction set; the module's text shows its form."""

    structure: Text | None = None
    uses: dict[str, UseChange] = Setting(default_factory=dict)
    segments: dict[str, Text] = Setting(default_factory=dict)
    elements: dict[str, ElementChange] = Setting(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """All it says, as JSON; `{}` when it says nothing."""
        return self.model_dump_json(exclude_defaults=True)

    def judge(self, version: str, set_id: str) -> x12.Judge | None:
        """The set's judge with these changes; None when no grammar knows the set."""
        standard = x12.find_judge(version, set_id)
        if standard is None or self.digest == "{}":
            return standard
        return _judge(standard.grammar.release, set_id, self.digest)

    def grammar(self, version: str, set_id: str) -> x12.Grammar | None:
        """The set's grammar with these changes; None when no grammar knows the set."""
        standard = x12.find_grammar(version, set_id)
        return adjust(standard, self)[0] if standard else None


@lru_cache(maxsize=256)
def _judge(release: str, set_id: str, digest: str) -> x12.Judge | None:
    """Kept, for a judge takes milliseconds to make."""
    standard = x12.find_judge(release, set_id)
    changes = GrammarChanges.model_validate_json(digest)
    return standard.adjusted(adjust(standard.grammar, changes)[0]) if standard else None


@dataclass(frozen=True, slots=True)
class Misfit:
    """A change that does not fit the grammar: where it stands in the changes, and the mend."""

    trail: tuple[str, ...]
    message: str


def adjust(grammar: x12.Grammar, changes: GrammarChanges) -> tuple[x12.Grammar, Sequence[Misfit]]:
    """The grammar with the changes that fit it, and those that do not."""
    made = _Adjusted(grammar)
    made.structure(changes)
    for place, how in changes.elements.items():
        made.element(place, how)
    return made.grammar, made.misfits


@dataclass
class _Adjusted:
    """A grammar while it is being changed."""

    grammar: x12.Grammar
    misfits: list[Misfit] = field(default_factory=list)

    def _misfit(self, message: str, *trail: str) -> None:
        self.misfits.append(Misfit(trail, message))

    def structure(self, changes: GrammarChanges) -> None:
        """The structure and the segments, and all that they then need of the release."""
        grammar = self.grammar
        root = self._root(changes)
        own = dict(self._segments(changes.segments))
        if root != grammar.root or own:
            release = releases()[grammar.release]
            self.grammar = release.furnished(grammar.set_id, grammar.functional_id, grammar.name, root, own)
        unused = own.keys() - self.grammar.segments.keys() - self.grammar.composites.keys()
        for tag in sorted(unused):
            self._misfit(f"{grammar.set_id} has no segment {tag}; place it under 'uses', or remove it", "segments", tag)

    def _root(self, changes: GrammarChanges) -> Use:
        root = self.grammar.root
        if changes.structure:
            try:
                root = replace(root, members=(*parse_structure(changes.structure), root.members[-1]))
            except ValueError as error:
                self._misfit(f"{error}; write segments as in the standard's grammars", "structure")
        for path, how in changes.uses.items():
            try:
                root = _with_use(root, path.split("/"), how)
            except ValueError as error:
                self._misfit(str(error), "uses", path)
        return root

    def _segments(self, texts: Mapping[str, str]) -> Iterator[tuple[str, Segment]]:
        release = releases()[self.grammar.release]
        for tag, text in texts.items():
            known = release.segment(tag)
            try:
                yield tag, parse_segment(f"{tag} {known.name if known else tag} | {text}")
            except ValueError as error:
                self._misfit(f"{error}; write it as '353! 92! 324 | P0203'", "segments", tag)

    def element(self, place: str, how: ElementChange) -> None:
        """One rule: for an element wherever it stands (`355`), or for one place (`BEG02`), which gets its own."""
        tag, number = parse_place(place)
        known = _field(self.grammar, tag, number) if tag else Field(place)
        defined = known is not None and (known.number in self.grammar.elements or how.type is not None)
        if known is None or not defined:
            self._misfit(f"{self.grammar.set_id} has no element {place}; correct it or remove it", "elements", place)
            return
        if how.required is not None and not tag:
            self._misfit(f"say where {place} is required, as in PO103", "elements", place)
        own = f"{known.number.partition('.')[0]}.{place}" if tag else place
        self._define(known.number, own, how)
        if tag:
            self._place(tag, number, replace(known, number=own), required=how.required)

    def _define(self, number: str, own: str, how: ElementChange) -> None:
        grammar = self.grammar
        meanings = grammar.meanings.get(number, {})
        listed = how.listed(grammar.codes.get(number, {}), meanings)
        self.grammar = replace(
            grammar,
            elements={**grammar.elements, own: how.element(number, grammar.elements.get(number))},
            codes={**grammar.codes, own: listed} if listed else grammar.codes,
            meanings={**grammar.meanings, own: {**meanings, **listed}},
        )

    def _place(self, tag: str, number: int, changed: Field, *, required: bool | None) -> None:
        grammar = self.grammar
        segment = grammar.segments.get(tag) or grammar.composites[tag]
        fields = [*(segment.fields or ())]
        fields[number - 1] = changed if required is not False else replace(changed, required=False)
        segment = replace(segment, fields=tuple(fields))
        if required:
            segment = requiring(segment, number)
        if tag in grammar.segments:
            self.grammar = replace(grammar, segments={**grammar.segments, tag: segment})
        else:
            self.grammar = replace(grammar, composites={**grammar.composites, tag: segment})


def _with_use(use: Use, path: Sequence[str], how: UseChange) -> Use:
    """The loop with the first member that the path names changed; ValueError when there is none."""
    members = list(use.members)
    tag, *rest = path
    index = next((n for n, member in enumerate(members) if member.tag == tag), None)
    if index is None and not rest and how.after:
        return replace(use, members=_inserted(use, Use(tag, bool(how.required), _most(how, 1)), how.after))
    if index is None:
        raise ValueError(f"there is no {tag} in {use.tag}; to add it, say what it comes 'after'")
    found = members[index]
    if rest:
        members[index] = _with_use(found, rest, how)
    elif how.forbidden:
        del members[index]
    else:
        required = found.required if how.required is None else how.required
        members[index] = replace(found, required=required, most=_most(how, found.most))
    return replace(use, members=tuple(members))


def _inserted(use: Use, new: Use, after: str) -> tuple[Use, ...]:
    """A loop's members with a new one behind the last that bears the tag `after`."""
    before = [n for n, member in enumerate(use.members) if member.tag == after]
    if not before and after != use.tag:
        raise ValueError(f"there is no {after} in {use.tag} that {new.tag} could come after")
    at = before[-1] + 1 if before else 0
    neighbour = use.members[max(at - 1, 0)]
    return (*use.members[:at], replace(new, area=neighbour.area), *use.members[at:])


def _most(how: UseChange, known: int) -> int:
    return known if how.most is None else how.most or UNBOUNDED


def _field(grammar: x12.Grammar, tag: str, number: int) -> Field | None:
    segment = grammar.segments.get(tag) or grammar.composites.get(tag)
    fields = (segment.fields if segment else None) or ()
    return fields[number - 1] if 0 < number <= len(fields) else None


def requiring(segment: Segment, place: int) -> Segment:
    """The segment with an element mandatory, and with it whatever its syntax notes then call for.

    A note that this settles goes: P and C for what they tie to the element, R because it is met.
    """
    wanted, settled = {place}, set[Note]()
    while grown := [note for note in segment.notes if note not in settled and _calls(note, wanted)]:
        settled.update(grown)
        wanted.update(place for note in grown if note.kind in "PC" for place in note.places)
    fields = (
        replace(one, required=True) if number in wanted else one for number, one in enumerate(segment.fields or (), 1)
    )
    return replace(segment, fields=tuple(fields), notes=tuple(note for note in segment.notes if note not in settled))


def _calls(note: Note, wanted: set[int]) -> bool:
    """Whether a note is settled once these elements are mandatory."""
    if note.kind == "C":
        return note.places[0] in wanted
    return note.kind in "PR" and not wanted.isdisjoint(note.places)

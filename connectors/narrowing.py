"""What a partner says of a transaction set beyond the standard: elements it always sends, codes it keeps to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from pydantic import Field, field_validator

from connectors.syntax import x12
from connectors.syntax.x12 import grammar as standard
from mappings.yaml_model import ConfigModel

Places = TypeVar("Places", tuple[str, ...], dict[str, tuple[str, ...]])
_PLACE = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})")


class Narrowing(ConfigModel):
    """`require: [PO107, CUR02]` makes elements mandatory wherever their segment stands.

    `codes: {BEG02: [SA, NE]}` allows only these values there.
    """

    require: tuple[str, ...] = ()
    codes: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("require", "codes")
    @classmethod
    def _places(cls, places: Places) -> Places:
        for place in places:
            if not _PLACE.fullmatch(place):
                raise ValueError(f"{place!r} names no element; write one such as BEG02")
        return places

    def judge(self, version: str, set_id: str) -> x12.Judge | None:
        """The set's judge with these rules in it; None when no grammar knows the set."""
        if not self.require and not self.codes:
            return x12.find_judge(version, set_id)
        return _judge(version, set_id, self.require, tuple(sorted(self.codes.items())))

    def unknown(self, grammar: x12.Grammar) -> Iterator[str]:
        """The places that the set does not have."""
        yield from (place for place in (*self.require, *self.codes) if _field(grammar, place) is None)


@lru_cache(maxsize=256)
def _judge(
    version: str, set_id: str, require: tuple[str, ...], codes: tuple[tuple[str, tuple[str, ...]], ...]
) -> x12.Judge | None:
    """Kept, for a judge takes tens of milliseconds to make."""
    grammar = x12.find_grammar(version, set_id)
    return x12.Judge(narrowed(grammar, require, dict(codes))) if grammar else None


def narrowed(grammar: x12.Grammar, require: tuple[str, ...], codes: Mapping[str, tuple[str, ...]]) -> x12.Grammar:
    """The grammar with those elements mandatory and those codes alone allowed. Unknown places change nothing."""
    segments, elements, lists = dict(grammar.segments), dict(grammar.elements), dict(grammar.codes)
    for place, allowed in codes.items():
        known = _field(grammar, place)
        if known:
            own = f"{known.number}@{place}"
            elements[own] = elements[known.number]
            lists[own] = dict.fromkeys(allowed, "")
            _change(segments, place, replace(known, number=own))
    for place in require:
        if _field(grammar, place):
            tag, index = _split(place)
            segments[tag] = _requiring(segments[tag], index + 1)
    return replace(grammar, segments=segments, elements=elements, codes=lists)


def _field(grammar: x12.Grammar, place: str) -> standard.Field | None:
    tag, index = _split(place)
    segment = grammar.segments.get(tag)
    fields = (segment.fields if segment else None) or ()
    return fields[index] if 0 <= index < len(fields) else None


def _split(place: str) -> tuple[str, int]:
    return place[:-2], int(place[-2:]) - 1


def _change(segments: dict[str, standard.Segment], place: str, changed: standard.Field) -> None:
    tag, index = _split(place)
    fields = list(segments[tag].fields or ())
    fields[index] = changed
    segments[tag] = replace(segments[tag], fields=tuple(fields))


def _requiring(segment: standard.Segment, place: int) -> standard.Segment:
    """The segment with an element mandatory, and with it whatever its syntax notes then call for.

    A note that this settles goes: P and C for what they tie to the element, R because it is met.
    """
    wanted, settled = {place}, set[standard.Note]()
    while grown := [note for note in segment.notes if note not in settled and _calls(note, wanted)]:
        settled.update(grown)
        wanted.update(place for note in grown if note.kind in "PC" for place in note.places)
    fields = (
        replace(field, required=True) if number in wanted else field
        for number, field in enumerate(segment.fields or (), 1)
    )
    return replace(segment, fields=tuple(fields), notes=tuple(note for note in segment.notes if note not in settled))


def _calls(note: standard.Note, wanted: set[int]) -> bool:
    """Whether a note is settled once these elements are mandatory."""
    if note.kind == "C":
        return note.places[0] in wanted
    return note.kind in "PR" and not wanted.isdisjoint(note.places)

"""The fast path: regular expressions that say whether a set is right, and where its first fault is.

Two possessive expressions run over a whole set in canonical delimiters: one accepts any run of right segments and stops
where the first bad one begins, the other accepts the right order. What they accept is right; what they reject goes to
the exact check, whose word is final, so they may be narrower than the grammar (an odd decimal, 29 February, a code
from a long list in a place where it is rare) but never wider.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from connectors.syntax.x12.element_pattern import element_pattern, optional
from connectors.syntax.x12.grammar import Grammar
from connectors.syntax.x12.notation import UNBOUNDED, Field, Note, Segment, Use

_MANY_CODES = 60
"""A list longer than this stands in the expression only where it is likely to be met, as each place costs milliseconds
to compile: where a segment first has it, codes of three characters only in first place, composites not at all."""
_ANY: Mapping[str, str] = {}
_NEVER = "(?!)"
_SKIP = r"\x1d[^\x1d\x1e]*+"


def segments_pattern(grammar: Grammar) -> "re.Pattern[str]":
    """Matches any number of right segments; the end of the match is where the first bad one begins."""
    by_first: dict[str, list[str]] = {}
    for tag, segment in grammar.segments.items():
        by_first.setdefault(tag[0], []).append(re.escape(tag[1:]) + _segment(segment, grammar))
    branches = (f"{first}(?>{'|'.join(rests)})" for first, rests in by_first.items())
    return re.compile(f"(?>{'|'.join(branches)})*+")


def doubts_pattern(segment: Segment, grammar: Grammar) -> "re.Pattern[str]":
    """Matches any segment of this tag; group n holds what stands at place n unless it is right at sight.

    What is empty is right here, and of a code list that is long nothing is.
    """
    long = {number for number, codes in grammar.codes.items() if len(codes) > _MANY_CODES}
    long |= {n for n, one in grammar.composites.items() if any(place.number in long for place in one.fields or ())}
    rights = (_NEVER if one.number in long else _value(one, grammar, must=False) for one in segment.fields or ())
    places = (rf"(?:\x1d(?>{right}(?=[\x1d\x1e])|([^\x1d\x1e]*+)))?+" for right in rights)
    return re.compile(re.escape(segment.tag) + "".join(places))


def shape_pattern(segment: Segment, grammar: Grammar) -> "re.Pattern[str]":
    """Matches a segment whose elements, whatever their values, are those that must stand."""
    anything = replace(grammar, elements={}, composites={}, codes={})
    return re.compile(re.escape(segment.tag) + _segment(segment, anything))


def changed_pattern(before: Grammar, after: Grammar) -> "re.Pattern[str] | None":
    """Matches at the terminator before a segment that `after` has otherwise than `before`, and that is not right by it.

    None when no segment differs. The ST of a set is never asked.
    """
    shared = before.segments.keys() & after.segments.keys()
    tags = [tag for tag in shared if not _is_wider(_places(tag, before), _places(tag, after))]
    if not tags:
        return None
    branches = (f"{re.escape(tag)}(?!{_segment(after.segments[tag], after)})" for tag in sorted(tags))
    return re.compile(rf"\x1e(?:{'|'.join(branches)})(?=\x1d|\x1e)")


def _places(tag: str, grammar: Grammar) -> list[tuple[object, Set[str]]]:
    """What a grammar says of each place in a segment and its composites, and the codes allowed there."""
    segment = grammar.segments[tag]
    inner = [one for place in segment.fields or () if (one := grammar.composites.get(place.number))]
    said: list[tuple[object, Set[str]]] = [(segment.fields is None, _ANY.keys())]
    for one in (segment, *inner):
        said.append((one.notes, _ANY.keys()))
        for place in one.fields or ():
            element = grammar.elements.get(place.number)
            kind = (element.type, element.least, element.greatest) if element else place.number
            said.append(((kind, place.required, place.repeat), grammar.codes.get(place.number, _ANY).keys()))
    return said


def _is_wider(before: list[tuple[object, Set[str]]], after: list[tuple[object, Set[str]]]) -> bool:
    """Whether the one says what the other says, with the same codes or more."""
    if [said for said, _ in before] != [said for said, _ in after]:
        return False
    return all(not codes or (known and known <= codes) for (_, known), (_, codes) in zip(before, after, strict=True))


def structure_pattern(root: Use) -> "re.Pattern[str]":
    """Matches a whole set, ST to SE, whose segments stand in the right order and number."""
    return re.compile(_use(root))


def _use(use: Use) -> str:
    one = rf"{re.escape(use.tag)}\x1d[^\x1e]*+\x1e" + "".join(map(_use, use.members))
    least = int(use.required)
    if use.most == 1:
        return one if least else f"(?:{one})?+"
    most = "" if use.most >= UNBOUNDED else use.most
    return f"(?:{one}){{{least},{most}}}+"


def _segment(segment: Segment, grammar: Grammar) -> str:
    if segment.fields is None:
        return r"\x1d[^\x1e]*+\x1e"
    adjacent = {note.places[0] for note in segment.notes if _is_pair(note, segment)}
    rest = [note for note in segment.notes if not _is_pair(note, segment) and not _is_adjacent(note, segment)]
    behind = {note.places[0] for note in segment.notes if _is_adjacent(note, segment)}
    ahead = "".join(map(_note, rest))
    return ahead + _fields(list(_pieces(segment, grammar, adjacent, behind)))


def _is_pair(note: Note, segment: Segment) -> bool:
    """A P note over two neighbours, neither mandatory, that no other note reaches across and that may repeat."""
    if note.kind != "P" or len(note.places) != 2 or note.places[1] != note.places[0] + 1:
        return False
    return not _mandatory(note, segment) and _alone(note, segment)


def _alone(note: Note, segment: Segment) -> bool:
    others = {place for other in segment.notes if other is not note and other.kind == "P" for place in other.places}
    return not others & set(note.places)


def _is_adjacent(note: Note, segment: Segment) -> bool:
    """A C note whose first element calls for the one just before it; neither is mandatory."""
    close = note.kind == "C" and len(note.places) == 2 and note.places[1] == note.places[0] - 1
    return close and not _mandatory(note, segment)


def _mandatory(note: Note, segment: Segment) -> bool:
    return any((segment.fields or ())[place - 1].required for place in note.places)


def _pieces(segment: Segment, grammar: Grammar, paired: set[int], behind: set[int]) -> Iterator[tuple[str, bool]]:
    """Each element, or pair of them, with its separator, and whether the segment may not end before it."""
    fields = segment.fields or ()
    seen: set[str] = set()
    place = 1
    while place <= len(fields):
        one = fields[place - 1]
        if place not in paired and _is_costly(one, place, grammar, again=one.number in seen):
            yield r"\x1d" + (_NEVER if one.required else ""), one.required
            place += 1
            continue
        seen.add(one.number)
        if place in paired:
            both = _value(one, grammar, must=True) + r"\x1d" + _value(fields[place], grammar, must=True)
            guard = r"(?<=[^\x1d]\x1d)" if place in behind else ""
            costly = _is_costly(fields[place], place + 1, grammar, again=fields[place].number in seen)
            yield (r"\x1d\x1d" if costly else rf"\x1d(?>{guard}{both}|\x1d)"), False
            seen.add(fields[place].number)
            place += 2
            continue
        value = _value(one, grammar, must=one.required)
        if place in behind:
            value = rf"(?:(?<=[^\x1d]\x1d){_value(one, grammar, must=True)})?+"
        yield r"\x1d" + value, one.required
        place += 1


def _is_costly(one: Field, place: int, grammar: Grammar, *, again: bool) -> bool:
    """Whether a filled element is left to the exact check, as its list is long."""
    codes = grammar.codes.get(one.number, ())
    if len(codes) <= _MANY_CODES:
        return False
    return (again and not one.required) or (place > 1 and max(map(len, codes)) > 2)


def _fields(pieces: list[tuple[str, bool]]) -> str:
    """The elements one after another, each nested in the one before, so that a short segment ends early."""
    last = max((n for n, (_, required) in enumerate(pieces, 1) if required), default=0)
    fixed = "".join(piece for piece, _ in pieces[:last])
    return fixed + _nest(list(_runs(piece for piece, _ in pieces[last:]))) + r"\x1e"


def _runs(pieces: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Equal neighbours as one piece and their number."""
    previous, times = "", 0
    for piece in pieces:
        if piece == previous:
            times += 1
            continue
        if times:
            yield previous, times
        previous, times = piece, 1
    if times:
        yield previous, times


def _nest(runs: list[tuple[str, int]]) -> str:
    text = ""
    for piece, times in reversed(runs):
        if times > 1 and not text:
            text = f"(?:{piece}){{0,{times}}}+"
        else:
            for _ in range(times):
                text = f"(?:{piece}{text})?+"
    return text


def _value(place: Field, grammar: Grammar, *, must: bool) -> str:
    composite = grammar.composites.get(place.number)
    if composite:
        return optional(_composite(composite, grammar), must=must)
    element = grammar.elements.get(place.number)
    if element is None:
        return r"[^\x00-\x1e\x7f]++" if must else r"[^\x00-\x1e\x7f]*+"
    return element_pattern(element, grammar.codes.get(place.number, ()), must=must)


def _composite(composite: Segment, grammar: Grammar) -> str:
    first, *others = composite.fields or ()
    if len(grammar.codes.get(first.number, ())) > _MANY_CODES:
        return _NEVER
    start = _value(first, grammar, must=True)
    if composite.notes:
        return start
    text = ""
    for place in reversed(others):
        long = len(grammar.codes.get(place.number, ())) > _MANY_CODES
        part = (_NEVER if place.required else "") if long else _value(place, grammar, must=place.required)
        text = rf"(?:\x1f{part}{text})?+"
    return start + text


def _present(place: int) -> str:
    return rf"(?:{_SKIP}){{{place - 1}}}\x1d[^\x1d\x1e]"


def _note(note: Note) -> str:
    first, *rest = (_present(place) for place in note.places)
    match note.kind:
        case "R":
            return f"(?={'|'.join([first, *rest])})"
        case "P":
            everything = "".join(f"(?={place})" for place in (first, *rest))
            nothing = "".join(f"(?!{place})" for place in (first, *rest))
            return f"(?:{everything}|{nothing})"
        case "C":
            return f"(?:(?!{first})|{''.join(f'(?={place})' for place in rest)})"
        case "L":
            return f"(?:(?!{first})|(?={'|'.join(rest)}))"
        case _:
            places = [first, *rest]
            pairs = ((a, b) for n, a in enumerate(places) for b in places[n + 1 :])
            return "".join(f"(?!(?={a})(?={b}))" for a, b in pairs)

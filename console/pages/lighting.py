"""Ties the two sides of a document's page: a canonical value, and the place of its bytes that it comes from.

Each place has a number. What stands there has the class `at-N`, the value read from it `from-N`; a style sheet of
nothing but pairs of these lights the one while the other is pointed at or focused. So it needs no script.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from markupsafe import Markup, escape

from console.pages.json_view import Trail

MOST_LIT = 2000
"""Places that light up by themselves; a value of any further one is still a link to it."""

Place: TypeAlias = tuple[str | int, ...]
"""`(segment, 12, 2)`, `(segment, 12)`, `(pointer, /lines/0)` or `(line, 3)`."""


def place_of(source: Mapping[str, Any]) -> Place | None:
    """Where a lineage's source stands, as a page can find it; None of what stands nowhere: a constant, a fact."""
    if "segment" in source:
        return ("segment", source["segment"], *([source["element"]] if "element" in source else []))
    if "pointer" in source:
        return ("pointer", source["pointer"])
    return ("line", source["line"]) if "line" in source else None


@dataclass(frozen=True, slots=True)
class Lighting:
    """The lineage of one document as a page shows it. `reasons` are those of a document of ours."""

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[Place, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many places the style sheet must light."""
        return min(len(self.numbers), MOST_LIT)

    def names(self, *places: Place) -> tuple[str, str]:
        """The classes of what stands at these places, and the id of the first."""
        numbers = [self.numbers[place] for place in places if place in self.numbers]
        return " ".join(f"at-{number}" for number in numbers), f"at-{numbers[0]}" if numbers else ""

    def mark(self, painted: Markup, *places: Place) -> Markup:
        """What stands at these places, marked as such."""
        classes, name = self.names(*places)
        return Markup('<span class="{}" id="{}">{}</span>').format(classes, name, painted) if classes else painted

    def origin(self, path: str) -> Mapping[str, Any] | None:
        """Where the value at a canonical path, or what it is part of, comes from."""
        return next((self.values[part] for part in _upwards(path) if part in self.values), None)

    def reason(self, path: str) -> str | None:
        """Why a value of ours is what it is, in words."""
        covering = next((part for part in _upwards(path) if part in self.reasons), None)
        if covering is None:
            return None
        kind, _, where = self.reasons[covering].partition(":")
        if kind == "rule":
            return f"made by the rule {where}"
        known = {"source": "the document decided on", "order": "the order"}.get(kind, kind)
        return f"taken from {where}{path[len(covering) :]} of {known}"


def lighting_of(lineage: Mapping[str, Any] | None) -> Lighting:
    """The lighting of a lineage as the hub tells it."""
    values: Mapping[str, Mapping[str, Any]] = (lineage or {}).get("values") or {}
    places = dict.fromkeys(place for origin in values.values() if (place := place_of(origin["source"])))
    numbers = {place: number for number, place in enumerate(places, 1)}
    return Lighting(values, (lineage or {}).get("reasons") or {}, numbers)


@dataclass(frozen=True, slots=True)
class Canonical:
    """Binds the values of the canonical side. Satisfies `json_view.Binding`."""

    lighting: Lighting

    def value(self, trail: Trail, painted: Markup) -> Markup:
        """The value as a link to its place, with its origin in words."""
        path = ".".join(map(str, trail))
        origin, reason = self.lighting.origin(path), self.lighting.reason(path)
        place = place_of(origin["source"]) if origin else None
        told = Markup('<span class="origin">{}</span>').format(_words(origin, reason)) if origin or reason else ""
        number = self.lighting.numbers.get(place) if place else None
        if number is not None:
            link = Markup('<a class="v from-{0}" id="v-{1}" href="#at-{0}">{2}{3}</a>')
            return link.format(number, path, painted, told)
        focus = Markup(' tabindex="0"') if told else ""
        return Markup('<span class="v" id="v-{}"{}>{}{}</span>').format(path, focus, painted, told)

    def opening(self, trail: Trail, bracket: str) -> Markup:
        """The bracket, by the path of what it opens."""
        return (
            Markup('<span id="v-{}">{}</span>').format(".".join(map(str, trail)), bracket) if trail else escape(bracket)
        )


@dataclass(frozen=True, slots=True)
class Native:
    """Binds the values of a JSON text as it travelled. Satisfies `json_view.Binding`."""

    lighting: Lighting

    def value(self, trail: Trail, painted: Markup) -> Markup:
        """The value, marked when it, or what it is part of, is the source of any."""
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in trail]
        pointers = ["".join(f"/{step}" for step in steps[:length]) for length in range(len(steps), -1, -1)]
        return self.lighting.mark(painted, *(("pointer", pointer) for pointer in pointers))

    def opening(self, _trail: Trail, bracket: str) -> Markup:
        """The bracket as it is."""
        return escape(bracket)


def style(count: int) -> str:
    """The style sheet that lights `count` places and their values."""
    pairs = (
        f".sides:has(.from-{number}:is(:hover, :focus)) .at-{number}, .sides:has(.at-{number}:hover) .from-{number}"
        for number in range(1, min(count, MOST_LIT) + 1)
    )
    return "".join(
        f"{pair} {{ background: var(--lit); color: var(--lit-ink); border-radius: 3px; }}\n" for pair in pairs
    )


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _words(origin: Mapping[str, Any] | None, reason: str | None) -> str:
    said: Sequence[str] = [*(_origin_words(origin) if origin else ()), *([reason] if reason else ())]
    return " · ".join(said)


def _origin_words(origin: Mapping[str, Any]) -> Iterator[str]:
    source, rule = origin["source"], origin["rule"]
    if "segment" in source:
        element = f"{source['element']:02}" if "element" in source else ""
        yield f"{source.get('tag', '')}{element} in segment {source['segment']}"
    elif source:
        yield str(
            source.get("pointer") or source.get("xpath") or " ".join(f"{key} {value}" for key, value in source.items())
        )
    else:
        yield "not in the source"
    if rule:
        yield f"rule {short(str(rule['file']))}:{rule['line']}"


def short(file: str) -> str:
    """A map file's path from the folder of all maps on."""
    return file.rpartition("mappings/")[2]

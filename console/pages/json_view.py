"""JSON as a page shows it: indented, coloured, and where its places are known, each value bound to its own.

Everything here that makes HTML escapes every text it is given.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from markupsafe import Markup, escape

from console.json_text import json_text

Trail: TypeAlias = tuple[str | int, ...]
"""The way from the top to a value: keys and list indexes."""


class Binding(Protocol):
    """What ties the values of one JSON text to another."""

    def value(self, trail: Trail, painted: Markup) -> Markup:
        """A scalar's markup with what it is bound to."""
        ...

    def opening(self, trail: Trail, bracket: str) -> Markup:
        """The bracket that opens an object or list, by which it can be found."""
        ...


class Unbound:
    """Nothing is tied to anything."""

    def value(self, _trail: Trail, painted: Markup) -> Markup:
        """The markup as it is."""
        return painted

    def opening(self, _trail: Trail, bracket: str) -> Markup:
        """The bracket as it is."""
        return escape(bracket)


def lean(value: Any) -> Any:
    """A JSON value without what is empty: a page shows what a document says, not what it could have said."""
    if isinstance(value, Mapping):
        return {key: kept for key, item in value.items() if (kept := lean(item)) not in ({}, [], None)}
    if isinstance(value, list | tuple):
        return [lean(item) for item in value]
    return value


def paint_json(value: Any, binding: Binding | None = None) -> Markup:
    """A JSON value, indented, its keys, texts and numbers marked for colour, its values bound to their sources."""
    return Markup("").join(_paint(value, "", (), binding or Unbound()))


def _paint(value: Any, indent: str, trail: Trail, binding: Binding) -> Iterator[Markup]:
    if isinstance(value, Mapping) and value:
        members = [(_key(key), item, (*trail, str(key))) for key, item in value.items()]
        yield from _paint_members("{}", members, indent, trail, binding)
    elif isinstance(value, list | tuple) and value:
        members = [(Markup(""), item, (*trail, index)) for index, item in enumerate(value)]
        yield from _paint_members("[]", members, indent, trail, binding)
    else:
        text = str(value) if isinstance(value, Decimal) else json_text(value)
        kind = "s" if text.startswith('"') else "n"
        yield binding.value(trail, Markup('<span class="j-{}">{}</span>').format(kind, text))


def _key(key: object) -> Markup:
    return Markup('<span class="j-k">{}</span>: ').format(json.dumps(str(key), ensure_ascii=False))


def _paint_members(
    brackets: str, members: list[tuple[Markup, Any, Trail]], indent: str, trail: Trail, binding: Binding
) -> Iterator[Markup]:
    deeper = indent + "  "
    yield binding.opening(trail, brackets[0]) + "\n"
    for index, (key, item, below) in enumerate(members):
        yield escape(deeper) + key
        yield from _paint(item, deeper, below, binding)
        yield escape(",\n" if index < len(members) - 1 else "\n")
    yield escape(indent + brackets[1])

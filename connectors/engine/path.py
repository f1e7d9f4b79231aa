"""Paths into JSON trees, written as the maps write theirs: `orders[status=open].lines[].id`.

Names are joined by dots. After a name, `[]` takes every item, `[2]` the third, and `[key=value]` or `[key!=value]`
those whose value at `key` (itself a path, which goes through lists) is or isn't that text, or one of `a|b`. `["a.b"]`
is a member whose name holds dots.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from canonical import Finding, Rejected, plain_decimal
from connectors.secret import Secret

Walk = Callable[[Any], Iterator[Any]]

_STEP = re.compile(r"(?P<name>[^.\[\]]*)(?P<picks>(?:\[[^\[\]]*\])*)(?:\.|$)")
_BAR = re.compile(r"\|(?![^\[]*\])")
_PICK = re.compile(r"\[([^\[\]]*)\]")
_QUOTED = re.compile('"[^"]+"')


def all_at(tree: Any, path: str) -> list[Any]:
    """Every value at `path` that is there and not null, in order."""
    found = [tree]
    for walk in compiled(path):
        found = [value for node in found for value in walk(node) if value is not None]
    return found


def first_at(tree: Any, path: str) -> Any:
    """The first value at `path`, None when there is none."""
    return next(iter(all_at(tree, path)), None)


def every_first(tree: Any, paths: str) -> list[Any]:
    """The values of the first of `a|b|c` that has any."""
    for path in alternatives(paths):
        if found := all_at(tree, path):
            return found
    return []


def alternatives(paths: str) -> list[str]:
    """The paths of `a|b|c`."""
    return _BAR.split(paths)


@lru_cache(maxsize=2048)
def compiled(path: str) -> tuple[Walk, ...]:
    """The walks of a path. Raises `ValueError` when it can't be read."""
    walks: list[Walk] = []
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or step.end() == position or not (step["name"] or step["picks"]):
            raise ValueError(f"{path!r} is not a path; write names joined by dots: orders[status=open].lines[].id")
        if step["name"]:
            walks.append(_member(step["name"]))
        walks += [_pick(pick) for pick in _PICK.findall(step["picks"])]
        position = step.end()
    return tuple(walks)


def text_of(value: Any) -> str:
    """A leaf as text: decimals plain, booleans as JSON writes them, secrets revealed. Raises `Rejected` for trees."""
    match value:
        case Secret():
            return value.reveal()
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain_decimal(value)
        case str() | int():
            return str(value)
    message = f"a {'list' if isinstance(value, list) else 'group'} where one value is needed"
    raise Rejected(message, [Finding("value-not-single", "error", {}, message)])


def _member(name: str) -> Walk:
    def walk(node: Any) -> Iterator[Any]:
        if isinstance(node, Mapping) and name in node:
            yield node[name]

    return walk


def _pick(pick: str) -> Walk:
    if pick == "":
        return _items
    if _QUOTED.fullmatch(pick):
        return _member(pick[1:-1])
    if pick.isdecimal():
        return lambda node: iter(_sequence(node)[int(pick) : int(pick) + 1])
    key, sign, wanted = pick.partition("=")
    if not sign or not key.rstrip("!"):
        raise ValueError(f'[{pick}] is not a pick; write [], [2], [key=value], [key!=value] or ["name"]')
    return _filter(key.removesuffix("!"), wanted, equal=not key.endswith("!"))


def _filter(key: str, wanted: str, *, equal: bool) -> Walk:
    leaves = key.replace(".", "[].")
    compiled(leaves)
    texts = frozenset(wanted.split("|"))

    def walk(node: Any) -> Iterator[Any]:
        for item in _sequence(node):
            found = all_at(item, leaves)
            if any(not isinstance(leaf, Mapping | list) and text_of(leaf) in texts for leaf in found) is equal:
                yield item

    return walk


def _items(node: Any) -> Iterator[Any]:
    return iter(_sequence(node))


def _sequence(node: Any) -> Sequence[Any]:
    """A list as it is; a single object counts as a list of one, since some systems send it so."""
    if isinstance(node, Mapping):
        return (node,)
    return node if isinstance(node, Sequence) and not isinstance(node, str | bytes) else ()

"""Paths into JSON trees, written as the maps write theirs: `orders[status=open].lines[].id`.

Names are joined by dots. After a name, `[]` takes every item, `[2]` the third, and `[key=value]` or `[key!=value]`
those whose value at `key` (itself a path, which goes through lists) is or isn't that text, or one of `a|b`. `["a.b"]`
is a member whose name holds dots.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from canonical import Finding, Rejected, plain_decimal
from connectors.secret import Secret

Walk = Callable[[Any], Sequence[Any]]
"""From one node to those a step leads to."""
Values = Callable[[Any], list[Any]]
"""From a tree to the values at a path, none of them null, in order."""

_STEP = re.compile(r"(?P<name>[^.\[\]]*)(?P<picks>(?:\[[^\[\]]*\])*)(?:\.|$)")
_BAR = re.compile(r"\|(?![^\[]*\])")
_PICK = re.compile(r"\[([^\[\]]*)\]")
_QUOTED = re.compile('"[^"]+"')
_MAPPINGS = (dict, Mapping)
"""The class that nearly all of them have first: to ask whether something is any mapping takes ten times as long."""


def all_at(tree: Any, path: str) -> list[Any]:
    """Every value at `path` that is there and not null, in order."""
    return compiled(path)(tree)


def first_at(tree: Any, path: str) -> Any:
    """The first value at `path`, None when there is none."""
    return next(iter(compiled(path)(tree)), None)


def every_first(tree: Any, paths: str) -> list[Any]:
    """The values of the first of `a|b|c` that has any."""
    return first_of(paths)(tree)


@lru_cache(maxsize=2048)
def first_of(paths: str) -> Values:
    """What `a|b|c` lead to: the values of the first that has any. Raises `ValueError` when one can't be read."""
    each = [compiled(path) for path in alternatives(paths)]
    return each[0] if len(each) == 1 else lambda tree: next(filter(None, (values(tree) for values in each)), [])


def alternatives(paths: str) -> list[str]:
    """The paths of `a|b|c`."""
    return _BAR.split(paths)


@lru_cache(maxsize=2048)
def compiled(path: str) -> Values:
    """What a path leads to. Raises `ValueError` when it can't be read."""
    names: list[str] = []
    walks: list[Walk] = []
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or step.end() == position or not (step["name"] or step["picks"]):
            raise ValueError(f"{path!r} is not a path; write names joined by dots: orders[status=open].lines[].id")
        if step["name"]:
            names.append(step["name"])
            walks.append(_member(step["name"]))
        walks += [_pick(pick) for pick in _PICK.findall(step["picks"])]
        position = step.end()
    return _named(names) if len(names) == len(walks) else _walked(walks)


def _named(names: Sequence[str]) -> Values:
    """The one value at names alone."""

    def values(tree: Any) -> list[Any]:
        for name in names:
            tree = tree.get(name) if isinstance(tree, _MAPPINGS) else None
            if tree is None:
                return []
        return [tree]

    return values


def _walked(walks: Sequence[Walk]) -> Values:
    def values(tree: Any) -> list[Any]:
        found = [tree]
        for walk in walks:
            found = [value for node in found for value in walk(node) if value is not None]
        return found

    return values


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
    return lambda node: (node.get(name),) if isinstance(node, _MAPPINGS) else ()


def _pick(pick: str) -> Walk:
    if pick == "":
        return _sequence
    if _QUOTED.fullmatch(pick):
        return _member(pick[1:-1])
    if pick.isdecimal():
        place = int(pick)
        return lambda node: _sequence(node)[place : place + 1]
    key, sign, wanted = pick.partition("=")
    if not sign or not key.rstrip("!"):
        raise ValueError(f'[{pick}] is not a pick; write [], [2], [key=value], [key!=value] or ["name"]')
    return _filter(key.removesuffix("!"), wanted, equal=not key.endswith("!"))


def _filter(key: str, wanted: str, *, equal: bool) -> Walk:
    leaves = compiled(key.replace(".", "[]."))
    texts = frozenset(wanted.split("|"))

    def fits(item: Any) -> bool:
        return any(not isinstance(leaf, Mapping | list) and text_of(leaf) in texts for leaf in leaves(item)) is equal

    return lambda node: [item for item in _sequence(node) if fits(item)]


def _sequence(node: Any) -> Sequence[Any]:
    """A list as it is; a single object counts as a list of one, since some systems send it so."""
    if isinstance(node, Mapping):
        return (node,)
    return node if isinstance(node, Sequence) and not isinstance(node, str | bytes) else ()

"""The way a JSON path leads: from a node, over members and list elements, to what it names; rows being written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from mappings.paths.navigation import BadPath, Cover, Node, Run, Scope

_STEP = re.compile(r"([^.\[\]/]+)(?:\[([^\]]+)\])?|\[([^\]]+)\]")
_TOP = re.compile(r"(/|(?:\.\./)*)(.*)", re.DOTALL)

Pick: TypeAlias = int | tuple[str, frozenset[str]] | None
"""Which element of a list: a number, those whose member is one of these texts (of none: is not there), or any."""


def _pick(text: str | None) -> Pick:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    if text.startswith("!") and "=" not in text:
        return text[1:].strip(), frozenset()
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadPath(f"[{text}] is no filter; write [0], [name=value] or [!name]")
    return name.strip(), frozenset(part.strip() for part in value.split("|"))


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _matches(value: Any, pick: Pick) -> bool:
    if not isinstance(pick, tuple):
        return True
    if not isinstance(value, Mapping):
        return False
    found, wanted = value.get(pick[0]), pick[1]
    return _text(found) in wanted if wanted else found in (None, "")


class Rows(list[dict[str, Any]]):
    """CSV rows being written, and the columns that all of them share."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: dict[str, Any] = {}

    def settle(self) -> None:
        """Put the shared columns into each row, before its own; they alone make one when there is none."""
        self[:] = [{**self.shared, **row} for row in self or [{}]]


class Route:
    """The way from a scope's node to the members a path names."""

    def __init__(self, path: str, scope: Scope) -> None:
        found = _TOP.fullmatch(path)
        if not found:
            raise BadPath(f"{path!r} is no path; write names joined by dots")
        self.rooted, self.up = found[1] == "/", found[1].count("..")
        self.steps: list[tuple[str | None, Pick]] = []
        rest = found[2]
        if rest not in ("", "."):
            self._parse(rest)
        self.scope = scope.root() if self.rooted else scope.above(self.up)

    def _parse(self, rest: str) -> None:
        position = 0
        while position < len(rest):
            step = _STEP.match(rest, position)
            if not step:
                raise BadPath(f"cannot read {rest[position:]!r}; write names joined by dots: shipping_address.city")
            self.steps.append((step[1], _pick(step[2] or step[3])))
            position = step.end()
            if rest[position : position + 1] == ".":
                position += 1

    @property
    def here(self) -> bool:
        """Whether it starts at the node itself."""
        return not self.rooted and not self.up

    def cover(self) -> Cover:
        """What is read below the route's end, marked on the way."""
        cover = self.scope.cover
        for name, pick in self.steps:
            if name is not None:
                cover = cover.child(name)
            if isinstance(pick, tuple):
                cover.child(pick[0]).whole = True
        return cover

    def base(self, node: Node, run: Run) -> Node:
        """The node the steps start from."""
        if self.rooted:
            return run.root
        return run.up[-self.up] if self.up else node

    def every(self, node: Node, run: Run) -> list[Any]:
        """All values the steps reach; a list without an index gives all its elements."""
        found = [self.base(node, run)]
        for name, pick in self.steps:
            found = [value for parent in found for value in _inside(parent, name, pick)]
        return found

    def pointer(self, node: Node, run: Run) -> str:
        """The JSON pointer of the first value the steps reach, or of where it would be; when tracing."""
        spot = "" if self.rooted else run.spots[-1 - self.up] if self.up < len(run.spots) else ""
        pointer, value = _settled(spot, run.root), self.base(node, run)
        for name, pick in self.steps:
            if name is not None:
                if isinstance(value, list):
                    pointer, value = f"{pointer}/0", value[0] if value else None
                pointer += "/" + name.replace("~", "~0").replace("/", "~1")
                value = value.get(name) if isinstance(value, Mapping) else None
            if pick is not None and isinstance(value, list):
                first = next((at for at, item in enumerate(value) if _matches(item, pick)), 0)
                at = pick if isinstance(pick, int) else first
                pointer, value = f"{pointer}/{at}", value[at] if at < len(value) else None
        return pointer

    def grow(self, node: Node, run: Run, steps: Sequence[tuple[str | None, Pick]]) -> Node:
        """The member, made with what is missing on the way."""
        target = self.base(node, run)
        if isinstance(target, Rows) and self.steps and self.steps[0][0] is not None:
            target = target.shared
        for name, pick in steps:
            if name is not None:
                target = _only_one(target)
                empty: Any = {} if pick is None else []
                known = target.get(name)
                target = known if known is not None else target.setdefault(name, empty)
            if pick is not None:
                target = _element(target, pick)
        return _only_one(target)


def _only_one(target: Any) -> Any:
    """A list without an index is its first element, made if need be, as it is when reading."""
    return _element(target, 0) if type(target) is list else target


def _inside(parent: Any, name: str | None, pick: Pick) -> list[Any]:
    if name is not None:
        if isinstance(parent, list):
            parent = parent[0] if parent else None
        parent = parent.get(name) if isinstance(parent, Mapping) else None
    if not isinstance(parent, list):
        return [parent] if parent is not None and _matches(parent, pick) else []
    if isinstance(pick, int):
        return parent[pick : pick + 1]
    return [value for value in parent if _matches(value, pick)]


def _settled(spot: str, root: Any) -> str:
    """A place noted on the way in as the pointer it is: an object counts as a list of one, but has no number."""
    pointer, value = "", root
    for step in spot.split("/")[1:]:
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        elif step.isdigit() and isinstance(value, Mapping) and step not in value:
            continue
        else:
            value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, Mapping) else None
        pointer += f"/{step}"
    return pointer


def _element(target: list[Any], pick: Pick) -> Any:
    if isinstance(pick, int):
        while len(target) <= pick:
            target.append({})
        return target[pick]
    assert pick is not None
    for value in target:
        if _matches(value, pick):
            return value
    made = {pick[0]: min(pick[1])} if pick[1] else {}
    target.append(made)
    return made

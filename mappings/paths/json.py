"""JSON trees and CSV rows: `customer.email`, `line_items[sku=A1].id`, `lines[0].price`, `../id`, `/currency`.

Names are joined by dots; `[0]` takes one element, `[name=value]` the first that matches, a list without either its
first. A leading `/` starts at the top, `../` at the node around the loop, `.` is the node itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from canonical import Where
from mappings.paths.navigation import BadPath, Branch, Cover, Leaf, Node, Pairs, Raw, Run, Scope, Values

_STEP = re.compile(r"([^.\[\]/]+)(?:\[([^\]]+)\])?|\[([^\]]+)\]")
_TOP = re.compile(r"(/|(?:\.\./)*)(.*)", re.DOTALL)

Pick: TypeAlias = int | tuple[str, frozenset[str]] | None
"""Which element of a list: a number, those whose member is one of these texts, or any."""


def _pick(text: str | None) -> Pick:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadPath(f"[{text}] is no filter; write [0] or [name=value]")
    return name.strip(), frozenset(part.strip() for part in value.split("|"))


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _matches(value: Any, pick: Pick) -> bool:
    if isinstance(pick, tuple):
        return isinstance(value, Mapping) and _text(value.get(pick[0])) in pick[1]
    return True


class Rows(list[dict[str, Any]]):
    """CSV rows being written, and the columns that all of them share."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: dict[str, Any] = {}

    def settle(self) -> None:
        """Put the shared columns into each row, before its own; they alone make one when there is none."""
        self[:] = [{**self.shared, **row} for row in self or [{}]]


class _Route:
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
                empty: Any = {} if pick is None else []
                known = target.get(name)
                target = known if known is not None else target.setdefault(name, empty)
            if pick is not None:
                target = _element(target, pick)
        return target


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
    made = {pick[0]: min(pick[1])}
    target.append(made)
    return made


class JsonPaths:
    """How JSON values and CSV rows are addressed."""

    x12 = False

    def __init__(self, *, json: bool = True) -> None:
        self.json = json

    def _where(self, pointer: str) -> Where:
        """A JSON pointer; of CSV the line (the header is line 1) and the column's name."""
        if self.json:
            return {"pointer": pointer}
        _, row, column = (*pointer.split("/", 2), "", "")[:3]
        where: dict[str, int | str] = {"line": int(row) + 2 if row.isdigit() else 2}
        name = column or ("" if row.isdigit() else row)
        return {**where, "column": name} if name else where

    def root_scope(self) -> Scope:
        """The whole value."""
        return Scope("", Cover())

    def new_root(self) -> dict[str, Any] | Rows:
        """An empty object; of CSV no row yet."""
        return {} if self.json else Rows()

    def finish(self, root: Node) -> None:
        """Of CSV, put what is the document's own on each row."""
        if isinstance(root, Rows):
            root.settle()

    def leaf(self, path: str, scope: Scope) -> Leaf:
        """One scalar."""
        route = _Route(path, scope)
        route.cover().whole = True
        if len(route.steps) == 1 and not route.rooted and not route.up and route.steps[0][1] is None:
            name = route.steps[0][0]
            get, own = _member_getter(name), name
        else:
            get, own = _getter(route), None
        return Leaf(
            get,
            _putter(route),
            lambda _node, _run: True,
            lambda node, run: self._where(route.pointer(node, run)),
            own=own,
        )

    def branch(self, path: str, scope: Scope, repeat: str | None = None) -> Sequence[Branch]:
        """The elements of a list; a single object counts as a list of one."""
        if repeat:
            raise BadPath("repeat: is for X12 segments")
        route = _Route(path, scope)
        inner = Scope(path, route.cover(), scope)

        def find(node: Node, run: Run) -> list[Any]:
            found = [one for value in route.every(node, run) for one in (value if isinstance(value, list) else [value])]
            return [value for value in found if isinstance(value, dict | str | int)]

        def make(node: Node, run: Run) -> dict[str, Any]:
            holder = route.grow(node, run, route.steps[:-1])
            name, pick = route.steps[-1] if route.steps else (None, None)
            target = holder.setdefault(name, []) if name is not None else holder
            made: dict[str, Any] = {pick[0]: min(pick[1])} if isinstance(pick, tuple) else {}
            target.append(made)
            return made

        def spot(parent: str, index: int) -> str:
            names = "".join(f"/{name}" for name, _ in route.steps if name is not None)
            return f"{'' if route.rooted else parent}{names}/{index}"

        name, pick = route.steps[0] if len(route.steps) == 1 and route.here else (None, None)
        fast = _members_finder(name) if name is not None and pick is None else find
        return [Branch(fast, make, spot, inner)]

    def values(self, path: str, scope: Scope) -> Values:
        """Every scalar the path reaches."""
        route = _Route(path, scope)
        route.cover().whole = True

        def get(node: Node, run: Run) -> list[Raw]:
            return [value for value in route.every(node, run) if value not in (None, "")]

        def put(node: Node, run: Run, values: list[Raw]) -> None:
            route.grow(node, run, route.steps[:-1])[route.steps[-1][0]] = values

        return Values(get, put, lambda node, run: self._where(route.pointer(node, run)))

    def pairs(self, paths: Sequence[str], scope: Scope) -> Pairs:
        """The members of an object, as (name, value)."""
        route = _Route(paths[0], scope)
        route.cover().whole = True

        def get(node: Node, run: Run) -> list[tuple[Raw, Raw]]:
            return [pair for value in route.every(node, run) if isinstance(value, Mapping) for pair in value.items()]

        def put(node: Node, run: Run, pairs: list[tuple[Raw, Raw]]) -> int:
            route.grow(node, run, route.steps).update(pairs)
            return len(pairs)

        return Pairs(get, put, lambda node, run: self._where(route.pointer(node, run)))

    def kept(self, paths: Sequence[str], _scope: Scope, /) -> Values:
        """JSON keeps a member by naming it."""
        raise BadPath(f"{paths[0]!r}: keep: is for X12 segments; name the member itself")

    def ignore(self, path: str, scope: Scope) -> None:
        """A member with all below it."""
        _Route(path, scope).cover().whole = True

    def top(self, _root: Node) -> Where:
        """The pointer of the whole value."""
        return self._where("")

    def unread(self, cover: Cover) -> Callable[[Node], list[tuple[Where, str]]]:
        """What lists the members nothing reads; nulls and empty values do not count."""

        def unread(root: Node) -> list[tuple[Where, str]]:
            found: list[tuple[Where, str]] = []
            _unread(root, cover, "", found)
            return [(self._where(str(where["pointer"])), name) for where, name in found]

        return unread


def _members_finder(name: str) -> Callable[[Node, Run], list[Any]]:
    def find(node: Node, _run: Run) -> list[Any]:
        if isinstance(node, list):
            node = node[0] if node else None
        value = node.get(name) if type(node) is dict else None
        if not value:
            return []
        return [one for one in value if isinstance(one, dict | str | int)] if type(value) is list else [value]

    return find


def _member_getter(name: str | None) -> Callable[[Node, Run], Raw]:
    def get(node: Node, _run: Run) -> Raw:
        if isinstance(node, list):
            node = node[0] if node else None
        if type(node) is not dict:
            return None
        value = node.get(name)
        return None if value == "" else value

    return get


def _getter(route: _Route) -> Callable[[Node, Run], Raw]:
    steps = route.steps
    if not steps and not route.rooted and not route.up:
        return lambda node, _run: None if node == "" else node
    plain = all(pick is None for _, pick in steps)
    names = [name for name, _ in steps]

    def get(node: Node, run: Run) -> Raw:
        value = route.base(node, run)
        for name in names:
            if isinstance(value, list):
                value = value[0] if value else None
            if type(value) is not dict:
                return None
            value = value.get(name)
        return None if value == "" else value

    def get_first(node: Node, run: Run) -> Raw:
        for value in route.every(node, run):
            return None if value == "" else value
        return None

    return get if plain else get_first


def _putter(route: _Route) -> Callable[[Node, Run, Raw], None]:
    def put(node: Node, run: Run, value: Raw) -> None:
        if value is None:
            return
        holder = route.grow(node, run, route.steps[:-1])
        name, pick = route.steps[-1]
        if isinstance(pick, int):
            holder.setdefault(name, [])[pick : pick + 1] = [value]
        else:
            holder[name] = value

    return put


def _unread(value: Any, cover: Cover, pointer: str, found: list[tuple[Where, str]]) -> None:
    if cover.whole:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            _unread(item, cover, f"{pointer}/{index}", found)
    elif isinstance(value, dict):
        for name, member in value.items():
            if member in (None, "", [], {}):
                continue
            known = cover.children.get(name)
            if known is None:
                found.append(({"pointer": f"{pointer}/{name}"}, name))
            else:
                _unread(member, known[0][1], f"{pointer}/{name}", found)

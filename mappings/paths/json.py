"""JSON trees and CSV rows: `customer.email`, `line_items[sku=A1].id`, `lines[0].price`, `../id`, `/currency`.

Names are joined by dots; `[0]` takes one element, `[name=value]` the first that matches, a list without either its
first. A leading `/` starts at the top, `../` at the node around the loop, `.` is the node itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical import Where
from mappings.paths.json_route import Route, Rows
from mappings.paths.navigation import BadPath, Branch, Cover, Leaf, Node, Pairs, Raw, Run, Scope, Values


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
        route = Route(path, scope)
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
        route = Route(path, scope)
        inner = Scope(path, route.cover(), scope)

        def find(node: Node, run: Run) -> list[Any]:
            found = [one for value in route.every(node, run) for one in (value if isinstance(value, list) else [value])]
            return [value for value in found if isinstance(value, dict | str | int)]

        def make(node: Node, run: Run) -> dict[str, Any]:
            holder = route.grow(node, run, route.steps[:-1])
            name, pick = route.steps[-1] if route.steps else (None, None)
            target = holder.setdefault(name, []) if name is not None else holder
            if isinstance(target, dict):
                if name is not None:
                    holder[name] = [target]
                return target
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
        route = Route(path, scope)
        route.cover().whole = True

        def get(node: Node, run: Run) -> list[Raw]:
            return [value for value in route.every(node, run) if value not in (None, "")]

        def put(node: Node, run: Run, values: list[Raw]) -> None:
            route.grow(node, run, route.steps[:-1])[route.steps[-1][0]] = values

        return Values(get, put, lambda node, run: self._where(route.pointer(node, run)))

    def pairs(self, paths: Sequence[str], scope: Scope) -> Pairs:
        """The members of an object, as (name, value)."""
        route = Route(paths[0], scope)
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
        Route(path, scope).cover().whole = True

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


def _getter(route: Route) -> Callable[[Node, Run], Raw]:
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


def _putter(route: Route) -> Callable[[Node, Run, Raw], None]:
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

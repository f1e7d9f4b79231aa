"""XML trees (lxml): `OrderRequestHeader/@orderID`, `Extrinsic[@name=Dept]`, `../@lineNumber`, `/Header`, `.`.

Steps are element names from the node on; a prefix is one that the map declares under `namespaces:`. `@name` is an
attribute, no `@` the element's text. A leading `/` starts at the root element.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lxml import etree

from canonical import Where
from mappings.paths.navigation import BadPath, Branch, Cover, Leaf, Node, Pairs, Run, Scope, Values

_STEP = re.compile(r"([\w.-]+:)?([\w.-]+)(?:\[(@?)([\w:.-]+)=([^\]]*)\])?")
Test: TypeAlias = tuple[bool, str, frozenset[str]] | None
"""(attribute?, name, one of these)."""


class XmlPaths:
    """How XML documents are addressed; `root` is the root element's name when writing."""

    x12 = False
    json = False

    def __init__(
        self, namespaces: Mapping[str, str], root: str | None, order: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.namespaces = namespaces
        self._order = {
            self.named(name): [self.named(child) for child in below] for name, below in (order or {}).items()
        }
        self._root = root or "document"

    def root_scope(self) -> Scope:
        """The root element."""
        return Scope("", Cover())

    def new_root(self) -> etree._Element:
        """An empty root element."""
        prefixes = {prefix: uri for prefix, uri in self.namespaces.items() if prefix}
        return etree.Element(self.named(self._root), nsmap=prefixes)

    def named(self, name: str) -> str:
        """A name with its namespace, as lxml writes it."""
        prefix, colon, local = name.rpartition(":")
        if not colon:
            uri = self.namespaces.get("")
        elif prefix in self.namespaces:
            uri = self.namespaces[prefix]
        else:
            raise BadPath(f"no namespace has the prefix {prefix!r}; declare it under namespaces:")
        return f"{{{uri}}}{local}" if uri else local

    def finish(self, root: Node) -> None:
        """Put children in the order the map says the format wants."""
        for element in root.iter(*self._order) if self._order else ():
            rank = {name: number for number, name in enumerate(self._order[element.tag])}
            element[:] = sorted(element, key=lambda child: rank.get(child.tag, len(rank)))

    def leaf(self, path: str, scope: Scope) -> Leaf:
        """An element's text or an attribute."""
        route = _Route(self, path, scope)
        route.cover()

        def get(node: Node, run: Run) -> str | None:
            for found in route.every(node, run):
                return route.value(found)
            return None

        def put(node: Node, run: Run, text: str | None) -> None:
            if text is not None:
                route.set(route.grow(node, run, route.steps), str(text))

        def made(node: Node, run: Run) -> bool:
            return any(True for _ in route.every(node, run))

        return Leaf(get, put, made, route.place)

    def branch(self, path: str, scope: Scope, repeat: str | None = None) -> Sequence[Branch]:
        """The elements a path reaches: a branch a step, so that `../` is the element around."""
        if repeat:
            raise BadPath("repeat: is for X12 segments")
        route = _Route(self, path, scope)
        if route.attribute:
            raise BadPath(f"{path!r} names an attribute; name the element that repeats")
        route.cover()
        inner, branches = route.scope, []
        for number in range(max(1, len(route.steps))):
            step = route.steps[number : number + 1]
            inner = Scope(path, inner.cover.child(step[0][0]) if step else inner.cover, inner if number else scope)
            branches.append(_branch(route, number, inner))
        return branches

    def values(self, path: str, scope: Scope) -> Values:
        """Every text or attribute a path reaches."""
        route = _Route(self, path, scope)
        route.cover()

        def get(node: Node, run: Run) -> list[str]:
            return [value for found in route.every(node, run) if (value := route.value(found))]

        def put(node: Node, run: Run, texts: list[str]) -> None:
            holder = route.grow(node, run, route.steps[:-1])
            for text in texts:
                route.set(_made(holder, *route.steps[-1]), text)

        return Values(get, put, route.place)

    def pairs(self, paths: Sequence[str], _scope: Scope, /) -> Pairs:
        """XML says pairs by elements: use each: with key: and value:."""
        raise BadPath(f"{paths[0]!r}: pairs: is for X12 and JSON; use each: with key: and value:")

    def kept(self, paths: Sequence[str], _scope: Scope, /) -> Values:
        """XML keeps an element by naming it."""
        raise BadPath(f"{paths[0]!r}: keep: is for X12 segments; name the element itself")

    def ignore(self, path: str, scope: Scope) -> None:
        """An element with all below it, or an attribute."""
        route = _Route(self, path, scope)
        cover = route.cover()
        cover.whole = cover.whole or not route.attribute

    def top(self, root: Node, /) -> Where:
        """The root element."""
        return {"xpath": f"/{etree.QName(root).localname}"}

    def unread(self, cover: Cover) -> Callable[[Node], list[tuple[Where, str]]]:
        """What lists the texts and attributes nothing reads."""

        def unread(root: Node) -> list[tuple[Where, str]]:
            found: list[tuple[Where, str]] = []
            _unread(root, cover, found)
            return found

        return unread


def _branch(route: "_Route", number: int, scope: Scope) -> Branch:
    """One step of a route: what is written stands in one element of each step, and in a new one of the last."""
    step = route.steps[number : number + 1]

    def base(node: Node, run: Run) -> Node:
        return node if number else route.base(node, run)

    def find(node: Node, run: Run) -> Sequence[Node]:
        holder = base(node, run)
        if not step:
            return [holder]
        [(name, test)] = step
        return [child for child in holder.iterchildren(name) if _meets(child, test)]

    def make(node: Node, run: Run) -> Node:
        if not step:
            return base(node, run)
        found = () if number == len(route.steps) - 1 else find(node, run)
        return found[0] if found else _made(base(node, run), *step[0])

    return Branch(find, make, lambda spot, _index: spot, scope)


class _Route:
    """The way from a scope's node to an element or attribute."""

    def __init__(self, paths: XmlPaths, path: str, scope: Scope) -> None:
        self.rooted, self.up = path.startswith("/"), 0
        parts = [part for part in path.split("/") if part not in ("", ".")]
        while parts and parts[0] == "..":
            parts.pop(0)
            self.up += 1
        last = parts[-1] if parts else ""
        self.attribute = _attribute(paths, last)
        self.steps = [_step(paths, part) for part in (parts[:-1] if self.attribute else parts)]
        self.scope = scope.root() if self.rooted else scope.above(self.up)

    def cover(self) -> Cover:
        """What is read at the route's end."""
        cover = self.scope.cover
        for name, test in self.steps:
            cover = cover.child(name)
            if test:
                cover.names.add(f"@{test[1]}" if test[0] else test[1])
        cover.names.add(f"@{self.attribute}" if self.attribute else "text")
        return cover

    def base(self, node: Node, run: Run) -> Node:
        """Where the steps start."""
        if self.rooted:
            return run.root
        return run.up[-self.up] if self.up else node

    def every(self, node: Node, run: Run) -> list[Node]:
        """All elements the steps reach."""
        found = [self.base(node, run)]
        for name, test in self.steps:
            found = [child for parent in found for child in parent.iterchildren(name) if _meets(child, test)]
        return found

    def value(self, element: Node) -> str | None:
        """The text or attribute of an element."""
        text = element.get(self.attribute) if self.attribute else element.text
        return (text.strip() or None) if text else None

    def set(self, element: Node, text: str) -> None:
        """Set the text or attribute."""
        if self.attribute:
            element.set(self.attribute, text)
        else:
            element.text = text

    def grow(self, node: Node, run: Run, steps: Sequence[tuple[str, Test]]) -> Node:
        """The element, made with what is missing on the way."""
        element = self.base(node, run)
        for name, test in steps:
            known = next((child for child in element.iterchildren(name) if _meets(child, test)), None)
            element = _made(element, name, test) if known is None else known
        return element

    def _reached(self, node: Node, run: Run) -> tuple[Node, list[str]]:
        """The first element at the end, or as far as the steps lead, and the names of the steps that lead nowhere."""
        found = [self.base(node, run)]
        for number, (name, test) in enumerate(self.steps):
            below = [child for parent in found for child in parent.iterchildren(name) if _meets(child, test)]
            if not below:
                return found[0], [etree.QName(step).localname for step, _ in self.steps[number:]]
            found = below
        return found[0], []

    def place(self, node: Node, run: Run) -> Where:
        """The XPath of the value, or of where it would be."""
        element, missing = self._reached(node, run)
        path = "/".join((element.getroottree().getpath(element), *missing))
        where: dict[str, int | str] = {"xpath": f"{path}/@{self.attribute}" if self.attribute else path}
        if element.sourceline:
            where["line"] = element.sourceline
        return where


def _attribute(paths: XmlPaths, last: str) -> str | None:
    if not last.startswith("@"):
        return None
    return paths.named(last[1:]) if ":" in last else last[1:]


def _step(paths: XmlPaths, part: str) -> tuple[str, Test]:
    found = _STEP.fullmatch(part)
    if not found:
        raise BadPath(f"{part!r} is no element; write its name, with a filter if need be: Extrinsic[@name=Dept]")
    test = (found[3] == "@", found[4], frozenset(found[5].split("|"))) if found[4] else None
    return paths.named((found[1] or "") + found[2]), test


def _meets(element: Node, test: Test) -> bool:
    if test is None:
        return True
    attribute, name, options = test
    return (element.get(name) if attribute else element.findtext(name)) in options


def _made(holder: Node, name: str, test: Test) -> Node:
    element = etree.SubElement(holder, name)
    if test and test[0]:
        element.set(test[1], min(test[2]))
    elif test:
        etree.SubElement(element, test[1]).text = min(test[2])
    return element


def _unread(element: Node, cover: Cover, found: list[tuple[Where, str]]) -> None:
    path = element.getroottree().getpath(element)
    line = {"line": element.sourceline} if element.sourceline else {}
    if "text" not in cover.names and element.text and element.text.strip():
        found.append(({"xpath": path, **line}, etree.QName(element).localname))
    left = [f"@{name}" for name in element.attrib if f"@{name}" not in cover.names]
    found.extend(({"xpath": f"{path}/{name}", **line}, name) for name in left)
    for child in element.iterchildren(tag=etree.Element):
        known = cover.children.get(child.tag)
        if known is None:
            found.append(({"xpath": child.getroottree().getpath(child)}, etree.QName(child).localname))
        elif not known[0][1].whole:
            _unread(child, known[0][1], found)

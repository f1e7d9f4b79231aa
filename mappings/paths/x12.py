"""X12 trees: `BEG03`, `N4/N401`, `PID[01=F]/PID05`, `N301..N302`, `PO106..`, `REF04-2`, `../PO101`, `/CUR02`.

A segment of the current loop is named by its tag; the loop's own elements need no step: inside `each: N1`, `N102` is
the loop's own element and `N401` that of its first N4. A filter becomes a value on writing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from canonical import Where
from mappings.paths.navigation import BadPath, Branch, Child, Cover, Element, Leaf, Node, Pairs, Raw, Run, Scope, Values
from mappings.paths.x12_segment import Repeated, Segment, Test, add_list, as_list, matcher, meets, tested
from mappings.tree import SegmentNode

_STEP = re.compile(r"([A-Z][A-Z0-9]{1,2})(\*?)(?:\[([^\]]*)\])?")
_ELEMENT = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})(?:-([0-9]{1,2}))?")
_RANGE = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})\.\.(?:([A-Z][A-Z0-9]{1,2})([0-9]{2}))?")
_CONDITION = re.compile(r"([0-9]{2})(?:(!?=)(.+))?|!([0-9]{2})")

IMPLIED_DECIMALS: Mapping[str, str] = {
    "TDS01": "n2", "TDS02": "n2", "TDS03": "n2", "TDS04": "n2", "SAC05": "n2", "ITD08": "n2", "ITD10": "n2",
    "ITA07": "n2", "G7208": "n2", "G3301": "n2", "W0304": "",
}  # fmt: skip
"""Elements of X12 data type N2 (610, 362, 89, 360); the other amounts are R."""


def _test(text: str | None) -> Test:
    conditions = []
    for part in (text or "").split(","):
        if not part.strip():
            continue
        found = _CONDITION.fullmatch(part.strip())
        if not found:
            raise BadPath(f"[{text}] is no filter; write [01=F], [01=F|S], [01!=F], [03] or [!03]")
        if found[4]:
            conditions.append((int(found[4]), False, ()))
        else:
            options = tuple(found[3].split("|")) if found[3] else ()
            conditions.append((int(found[1]), found[2] != "!=", options))
    return tuple(conditions)


def _first(node: Node, steps: Sequence[tuple[str, Test]]) -> SegmentNode | None:
    tag, test = steps[0]
    for child in node.children.get(tag, ()):
        if not test or meets(child.elements, test):
            if len(steps) == 1:
                return child  # type: ignore[no-any-return]  # a node of this syntax is a SegmentNode
            found = _first(child, steps[1:])
            if found is not None:
                return found
    return None


class _Route:
    """The way from a scope's node to the segment a path names."""

    def __init__(self, path: str, scope: Scope) -> None:
        self.steps: list[tuple[str, Test]] = []
        self.shared: set[int] = set()
        """Steps whose one segment holds everything written below it."""
        self.up, self.rooted = 0, path.startswith("/")
        parts = [part for part in re.split(r"/(?![^\[]*\])", path) if part]
        while parts and parts[0] == "..":
            parts.pop(0)
            self.up += 1
        self.last = parts.pop() if parts else ""
        for part in parts:
            found = _STEP.fullmatch(part)
            if not found:
                raise BadPath(f"{part!r} is no segment; write its tag, with a filter if need be: PID[01=F]")
            self.steps.append((found[1], _test(found[3])))
            if found[2]:
                self.shared.add(len(self.steps) - 1)
        self.scope = scope.root() if self.rooted else scope.above(self.up)

    def descend(self, tag: str) -> Cover:
        """Add the segment of `tag` unless the route already ends in one, and return its cover."""
        if self.steps and self.steps[-1][0] != tag:
            raise BadPath(f"{self.last} does not stand in {self.steps[-1][0]}; add a step {tag}/")
        if not self.steps and self.scope.name != tag:
            self.steps.append((tag, ()))
        return self.cover()

    def cover(self) -> Cover:
        cover = self.scope.cover
        for tag, test in self.steps:
            cover = cover.child(tag, test)
            cover.names.update(tested(test))
        return cover

    @property
    def needs(self) -> str | None:
        """The child without which nothing is found."""
        return self.steps[0][0] if self.steps and not self.rooted and not self.up else None

    def base(self, node: Node, run: Run) -> Node:
        """The node the steps start from."""
        if self.rooted:
            return run.root
        return run.up[-self.up] if self.up else node

    def segment(self, node: Node, run: Run) -> SegmentNode | None:
        """The segment, when it is there."""
        base = self.base(node, run)
        return _first(base, self.steps) if self.steps else base

    def every(self, node: Node, run: Run) -> Iterable[SegmentNode]:
        """All segments the steps reach."""
        found: list[SegmentNode] = [self.base(node, run)]
        for tag, test in self.steps:
            found = [child for parent in found for child in parent.children.get(tag, ()) if meets(child.elements, test)]
        return found

    def finder(self) -> Callable[[Node, Run], Iterable[SegmentNode]]:
        """`every`, short where one step without a test leads there."""
        if len(self.steps) != 1 or self.steps[0][1] or self.rooted or self.up:
            return self.every
        tag = self.steps[0][0]
        return lambda node, _run: node.children.get(tag, ())

    def grow(self, node: Node, run: Run) -> Segment:
        """The segment, made with what is missing on the way."""
        segment: Segment = self.base(node, run)
        for tag, test in self.steps:
            segment = segment.child(tag, test)
        return segment

    def place(self, node: Node, run: Run, element: int, component: int | None = None) -> Where:
        """Where the value is, or (when its segment is absent) would be."""
        base = self.base(node, run)
        found = self.segment(node, run)
        tag = self.steps[-1][0] if self.steps else self.scope.name
        where: dict[str, int | str] = {"segment": (found or base).position, "tag": tag}
        if element:
            where["element"] = element
        if component:
            where["component"] = component
        return where


class X12Paths:
    """How X12 sets are addressed."""

    x12 = True
    json = False

    def root_scope(self) -> Scope:
        """ST with its children; the counts of SE and CTT are the syntax's own."""
        children = {"SE": [((), Cover(whole=True))], "CTT": [((), Cover(names={1}))]}
        return Scope("ST", Cover(names={1, 2, 3}, children=children))

    def new_root(self) -> Segment:
        """An empty set."""
        return Segment("ST", 1)

    def finish(self, root: Node) -> None:
        """Nothing is left to do."""

    def leaf(self, path: str, scope: Scope) -> Leaf:
        """`TAGnn` or `TAGnn-c` behind any steps."""
        route = _Route(path, scope)
        found = _ELEMENT.fullmatch(route.last)
        if not found:
            raise BadPath(f"{route.last!r} is no element; write a tag and two digits: BEG03, or REF04-2")
        tag, index, component = found[1], int(found[2]), int(found[3] or 0)
        cover = route.descend(tag)
        cover.names.add(index)
        return Leaf(
            get=_component(_getter(route, index), component) if component else _getter(route, index),
            put=_putter(route, index, component),
            made=lambda node, run: _is_made(route, node, run),
            place=lambda node, run: route.place(node, run, index, component or None),
            needs=route.needs,
            form=IMPLIED_DECIMALS.get(f"{tag}{index:02d}"),
            element=None if component else _element(route, index),
        )

    def branch(self, path: str, scope: Scope, repeat: str | None = None) -> Sequence[Branch]:
        """A loop or segment that repeats; `repeat: SDQ03..SDQ04` splits it into its groups of elements."""
        route = _Route(path + "/ ", scope)
        if not route.steps:
            raise BadPath(f"{path!r} names no segment to repeat")
        branches: list[Branch] = []
        inner = route.scope
        for number, step in enumerate(route.steps):
            cover = inner.cover.child(*step)
            cover.names.update(tested(step[1]))
            cover.many = True
            inner = Scope(step[0], cover, scope if number == 0 else inner)
            branches.append(_branch(route, number, inner))
        if repeat:
            branches[-1] = _repeated(branches[-1], repeat)
        return branches

    def values(self, path: str, scope: Scope) -> Values:
        """`N3/N301..N302`, or one element of every segment reached: `REF[01=CN]/REF02`."""
        route = _Route(path, scope)
        found = _RANGE.fullmatch(route.last) or _ELEMENT.fullmatch(route.last)
        if not found:
            raise BadPath(f"{route.last!r} is no element or range; write N301..N302 or REF02")
        ranged = ".." in route.last
        first = int(found[2])
        last = int(found[4] or 99) if ranged else first
        cover = route.descend(found[1])
        cover.names.update(range(first, last + 1))
        cover.many = True
        every = route.finder()

        def get(node: Node, run: Run) -> list[str]:
            return [text for segment in every(node, run) for text in segment.elements[first : last + 1] if text]

        def put(node: Node, run: Run, texts: list[str]) -> None:
            width = last - first + 1
            for start in range(0, len(texts), width):
                segment = _another(route, node, run)
                for offset, text in enumerate(texts[start : start + width]):
                    segment.put(first + offset, text)

        return Values(get, put, lambda node, run: route.place(node, run, first), route.needs)

    def pairs(self, paths: Sequence[str], scope: Scope) -> Pairs:
        """`PO106..` (to the segment's end), `PO106..PO125`, or the first elements of each pair: `[W0104, W0106]`."""
        starts: list[int] = []
        route = _Route(paths[0], scope)
        for path in paths:
            last = _Route(path, scope).last
            found = _RANGE.fullmatch(last) or _ELEMENT.fullmatch(last)
            if not found:
                raise BadPath(f"{path!r} is no pair; write PO106.., PO106..PO125 or [W0104, W0106]")
            first = int(found[2])
            end = int(found[4] or 40) if ".." in last else first + 1
            starts.extend(range(first, end, 2))
            tag = found[1]
        cover = route.descend(tag)
        cover.names.update(index + step for index in starts for step in (0, 1))
        limit = len(starts)
        here = not route.steps and not route.rooted and not route.up
        first, end = starts[0], starts[-1] + 2
        joined = starts == list(range(first, end, 2))

        def get(node: Node, run: Run) -> list[tuple[str, str]]:
            segment = node if here else route.segment(node, run)
            if segment is None:
                return []
            elements = segment.elements
            if not joined:
                return [(_at(elements, at), _at(elements, at + 1)) for at in starts if "".join(elements[at : at + 2])]
            keys, values = elements[first:end:2], elements[first + 1 : end : 2]
            if len(keys) > len(values):
                values = [*values, ""]
            return [pair for pair in zip(keys, values, strict=True) if pair[0] or pair[1]]

        def put(node: Node, run: Run, pairs: list[tuple[str, str]]) -> int:
            segment = route.grow(node, run)
            for index, (key, value) in zip(starts, pairs, strict=False):
                segment.put(index, key)
                segment.put(index + 1, value)
            return min(limit, len(pairs))

        own = (first, end) if here and joined else None
        return Pairs(get, put, lambda node, run: route.place(node, run, starts[0]), route.needs, own)

    def kept(self, paths: Sequence[str], scope: Scope, /) -> Values:
        """Segments with what hangs under them: `["SCH", "3", "EA", ["REF", "ZZ", "7"]]`."""
        routes = [_Route(path + "/ ", scope) for path in paths]
        for route in routes:
            if len(route.steps) != 1 or route.rooted or route.up:
                raise BadPath("keep: names segments of this loop: PKG, AMT[01!=TT]")
            cover = route.cover()
            cover.whole = cover.many = True
        tags = frozenset(route.steps[0][0] for route in routes)

        def get(node: Node, run: Run) -> list[Raw]:
            return [as_list(found) for route in routes for found in route.every(node, run)]

        def put(node: Node, _run: Run, values: list[Raw]) -> None:
            for value in values:
                add_list(node, value)

        def place(node: Node, run: Run) -> Where:
            return routes[0].place(node, run, 0)

        return Values(get, put, place, tags=tags)

    def ignore(self, path: str, scope: Scope) -> None:
        """A segment (`REF[01=ZZ]`, `N1/PER`) with all that hangs under it, or one element (`BEG04`)."""
        if _ELEMENT.fullmatch(path.rsplit("/", 1)[-1]):
            self.leaf(path, scope)
            route = _Route(path, scope)
            cover = route.scope.cover
            for step in route.steps or [(route.last[:-2], ())]:
                cover = cover.child(*step)
                cover.many = True
            return
        cover = _Route(path + "/ ", scope).cover()
        cover.whole = cover.many = True

    def top(self, root: Node, /) -> Where:
        """ST."""
        return {"segment": root.position, "tag": root.elements[0]}

    def unread(self, cover: Cover) -> Callable[[Node], list[tuple[Where, str]]]:
        """What lists the segments and elements of a set that nothing reads."""
        from mappings.paths.x12_unread import quick_look, unread_places

        is_read = quick_look(cover)

        def unread(root: Node) -> list[tuple[Where, str]]:
            found: list[tuple[Where, str]] = []
            if not is_read(root):
                unread_places(root, [cover], found)
            return found

        return unread


def _element(route: _Route, index: int) -> Element | None:
    if route.rooted or route.up or len(route.steps) > 1:
        return None
    if not route.steps:
        return Element(index)
    [(tag, test)] = route.steps
    if not test:
        return Element(index, Child(tag))
    (first, wanted, options), *others = test
    usual = (first, options[0]) if wanted and options and not others else None
    return Element(index, Child(tag, matcher(test), usual))


def _getter(route: _Route, index: int) -> Callable[[Node, Run], str | None]:
    if not route.rooted and not route.up and len(route.steps) <= 1:
        if not route.steps:
            return _own_getter(index)
        [(tag, test)] = route.steps
        return _tested_child_getter(tag, matcher(test), index) if test else _first_child_getter(tag, index)

    def get(node: Node, run: Run) -> str | None:
        segment = route.segment(node, run)
        if segment is None:
            return None
        elements = segment.elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _own_getter(index: int) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        elements = node.elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _first_child_getter(tag: str, index: int) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        children = node.children.get(tag)
        if not children:
            return None
        elements = children[0].elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _tested_child_getter(
    tag: str, matches: Callable[[Sequence[str]], bool], index: int
) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        for child in node.children.get(tag, ()):
            elements = child.elements
            if matches(elements):
                return (elements[index].strip() or None) if len(elements) > index else None
        return None

    return get


def _at(elements: Sequence[str], index: int) -> str:
    return elements[index] if index < len(elements) else ""


def _component(get: Callable[[Node, Run], str | None], component: int) -> Callable[[Node, Run], str | None]:
    def get_component(node: Node, run: Run) -> str | None:
        text = get(node, run)
        parts = text.split(run.context.component) if text else []
        return (parts[component - 1] or None) if len(parts) >= component else None

    return get_component


def _putter(route: _Route, index: int, component: int) -> Callable[[Node, Run, str | None], None]:
    def put(node: Node, run: Run, text: str | None) -> None:
        if not text:
            return
        segment = route.grow(node, run)
        if component:
            parts = segment.elements[index].split(run.context.component) if len(segment.elements) > index else []
            parts += [""] * (component - len(parts))
            parts[component - 1] = text
            text = run.context.component.join(parts)
        segment.put(index, text)

    return put


def _is_made(route: _Route, node: Node, run: Run) -> bool:
    segment = route.base(node, run)
    for step in route.steps:
        segment = segment.made.get(step)
        if segment is None:
            return False
    return True


def _another(route: _Route, node: Node, run: Run) -> Segment:
    """A new last segment, beneath the route's other steps."""
    if not route.steps:
        segment: Segment = route.base(node, run)
        return segment
    parent: Segment = route.base(node, run)
    for tag, test in route.steps[:-1]:
        parent = parent.child(tag, test)
    return parent.add(*route.steps[-1])


def _branch(route: _Route, number: int, scope: Scope) -> Branch:
    tag, test = route.steps[number]
    plain = number > 0 or not (route.rooted or route.up)
    shared = number in route.shared
    matches = matcher(test)

    def find(node: Node, run: Run) -> Sequence[SegmentNode]:
        base = node if plain else route.base(node, run)
        children: Sequence[SegmentNode] = base.children.get(tag, ())
        return [child for child in children if matches(child.elements)] if test else children

    def make(node: Node, run: Run) -> Segment:
        base: Segment = node if plain else route.base(node, run)
        return base.child(tag, test) if shared else base.add(tag, test)

    own = tag if plain else None
    return Branch(find, make, lambda spot, _index: spot, scope, own, tag=None if test else own)


def _repeated(branch: Branch, repeat: str) -> Branch:
    found = _RANGE.fullmatch(repeat)
    if not found or not found[4]:
        raise BadPath(f"{repeat!r} is no group of elements; write SDQ03..SDQ04")
    first, last = int(found[2]), int(found[4])
    width, limit = last - first + 1, 22
    branch.scope.cover.beyond = first

    def find(node: Node, run: Run) -> Sequence[SegmentNode]:
        groups: list[SegmentNode] = []
        for segment in branch.find(node, run):
            elements = list(segment.elements)
            groups.extend(
                Repeated(elements[:first] + elements[start : start + width], segment.position)
                for start in range(first, len(elements), width)
                if any(elements[start : start + width])
            )
        return groups

    def make(node: Node, run: Run) -> _Group:
        return _Group(node, run, branch, first, width, limit)

    return Branch(find, make, branch.spot, branch.scope, branch.needs, _Group.close)


class _Group(Segment):
    """One group being written: it joins the last segment with the same head and room, once its head is known."""

    __slots__ = ("_first", "_home", "_limit", "_own", "_width")

    def __init__(self, parent: Segment, run: Run, branch: Branch, first: int, width: int, limit: int) -> None:
        super().__init__(branch.scope.name)
        self._home: tuple[Segment, Run, Branch] = (parent, run, branch)
        self._first, self._width, self._limit = first, width, limit

    def close(self) -> None:
        """Join the segment before, or stand as a new one."""
        parent, run, branch = self._home
        head, group = self.elements[: self._first], self.elements[self._first :]
        group += [""] * (self._width - len(group))
        before = parent.children.get(branch.scope.name)
        last: Segment | None = before[-1] if before else None
        fits = last is not None and len(last.elements) + self._width <= self._limit + 1
        if last is None or not fits or last.elements[: self._first] != head:
            last = branch.make(parent, run)
            last.elements[:] = head
        last.elements.extend(group)

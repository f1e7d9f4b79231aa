"""The way an X12 path leads: from a loop's node, over segments with their filters, to the segment it names."""

import re
from collections.abc import Callable, Iterable, Sequence

from canonical import Where
from mappings.paths.navigation import BadPath, Cover, Node, Run, Scope
from mappings.paths.x12_segment import Segment, Test, matcher, meets, tested
from mappings.tree import SegmentNode

_STEP = re.compile(r"([A-Z][A-Z0-9]{1,2})(\*?)(?:\[([^\]]*)\])?")
_CONDITION = re.compile(r"([0-9]{2})(?:(!?=)(.+))?|!([0-9]{2})")


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


def _first_of(steps: Sequence[tuple[str, Test]]) -> Callable[[Node], SegmentNode | None]:
    """What finds the first segment the steps lead to from a node."""
    (tag, test), *others = steps
    matches = matcher(test) if test else None
    below = _first_of(others) if others else None

    def find(node: Node) -> SegmentNode | None:
        for child in node.children.get(tag, ()):
            if matches is None or matches(child.elements):
                found: SegmentNode | None = below(child) if below else child
                if found is not None:
                    return found
        return None

    return find


class Route:
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
    def is_here(self) -> bool:
        """Whether it ends in the node itself."""
        return not self.steps and not self.rooted and not self.up

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
        return _first_of(self.steps)(base) if self.steps else base

    def segment_finder(self) -> Callable[[Node, Run], SegmentNode | None]:
        """`segment`, made ready."""
        if not self.steps:
            return self.base
        find, base = _first_of(self.steps), self.base
        return lambda node, run: find(base(node, run))

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

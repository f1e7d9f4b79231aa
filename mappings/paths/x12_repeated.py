"""Elements that repeat in groups within a segment (SDQ): read as if each were alone, written into shared segments."""

import re
from collections.abc import Sequence

from mappings.paths.navigation import BadPath, Branch, Node, Run
from mappings.paths.x12_segment import Repeated, Segment
from mappings.tree import SegmentNode

_RANGE = re.compile(r"[A-Z][A-Z0-9]{1,2}([0-9]{2})\.\.[A-Z][A-Z0-9]{1,2}([0-9]{2})")


def repeated(branch: Branch, repeat: str) -> Branch:
    """The branch whose nodes are the groups of elements `repeat` names: SDQ03..SDQ04."""
    found = _RANGE.fullmatch(repeat)
    if not found:
        raise BadPath(f"{repeat!r} is no group of elements; write SDQ03..SDQ04")
    first, last = int(found[1]), int(found[2])
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

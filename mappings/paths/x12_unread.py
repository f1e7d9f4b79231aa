"""What a set holds and no rule reads: a quick look that says nothing is, and a slow one that says what."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from canonical import Where
from mappings.paths.navigation import Cover, Node
from mappings.paths.x12_segment import Test, matcher, meets

_MOST_ELEMENTS = 60


Look: TypeAlias = Callable[[Sequence[Node]], bool]
"""Whether surely everything of all children of one tag is read; False may also mean that a closer look is needed."""


def quick_look(cover: Cover) -> Callable[[Node], bool]:
    """What looks at a whole tree by its cover."""
    look = _look(cover, None, many=True)
    return lambda root: look((root,))


def _look(cover: Cover, matches: Callable[[Sequence[str]], bool] | None, *, many: bool) -> Look:
    """Of the children that one cover is for. One that takes only the first has more than it can read in a second."""
    if cover.whole and matches is None:
        return lambda _nodes: True
    end = _MOST_ELEMENTS if cover.beyond is None else cover.beyond
    gaps = () if cover.whole else tuple(index for index in range(1, end) if index not in cover.names)
    limit, unread_of = gaps[0] if gaps else _MOST_ELEMENTS * 2, _UnreadBySize(gaps)
    below = {tag: _look_at_all(entries) for tag, entries in cover.children.items()}
    whole, look_below = cover.whole, below.get

    def look(nodes: Sequence[Node]) -> bool:
        if not many and len(nodes) > 1:
            return False
        for node in nodes:
            elements = node.elements
            if matches is not None and not matches(elements):
                return False
            size = len(elements)
            if size > limit and unread_of[size](elements):
                return False
            children = node.children
            if children and not whole:
                for tag, inner in children.items():
                    known = look_below(tag)
                    if known is None or not known(inner):
                        return False
        return True

    return look


class _UnreadBySize(dict[int, Callable[[Sequence[str]], object]]):
    """By how many elements a segment has: whether any is filled that no rule reads."""

    def __init__(self, gaps: Sequence[int]) -> None:
        super().__init__()
        self._gaps = gaps

    def __missing__(self, size: int) -> Callable[[Sequence[str]], object]:
        """Make it for a new size."""
        filled = " or ".join(f"elements[{index}]" for index in self._gaps if index < size)
        found: Callable[[Sequence[str]], object] = eval(f"lambda elements: {filled}")  # noqa: S307 - only numbers in it
        self[size] = found
        return found


def _look_at_all(entries: Sequence[tuple[Test, Cover]]) -> Look:
    """Each child must be read whole under one of the covers it meets; one that takes only the first, only once."""
    looks = [(_look(cover, matcher(test) if test else None, many=cover.many), cover.many) for test, cover in entries]
    if len(looks) == 1:
        return looks[0][0]

    def look(nodes: Sequence[Node]) -> bool:
        taken: set[int] = set()
        for node in nodes:
            fits = [
                number for number, (one, many) in enumerate(looks) if (many or number not in taken) and one((node,))
            ]
            if not fits:
                return False
            taken.update(fits)
        return True

    return look


def unread_places(node: Node, covers: list[Cover], found: list[tuple[Where, str]]) -> None:
    """Collect the places of segments and elements nothing reads."""
    elements, position = node.elements, node.position
    for index in range(1, len(elements)):
        if elements[index] and not any(_reads(cover, index) for cover in covers):
            where: Where = {"segment": position, "tag": elements[0], "element": index}
            found.append((where, f"{elements[0]}{index:02d}"))
    for tag, children in node.children.items():
        below = [entry for cover in covers for entry in cover.children.get(tag, ())]
        for child in children:
            read = [cover for test, cover in below if not test or meets(child.elements, test)]
            below = [entry for entry in below if entry[1].many or not any(entry[1] is cover for cover in read)]
            if not read:
                found.append(({"segment": child.position, "tag": tag}, tag))
            elif not any(cover.whole for cover in read):
                unread_places(child, read, found)


def _reads(cover: Cover, index: int) -> bool:
    return index in cover.names or (cover.beyond is not None and index >= cover.beyond)

"""Segments being written, groups of repeated elements, and the tests filters make of them."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from mappings.tree import SegmentNode

Test: TypeAlias = tuple[tuple[int, bool, tuple[str, ...]], ...]
"""Conditions (element, wanted?, one of these; none: any value) that must all hold."""


class Segment:
    """A segment or loop being written; it satisfies `SegmentNode`."""

    __slots__ = ("children", "elements", "made", "position")

    def __init__(self, tag: str, position: int = 0) -> None:
        self.elements: list[str] = [tag]
        self.children: dict[str, list[Segment]] = {}
        self.position = position
        self.made: dict[tuple[str, Test], Segment] = {}

    def __getitem__(self, index: int) -> str:
        """The element at this place, empty when absent."""
        return self.elements[index] if index < len(self.elements) else ""

    def put(self, index: int, text: str) -> None:
        """Set an element, padding what is before it."""
        missing = index + 1 - len(self.elements)
        if missing > 0:
            self.elements.extend([""] * missing)
        self.elements[index] = text

    def add(self, tag: str, test: Test) -> "Segment":
        """A new child that meets `test`."""
        child = Segment(tag)
        for index, wanted, options in test:
            if wanted and options:
                child.put(index, options[0])
        self.children.setdefault(tag, []).append(child)
        return child

    def child(self, tag: str, test: Test) -> "Segment":
        """The child of this tag and test, made when it is first asked for."""
        known = self.made.get((tag, test))
        if known is None:
            known = self.made[tag, test] = self.add(tag, test)
        return known

    def __repr__(self) -> str:
        return f"Segment({'*'.join(self.elements)})"


class Repeated:
    """One group of a segment's repeated elements, seen as if it were the only one."""

    __slots__ = ("children", "elements", "position")

    def __init__(self, elements: list[str], position: int) -> None:
        self.elements = elements
        self.position = position
        self.children: dict[str, list[SegmentNode]] = {}


def meets(elements: Sequence[str], test: Test) -> bool:
    """Whether a segment meets all conditions."""
    for index, wanted, options in test:
        value = elements[index] if len(elements) > index else ""
        if (value in options if options else value != "") != wanted:
            return False
    return True


def tested(test: Test) -> list[int]:
    """The elements whose value a filter knows; one that is only present is still to be read."""
    return [index for index, _, options in test if options]


@lru_cache(maxsize=1024)
def matcher(test: Test) -> Callable[[Sequence[str]], bool]:
    """`meets` made ready for one test."""
    if len(test) == 1 and test[0][1] and len(test[0][2]) == 1:
        [(index, _, (wanted,))] = test
        return lambda elements: len(elements) > index and elements[index] == wanted
    if len(test) == 1 and test[0][1] and not test[0][2]:
        index = test[0][0]
        return lambda elements: len(elements) > index and elements[index] != ""
    return lambda elements: meets(elements, test)


def as_list(node: SegmentNode) -> list[Any]:
    """A segment as plain values: its elements, then what hangs under it."""
    return [*node.elements, *(as_list(child) for children in node.children.values() for child in children)]


def add_list(parent: Segment, kept: Sequence[Any]) -> None:
    """Put a segment that `as_list` gave under another."""
    made = parent.add(str(kept[0]), ())
    made.elements[:] = [str(part) for part in kept if not isinstance(part, list)]
    for part in kept:
        if isinstance(part, list):
            add_list(made, part)

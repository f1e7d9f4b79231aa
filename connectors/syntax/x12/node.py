"""The tree both directions share: a node is a segment, or a loop by its head segment."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

NO_CHILDREN: Mapping[str, list["Node"]] = MappingProxyType({})


class Node:
    """A segment with what hangs under it.

    `elements[0]` is the tag, `elements[1]` the first element. Reading leaves trailing empty elements away and keeps
    composites and repetitions as written, with the separators of their set. `position` is the segment's number in its
    set, ST being 1; it is 0 in a tree made to be written, as the writer does the numbering.
    """

    __slots__ = ("children", "elements", "position")

    def __init__(
        self, elements: Sequence[str], children: Mapping[str, Sequence["Node"]] = NO_CHILDREN, position: int = 0
    ) -> None:
        self.elements = elements
        self.children = children
        self.position = position

    @property
    def tag(self) -> str:
        return self.elements[0]

    def __getitem__(self, index: int) -> str:
        """The element at this place, empty when absent."""
        return self.elements[index] if index < len(self.elements) else ""

    def walk(self) -> Iterator["Node"]:
        """This node and all under it, in the order they stood in."""
        found = [self]
        for node in found:
            for nodes in node.children.values():
                found.extend(nodes)
        return iter(sorted(found, key=lambda node: node.position))

    __hash__: None  # type: ignore[assignment]  # a tree is compared by what it holds, which may change

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Node)
            and list(self.elements) == list(other.elements)
            and {tag: list(nodes) for tag, nodes in self.children.items() if nodes}
            == {tag: list(nodes) for tag, nodes in other.children.items() if nodes}
        )

    def __repr__(self) -> str:
        return f"Node({'*'.join(self.elements)}, {dict(self.children)})"

"""The trees a map can walk. A syntax builds them; a map knows them only by these shapes.

X12 (and later EDIFACT) trees are made of `SegmentNode`s. JSON trees are dicts, lists, texts, Decimals, ints, bools and
None. XML trees are lxml elements. CSV trees are `{rows: [...]}`, a dict of texts for each row.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol


class SegmentNode(Protocol):
    """A segment, or a loop: a loop is its head segment with what hangs under it.

    `elements[0]` is the tag, `elements[1]` the first element, as written, trailing empty ones absent. A composite or a
    repeated element is kept as written; its separators are those of the set.
    """

    @property
    def elements(self) -> Sequence[str]: ...
    @property
    def position(self) -> int:
        """The segment's number in its transaction set; ST is 1."""
        ...

    @property
    def children(self) -> Mapping[str, Sequence["SegmentNode"]]:
        """By tag, in order; empty for a plain segment. HL loops stand flat, in document order, under their area."""
        ...

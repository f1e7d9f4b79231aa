"""X12 trees: `BEG03`, `N4/N401`, `PID[01=F]/PID05`, `N301..N302`, `PO106..`, `REF04-2`, `../PO101`, `/CUR02`.

A segment of the current loop is named by its tag; the loop's own elements need no step: inside `each: N1`, `N102` is
the loop's own element and `N401` that of its first N4. A filter becomes a value on writing.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from canonical import Where
from mappings.paths.navigation import BadPath, Branch, Cover, Element, Leaf, Node, Pairs, Raw, Run, Scope, Values
from mappings.paths.x12_elements import another, component_of, element_at, element_of, getter, is_made, putter
from mappings.paths.x12_repeated import repeated
from mappings.paths.x12_route import Route
from mappings.paths.x12_segment import Segment, add_list, as_list, matcher, tested
from mappings.tree import SegmentNode

_ELEMENT = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})(?:-([0-9]{1,2}))?")
_RANGE = re.compile(r"([A-Z][A-Z0-9]{1,2})([0-9]{2})\.\.(?:([A-Z][A-Z0-9]{1,2})([0-9]{2}))?")

IMPLIED_DECIMALS: Mapping[str, str] = {
    "TDS01": "n2", "TDS02": "n2", "TDS03": "n2", "TDS04": "n2", "SAC05": "n2", "ITD08": "n2", "ITD10": "n2",
    "ITA07": "n2", "G7208": "n2", "G3301": "n2", "W0304": "",
}  # fmt: skip
"""Elements of X12 data type N2 (610, 362, 89, 360); the other amounts are R."""


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
        route = Route(path, scope)
        found = _ELEMENT.fullmatch(route.last)
        if not found:
            raise BadPath(f"{route.last!r} is no element; write a tag and two digits: BEG03, or REF04-2")
        tag, index, component = found[1], int(found[2]), int(found[3] or 0)
        cover = route.descend(tag)
        cover.names.add(index)
        return Leaf(
            get=component_of(getter(route, index), component) if component else getter(route, index),
            put=putter(route, index, component),
            made=lambda node, run: is_made(route, node, run),
            place=lambda node, run: route.place(node, run, index, component or None),
            needs=route.needs,
            form=IMPLIED_DECIMALS.get(f"{tag}{index:02d}"),
            element=None if component else element_of(route, index),
        )

    def branch(self, path: str, scope: Scope, repeat: str | None = None) -> Sequence[Branch]:
        """A loop or segment that repeats; `repeat: SDQ03..SDQ04` splits it into its groups of elements."""
        route = Route(path + "/ ", scope)
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
            branches[-1] = repeated(branches[-1], repeat)
        return branches

    def values(self, path: str, scope: Scope) -> Values:
        """`N3/N301..N302`, or one element of every segment reached: `REF[01=CN]/REF02`."""
        route = Route(path, scope)
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
                segment = another(route, node, run)
                for offset, text in enumerate(texts[start : start + width]):
                    segment.put(first + offset, text)

        own = Element(first) if route.is_here and first == last else None
        return Values(get, put, lambda node, run: route.place(node, run, first), route.needs, element=own)

    def pairs(self, paths: Sequence[str], scope: Scope) -> Pairs:
        """`PO106..` (to the segment's end), `PO106..PO125`, or the first elements of each pair: `[W0104, W0106]`."""
        starts: list[int] = []
        route = Route(paths[0], scope)
        for path in paths:
            last = Route(path, scope).last
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
        here = route.is_here
        first, end = starts[0], starts[-1] + 2
        joined = starts == list(range(first, end, 2))

        def get(node: Node, run: Run) -> list[tuple[str, str]]:
            segment = node if here else route.segment(node, run)
            if segment is None:
                return []
            elements = segment.elements
            if not joined:
                found = [(element_at(elements, at), element_at(elements, at + 1)) for at in starts]
                return [pair for pair in found if any(pair)]
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
        routes = [Route(path + "/ ", scope) for path in paths]
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
            route = Route(path, scope)
            cover = route.scope.cover
            for step in route.steps or [(route.last[:-2], ())]:
                cover = cover.child(*step)
                cover.many = True
            return
        cover = Route(path + "/ ", scope).cover()
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


def _branch(route: Route, number: int, scope: Scope) -> Branch:
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
    return Branch(find, make, lambda spot, _index: spot, scope, own, tag=own, matches=matches if test else None)

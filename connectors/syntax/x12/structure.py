"""Where a segment stands in its set: the automaton behind the tree and behind the exact findings on order.

A state is a place in the structure: the loops one is in, and how far along the innermost one is. A segment goes to the
first place at or after the state that bears its tag, first in the innermost loop, then in each loop around it (X12.6,
transaction set structure). Each step is worked out once and kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from canonical.finding import Finding
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Grammar, Use
from connectors.syntax.x12.node import NO_CHILDREN, Node

Where = Mapping[str, int | str]


@dataclass(slots=True)
class Step:
    """To `state`; the segment belongs to the loop at `depth` of the loops one was in, at `place` of its members."""

    state: int
    depth: int
    place: int
    use: Use
    opens: bool
    """Whether other segments may hang under it."""


@dataclass
class Structure:
    """The automaton of one set. Every segment not placed has no step."""

    root: Use
    _states: list[tuple[tuple[Use, ...], tuple[int, ...]]] = field(default_factory=list)
    _numbers: dict[tuple[tuple[int, ...], ...], int] = field(default_factory=dict)
    steps: list[dict[str, Step | None]] = field(default_factory=list)
    _paths: list[str] = field(default_factory=list)
    _last: tuple[Sequence[str], Sequence[str]] = ((), ())

    def __post_init__(self) -> None:
        self._number((self.root,), (0,))

    def step(self, state: int, tag: str) -> Step | None:
        """Where `tag` goes from `state` (0 is the start, after ST)."""
        steps = self.steps[state]
        if tag not in steps:
            steps[tag] = self._find(state, tag)
        return steps[tag]

    def _find(self, state: int, tag: str) -> Step | None:
        loops, indexes = self._states[state]
        for depth in range(len(loops) - 1, -1, -1):
            members = loops[depth].members
            for index in range(indexes[depth], len(members)):
                use = members[index]
                if use.tag == tag:
                    path, places = loops[: depth + 1], (*indexes[:depth], index)
                    if use.is_loop:
                        path, places = (*path, use), (*places, 0)
                    return Step(self._number(path, places), depth, index, use, bool(use.members))
        return None

    def _number(self, loops: tuple[Use, ...], indexes: tuple[int, ...]) -> int:
        key = (indexes,)
        if key not in self._numbers:
            self._numbers[key] = len(self._states)
            self._states.append((loops, indexes))
            self.steps.append({})
            self._paths.append("/".join(use.tag for use in loops[1:]))
        return self._numbers[key]

    def indexes(self, state: int) -> tuple[int, ...]:
        return self._states[state][1]

    def paths(self, tags: Sequence[str]) -> Sequence[str]:
        """For each segment of a set, ST first, the loop it stands in, as `PO1/N1`; empty at the top.

        The last answer is kept, as the sets of one file are often of one shape.
        """
        if tags == self._last[0]:
            return self._last[1]
        found, state, known, steps = [""], 0, self._paths, self.steps
        for tag in tags[1:]:
            step = steps[state].get(tag) or self.step(state, tag)
            if step is not None:
                state = step.state
            found.append(known[state])
        self._last = tags, found
        return found


def build_tree(structure: Structure, segments: Sequence[list[str]]) -> Node:
    """The set's tree. `segments` are lists of elements, ST first. What has no place hangs where it stood."""
    new, none, steps, step_of = Node.__new__, NO_CHILDREN, structure.steps, structure.step
    root = Node(segments[0], {}, 1)
    open_loops = [root]
    state = 0
    for position, elements in enumerate(segments[1:], 2):
        tag = elements[0]
        step = steps[state].get(tag) or step_of(state, tag)
        node = new(Node)
        node.elements, node.children, node.position = elements, none, position
        if step is None:
            children = open_loops[-1].children
        else:
            state, depth = step.state, step.depth
            del open_loops[depth + 1 :]
            children = open_loops[depth].children
            if step.opens:
                node.children = {}
                open_loops.append(node)
        if tag in children:
            children[tag].append(node)  # type: ignore[attr-defined]
        else:
            children[tag] = [node]  # type: ignore[index]
    return root


@dataclass
class _Frame:
    """A loop one is in: how often each member was seen."""

    use: Use
    seen: list[int]
    position: int


class OrderCheck:
    """The exact check of order, presence and number over the tags of one set."""

    def __init__(self, structure: Structure, where: Where, known: frozenset[str], grammar: Grammar) -> None:
        self._structure = structure
        self._where = where
        self._known = known
        self._grammar = grammar
        self._tags = {use.tag for use in _all(structure.root)}
        self._frames = [_Frame(structure.root, [0] * len(structure.root.members), 1)]
        self._state = 0

    def run(self, tags: Sequence[str]) -> Iterator[Finding]:
        """Findings in the order of the segments; `tags` begins with ST."""
        for position, tag in enumerate(tags[1:], 2):
            step = self._structure.step(self._state, tag)
            if step:
                yield from self._placed(step, tag, position)
            elif tag not in self._grammar.floating:
                yield self._unplaced(tag, position)
        yield from self._leave(0, len(tags))

    def _placed(self, step: Step, tag: str, position: int) -> Iterator[Finding]:
        yield from self._leave(step.depth + 1, position)
        frame = self._frames[step.depth]
        current = self._structure.indexes(self._state)[step.depth]
        yield from self._passed(frame, range(current, step.place), position)
        frame.seen[step.place] += 1
        use = step.use
        if frame.seen[step.place] == use.most + 1:
            code = "loop-excess" if use.is_loop else "segment-excess"
            yield fault(code, self._at(tag, position), most=use.most)
        if use.is_loop:
            self._frames.append(_Frame(use, [0] * len(use.members), position))
        self._state = step.state

    def _leave(self, depth: int, position: int) -> Iterator[Finding]:
        """Close the loops from `depth` on; what they still lacked is missing."""
        indexes = self._structure.indexes(self._state)
        for level in range(len(self._frames) - 1, depth - 1, -1):
            frame = self._frames[level]
            yield from self._passed(frame, range(indexes[level], len(frame.use.members)), position)
        del self._frames[max(depth, 1) :]

    def _passed(self, frame: _Frame, indexes: range, position: int) -> Iterator[Finding]:
        for index in indexes:
            use = frame.use.members[index]
            if use.required and not frame.seen[index] and use.tag != "SE":
                within = f" in the {frame.use.tag} loop at segment {frame.position}" if frame.use.tag != "ST" else ""
                yield fault("segment-missing", self._at(use.tag, position), within=within)

    def _unplaced(self, tag: str, position: int) -> Finding:
        at = self._at(tag, position)
        if tag not in self._tags:
            if tag not in self._known:
                return fault("segment-unknown", at, release=self._grammar.release)
            return fault("segment-undefined", at, set=self._grammar.set_id)
        earlier = any(use.tag == tag for frame in self._frames for use in frame.use.members)
        return fault("segment-misplaced" if earlier else "segment-unexpected", at)

    def _at(self, tag: str, position: int) -> dict[str, int | str]:
        loop = "/".join(frame.use.tag for frame in self._frames[1:])
        return {**self._where, "segment": position, "tag": tag, **({"loop": loop} if loop else {})}


def _all(use: Use) -> Iterator[Use]:
    yield use
    for member in use.members:
        yield from _all(member)

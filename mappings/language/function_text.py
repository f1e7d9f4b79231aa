"""The text of the Python function an object is read with, and what its names are bound to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from mappings.language.scalars import plain_number
from mappings.paths.navigation import Child, Element

Say: TypeAlias = Callable[["FunctionText", str], None]
"""Says what leaves a value, or None, in the named variable: `node`, `elements`, `children`, `run` and `codes` (the
partner's own) are known."""
Put: TypeAlias = Callable[["FunctionText", str], None]
"""Says what puts a value, if there is one, where the text names: `found['number']`."""
Read: TypeAlias = Callable[[Any, Any], Any]
Named: TypeAlias = Sequence[tuple[str, Read, "Inline | None", frozenset[str]]]
"""Rules by their fields' names, with the children without all of which each has nothing to read."""

_FEW = 3


@dataclass(frozen=True, slots=True)
class Inline:
    """How a rule is read without a call."""

    say: Say
    at: tuple[Element, ...] | None = None
    """The elements that alone make its value; None where other things have a part in it."""
    put: Put | None = None
    """How its value comes to its place with fewer steps than `say` and a test."""


@dataclass(frozen=True, slots=True)
class NodeForm:
    """What nodes have in common that one function is written for: their children, and how many elements they have."""

    tags: frozenset[str]
    size: int


@dataclass(slots=True)
class _Elements:
    """The elements of a segment that a function uses, each in a variable of its own; empty where it is shorter."""

    held: str
    indent: str
    size: int | None = None
    used: set[int] = field(default_factory=set)

    def name(self, index: int) -> str:
        self.used.add(index)
        return f"{self.held}_{index}"

    def line(self) -> str:
        """What sets the variables."""
        count = self.size or max(self.used, default=0) + 1
        if count < len(self.used) * _FEW:
            names = ", ".join(f"{self.held}_{index}" for index in range(count))
            padded = f"[*{self.held}, *('',) * {count}][:{count}]"
            return f"{self.indent}{names} = {self.held if self.size else padded}"
        guard = "" if self.size else " if len({0}) > {1} else ''"
        ones = (f"{self.held}_{at} = {self.held}[{at}]{guard.format(self.held, at)}" for at in sorted(self.used))
        return self.indent + ("; ".join(ones) or "pass")


class FunctionText:
    """The text of a function `read(node, run)` while it is written.

    With a form it is written for such nodes, and asks for nothing that the form says; without, for any node.
    Names from a map enter the text only as `repr` or bound to a name of ours.
    """

    def __init__(self, form: NodeForm | None = None) -> None:
        self._form = form
        self.asks = False
        """Whether anything in it depends on which children there are."""
        self.reach = 0
        """The last of the node's own elements it reads."""
        self._depth = 1
        self._names: dict[str, Any] = {"decimal": Decimal, "plain": plain_number}
        self._variables = 0
        self._own = _Elements("elements", "    ", form.size if form else None)
        self._children: list[dict[Child, _Elements | None]] = [{}]
        """The children looked at already, by block; None for one that is surely absent."""
        self._lines: list[str | _Elements] = ["    elements = node.elements", self._own]
        self.say("children = node.children")
        self.say("codes = run.codes")

    def say(self, line: str) -> None:
        """Add a line."""
        self._lines.append("    " * self._depth + line)

    @contextmanager
    def inside(self, line: str) -> Iterator[None]:
        """Add `line`, and what is said meanwhile as its block."""
        self.say(line)
        self._depth += 1
        self._children.append({})
        yield
        self._children.pop()
        self._depth -= 1

    def bind(self, value: Any) -> str:
        """A name by which the function knows `value`."""
        name = f"bound{len(self._names)}"
        self._names[name] = value
        return name

    def variable(self) -> str:
        """A fresh local variable."""
        self._variables += 1
        return f"value{self._variables}"

    def lacks(self, tags: frozenset[str]) -> bool:
        """Whether none of these children is there for sure; of no tags, nothing is lacking."""
        self.asks = self.asks or bool(tags)
        return bool(tags) and self._form is not None and tags.isdisjoint(self._form.tags)

    def where(self, tags: frozenset[str]) -> AbstractContextManager[None]:
        """The block in which one of these children is there; `lacks` was asked before."""
        if not tags or self._form is not None:
            return nullcontext()
        if len(tags) >= _FEW:
            return self.inside(f"if not {self.bind(tags)}.isdisjoint(children):")
        return self.inside(f"if {' or '.join(f'{tag!r} in children' for tag in sorted(tags))}:")

    def own_size(self, asked_up_to: int) -> int | None:
        """How many elements the node has, where the form says it; it is asked because of elements up to this one."""
        self.reach = max(self.reach, asked_up_to)
        return self._form.size if self._form else None

    def element(self, at: Element) -> str | None:
        """The variable that holds an element as it stands, empty where there is none; None if there surely is none."""
        if at.child is None:
            size = self.own_size(at.index)
            return None if size is not None and at.index >= size else self._own.name(at.index)
        held = self._child(at.child)
        return held.name(at.index) if held else None

    def _child(self, child: Child) -> _Elements | None:
        for known in self._children:
            if child in known:
                return known[child]
        if self.lacks(frozenset((child.tag,))):
            self._children[-1][child] = None
            return None
        held = self.variable()
        first = f"children[{child.tag!r}][0].elements"
        self.say(f"{held} = {first if self._form else f'{first} if {child.tag!r} in children else ()'}")
        if child.matches:
            at, value = child.usual or (0, child.tag + "?")
            self.say(f"if {held} and not (len({held}) > {at} and {held}[{at}] == {value!r}):")
            self.say(f"    {held} = {self.bind(_first_match(child.matches))}(children[{child.tag!r}])")
        found = self._children[-1][child] = _Elements(held, "    " * self._depth)
        self._lines.append(found)
        return found

    def value(self, read: Read, inline: Inline | None) -> str:
        """Say what reads one rule; the variable that holds its value."""
        target = self.variable()
        if inline:
            inline.say(self, target)
        else:
            self.say(f"{target} = {self.bind(read)}(node, run)")
        return target

    def entries(self, rules: Named, holder: str) -> None:
        """Say what puts each rule's value, if any, into the dict called `holder`."""
        for name, read, inline, needs in rules:
            if self.lacks(needs) or (inline and inline.at and all(map(self._ends_before, inline.at))):
                continue
            place = f"{holder}[{name!r}]"
            with self.where(needs):
                if inline and inline.put:
                    inline.put(self, place)
                else:
                    target = self.value(read, inline)
                    self.say(f"if {target} is not None: {place} = {target}")

    def _ends_before(self, at: Element) -> bool:
        size = self.own_size(at.index) if at.child is None else None
        return size is not None and at.index >= size

    def function(self) -> Read:
        """The function, compiled."""
        lines = (line if isinstance(line, str) else line.line() for line in self._lines)
        text = "\n".join(("def read(node, run):", *lines))
        exec(compile(text, "<fused rules>", "exec"), self._names)  # noqa: S102 - nothing of a map but `repr`s is in it
        made: Read = self._names["read"]
        return made


def _first_match(matches: Callable[[Sequence[str]], bool]) -> Callable[[Sequence[Any]], Sequence[str]]:
    def first(nodes: Sequence[Any]) -> Sequence[str]:
        for node in nodes:
            if matches(node.elements):
                found: Sequence[str] = node.elements
                return found
        return ()

    return first

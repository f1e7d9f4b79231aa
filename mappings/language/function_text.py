"""The text of the Python function an object is read with, and what its names are bound to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from mappings.language.scalars import plain_number
from mappings.paths.navigation import Child, Element

Say: TypeAlias = Callable[["FunctionText", str], None]
"""Says what leaves a value, or None, in the named variable: `node`, `elements`, `size`, `children`, `run` are known."""
Read: TypeAlias = Callable[[Any, Any], Any]
Named: TypeAlias = Sequence[tuple[str, Read, "Inline | None", frozenset[str]]]
"""Rules by their fields' names, with the children without all of which each has nothing to read."""

_FEW = 2


@dataclass(frozen=True, slots=True)
class Inline:
    """How a rule is read without a call."""

    say: Say
    at: tuple[Element, ...] | None = None
    """The elements that alone make its value; None where other things have a part in it."""


class FunctionText:
    """The text of a function `read(node, run)` while it is written.

    With `tags` it is written for nodes with just these children, and asks for none; without, for any node.
    Names from a map enter the text only as `repr` or bound to a name of ours.
    """

    def __init__(self, tags: frozenset[str] | None = None) -> None:
        self._tags = tags
        self.asks = False
        """Whether anything in it depends on which children there are."""
        self._depth = 1
        self._names: dict[str, Any] = {"decimal": Decimal, "plain": plain_number}
        self._variables = 0
        self._segments: list[dict[Child, str]] = [{}]
        """The variables that hold the elements of children looked at already, by block."""
        self._lines = ["    elements = node.elements", "    size = len(elements)", "    children = node.children"]

    def say(self, line: str) -> None:
        """Add a line."""
        self._lines.append("    " * self._depth + line)

    @contextmanager
    def inside(self, line: str) -> Iterator[None]:
        """Add `line`, and what is said meanwhile as its block."""
        self.say(line)
        self._depth += 1
        self._segments.append({})
        yield
        self._segments.pop()
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
        return bool(tags) and self._tags is not None and tags.isdisjoint(self._tags)

    def where(self, tags: frozenset[str]) -> AbstractContextManager[None]:
        """The block in which one of these children is there; `lacks` was asked before."""
        if not tags or self._tags is not None:
            return nullcontext()
        if len(tags) > _FEW:
            return self.inside(f"if not {self.bind(tags)}.isdisjoint(children):")
        return self.inside(f"if {' or '.join(f'{tag!r} in children' for tag in sorted(tags))}:")

    def elements(self, child: Child | None) -> str:
        """The variable that holds the elements of the own segment, or of a child (empty where it is absent)."""
        if child is None:
            return "elements"
        for known in self._segments:
            if child in known:
                return known[child]
        found = self._segments[-1][child] = self.variable()
        if self.lacks(frozenset((child.tag,))):
            self.say(f"{found} = ()")
            return found
        first = f"children[{child.tag!r}][0].elements"
        self.say(f"{found} = {first if self._tags else f'{first} if {child.tag!r} in children else ()'}")
        if child.matches:
            at, value = child.usual or (0, child.tag + "?")
            self.say(f"if {found} and not (len({found}) > {at} and {found}[{at}] == {value!r}):")
            self.say(f"    {found} = {self.bind(_first_match(child.matches))}(children[{child.tag!r}])")
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
            if self.lacks(needs):
                continue
            with self.where(needs):
                target = self.value(read, inline)
                self.say(f"if {target} is not None: {holder}[{name!r}] = {target}")

    def function(self) -> Read:
        """The function, compiled."""
        text = "\n".join(("def read(node, run):", *self._lines))
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

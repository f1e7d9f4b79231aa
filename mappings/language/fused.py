"""The fast build's objects: one Python function is written for each, so that an element costs no call.

A rule that reads its own segment says in Python how (`Rule.inline`); the function of an object is made of what its
rules say, and calls the closures of those that say nothing. A value that needs more than a look (a wrong number, an
unknown code) goes to the rule's closure, which alone knows about faults. Names from a map enter the text only as
`repr` or bound to a name of ours.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from mappings.language.convert import plain_number, x12_date
from mappings.paths.navigation import Child, Element

Say: TypeAlias = Callable[["FunctionText", str], None]
"""Says what leaves a value, or None, in the named variable: `node`, `elements`, `size`, `children`, `run` are known."""
Read: TypeAlias = Callable[[Any, Any], Any]
Named: TypeAlias = Sequence[tuple[str, Read, "Inline | None", frozenset[str]]]
"""Rules by their fields' names, with the children without all of which each has nothing to read."""


_MOST_KEPT = 4096
_FEW = 2


@dataclass(frozen=True, slots=True)
class Inline:
    """How a rule is read without a call."""

    say: Say
    at: tuple[Element, ...] | None = None
    """The elements that alone make its value; None where other things have a part in it."""


class FunctionText:
    """The text of a function `read(node, run)` while it is written, and what its names are bound to."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 1
        self._names: dict[str, Any] = {"decimal": Decimal, "plain": plain_number}
        self._variables = 0
        self._segments: list[dict[Child, str]] = [{}]
        """The variables that hold the elements of children looked at already, by block."""

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

    def elements(self, child: Child | None) -> str:
        """The variable that holds the elements of the own segment, or of a child (empty where it is absent)."""
        if child is None:
            return "elements"
        for known in self._segments:
            if child in known:
                return known[child]
        found = self._segments[-1][child] = self.variable()
        self.say(f"{found} = children[{child.tag!r}][0].elements if {child.tag!r} in children else ()")
        if child.matches:
            at, value = child.usual or (0, child.tag + "?")
            self.say(f"if {found} and not (len({found}) > {at} and {found}[{at}] == {value!r}):")
            self.say(f"    {found} = {self.bind(_first_match(child.matches))}(children[{child.tag!r}])")
        return found

    def if_any(self, tags: frozenset[str]) -> str:
        """The line that asks whether a child of one of the tags is there."""
        if len(tags) > _FEW:
            return f"if not {self.bind(tags)}.isdisjoint(children):"
        return f"if {' or '.join(f'{tag!r} in children' for tag in sorted(tags))}:"

    def function(self) -> Read:
        """The function, compiled."""
        text = "\n".join(("def read(node, run):", *self._lines))
        exec(compile(text, "<fused rules>", "exec"), self._names)  # noqa: S102 - nothing of a map but `repr`s is in it
        made: Read = self._names["read"]
        return made

    def value(self, read: Read, inline: Inline | None) -> str:
        """Say what reads one rule; the variable that holds its value."""
        target = self.variable()
        if inline:
            inline.say(self, target)
        else:
            self.say(f"{target} = {self.bind(read)}(node, run)")
        return target

    def entries(self, rules: "Named", holder: str) -> None:
        """Say what puts each rule's value, if any, into the dict called `holder`."""
        for name, read, inline, needs in rules:
            with self.inside(self.if_any(needs)) if needs else nullcontext():
                target = self.value(read, inline)
                self.say(f"if {target} is not None: {holder}[{name!r}] = {target}")


def _first_match(matches: Callable[[Sequence[str]], bool]) -> Callable[[Sequence[Any]], Sequence[str]]:
    def first(nodes: Sequence[Any]) -> Sequence[str]:
        for node in nodes:
            if matches(node.elements):
                found: Sequence[str] = node.elements
                return found
        return ()

    return first


def _size(elements: str) -> str:
    return "size" if elements == "elements" else f"len({elements})"


def element_text(at: Element) -> Inline:
    """An element, without blanks around it."""

    def inline(text: FunctionText, target: str) -> None:
        held = text.elements(at.child)
        text.say(f"{target} = {held}[{at.index}].strip() or None if {_size(held)} > {at.index} else None")

    return Inline(inline, (at,))


def element_raw(at: Element) -> Inline:
    """An element, as it stands."""

    def inline(text: FunctionText, target: str) -> None:
        held = text.elements(at.child)
        text.say(f"{target} = {held}[{at.index}] or None if {_size(held)} > {at.index} else None")

    return Inline(inline, (at,))


def element_decimal(at: Element, read: Read) -> Inline:
    """A plain decimal; whatever else stands there is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        element_raw(at).say(text, target)
        with text.inside(f"if {target} is not None:"):
            text.say(f"{target} = decimal({target}) if plain({target}) else {text.bind(read)}(node, run)")

    return Inline(inline, (at,))


def element_code(at: Element, meanings: Any, read: Read) -> Inline:
    """A code's meaning; an unknown one, or a partner's own list, is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        known = text.bind(meanings)
        element_text(at).say(text, target)
        with text.inside(f"if {target} is not None:"):
            text.say(f"{target} = None if run.codes else {known}.get({target})")
            text.say(f"if {target} is None: {target} = {text.bind(read)}(node, run)")

    return Inline(inline, (at,))


def guarded(at: Element, read: Read) -> Inline:
    """`read`, asked only where its first element is there."""

    def inline(text: FunctionText, target: str) -> None:
        element_raw(at).say(text, target)
        text.say(f"if {target} is not None: {target} = {text.bind(read)}(node, run)")

    return Inline(inline, (at,))


def element_pairs(first: int, end: int, meanings: Any, read: Read) -> Inline:
    """A dict of the pairs from `first` up to `end`; an incomplete, unknown or repeated one is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        known, name, value = text.bind(meanings), text.variable(), text.variable()
        text.say(f"{target} = {{}}")
        with text.inside(f"for at in range({first}, size, 2):"):
            text.say(f"{name} = None if run.codes or at >= {end} else {known}.get(elements[at])")
            text.say(f"{value} = elements[at + 1].strip() if at + 1 < size else ''")
            with text.inside(f"if not {name} or not {value} or {name} in {target}:"):
                text.say(f"{target} = {text.bind(read)}(node, run)")
                text.say("break")
            text.say(f"{target}[{name}] = {value}")
        text.say(f"{target} = {target} or None")

    return Inline(inline)


def element_date(at: Element, read: Read, later: Sequence[Element]) -> Inline:
    """A date; one that is none, or that a time stands beside (`later`), is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        element_raw(at).say(text, target)
        with text.inside(f"if {target} is not None:"):
            timed = [f"{_size(text.elements(one.child))} > {one.index}" for one in later]
            slow = f"{text.bind(read)}(node, run)"
            with text.inside("try:"):
                day = f"{text.bind(x12_date)}({target})"
                text.say(f"{target} = {slow} if {' or '.join(timed)} else {day}" if timed else f"{target} = {day}")
            with text.inside("except ValueError:"):
                text.say(f"{target} = {slow}")

    return Inline(inline, (at, *later))


def entry_reader(key: Read, key_inline: Inline | None, value: Read, value_inline: Inline | None) -> Read:
    """Of an entry of a dict: (key, value), None where either is missing."""
    text = _begun()
    name = text.value(key, key_inline)
    text.say(f"if {name} is None: return None")
    content = text.value(value, value_inline)
    text.say(f"return None if {content} is None else ({name}, {content})")
    return text.function()


def first_of(inlines: Sequence[Inline]) -> Inline:
    """The first that gives a value."""

    def inline(text: FunctionText, target: str) -> None:
        inlines[0].say(text, target)
        for other in inlines[1:]:
            with text.inside(f"if {target} is None:"):
                other.say(text, target)

    return Inline(inline)


def joined_lists(rules: Named) -> Inline:
    """Their lists one after the other."""

    def inline(text: FunctionText, target: str) -> None:
        text.say(f"{target} = None")
        for _, read, one, needs in rules:
            with text.inside(text.if_any(needs) if needs else "if True:"):
                part = text.value(read, one)
                text.say(f"if {part}: {target} = {part} if {target} is None else [*{target}, *{part}]")

    return Inline(inline)


def calling(read: Read) -> Inline:
    """What a closure gives."""
    return Inline(lambda text, target: text.say(f"{target} = {text.bind(read)}(node, run)"))


def nodes_of(tag: str, body: Read) -> Inline:
    """A list of what `body` makes of each child of a tag."""

    def inline(text: FunctionText, target: str) -> None:
        item, made = text.variable(), text.variable()
        text.say(f"{target} = None")
        with text.inside(f"if {tag!r} in children:"):
            text.say("run.up.append(node)")
            text.say(f"{target} = [{made} for {item} in children[{tag!r}]")
            text.say(f"    if ({made} := {text.bind(body)}({item}, run)) is not None] or None")
            text.say("run.up.pop()")

    return Inline(inline)


def called(function: Callable[..., Any], arguments: Sequence[Inline], read: Read) -> Inline:
    """`function` of the arguments, when there is a first, remembered; what it refuses is for `read` to tell."""

    def inline(text: FunctionText, target: str) -> None:
        values = [text.variable() for _ in arguments]
        arguments[0].say(text, values[0])
        text.say(f"{target} = None")
        with text.inside(f"if {values[0]} is not None:"):
            for argument, value in zip(arguments[1:], values[1:], strict=True):
                argument.say(text, value)
            with text.inside("try:"):
                text.say(f"{target} = {text.bind(lru_cache(_MOST_KEPT)(function))}({', '.join(values)})")
            with text.inside("except ValueError:"):
                text.say(f"{target} = {text.bind(read)}(node, run)")

    return Inline(inline)


def of_document(name: str) -> Inline:
    """An earlier value of the document."""
    return Inline(lambda text, target: text.say(f"{target} = run.document.get({name!r})"))


def constant(value: Any) -> Inline:
    """Always the same."""
    return Inline(lambda text, target: text.say(f"{target} = {text.bind(value)}"))


def small_object(rules: Named, weak: Named, rest: Read | None, checks: Sequence[Read]) -> Inline:
    """An object kept when it holds anything: weak values count only beside others."""

    def inline(text: FunctionText, target: str) -> None:
        holder = text.variable()
        text.say(f"{holder} = {{}}")
        text.entries(rules, holder)
        _say_rest(text, holder, rest, checks)
        if (rules or rest) and weak:
            with text.inside(f"if {holder}:"):
                text.entries(weak, holder)
        else:
            text.entries(weak, holder)
        text.say(f"{target} = {holder} or None")

    return Inline(inline)


def frozen_object(model: type[BaseModel], rules: Named) -> Inline | None:
    """A small frozen value of which there are few, such as 12 EA: equal ones are made and validated once.

    None where anything but elements of the own segment has a part in it.
    """
    made = small_object(rules, [], None, [])
    used = [inline.at if inline else None for _, _, inline, _ in rules]
    indexes = [at.index for found in used for at in found or () if at.child is None]
    if not all(used) or len(indexes) != sum(len(found or ()) for found in used):
        return None
    known: dict[tuple[str, ...], BaseModel] = {}

    def keep(key: tuple[str, ...], value: Any, run: Any) -> Any:
        if run.faulty:
            return value
        try:
            kept = model.model_validate(value)
        except ValidationError:
            return value
        if len(known) >= _MOST_KEPT:
            known.clear()
        known[key] = kept
        return kept

    def inline(text: FunctionText, target: str) -> None:
        key = text.variable()
        text.say(f"{key} = ({', '.join(f'elements[{index}]' for index in indexes)}) if size > {max(indexes)} else None")
        text.say(f"{target} = None if run.codes else {text.bind(known)}.get({key})")
        with text.inside(f"if {target} is None:"):
            made.say(text, target)
            text.say(f"if {target} and {key} and not run.codes: {target} = {text.bind(keep)}({key}, {target}, run)")

    return Inline(inline)


def _say_rest(text: FunctionText, holder: str, rest: Read | None, checks: Sequence[Read]) -> None:
    if rest:
        with text.inside(f"for name, value in ({text.bind(rest)}(node, run) or {{}}).items():"):
            text.say(f"{holder}.setdefault(name, value)")
    for check in checks:
        text.say(f"{text.bind(check)}(node, run)")


def object_reader(rules: Named, weak: Named, rest: Read | None, checks: Sequence[Read], *, top: bool) -> Read:
    """Of an object kept even when it holds weak values only; `top` is the document itself."""
    text = _begun()
    text.say("found = run.document" if top else "found = {}")
    text.entries(weak, "found")
    text.entries(rules, "found")
    _say_rest(text, "found", rest, checks)
    text.say("return found" if top else "return found or None")
    return text.function()


def _begun() -> FunctionText:
    text = FunctionText()
    text.say("elements = node.elements")
    text.say("size = len(elements)")
    text.say("children = node.children")
    return text

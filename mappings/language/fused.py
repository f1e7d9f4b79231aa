"""The fast build's values: each says in Python how it is read, so that an element costs no call.

A rule that reads its own segment says in Python how (`Rule.inline`); the function of an object is made of what its
rules say (see `fused_objects`), and calls the closures of those that say nothing. A value that needs more than a look
(a wrong number, an unknown code) goes to the rule's closure, which alone knows about faults.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mappings.language.function_text import FunctionText, Inline, Read
from mappings.language.times import x12_date
from mappings.paths.navigation import Element

MOST_KEPT = 4096
"""Results of a function, or small objects, that are remembered."""
_MOST_UNROLLED = 6


def element_text(at: Element) -> Inline:
    """An element, without blanks around it."""

    def inline(text: FunctionText, target: str) -> None:
        raw = text.element(at)
        text.say(f"{target} = {raw}.strip() or None" if raw else f"{target} = None")

    def put(text: FunctionText, place: str) -> None:
        if raw := text.element(at):
            target = text.variable()
            text.say(f"if {raw} and ({target} := {raw}.strip()): {place} = {target}")

    return Inline(inline, (at,), put)


def given(at: Element, value: Callable[[FunctionText, str], str]) -> Inline:
    """What `value` makes of the element where it stands; the expression may be None."""

    def inline(text: FunctionText, target: str) -> None:
        raw = text.element(at)
        text.say(f"{target} = {value(text, raw)} if {raw} else None" if raw else f"{target} = None")

    def put(text: FunctionText, place: str) -> None:
        if raw := text.element(at):
            target = text.variable()
            text.say(f"if {raw} and ({target} := {value(text, raw)}) is not None: {place} = {target}")

    return Inline(inline, (at,), put)


def element_decimal(at: Element, read: Read) -> Inline:
    """A plain decimal; whatever else stands there is for `read`."""
    return given(at, lambda text, raw: f"(decimal({raw}) if plain({raw}) else {text.bind(read)}(node, run))")


def element_code(at: Element, meanings: Mapping[str, str], read: Read) -> Inline:
    """A code's meaning; an unknown one, one with blanks around it, or a partner's own list, is for `read`."""
    known = meanings.get
    return given(
        at, lambda text, raw: f"((None if codes else {text.bind(known)}({raw})) or {text.bind(read)}(node, run))"
    )


def guarded(at: Element, read: Read) -> Inline:
    """`read`, asked only where its first element is there."""
    return given(at, lambda text, _raw: f"{text.bind(read)}(node, run)")


def element_pairs(first: int, end: int, meanings: Mapping[str, str], read: Read) -> Inline:
    """A dict of the pairs from `first` up to `end`; an incomplete, unknown or repeated one is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        known, slow = text.bind(meanings.get), f"{text.bind(read)}(node, run)"
        size = text.own_size(end)
        if size and first < size <= min(end, first + 2 * _MOST_UNROLLED) and (size - first) % 2 == 0:
            _say_few_pairs(text, target, known, slow, range(first, size, 2))
        else:
            _say_pairs(text, target, known, slow, (first, end))

    return Inline(inline)


def _say_few_pairs(text: FunctionText, target: str, known: str, slow: str, places: range) -> None:
    """So many as the form says, one after the other."""
    names = [text.variable() for _ in places]
    values = [text.variable() for _ in places]
    for at, name, value in zip(places, names, values, strict=True):
        text.say(f"{name} = {known}({text.element(Element(at))})")
        text.say(f"{value} = {text.element(Element(at + 1))}.strip()")
    pairs = ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    text.say(f"{target} = {{{pairs}}}")
    with text.inside(f"if codes or not ({' and '.join((*names, *values))}) or len({target}) < {len(places)}:"):
        text.say(f"{target} = {slow}")


def _say_pairs(text: FunctionText, target: str, known: str, slow: str, bounds: tuple[int, int]) -> None:
    first, end = bounds
    name, value = text.variable(), text.variable()
    text.say(f"{target}, size = {{}}, len(elements)")
    with text.inside(f"for at in range({first}, size, 2):"):
        text.say(f"{name} = None if codes or at >= {end} else {known}(elements[at])")
        text.say(f"{value} = elements[at + 1].strip() if at + 1 < size else ''")
        with text.inside(f"if not {name} or not {value} or {name} in {target}:"):
            text.say(f"{target} = {slow}")
            text.say("break")
        text.say(f"{target}[{name}] = {value}")
    text.say(f"{target} = {target} or None")


def element_date(at: Element, read: Read, later: Sequence[Element]) -> Inline:
    """A date; one that is none, or that a time stands beside (`later`), is for `read`."""

    def inline(text: FunctionText, target: str) -> None:
        raw = text.element(at)
        text.say(f"{target} = None")
        if raw is None:
            return
        beside = [name for one in later if (name := text.element(one))]
        slow = f"{text.bind(read)}(node, run)"
        with text.inside(f"if {raw}:"):
            with text.inside("try:"):
                day = f"{text.bind(x12_date)}({raw})"
                text.say(f"{target} = {slow} if {' or '.join(beside)} else {day}" if beside else f"{target} = {day}")
            with text.inside("except ValueError:"):
                text.say(f"{target} = {slow}")

    return Inline(inline, (at, *later))


def first_of(inlines: Sequence[Inline]) -> Inline:
    """The first that gives a value."""

    def inline(text: FunctionText, target: str) -> None:
        inlines[0].say(text, target)
        for other in inlines[1:]:
            with text.inside(f"if {target} is None:"):
                other.say(text, target)

    return Inline(inline)


def calling(read: Read) -> Inline:
    """What a closure gives."""
    return Inline(lambda text, target: text.say(f"{target} = {text.bind(read)}(node, run)"))


def called(function: Callable[..., Any], arguments: Sequence[Inline], read: Read) -> Inline:
    """`function` of the arguments, when there is a first, remembered; what it refuses is for `read` to tell."""
    remembered = lru_cache(MOST_KEPT)(function)

    def inline(text: FunctionText, target: str) -> None:
        values = [text.variable() for _ in arguments]
        arguments[0].say(text, values[0])
        text.say(f"{target} = None")
        with text.inside(f"if {values[0]} is not None:"):
            for argument, value in zip(arguments[1:], values[1:], strict=True):
                argument.say(text, value)
            with text.inside("try:"):
                text.say(f"{target} = {text.bind(remembered)}({', '.join(values)})")
            with text.inside("except ValueError:"):
                text.say(f"{target} = {text.bind(read)}(node, run)")

    return Inline(inline)


def among(at: Element, values: Sequence[str], inner: Inline, *, wanted: bool) -> Inline:
    """`inner`, asked only where an element has one of these values; or, unless they are wanted, none of them."""

    def inline(text: FunctionText, target: str) -> None:
        raw = text.element(at)
        said, relation = f"{raw}.strip()" if raw else "''", "in" if wanted else "not in"
        text.say(f"{target} = None")
        with text.inside(f"if {said} {relation} {text.bind(frozenset(values) - {''})}:"):
            inner.say(text, target)

    return Inline(inline)


def expected(at: Element, accepted: Sequence[str], check: Read) -> Inline:
    """Nothing; an element that is none of these is for `check` to tell."""

    def inline(text: FunctionText, _target: str) -> None:
        if raw := text.element(at):
            text.say(f"if {raw} and {raw} not in {text.bind(frozenset(accepted))}: {text.bind(check)}(node, run)")

    return Inline(inline, (at,))


def of_document(name: str) -> Inline:
    """An earlier value of the document."""
    return Inline(lambda text, target: text.say(f"{target} = run.document.get({name!r})"))


def constant(value: Any) -> Inline:
    """Always the same."""
    return Inline(lambda text, target: text.say(f"{target} = {text.bind(value)}"))

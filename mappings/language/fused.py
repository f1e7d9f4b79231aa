"""The fast build's objects: one Python function is written for each, so that an element costs no call.

A rule that reads its own segment says in Python how (`Rule.inline`); the function of an object is made of what its
rules say, and calls the closures of those that say nothing. A value that needs more than a look (a wrong number, an
unknown code) goes to the rule's closure, which alone knows about faults.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from mappings.language.function_text import FunctionText, Inline, Named, Read
from mappings.language.times import x12_date
from mappings.paths.navigation import Element

_MOST_KEPT = 4096
_MOST_PLANS = 64


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
    text = FunctionText()
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
            if text.lacks(needs):
                continue
            with text.where(needs):
                part = text.value(read, one)
                text.say(f"if {part}: {target} = {part} if {target} is None else [*{target}, *{part}]")

    return Inline(inline)


def calling(read: Read) -> Inline:
    """What a closure gives."""
    return Inline(lambda text, target: text.say(f"{target} = {text.bind(read)}(node, run)"))


def nodes_of(tag: str, body: Read) -> Inline:
    """A list of what `body` makes of each child of a tag."""
    needs = frozenset((tag,))

    def inline(text: FunctionText, target: str) -> None:
        item, made = text.variable(), text.variable()
        text.say(f"{target} = None")
        if text.lacks(needs):
            return
        with text.where(needs):
            text.say("run.up.append(node)")
            text.say(f"{target} = [{made} for {item} in children[{tag!r}]")
            text.say(f"    if ({made} := {text.bind(body)}({item}, run)) is not None] or None")
            text.say("run.up.pop()")

    return Inline(inline)


def called(function: Callable[..., Any], arguments: Sequence[Inline], read: Read) -> Inline:
    """`function` of the arguments, when there is a first, remembered; what it refuses is for `read` to tell."""
    remembered = lru_cache(_MOST_KEPT)(function)

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

    def written(tags: frozenset[str] | None) -> FunctionText:
        text = FunctionText(tags)
        text.say("found = run.document" if top else "found = {}")
        text.entries(weak, "found")
        text.entries(rules, "found")
        _say_rest(text, "found", rest, checks)
        text.say("return found" if top else "return found or None")
        return text

    anyhow = written(None)
    return _by_children(written) if anyhow.asks else anyhow.function()


def _by_children(written: Callable[[frozenset[str] | None], FunctionText]) -> Read:
    """A function for each combination of children, written when one is first met; beyond so many, one for all."""
    plans: dict[tuple[str, ...], Read] = {}
    general: list[Read] = []

    def plan(tags: tuple[str, ...]) -> Read:
        if len(plans) < _MOST_PLANS:
            return plans.setdefault(tags, written(frozenset(tags)).function())
        if not general:
            general.append(written(None).function())
        return general[0]

    def read(node: Any, run: Any) -> Any:
        tags = tuple(node.children)
        return (plans.get(tags) or plan(tags))(node, run)

    return read

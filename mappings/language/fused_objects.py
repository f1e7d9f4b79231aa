"""The fast build's objects, lists and dicts: one Python function is written for each, of what its rules say.

A function is written for nodes of one form (which children, how many elements) when one is first met, so that it asks
for nothing that the form says.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from mappings.language.function_text import FunctionText, Inline, Named, NodeForm, Read
from mappings.language.fused import MOST_KEPT
from mappings.paths.navigation import Branch

_MOST_PLANS = 64
_MANY_ELEMENTS = 5
"""An object of more of its own segment's elements is read by functions of their own for each number of them."""

Written: TypeAlias = Callable[[NodeForm | None], FunctionText]


def entry_reader(key: Read, key_inline: Inline | None, value: Read, value_inline: Inline | None) -> Read:
    """Of an entry of a dict: (key, value), None where either is missing."""
    text = FunctionText()
    name = text.value(key, key_inline)
    text.say(f"if {name} is None: return None")
    content = text.value(value, value_inline)
    text.say(f"return None if {content} is None else ({name}, {content})")
    return text.function()


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


def nodes_of(branch: Branch, body: Read) -> Inline:
    """A list of what `body` makes of each child the branch leads to."""

    def one(text: FunctionText, item: str, target: str) -> None:
        text.say(f"{item} = {text.bind(body)}({item}, run)")
        text.say(f"if {item} is not None: {target}.append({item})")

    return _of_children(branch, "[]", one)


def entries_of(branch: Branch, entry: Read, free_name: Callable[[dict[str, Any], str], str]) -> Inline:
    """A dict of what `entry` makes of each child the branch leads to; a name that is taken gets another."""

    def one(text: FunctionText, item: str, target: str) -> None:
        name = text.variable()
        text.say(f"{item} = {text.bind(entry)}({item}, run)")
        with text.inside(f"if {item} is not None:"):
            text.say(f"{name}, {item} = {item}")
            text.say(f"if {name} in {target}: {name} = {text.bind(free_name)}({target}, {name})")
            text.say(f"{target}[{name}] = {item}")

    return _of_children(branch, "{}", one)


def _of_children(branch: Branch, empty: str, one: Callable[[FunctionText, str, str], None]) -> Inline:
    """What `one` says of each child, gathered; None when it stays empty. `../` and `index:` find what they ask for."""
    needs, numbered = frozenset((str(branch.tag),)), branch.scope.indexed

    def inline(text: FunctionText, target: str) -> None:
        text.say(f"{target} = None")
        if text.lacks(needs):
            return
        item = text.variable()
        with text.where(needs):
            text.say(f"{target} = {empty}; run.up.append(node)" + "; run.index.append(0)" * numbered)
            with text.inside(f"for {item} in children[{branch.tag!r}]:"):
                if branch.matches:
                    text.say(f"if not {text.bind(branch.matches)}({item}.elements): continue")
                if numbered:
                    text.say("run.index[-1] += 1")
                one(text, item, target)
            text.say(f"{target} = {target} or None; run.up.pop()" + "; run.index.pop()" * numbered)

    return Inline(inline)


def small_object(rules: Named, weak: Named, rest: Read | None, checks: Named) -> Inline:
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
    places = [at for found in used for at in found or ()]
    if not all(used) or any(at.child for at in places):
        return None
    known: dict[tuple[str, ...], BaseModel] = {}

    def keep(key: tuple[str, ...], value: Any, run: Any) -> Any:
        if run.faulty:
            return value
        try:
            kept = model.model_validate(value)
        except ValidationError:
            return value
        if len(known) >= MOST_KEPT:
            known.clear()
        known[key] = kept
        return kept

    def inline(text: FunctionText, target: str) -> None:
        key = text.variable()
        values = [text.element(at) or "''" for at in places]
        text.say(f"{key} = ({', '.join(values)},)")
        text.say(f"{target} = None if codes else {text.bind(known.get)}({key})")
        with text.inside(f"if {target} is None:"):
            made.say(text, target)
            text.say(f"if {target} and not codes and '' not in {key}:")
            text.say(f"    {target} = {text.bind(keep)}({key}, {target}, run)")

    return Inline(inline)


def _say_rest(text: FunctionText, holder: str, rest: Read | None, checks: Named) -> None:
    if rest:
        with text.inside(f"for name, value in ({text.bind(rest)}(node, run) or {{}}).items():"):
            text.say(f"{holder}.setdefault(name, value)")
    for _, check, inline, needs in checks:
        if not text.lacks(needs):
            with text.where(needs):
                text.value(check, inline)


def object_reader(rules: Named, weak: Named, rest: Read | None, checks: Named, *, top: bool) -> Read:
    """Of an object kept even when it holds weak values only; `top` is the document itself."""

    def written(form: NodeForm | None) -> FunctionText:
        text = FunctionText(form)
        text.say("found = run.document" if top else "found = {}")
        text.entries(weak, "found")
        text.entries(rules, "found")
        _say_rest(text, "found", rest, checks)
        text.say("return found" if top else "return found or None")
        return text

    anyhow = written(None)
    if anyhow.asks:
        return _by_children(_Plans(written))
    return _by_size(_Plans(written)) if anyhow.reach > _MANY_ELEMENTS else anyhow.function()


class _Plans(dict[tuple[str, ...] | int, Read]):
    """A function for each form, written when one is first met; beyond so many, one for all."""

    def __init__(self, written: Written) -> None:
        super().__init__()
        self._written = written
        self._general: Read | None = None

    def of(self, key: tuple[str, ...] | int, size: int, tags: Sequence[str] = ()) -> Read:
        """The function for a form that has none yet."""
        if len(self) < _MOST_PLANS:
            return self.setdefault(key, self._written(NodeForm(frozenset(tags), size)).function())
        self._general = self._general or self._written(None).function()
        return self._general


def _by_size(plans: _Plans) -> Read:
    known = plans.get

    def read(node: Any, run: Any) -> Any:
        size = len(node.elements)
        return (known(size) or plans.of(size, size))(node, run)

    return read


def _by_children(plans: _Plans) -> Read:
    known = plans.get

    def read(node: Any, run: Any) -> Any:
        size = len(node.elements)
        key = (size, *node.children)
        return (known(key) or plans.of(key, size, key[1:]))(node, run)

    return read

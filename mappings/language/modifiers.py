"""What any rule may say besides its verb: `when:` and `default:`."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from canonical import plain_decimal
from mappings.language.convert import converter_in
from mappings.language.function_text import Inline
from mappings.language.fused import among, calling, first_of
from mappings.language.rule import Rule
from mappings.language.scalars import text_in
from mappings.language.shape import Shape
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import Leaf, Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def apply_modifiers(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope, made: Rule) -> Rule:
    """Add `when:` and `default:`."""
    if "when" in rule.mapping:
        made = _conditional(compiler, rule.mapping["when"], scope, made)
    if "default" in rule.mapping:
        made = _defaulted(compiler, rule.mapping["default"], shape, scope, made)
    return made


@dataclass(frozen=True, slots=True)
class _Test:
    """One condition of `when:`."""

    holds: Callable[[Node, Run], bool]
    sets: tuple[Leaf, str] | None = None
    """What writing makes true."""
    guard: Callable[[Inline], Inline] | None = None
    """How the fast build asks it."""


def _conditional(compiler: "Compiler", when: Written, scope: Scope, made: Rule) -> Rule:
    tests = [_test(compiler, path, options, scope) for path, options in when.mapping.items()]
    inner_read, inner_write = made.read, made.write
    sets = [one.sets for one in tests if one.sets]

    def read(node: Node, run: Run) -> Any:
        if not all(one.holds(node, run) for one in tests):
            return None
        return inner_read(node, run) if inner_read else None

    def write(value: Any, node: Node, run: Run) -> None:
        if value is None or inner_write is None:
            return
        for leaf, option in sets:
            leaf.put(node, run, option)
        inner_write(value, node, run)

    inline = None
    if inner_read and len(tests) == 1 and tests[0].guard and not compiler.tracing:
        inline = tests[0].guard(made.inline or calling(inner_read))
    return Rule(read if inner_read else None, write if inner_write else None, made.needs, made.weak, made.fixed, inline)


def _test(compiler: "Compiler", path: str, options: Written, scope: Scope) -> _Test:
    """`PATH: A`, `PATH: [A, B]` or `PATH: {not: [A, B], present: true}`."""
    if not isinstance(options.content, dict):
        leaf, accepted = compiler.syntax.leaf(path, scope), [part.text for part in options.items]
        guard = partial(among, leaf.element, accepted, wanted=True) if leaf.element else None
        return _Test(lambda node, run: _said(leaf.get(node, run)) in accepted, (leaf, accepted[0]), guard)
    if not set(options.content) <= {"not", "present"}:
        raise MapFault("map-form", options, "say PATH: text, PATH: [texts] or PATH: {not: [texts], present: true}")
    values = compiler.syntax.values(path, scope)
    refused = [part.text for part in options.content["not"].items] if "not" in options.content else []
    present = options.content["present"].content if "present" in options.content else None

    def holds(node: Node, run: Run) -> bool:
        found = values.get(node, run)
        return present in (None, bool(found)) and not any(_said(value) in refused for value in found)

    guard = partial(among, values.element, refused, wanted=False) if values.element and present is None else None
    return _Test(holds, guard=guard)


def _said(value: Any) -> str | None:
    """What a test compares: a value as text, a number without idle zeros; no text equals an object or a list."""
    if value is None or isinstance(value, dict | list):
        return None
    return plain_decimal(value.normalize()) if isinstance(value, Decimal) else text_in(value, "")


def _defaulted(compiler: "Compiler", default: Written, shape: Shape, scope: Scope, made: Rule) -> Rule:
    if isinstance(default.content, dict):
        other = compiler.rule(default, shape, scope).read
    else:
        fixed = constant(default, shape)
        other = compiler.recorded(lambda _node, _run: fixed, None, default)
    inner = made.read

    def read(node: Node, run: Run) -> Any:
        value = inner(node, run) if inner else None
        return other(node, run) if value is None and other else value

    inline = first_of([made.inline, calling(other)]) if made.inline and other else made.inline
    return Rule(read, made.write, weak=True, fixed=made.fixed, inline=inline)


def constant(written: Written, shape: Shape) -> Any:
    """A written constant as a value of `shape`."""
    plain = written.plain()
    if shape.kind in ("model", "list", "dict", "json") or plain is None:
        return plain
    try:
        return converter_in(shape, None, x12=False)(plain, "UTC")
    except ValueError as error:
        raise MapFault("map-constant", written, str(error)) from None

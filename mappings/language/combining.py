"""The verbs that make one value of several rules: fallback, same, sum, product, concat, call."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mappings.language import fused
from mappings.language.faults import fault
from mappings.language.rule import Rule, Write, joint_needs
from mappings.language.shape import TEXT, Shape
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def fallback(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`fallback: [A, B]`: the first that gives a value; written by the first that can say it."""
    rules = [compiler.rule(part, shape, scope) for part in rule.mapping["fallback"].items]
    reads = [one.read for one in rules if one.read]

    def read(node: Node, run: Run) -> Any:
        for one in reads:
            value = one(node, run)
            if value is not None:
                return value
        return None

    write = _first_to_say([one for one in rules if one.write])
    inline = None
    if rules[0].inline and not compiler.tracing:
        inline = fused.first_of([one.inline or fused.calling(one.read) for one in rules if one.read])
    return Rule(read, write, joint_needs(rules), weak=any(one.weak for one in rules), inline=inline)


def _first_to_say(rules: Sequence[Rule]) -> Write | None:
    """Writes by the first rule, or where that cannot say a value by the next that can; constants say nothing."""
    if not rules or rules[0].says is None:
        return rules[0].write if rules else None
    first, *others = rules
    others = [one for one in others if not one.weak]

    def write(value: Any, node: Node, run: Run) -> None:
        able = (one for one in (first, *others) if one.says is None or one.says(value, run))
        chosen = first if value is None else next(able, first)
        assert chosen.write
        chosen.write(value, node, run)

    return write


def same(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`same: [A, B]`: one value said in several places; all are written."""
    first = fallback(compiler, Written({"fallback": rule.mapping["same"]}, rule.where, rule.trail), shape, scope)
    writes = [compiler.rule(part, shape, scope).write for part in rule.mapping["same"].items]

    def write(value: Any, node: Node, run: Run) -> None:
        for one in writes:
            if one:
                one(value, node, run)

    return Rule(first.read, write, first.needs, weak=first.weak)


def folded(
    name: str, start: Decimal, step: Callable[[Decimal, Decimal], Decimal]
) -> Callable[["Compiler", Written, Shape, Scope], Rule]:
    """The verb `name` of numbers: each taken into the total by `step`, from `start` on."""

    def compile_fold(compiler: "Compiler", rule: Written, _shape: Shape, scope: Scope) -> Rule:
        number = Shape("decimal")
        many = Shape("list", item=number)
        parts = rule.mapping[name]
        shapes = number if isinstance(parts.content, list) else many
        rules = [compiler.rule(part, shapes, scope) for part in parts.items]

        def read(node: Node, run: Run) -> Decimal | None:
            found = [one.read(node, run) for one in rules if one.read]
            values = found if shapes is number else (found[0] or [])
            given = [value for value in values if value is not None]
            if not given or (name == "product" and len(given) < len(values)):
                return None
            total = start
            for value in given:
                total = step(total, value)
            return total

        return Rule(compiler.recorded(read, None, rule), None, joint_needs(rules))

    return compile_fold


def concat(compiler: "Compiler", rule: Written, _shape: Shape, scope: Scope) -> Rule:
    """`concat: [A, B]`, joined by `with:` (a blank unless said); read only."""
    rules = [compiler.rule(part, TEXT, scope) for part in rule.mapping["concat"].items]
    between = rule.mapping["with"].text if "with" in rule.mapping else " "

    def read(node: Node, run: Run) -> str | None:
        return between.join(text for one in rules if one.read and (text := one.read(node, run))) or None

    return Rule(compiler.recorded(read, None, rule), None, joint_needs(rules))


def call(compiler: "Compiler", rule: Written, _shape: Shape, scope: Scope) -> Rule:
    """`call: NAME` with `with: [rules]`: a registered Python function, called when its first value is there."""
    name = rule.mapping["call"]
    found = compiler.functions.get(name.text)
    if found is None:
        known = ", ".join(sorted(compiler.functions)) or "none"
        raise MapFault("map-unknown-function", name, f"no function is called {name.text!r}; there are: {known}")
    rules = [compiler.rule(part, Shape("json"), scope) for part in rule.mapping["with"].items]

    reads = [one.read for one in rules if one.read]
    [first, *others] = reads

    def read(node: Node, run: Run) -> Any:
        value = first(node, run)
        if value is None:
            return None
        try:
            return found.read(value, *[other(node, run) for other in others])
        except ValueError as error:
            fault(run, "value-unconvertible", "error", {}, str(error), name)
            return None

    def write(value: Any, node: Node, run: Run) -> None:
        assert found.write
        try:
            parts = found.write(value)
        except ValueError as error:
            fault(run, "value-unwritable", "error", {}, str(error), name, value=str(value))
            return
        for one, part in zip(rules, parts, strict=True):
            if one.write:
                one.write(part, node, run)

    said = [one.inline for one in rules if one.inline]
    inline = fused.called(found.read, said, read) if len(said) == len(reads) == len(rules) else None
    return Rule(compiler.recorded(read, None, rule), write if found.write else None, inline=inline)

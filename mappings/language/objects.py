"""Objects: named rules over one node, the values a format wants besides (`also:`), and a dict's `rest:`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from canonical import Quantity
from mappings.language.convert import native_out
from mappings.language.faults import fault
from mappings.language.function_text import Inline
from mappings.language.fused import expected
from mappings.language.fused_objects import frozen_object, object_reader, small_object
from mappings.language.rule import Read, Rule, Write, joint_needs, needs_of
from mappings.language.shape import JSON, Shape
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import BadPath, Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler

_MOST_PLANS = 256


def object_rule(
    compiler: "Compiler", rule: Written, shape: Shape, scope: Scope, *, keep: bool = False, top: bool = False
) -> Rule:
    """Compile `fields:`, `also:` and `rest:`. `keep`: an object even when nothing was read; `top`: the document."""
    if shape.kind not in ("model", "dict", "json"):
        raise MapFault("map-shape", rule, f"fields: give an object; this field holds a {shape.kind}")
    rules = _named_rules(compiler, rule, shape, scope)
    rest = compiler.tolerant(rule.mapping["rest"], shape, scope) if "rest" in rule.mapping else None
    companions = _also(compiler, rule, scope)
    read, inline = _reader(compiler, rules, rest, companions, keep=keep, top=top)
    extras = [one.write for one in companions if one.write]
    everything = [*rules.values(), *([rest] if rest else [])]
    needs = joint_needs([r for r in everything if not r.weak])
    if shape.model is Quantity and inline and not extras and not needs:
        named = [(name, one.read, one.inline, one.needs) for name, one in rules.items() if one.read]
        inline = frozen_object(Quantity, named) or inline
    return Rule(read, _writer(rules, rest, extras), needs, inline=inline)


def _named_rules(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> dict[str, Rule]:
    made: dict[str, Rule] = {}
    for name, part in (rule.mapping["fields"].mapping if "fields" in rule.mapping else {}).items():
        inner = shape.field(name)
        if inner is None:
            known = ", ".join(shape.model.model_fields) if shape.model else ""
            compiler.faults.append(
                MapFault("map-unknown-field", part, f"there is no field {name!r}; there are: {known}")
            )
            continue
        compiled = compiler.tolerant(part, inner, scope)
        if compiled:
            made[name] = compiled
    return made


Named: TypeAlias = list[tuple[str, Read]]


def _reader(
    compiler: "Compiler", rules: dict[str, Rule], rest: Rule | None, checks: list[Rule], *, keep: bool, top: bool
) -> tuple[Read, Inline | None]:
    """What reads an object; and how it is read within another of the same segment, where that can be said."""
    reading = [(name, rule, compiler.traced(name, rule.read)) for name, rule in rules.items() if rule.read]
    rest_read = rest.read if rest else None
    if compiler.syntax.x12 and not compiler.tracing:
        strong = [(name, read, rule.inline, rule.needs) for name, rule, read in reading if not rule.weak]
        beside = [(name, read, rule.inline, frozenset[str]()) for name, rule, read in reading if rule.weak]
        after = [("", check.read, check.inline, check.needs) for check in checks if check.read]
        if keep:
            return object_reader(strong, beside, rest_read, after, top=top), None
        inline = small_object(strong, beside, rest_read, after)
    else:
        inline = None
    checking = [check.read for check in checks if check.read]
    weak = [(name, read) for name, rule, read in reading if rule.weak]
    everywhere = compiler.tracing  # also what surely finds nothing notes where it looked
    own = [(name, read) for name, rule, read in reading if not rule.weak and (everywhere or not rule.needs)]
    below = [
        (name, read, rule.needs) for name, rule, read in reading if not rule.weak and rule.needs and not everywhere
    ]
    if not keep and not below and not rest and not checking:
        return _small_reader(own, weak), inline
    choose = _by_children(below) if below else None
    return _general_reader(own, weak, choose, rest_read, checking, keep=keep, top=top), inline


def _general_reader(
    own: Named, weak: Named, choose: Callable[[Any], Named] | None, rest_read: Read | None, checks: list[Read],
    *, keep: bool, top: bool,
) -> Read:  # fmt: skip
    def read(node: Node, run: Run) -> dict[str, Any] | None:
        found: dict[str, Any] = run.document if top else {}
        if keep:
            _gather(weak, node, run, found)
        _gather(own, node, run, found)
        if choose and node.children:
            _gather(choose(node.children), node, run, found)
        if rest_read:
            for name, value in (rest_read(node, run) or {}).items():
                found.setdefault(name, value)
        for check in checks:
            check(node, run)
        if keep:
            return found if found or top else None
        if found or not (own or choose or rest_read):
            _gather(weak, node, run, found)
        return found or None

    return read


def _gather(rules: Named, node: Node, run: Run, found: dict[str, Any]) -> None:
    for name, read in rules:
        value = read(node, run)
        if value is not None:
            found[name] = value


def _small_reader(own: Named, weak: Named) -> Read:
    """Of an object whose values all stand in its own segment: weak ones count only beside others."""

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        for name, one in own:
            value = one(node, run)
            if value is not None:
                found[name] = value
        if not found and own:
            return None
        for name, one in weak:
            value = one(node, run)
            if value is not None:
                found[name] = value
        return found or None

    return read


def _by_children(below: list[tuple[str, Read, frozenset[str]]]) -> Callable[[Mapping[str, Any]], Named]:
    """What picks the rules whose children are there; each combination of tags is worked out once."""
    plans: dict[tuple[str, ...], Named] = {}

    def choose(children: Mapping[str, Any]) -> Named:
        tags = tuple(children)
        plan = plans.get(tags)
        if plan is None:
            if len(plans) >= _MOST_PLANS:
                plans.clear()
            plan = plans[tags] = [(name, read) for name, read, needs in below if not needs.isdisjoint(tags)]
        return plan

    return choose


def _writer(rules: dict[str, Rule], rest: Rule | None, extras: list[Write]) -> Write:
    writes = [(name, rule.write, rule.fixed) for name, rule in rules.items() if rule.write]
    rest_write = rest.write if rest else None

    def write(value: Any, node: Node, run: Run) -> None:
        for name, one, fixed in writes:
            field = value.get(name)
            if fixed or (field is not None and field not in ((), {}, [])):
                one(field, node, run)
        if rest_write:
            rest_write({name: field for name, field in value.items() if name not in rules}, node, run)
        for extra in extras:
            extra(value, node, run)

    return write


def _also(compiler: "Compiler", rule: Written, scope: Scope) -> list[Rule]:
    found: list[Rule] = []
    for path, part in (rule.mapping["also"].mapping if "also" in rule.mapping else {}).items():
        try:
            found.append(_companion(compiler, path, part, scope))
        except BadPath as bad:
            compiler.faults.append(MapFault("map-path", part, str(bad)))
        except MapFault as fault:
            compiler.faults.append(fault)
    return found


def _companion(compiler: "Compiler", path: str, part: Written, scope: Scope) -> Rule:
    """`PATH: text`, `PATH: [texts]`, or `PATH: {one_of: [texts] | write: rule, beside: PATH, always: true}`."""
    leaf = compiler.syntax.leaf(path, scope)
    form = part.mapping if isinstance(part.content, dict) else {"one_of": part}
    if not set(form) <= {"one_of", "write", "beside", "always"} or ("one_of" in form) == ("write" in form):
        raise MapFault(
            "map-form", part, "say PATH: text, [texts], {one_of: [texts]} or {write: rule}; beside:, always:"
        )
    beside = compiler.leaf(form["beside"], scope) if "beside" in form else None
    accepted = [item.text for item in form["one_of"].items] if "one_of" in form else []
    value = (lambda _node, _run: accepted[0]) if accepted else _written_value(compiler, form["write"], scope)

    def check(node: Node, run: Run) -> None:
        raw = leaf.get(node, run)
        if raw is not None and str(raw) not in accepted:
            message = f"{raw!r} stands where the map knows only {', '.join(accepted)}; it is not read"
            fault(run, "unread", "warning", leaf.place(node, run), message, part, value=str(raw))

    def extra(_value: Any, node: Node, run: Run) -> None:
        wanted = beside.get(node, run) is not None if beside else "always" in form or leaf.made(node, run)
        if wanted and leaf.get(node, run) is None:
            native = value(node, run)
            if native is not None:
                leaf.put(node, run, native)

    inline = expected(leaf.element, accepted, check) if leaf.element and not compiler.tracing else None
    return Rule(check if accepted else None, extra, needs_of(leaf.needs), inline=inline)


def _written_value(compiler: "Compiler", source: Written, scope: Scope) -> Read:
    if not isinstance(source.content, dict):
        source = Written({"const": source}, source.where, source.trail)
    read = compiler.rule(source, JSON, scope).read
    assert read
    native = native_out(x12=compiler.syntax.x12, json=compiler.syntax.json)

    def value(node: Node, run: Run) -> Any:
        found = read(node, run)
        return None if found is None else native(found, run.zone)

    return value

"""Objects: named rules over one node, the values a format wants besides (`also:`), and a dict's `rest:`."""

from typing import TYPE_CHECKING, Any

from mappings.convert import native_out
from mappings.navigation import BadPath, Leaf, Node, Run, Scope
from mappings.rule import Read, Rule, Write, joint_needs
from mappings.shape import JSON, Shape
from mappings.written import MapFault, Written

if TYPE_CHECKING:
    from mappings.compiler import Compiler

_MOST_PLANS = 256


def object_rule(
    compiler: "Compiler", rule: Written, shape: Shape, scope: Scope, *, keep: bool = False, top: bool = False
) -> Rule:
    """Compile `fields:`, `also:` and `rest:`. `keep`: an object even when nothing was read; `top`: the document."""
    if shape.kind not in ("model", "dict", "json"):
        raise MapFault("map-shape", rule, f"fields: give an object; this field holds a {shape.kind}")
    rules = _named_rules(compiler, rule, shape, scope)
    rest = compiler.tolerant(rule.mapping["rest"], shape, scope) if "rest" in rule.mapping else None
    checks, extras = _also(compiler, rule, scope)
    read = _reader(compiler, rules, rest, checks, keep=keep, top=top)
    everything = [*rules.values(), *([rest] if rest else [])]
    return Rule(read, _writer(rules, rest, extras), joint_needs([r for r in everything if not r.weak]))


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


def _reader(
    compiler: "Compiler", rules: dict[str, Rule], rest: Rule | None, checks: list[Read], *, keep: bool, top: bool
) -> Read:
    strong = [(name, rule) for name, rule in rules.items() if rule.read and not rule.weak]
    weak = [(name, compiler.traced(name, rule.read)) for name, rule in rules.items() if rule.read and rule.weak]
    own = [(name, compiler.traced(name, r.read)) for name, r in strong if r.read and not r.needs]
    below = [(name, compiler.traced(name, r.read), r.needs) for name, r in strong if r.read and r.needs]
    rest_read = rest.read if rest else None
    plans: dict[tuple[str, ...], list[tuple[str, Read]]] = {}

    def plan(tags: tuple[str, ...]) -> list[tuple[str, Read]]:
        if len(plans) >= _MOST_PLANS:
            plans.clear()
        chosen = [(name, read) for name, read, needs in below if not needs.isdisjoint(tags)]
        plans[tags] = chosen
        return chosen

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        found: dict[str, Any] = run.document if top else {}
        if keep:
            for name, one in weak:
                value = one(node, run)
                if value is not None:
                    found[name] = value
        for name, one in own:
            value = one(node, run)
            if value is not None:
                found[name] = value
        if below:
            children = node.children
            if children:
                tags = tuple(children)
                chosen = plans.get(tags)
                for name, one in plan(tags) if chosen is None else chosen:
                    value = one(node, run)
                    if value is not None:
                        found[name] = value
        if rest_read:
            for name, value in (rest_read(node, run) or {}).items():
                found.setdefault(name, value)
        for check in checks:
            check(node, run)
        if keep:
            return found
        if not found:
            return None
        for name, one in weak:
            value = one(node, run)
            if value is not None:
                found[name] = value
        return found

    return read


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


def _also(compiler: "Compiler", rule: Written, scope: Scope) -> tuple[list[Read], list[Write]]:
    checks: list[Read] = []
    extras: list[Write] = []
    for path, part in (rule.mapping["also"].mapping if "also" in rule.mapping else {}).items():
        try:
            leaf = compiler.syntax.leaf(path, scope)
            check, extra = (
                _constant(part, leaf) if not isinstance(part.content, dict) else _computed(compiler, part, leaf, scope)
            )
        except BadPath as bad:
            compiler.faults.append(MapFault("map-path", part, str(bad)))
            continue
        except MapFault as fault:
            compiler.faults.append(fault)
            continue
        if check:
            checks.append(check)
        extras.append(extra)
    return checks, extras


def _constant(part: Written, leaf: Leaf) -> tuple[Read, Write]:
    accepted = [item.text for item in part.items]

    def check(node: Node, run: Run) -> None:
        from mappings.compiler import fault  # noqa: PLC0415

        raw = leaf.get(node, run)
        if raw is not None and str(raw) not in accepted:
            message = f"{raw!r} stands where the map knows only {', '.join(accepted)}; it is not read"
            fault(run, "unread", "warning", leaf.place(node, run), message, part, value=str(raw))

    def extra(_value: Any, node: Node, run: Run) -> None:
        if leaf.made(node, run) and leaf.get(node, run) is None:
            leaf.put(node, run, accepted[0])

    return check, extra


def _computed(compiler: "Compiler", part: Written, leaf: Leaf, scope: Scope) -> tuple[None, Write]:
    """`PATH: {write: RULE}`: a value from a constant, the context or the document; `always: true` makes its segment."""
    always = "always" in part.mapping
    source = part.mapping.get("write")
    if source is None:
        raise MapFault("map-form", part, "say PATH: text, PATH: [texts it may hold], or PATH: {write: rule}")
    if not isinstance(source.content, dict):
        source = Written({"const": source}, source.where, source.trail)
    read = compiler.rule(source, JSON, scope).read
    assert read
    native = native_out(x12=compiler.syntax.x12, json=compiler.syntax.json)

    def extra(_value: Any, node: Node, run: Run) -> None:
        if (always or leaf.made(node, run)) and leaf.get(node, run) is None:
            value = read(node, run)
            if value is not None:
                leaf.put(node, run, native(value, run.zone))

    return None, extra

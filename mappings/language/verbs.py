"""The verbs that give one value, and the modifiers every verb takes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from canonical import Where
from mappings.language import fused
from mappings.language.codes import has_code, native_code, unknown, unmapped
from mappings.language.combining import call, concat, fallback, folded, same
from mappings.language.compiler import Compiler
from mappings.language.convert import converter_in, converter_out
from mappings.language.faults import fault
from mappings.language.function_text import Inline
from mappings.language.groups import GROUP_VERBS
from mappings.language.modifiers import constant
from mappings.language.moments import moment
from mappings.language.rule import Read, Rule, needs_of
from mappings.language.scalars import Convert, decimal_in, json_in, text_in
from mappings.language.shape import Shape
from mappings.language.texts import keep, lines
from mappings.language.times import x12_date_in
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import Leaf, Node, Run, Scope

Verb: TypeAlias = Callable[[Compiler, Written, Shape, Scope], Rule]


def at(compiler: Compiler, rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`at: PATH`, with `codes:` or `as:`; a longer text than `width:` is left to the next of a fallback."""
    path = rule.mapping["at"]
    leaf = compiler.leaf(path, scope)
    needs = needs_of(leaf.needs)
    if "codes" in rule.mapping:
        return _coded(compiler, rule, shape, leaf, needs)
    form = rule.mapping["as"].text if "as" in rule.mapping else leaf.form
    if shape.kind in ("model", "list", "dict"):
        raise MapFault(
            "map-shape", path, f"a {shape.kind} cannot come from one value; use fields:, each:, all: or pairs:"
        )
    syntax = compiler.syntax
    convert = converter_in(shape, form, x12=syntax.x12)
    unconvert = converter_out(shape, form, x12=syntax.x12, json=syntax.json)
    read = _reader(compiler, path, leaf, convert)
    inline = _inline(compiler, leaf, convert, read)
    return Rule(read, _writer(path, leaf, unconvert), needs, inline=inline, says=_fitting(rule))


def _fitting(rule: Written) -> Callable[[Any, Run], bool] | None:
    width = int(rule.mapping["width"].text) if "width" in rule.mapping else None
    return (lambda value, _run: len(str(value)) <= width) if width else None


def _inline(compiler: Compiler, leaf: Leaf, convert: Convert, read: Read) -> Inline | None:
    if leaf.element is None or compiler.tracing:
        return None
    if convert in (text_in, json_in):
        return fused.element_text(leaf.element)
    if convert is decimal_in:
        return fused.element_decimal(leaf.element, read)
    return fused.element_date(leaf.element, read, ()) if convert is x12_date_in else fused.guarded(leaf.element, read)


def _reader(compiler: Compiler, path: Written, leaf: Leaf, convert: Convert) -> Callable[[Node, Run], Any]:
    get = leaf.get
    if convert is text_in and compiler.syntax.x12:
        return compiler.recorded(get, leaf.place, path)
    member = leaf.own

    def read(node: Node, run: Run) -> Any:
        raw = node.get(member) if member is not None and type(node) is dict else get(node, run)
        if raw is None or raw == "":
            return None
        try:
            return convert(raw, run.zone)
        except ValueError as error:
            fault(run, "value-unconvertible", "error", leaf.place(node, run), str(error), path, value=str(raw))
            return None

    return compiler.recorded(read, leaf.place, path)


def _writer(path: Written, leaf: Leaf, convert: Convert) -> Callable[[Any, Node, Run], None]:
    put = leaf.put

    def write(value: Any, node: Node, run: Run) -> None:
        if value is None:
            return
        try:
            native = convert(value, run.zone)
        except (ValueError, AttributeError) as error:
            fault(run, "value-unwritable", "error", leaf.place(node, run), str(error), path, value=str(value))
            return
        put(node, run, native)

    return write


def _coded(compiler: Compiler, rule: Written, shape: Shape, leaf: Leaf, needs: frozenset[str]) -> Rule:
    codes, path = compiler.code_list(rule.mapping["codes"]), rule.mapping["at"]
    get, put, known, name = leaf.get, leaf.put, codes.to_canonical, codes.name
    convert = converter_in(shape, None, x12=False)
    as_text = _reader(compiler, path, leaf, text_in)
    closed = bool(shape.choices) or shape.kind != "text"

    def read(node: Node, run: Run) -> Any:
        raw = get(node, run)
        if type(raw) is not str:
            raw = as_text(node, run)
        if raw is None:
            return None
        meaning = known.get(raw)
        if run.codes and name in run.codes:
            meaning = run.codes[name].get(raw, meaning)
        if meaning is None and closed:
            unknown(codes, raw, leaf.place(node, run), path, run)
            return None
        if meaning is None:
            meaning = unmapped(codes, raw, leaf.place(node, run), path, run)
        return meaning if shape.kind == "text" else convert(meaning, run.zone)

    def write(value: Any, node: Node, run: Run) -> None:
        if value is None:
            return
        native = native_code(codes, str(value), run)
        if native is None:
            message = f"{value!r} has no code in {name}; add it there or to the partner's cross-references"
            fault(run, "code-unwritable", "error", leaf.place(node, run), message, path, value=str(value))
            return
        put(node, run, native)

    fast = shape.kind == "text" and not compiler.tracing
    inline = fused.element_code(leaf.element, known, read) if fast and leaf.element else None
    return Rule(
        compiler.recorded(read, leaf.place, path), write, needs, inline=inline,
        says=lambda value, run: has_code(codes, str(value), run),
    )  # fmt: skip


def const(compiler: Compiler, rule: Written, shape: Shape, _scope: Scope) -> Rule:
    """`const: VALUE`: read as it is; writes nothing."""
    value = constant(rule.mapping["const"], shape)
    read = compiler.recorded(lambda _node, _run: value, None, rule)
    return Rule(read, _nothing, weak=True, inline=None if compiler.tracing else fused.constant(value))


def _nothing(_value: Any, _node: Node, _run: Run) -> None:
    return None


def fact(compiler: Compiler, rule: Written, shape: Shape, _scope: Scope) -> Rule:
    """`fact: NAME`: something the envelope says, such as `received_at` or `control_number`."""
    name = rule.mapping["fact"].text
    convert = converter_in(shape, None, x12=False)

    def read(_node: Node, run: Run) -> Any:
        value = run.context.facts.get(name)
        return None if value is None else convert(value, run.zone)

    return Rule(compiler.recorded(read, lambda _node, _run: {"fact": name}, rule), _nothing, weak=True)


def context(compiler: Compiler, rule: Written, _shape: Shape, _scope: Scope) -> Rule:
    """`context: currency`: what the partner profile says where the document is silent."""
    name = rule.mapping["context"].text
    if name not in ("currency", "usage", "zone"):
        raise MapFault("map-context", rule, f"the context has currency, usage and zone, not {name!r}")
    read = compiler.recorded(lambda _node, run: getattr(run.context, name), None, rule)
    return Rule(read, _nothing, weak=True)


def copy(compiler: Compiler, rule: Written, _shape: Shape, _scope: Scope) -> Rule:
    """`copy: currency`: a value of the document itself, given by an earlier rule."""
    steps = rule.mapping["copy"].text.split(".")

    first, *others = steps

    def read(_node: Node, run: Run) -> Any:
        value: Any = run.document.get(first)
        for step in others:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def place(_node: Node, run: Run) -> Where:
        origin = run.lineage.get(tuple(steps))
        return origin.source if origin else {}

    inline = None if others or compiler.tracing else fused.of_document(first)
    return Rule(compiler.recorded(read, place, rule), _nothing, weak=True, inline=inline)


def index(compiler: Compiler, rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`index: true`: the node's number in its loop, from 1."""
    scope.indexed = True
    number = (lambda _node, run: str(run.index[-1])) if shape.kind == "text" else (lambda _node, run: run.index[-1])
    return Rule(compiler.recorded(number, None, rule), _nothing, weak=True)


def present(compiler: Compiler, rule: Written, _shape: Shape, scope: Scope) -> Rule:
    """`present: PATH`: true where there is a value; read only."""
    leaf = compiler.leaf(rule.mapping["present"], scope)
    read = compiler.recorded(lambda node, run: leaf.get(node, run) is not None, leaf.place, rule)
    return Rule(read, _nothing, weak=True)


def one_way(compiler: Compiler, rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`read: RULE` and `write: RULE`: each direction its own, or only one."""
    compiler.one_way.append(rule)
    reading = compiler.rule(rule.mapping["read"], shape, scope) if "read" in rule.mapping else None
    writing = compiler.rule(rule.mapping["write"], shape, scope) if "write" in rule.mapping else None
    read = reading.read if reading else None
    write = writing.write if writing else None
    return Rule(read, write, reading.needs if reading else frozenset(), weak=bool(reading and reading.weak))


VERBS: dict[str, Verb] = {
    "at": at,
    "const": const,
    "fact": fact,
    "context": context,
    "copy": copy,
    "index": index,
    "present": present,
    "fallback": fallback,
    "same": same,
    "sum": folded("sum", Decimal(0), lambda total, value: total + value),
    "product": folded("product", Decimal(1), lambda total, value: total * value),
    "concat": concat,
    "call": call,
    "date": moment,
    **GROUP_VERBS,
    "lines": lines,
    "keep": keep,
    "read": one_way,
    "write": one_way,
}
BESIDE: Mapping[str, frozenset[str]] = {
    "at": frozenset(("codes", "as", "width")),
    "date": frozenset(("time", "zone")),
    "concat": frozenset(("with",)),
    "call": frozenset(("with",)),
    "each": frozenset(("fields", "key", "value", "repeat", "having", "fold", "also", "rest")),
    "lines": frozenset(("width",)),
    "all": frozenset(("codes", "as")),
    "pairs": frozenset(("codes", "prefer")),
    "fields": frozenset(("in", "also", "rest")),
    "read": frozenset(("write",)),
    "write": frozenset(("read",)),
}
ANYWHERE = frozenset(("default", "when"))


def verb_of(rule: Written) -> tuple[str, Verb]:
    """The one verb of a rule; a fault when there is none, or something stands beside it that does not belong."""
    names = rule.mapping
    heads = [name for name in names if name in VERBS]
    head = next((name for name in ("each", "read", "write") if name in heads), heads[0] if heads else None)
    if head is None:
        raise MapFault(
            "map-verb", rule, f"no verb among {', '.join(names)}; say at:, fields:, each:, all:, pairs:, const: ..."
        )
    for name in names:
        if name != head and name not in BESIDE.get(head, ()) and name not in ANYWHERE:
            raise MapFault("map-verb", names[name], f"{name!r} does not go with {head!r}; remove it")
    return head, VERBS[head]

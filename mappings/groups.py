"""The verbs that give many values: fields, each, all, pairs, join."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mappings.convert import converter_in, converter_out
from mappings.navigation import BadPath, Branch, Node, Run, Scope
from mappings.objects import object_rule
from mappings.rule import Read, Rule, Write, joint_needs, needs_of
from mappings.shape import JSON, TEXT, Shape
from mappings.written import MapFault, Written

if TYPE_CHECKING:
    from mappings.compiler import Compiler


def fields(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`fields:` of an object, of this node or of the one `in:` names; `rest:` gives a dict's other keys."""
    if "in" not in rule.mapping:
        return object_rule(compiler, rule, shape, scope)
    branches = compiler.syntax.branch(rule.mapping["in"].text, scope)
    body = object_rule(compiler, rule, shape, branches[-1].scope)
    walk = _walker(compiler, branches, body.read, numbered=False) if body.read else None
    grow = _grower(branches)
    inner = body.write

    def read(node: Node, run: Run) -> Any:
        found: list[Any] = []
        if walk:
            walk(node, run, found)
        return next((value for value in found if value is not None), None)

    def write(value: Any, node: Node, run: Run) -> None:
        if inner and value is not None:
            grow(node, run, value, inner)

    return Rule(read if walk else None, write if inner else None, needs_of(branches[0].needs))


def each(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`each: LOOP` with `fields:` (a list of objects), `value:` (a list), or `key:` and `value:` (a dict)."""
    names = rule.mapping
    repeat = names["repeat"].text if "repeat" in names else None
    branches = compiler.syntax.branch(names["each"].text, scope, repeat)
    inner = branches[-1].scope
    if shape.kind == "dict" or "key" in names:
        return _each_entry(compiler, rule, shape, branches)
    if shape.kind not in ("list", "json"):
        raise MapFault("map-shape", names["each"], f"this field holds one {shape.kind}, not many; use in: and fields:")
    item = shape.item or JSON
    body = (
        compiler.rule(names["value"], item, inner)
        if "value" in names
        else object_rule(compiler, rule, item, inner, keep=True)
    )
    walk = _walker(compiler, branches, body.read, numbered=True) if body.read else None
    grow, put = _grower(branches), body.write

    def read(node: Node, run: Run) -> list[Any] | None:
        found: list[Any] = []
        assert walk
        walk(node, run, found)
        return found or None

    def write(value: Any, node: Node, run: Run) -> None:
        for one in value or ():
            grow(node, run, one, put)  # type: ignore[arg-type]  # write is None when put is

    return Rule(read if walk else None, write if put else None, needs_of(branches[0].needs))


def _each_entry(compiler: "Compiler", rule: Written, shape: Shape, branches: Sequence[Branch]) -> Rule:
    inner = branches[-1].scope
    key = compiler.rule(rule.mapping["key"], TEXT, inner)
    value = compiler.rule(rule.mapping["value"], shape.item or JSON, inner)
    if key.read is None or value.read is None or key.write is None or value.write is None:
        raise MapFault("map-one-way", rule, "key: and value: must serve both directions")
    put_key, put_value = key.write, value.write
    read_entry = _entry_reader(compiler, key.read, value.read)
    walk, grow = _walker(compiler, branches, read_entry, numbered=False), _grower(branches)

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        found: list[Any] = []
        walk(node, run, found)
        entries: dict[str, Any] = {}
        for name, content in filter(None, found):
            entries[_free(entries, name)] = content
        return entries or None

    def put(entry: Any, node: Node, run: Run) -> None:
        put_key(entry[0].partition("#")[0], node, run)
        put_value(entry[1], node, run)

    def write(entries: Any, node: Node, run: Run) -> None:
        for entry in (entries or {}).items():
            grow(node, run, entry, put)

    return Rule(read, write, needs_of(branches[0].needs))


def _entry_reader(compiler: "Compiler", key: Read, value: Read) -> Read:
    def read(node: Node, run: Run) -> Any:
        name = key(node, run)
        if name is None:
            return None
        if compiler.tracing:
            run.path.append(name)
        content = value(node, run)
        if compiler.tracing:
            run.path.pop()
        return None if content is None else (name, content)

    return read


def _free(taken: Mapping[str, Any], name: str) -> str:
    """`name`, or `name#2` and on where it is taken: a repeated qualifier loses nothing."""
    if name not in taken:
        return name
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def _walker(
    compiler: "Compiler", branches: Sequence[Branch], body: Read | None, *, numbered: bool
) -> Callable[[Node, Run, list[Any]], None]:
    """What visits every node the branches reach and collects what `body` gives."""
    assert body
    branch, inner = branches[0], _walker(compiler, branches[1:], body, numbered=numbered) if branches[1:] else None
    find, indexed = branch.find, branch.scope.indexed

    def step(item: Node, run: Run, found: list[Any]) -> None:
        if inner:
            inner(item, run, found)
        else:
            found.append(body(item, run))

    def walk(node: Node, run: Run, found: list[Any]) -> None:
        nodes = find(node, run)
        if not nodes:
            return
        run.up.append(node)
        if indexed:
            for number, item in enumerate(nodes, 1):
                run.index.append(number)
                step(item, run, found)
                run.index.pop()
        elif inner:
            for item in nodes:
                inner(item, run, found)
        else:
            found.extend([body(item, run) for item in nodes])
        run.up.pop()

    def trace(node: Node, run: Run, found: list[Any]) -> None:
        nodes = find(node, run)
        run.up.append(node)
        for number, item in enumerate(nodes, 1):
            run.spots.append(branch.spot(item, run.spots[-1], number - 1))
            run.index.append(number)
            numbering = numbered and inner is None
            if numbering:
                run.path.append(len(found))
            step(item, run, found)
            if numbering:
                run.path.pop()
            run.index.pop()
            run.spots.pop()
        run.up.pop()

    return trace if compiler.tracing else walk


def _grower(branches: Sequence[Branch]) -> Callable[[Node, Run, Any, Write], None]:
    """What makes a node for a value and writes the value into it."""

    def grow(node: Node, run: Run, value: Any, put: Write) -> None:
        depth = len(run.up)
        for branch in branches:
            run.up.append(node)
            node = branch.make(node, run)
        put(value, node, run)
        if branches[-1].close:
            branches[-1].close(node)
        del run.up[depth:]

    return grow


def every(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`all: PATH`: every scalar the path reaches."""
    from mappings.verbs import native_code, unmapped  # noqa: PLC0415

    at = rule.mapping["all"]
    if shape.kind not in ("list", "json"):
        raise MapFault("map-shape", at, f"this field holds one {shape.kind}, not many; use at:")
    try:
        values = compiler.syntax.values(at.text, scope)
    except BadPath as bad:
        raise MapFault("map-path", at, str(bad)) from None
    codes = compiler.code_list(rule.mapping["codes"]) if "codes" in rule.mapping else None
    syntax, item = compiler.syntax, shape.item or JSON
    form = rule.mapping["as"].text if "as" in rule.mapping else None
    convert = converter_in(item, form, x12=syntax.x12)
    unconvert = converter_out(item, form, x12=syntax.x12, json=syntax.json)

    def one(raw: Any, node: Node, run: Run) -> Any:
        if codes:
            known = codes.to_canonical.get(str(raw))
            return unmapped(codes, str(raw), values.place(node, run), at, run) if known is None else known
        return _checked(convert, raw, values.place, node, run, at)

    def read(node: Node, run: Run) -> list[Any] | None:
        found = [one(raw, node, run) for raw in values.get(node, run)]
        return [value for value in found if value is not None] or None

    def write(value: Any, node: Node, run: Run) -> None:
        if value:
            natives = [native_code(codes, v, run) if codes else unconvert(v, run.zone) for v in value]
            values.put(node, run, [native for native in natives if native is not None])

    return Rule(compiler.recorded(read, values.place, at), write, needs_of(values.needs))


def _checked(convert: Any, raw: Any, place: Any, node: Node, run: Run, at: Written) -> Any:
    from mappings.compiler import fault  # noqa: PLC0415

    try:
        return convert(raw, run.zone)
    except ValueError as error:
        fault(run, "value-unconvertible", "error", place(node, run), str(error), at, value=str(raw))
        return None


def pairs(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`pairs: PO106..` with `codes:`: a dict of qualifier and value."""
    from mappings.verbs import native_code, unmapped  # noqa: PLC0415

    at = rule.mapping["pairs"]
    if shape.kind not in ("dict", "json"):
        raise MapFault("map-shape", at, f"pairs give a dict; this field holds a {shape.kind}")
    try:
        found_pairs = compiler.syntax.pairs([part.text for part in at.items], scope)
    except BadPath as bad:
        raise MapFault("map-path", at, str(bad)) from None
    codes = compiler.code_list(rule.mapping["codes"]) if "codes" in rule.mapping else None
    first = {name.text: n for n, name in enumerate(rule.mapping["prefer"].items)} if "prefer" in rule.mapping else {}
    convert = converter_in(shape.item or JSON, None, x12=compiler.syntax.x12)
    get, place, tracing = found_pairs.get, found_pairs.place, compiler.tracing
    known = codes.to_canonical if codes else {}

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        entries: dict[str, Any] = {}
        overlay = run.codes.get(codes.name) if codes and run.codes else None
        for key, raw in get(node, run):
            name = overlay.get(key) if overlay else None
            name = name or (known.get(key) if codes else key)
            if name is None and codes and key:
                name = unmapped(codes, key, place(node, run), at, run)
            value = _checked(convert, raw, place, node, run, at)
            if value is None or not name:
                _incomplete(run, place(node, run), at, key, raw)
                continue
            if name in entries:
                name = _free(entries, name)
            entries[name] = value
            if tracing:
                run.path.append(name)
                _note(run, place(node, run), at)
                run.path.pop()
        return entries or None

    def write(entries: Any, node: Node, run: Run) -> None:
        ordered: Iterable[tuple[str, Any]] = (entries or {}).items()
        if first:
            ordered = sorted(ordered, key=lambda entry: first.get(entry[0], len(first)))
        native: list[tuple[Any, Any]] = []
        for name, value in ordered:
            code = native_code(codes, name, run) if codes else name
            if code is None:
                _unwritable(run, place(node, run), at, name)
            else:
                native.append((code, value))
        if native:
            found_pairs.put(node, run, native)

    return Rule(read, write, needs_of(found_pairs.needs))


def _note(run: Run, place: Any, at: Written) -> None:
    from mappings.context import Origin  # noqa: PLC0415

    run.lineage[tuple(run.path)] = Origin(place, at.where)


def _incomplete(run: Run, where: Any, at: Written, key: Any, raw: Any) -> None:
    from mappings.compiler import fault  # noqa: PLC0415

    fault(run, "pair-incomplete", "warning", where, f"a pair of {key!r} and {raw!r} says nothing", at, value=str(raw))


def _unwritable(run: Run, where: Any, at: Written, name: str) -> None:
    from mappings.compiler import fault  # noqa: PLC0415

    fault(run, "code-unwritable", "warning", where, f"{name!r} has no code here and is left out", at, value=name)


def join(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`join: [A, B]`: their lists one after the other, or their dicts together; the first is written."""
    rules = [compiler.rule(part, shape, scope) for part in rule.mapping["join"].items]
    reads = [one.read for one in rules if one.read]

    def read(node: Node, run: Run) -> Any:
        found = [value for one in reads if (value := one(node, run))]
        if not found:
            return None
        if isinstance(found[0], dict):
            merged: dict[str, Any] = {}
            for entries in found:
                merged.update({_free(merged, name): value for name, value in entries.items()})
            return merged
        return [item for items in found for item in items]

    return Rule(read, next((one.write for one in rules if one.write), None), joint_needs(rules))


GROUP_VERBS: dict[str, Callable[["Compiler", Written, Shape, Scope], Rule]] = {
    "each": each,
    "fields": fields,
    "all": every,
    "pairs": pairs,
    "join": join,
}

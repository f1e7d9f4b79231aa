"""The verbs that give many values: fields, each, all, pairs, join."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mappings.language.fused_objects import entries_of, entry_reader, joined_lists, nodes_of
from mappings.language.objects import object_rule
from mappings.language.rule import Read, Rule, joint_needs, needs_of
from mappings.language.shape import JSON, TEXT, Shape
from mappings.language.texts import folded
from mappings.language.values import every, free_name, given_name, pairs
from mappings.language.walks import grower, walker
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import BadPath, Branch, Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def fields(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`fields:` of an object, of this node or of the one `in:` names; `rest:` gives a dict's other keys."""
    if "in" not in rule.mapping:
        return object_rule(compiler, rule, shape, scope)
    branches = compiler.syntax.branch(rule.mapping["in"].text, scope)
    body = object_rule(compiler, rule, shape, branches[-1].scope)
    walk = walker(compiler, branches, body.read, numbered=False) if body.read else None
    grow = grower(branches)
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
    if "having" in names:
        branches = [*branches[:-1], _only_having(compiler, names["having"], branches[-1])]
    walk = walker(compiler, branches, body.read, numbered=True) if body.read else None
    grow, put = grower(branches), body.write

    def read(node: Node, run: Run) -> list[Any] | None:
        found: list[Any] = []
        assert walk
        walk(node, run, found)
        return found or None

    folds = names["fold"].mapping if "fold" in names else {}

    def write(value: Any, node: Node, run: Run) -> None:
        items = value or ()
        for field, width in folds.items():
            items = _folded_items(items, field, int(width.text))
        for number, one in enumerate(items, 1):
            run.index.append(number)
            grow(node, run, one, put)  # type: ignore[arg-type]  # write is None when put is
            run.index.pop()

    inline = nodes_of(branches[0], body.read) if body.read and _is_inline(compiler, branches) else None
    return Rule(read if walk else None, write if put else None, needs_of(branches[0].needs), inline=inline)


def _is_inline(compiler: "Compiler", branches: Sequence[Branch]) -> bool:
    """Whether the nodes are children of the node itself, visited without a trace."""
    return len(branches) == 1 and branches[0].tag is not None and compiler.syntax.x12 and not compiler.tracing


def _folded_items(items: Sequence[Any], field: str, width: int) -> list[Any]:
    """Each item whose text is too wide as several, alike but for their pieces of it."""
    found: list[Any] = []
    for item in items:
        pieces = [piece for line in str(item.get(field) or "").splitlines() for piece in folded(line, width)]
        found.extend({**item, field: piece} for piece in pieces)
        if not pieces:
            found.append(item)
    return found


def _only_having(compiler: "Compiler", having: Written, branch: Branch) -> Branch:
    """The branch without the nodes in which the path reaches nothing."""
    try:
        values = compiler.syntax.values(having.text, branch.scope)
    except BadPath as bad:
        raise MapFault("map-path", having, str(bad)) from None

    def standing(node: Node, run: Run) -> Sequence[tuple[int, Node]]:
        return [(index, found) for index, found in enumerate(branch.find(node, run)) if values.get(found, run)]

    def find(node: Node, run: Run) -> Sequence[Node]:
        return [found for _, found in standing(node, run)]

    return replace(branch, find=find, standing=standing, tag=None)


def _each_entry(compiler: "Compiler", rule: Written, shape: Shape, branches: Sequence[Branch]) -> Rule:
    inner = branches[-1].scope
    key = compiler.rule(rule.mapping["key"], TEXT, inner)
    value = compiler.rule(rule.mapping["value"], shape.item or JSON, inner)
    if key.read is None or value.read is None or key.write is None or value.write is None:
        raise MapFault("map-one-way", rule, "key: and value: must serve both directions")
    put_key, put_value = key.write, value.write
    if compiler.syntax.x12 and not compiler.tracing:
        read_entry = entry_reader(key.read, key.inline, value.read, value.inline)
    else:
        read_entry = _entry_reader(compiler, key.read, value.read)
    walk, grow = walker(compiler, branches, read_entry, numbered=False), grower(branches)

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        found: list[Any] = []
        walk(node, run, found)
        entries: dict[str, Any] = {}
        for name, content in filter(None, found):
            entries[free_name(entries, name)] = content
        return entries or None

    inline = entries_of(branches[0], read_entry, free_name) if _is_inline(compiler, branches) else None

    def put(entry: Any, node: Node, run: Run) -> None:
        put_key(entry[0], node, run)
        put_value(entry[1], node, run)

    def write(entries: Any, node: Node, run: Run) -> None:
        for name, content in (entries or {}).items():
            if key.says is None or key.says(name, run):
                grow(node, run, (given_name(entries, name), content), put)

    return Rule(read, write, needs_of(branches[0].needs), inline=inline)


def _entry_reader(compiler: "Compiler", key: Read, value: Read) -> Read:
    def read(node: Node, run: Run) -> Any:
        name = key(node, run)
        if name is None:
            return None
        if compiler.tracing:
            run.path.append(_untaken(run, name))
        content = value(node, run)
        if compiler.tracing:
            run.path.pop()
        return None if content is None else (name, content)

    return read


def _untaken(run: Run, name: str) -> str:
    """The name an entry will get among those already traced here."""
    depth = len(run.path)
    here = tuple(run.path)
    taken = {path[depth] for path in (*run.lineage, *run.asked) if len(path) > depth and path[:depth] == here}
    return free_name(dict.fromkeys(map(str, taken), None), name)


def join(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`join: [A, B]`: their lists one after the other, or their dicts together; the first is written."""
    rules = [compiler.rule(part, shape, scope) for part in rule.mapping["join"].items]
    reads = [one.read for one in rules if one.read]

    def read(node: Node, run: Run) -> Any:
        found, before = [], run.before
        for one in reads:
            value = one(node, run)
            if value:
                found.append(value)
                run.before += len(value)
        run.before = before
        if not found:
            return None
        if isinstance(found[0], dict):
            merged: dict[str, Any] = {}
            for entries in found:
                merged.update({free_name(merged, name): value for name, value in entries.items()})
            return merged
        return [item for items in found for item in items]

    write = next((one.write for one in rules if one.write), None)
    named = [("", one.read, one.inline, one.needs) for one in rules if one.read]
    fast = compiler.syntax.x12 and shape.kind == "list" and not compiler.tracing
    return Rule(read, write, joint_needs(rules), inline=joined_lists(named) if fast else None)


GROUP_VERBS: dict[str, Callable[["Compiler", Written, Shape, Scope], Rule]] = {
    "each": each,
    "fields": fields,
    "all": every,
    "pairs": pairs,
    "join": join,
}

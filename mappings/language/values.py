"""The verbs that give many scalars: all, pairs."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from canonical import Where
from mappings.code_lists import CodeList
from mappings.context import Origin
from mappings.language.codes import native_code, unmapped
from mappings.language.convert import converter_in, converter_out
from mappings.language.faults import fault
from mappings.language.fused import element_pairs
from mappings.language.rule import Rule, Write, needs_of
from mappings.language.scalars import Convert, text_in
from mappings.language.shape import JSON, TEXT, Shape
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import Node, Pairs, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def free_name(taken: Mapping[str, Any], name: str) -> str:
    """`name`, or `name#2` and on where it is taken: a repeated qualifier loses nothing."""
    if name not in taken:
        return name
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def given_name(taken: Mapping[str, Any], name: str) -> str:
    """What `free_name` was asked for: `sku` of `sku#2` where there is a `sku` too; any other `#` is the name's own."""
    given, _, number = name.rpartition("#")
    return given if number.isdigit() and given in taken else name


def every(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`all: PATH`: every scalar the path reaches."""
    at = rule.mapping["all"]
    if shape.kind not in ("list", "json"):
        raise MapFault("map-shape", at, f"this field holds one {shape.kind}, not many; use at:")
    values = compiler.syntax.values(at.text, scope)
    codes = compiler.code_list(rule.mapping["codes"]) if "codes" in rule.mapping else None
    syntax, item = compiler.syntax, shape.item or JSON
    form = rule.mapping["as"].text if "as" in rule.mapping else None
    convert = converter_in(item, form, x12=syntax.x12)
    unconvert = converter_out(item, form, x12=syntax.x12, json=syntax.json)

    def one(raw: Any, node: Node, run: Run) -> Any:
        if codes:
            known = codes.to_canonical.get(str(raw))
            return unmapped(codes, str(raw), values.place(node, run), at, run) if known is None else known
        return _checked(convert, raw, lambda: values.place(node, run), run, at)

    def read(node: Node, run: Run) -> list[Any] | None:
        found = [one(raw, node, run) for raw in values.get(node, run)]
        return [value for value in found if value is not None] or None

    def read_texts(node: Node, run: Run) -> list[Any] | None:
        return [text for raw in values.get(node, run) if (text := raw.strip())] or None

    def write(value: Any, node: Node, run: Run) -> None:
        if value:
            natives = [native_code(codes, v, run) if codes else unconvert(v, run.zone) for v in value]
            values.put(node, run, [native for native in natives if native is not None])

    plain = syntax.x12 and convert is text_in and not codes
    return Rule(compiler.recorded(read_texts if plain else read, values.place, at), write, needs_of(values.needs))


def _checked(convert: Convert, raw: Any, place: Callable[[], Where], run: Run, at: Written) -> Any:
    try:
        return convert(raw, run.zone)
    except ValueError as error:
        fault(run, "value-unconvertible", "error", place(), str(error), at, value=str(raw))
        return None


def pairs(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`pairs: PO106..` with `codes:`: a dict of qualifier and value; `prefer:` says which are written first."""
    at = rule.mapping["pairs"]
    if shape.kind not in ("dict", "json"):
        raise MapFault("map-shape", at, f"pairs give a dict; this field holds a {shape.kind}")
    found = compiler.syntax.pairs([part.text for part in at.items], scope)
    codes = compiler.code_list(rule.mapping["codes"]) if "codes" in rule.mapping else None
    first = {name.text: n for n, name in enumerate(rule.mapping["prefer"].items)} if "prefer" in rule.mapping else {}
    read = _pairs_reader(compiler, found, codes, shape.item or JSON, at)
    fast = found.own and codes and compiler.syntax.x12 and not compiler.tracing and shape.item == TEXT
    inline = element_pairs(*found.own, codes.to_canonical, read) if fast and found.own and codes else None
    return Rule(read, _pairs_writer(found, codes, first), needs_of(found.needs), inline=inline)


def _pairs_reader(
    compiler: "Compiler", found: Pairs, codes: CodeList | None, item: Shape, at: Written
) -> Callable[[Node, Run], dict[str, Any] | None]:
    convert = converter_in(item, None, x12=compiler.syntax.x12)
    plain = convert is text_in and compiler.syntax.x12
    get, place, tracing = found.get, found.place, compiler.tracing

    def read(node: Node, run: Run) -> dict[str, Any] | None:
        entries: dict[str, Any] = {}
        names = _names(codes, run)
        for key, raw in get(node, run):
            name = key if names is None else names.get(key)
            if name is None and codes and key:
                name = unmapped(codes, key, place(node, run), at, run)
            value = raw.strip() if plain else _checked(convert, raw, lambda: place(node, run), run, at)
            if not name or value in (None, ""):
                message = f"a pair of {key!r} and {raw!r} says nothing"
                fault(run, "pair-incomplete", "warning", place(node, run), message, at, value=str(raw))
                continue
            if name in entries:
                name = free_name(entries, name)
            entries[name] = value
            if tracing:
                run.lineage[*run.path, name] = Origin(place(node, run), at.where)
        return entries or None

    return read


def _names(codes: CodeList | None, run: Run) -> Mapping[str, str] | None:
    if codes is None:
        return None
    own = run.codes.get(codes.name) if run.codes else None
    return {**codes.to_canonical, **own} if own else codes.to_canonical


def _pairs_writer(found: Pairs, codes: CodeList | None, first: Mapping[str, int]) -> Write:
    """A name that has no code is left out: reading back what was written tells so, unless the map says it is known."""

    def write(entries: Any, node: Node, run: Run) -> None:
        ordered: Iterable[tuple[str, Any]] = (entries or {}).items()
        if first:
            ordered = sorted(ordered, key=lambda entry: first.get(entry[0], len(first)))
        coded = ((native_code(codes, name, run) if codes else name, value) for name, value in ordered)
        native = [(code, value) for code, value in coded if code is not None]
        if native:
            found.put(node, run, native)

    return write

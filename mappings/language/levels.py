"""Hierarchies (X12 HL): one table for S-O-I, S-O-P-I, S-O-T-P-I, S-T-I-P and pick-and-pack, both ways.

On reading, an item and what stands above it make one line: order levels hand their fields down, package levels become
packages, the shipment's fields the document's. On writing, the lines are regrouped in the order `structure:` says; a
level a line has nothing for is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mappings.language.levels_written import Level, levels_writer
from mappings.language.objects import object_rule
from mappings.language.rule import Read, Rule
from mappings.language.shape import Shape
from mappings.language.written import MapFault, Written, with_part
from mappings.paths.navigation import Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler

_FORMS = ("of", "kind", "fields", "also", "line")


@dataclass(slots=True)
class _Entry:
    """One level's node while reading, with what it hands down."""

    node: Node
    level: Level | None
    above: "_Entry | None"
    below: list["_Entry"] = field(default_factory=list)
    inherited: dict[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    """Where the tracing build put the values read of this level and of the orders above it."""
    package: dict[str, Any] | None = None
    line: dict[str, Any] | None = None


def levels_rule(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """Compile `levels:` for a document with `packages` and `lines`."""
    table: dict[str, Level] = {}
    structure: list[str] = []
    for name, part in rule.mapping.items():
        if name == "structure":
            structure = part.text.split("-")
        else:
            table[name] = _level(compiler, name, part, shape, scope)
    structure = structure or list(table)
    unknown = [code for code in structure if code not in table]
    if unknown:
        raise MapFault(
            "map-levels", rule.mapping["structure"], f"structure: names {unknown[0]!r}, which is no level here"
        )
    return Rule(_reader(compiler, table), levels_writer([table[code] for code in structure]), frozenset(("HL",)))


def _level(compiler: "Compiler", code: str, part: Written, shape: Shape, scope: Scope) -> Level:
    part = with_part(part, compiler.parts)
    for name, given in part.mapping.items():
        if name not in _FORMS:
            raise MapFault("map-levels", given, f"{name!r} does not belong to a level; it may have {', '.join(_FORMS)}")
    of = part.mapping["of"].text if "of" in part.mapping else ""
    packages, lines = shape.field("packages"), shape.field("lines")
    assert packages
    assert lines
    shapes = {"shipment": shape, "order": lines.item, "package": packages.item, "line": lines.item}
    found = shapes.get(of)
    if found is None:
        raise MapFault("map-levels", part, f"level {code} says of: shipment, order, package or line, not {of!r}")
    [branch] = compiler.syntax.branch(f"HL[03={code}]", scope)
    branch.scope.cover.names.update((1, 2, 3, 4))
    body = object_rule(compiler, part, found, branch.scope, keep=True)
    assert body.read
    assert body.write
    line = compiler.rule(part.mapping["line"], lines.item or shape, branch.scope) if "line" in part.mapping else None
    kind = part.mapping["kind"].text if "kind" in part.mapping else "carton"
    names = frozenset(part.mapping["fields"].mapping) if "fields" in part.mapping else frozenset()
    return Level(code, of, kind, body.read, body.write, names, line)


def _entries(root: Node, table: dict[str, Level]) -> Iterator[_Entry]:
    """The levels in document order: by HL02 as received, or nested as built for writing."""
    by_number: dict[str, _Entry] = {}

    def walk(nodes: Sequence[Node], above: _Entry | None) -> Iterator[_Entry]:
        for node in nodes:
            elements = node.elements
            parent = by_number.get(elements[2]) if len(elements) > 2 and elements[2] else above
            entry = _Entry(node, table.get(elements[3]) if len(elements) > 3 else None, parent)
            if parent:
                parent.below.append(entry)
            if len(elements) > 1 and elements[1]:
                by_number[elements[1]] = entry
            yield entry
            if "HL" in node.children:
                yield from walk(node.children["HL"], entry)

    return walk(root.children.get("HL", ()), None)


def _reader(compiler: "Compiler", table: dict[str, Level]) -> Read:
    def read(root: Node, run: Run) -> dict[str, Any]:
        run.up.append(root)
        shipment = _Shipment(compiler, run)
        entries = list(_entries(root, table))
        for entry in entries:
            shipment.add(entry)
        for entry in entries:
            if entry.line is not None:
                shipment.place(entry, entry.line)
        run.up.pop()
        run.settle_marks()
        return shipment.document()

    return read


class _Shipment:
    """Gathers packages, lines and order numbers as the levels are read."""

    def __init__(self, compiler: "Compiler", run: Run) -> None:
        self._compiler, self._run = compiler, run
        self._packages: dict[str, dict[str, Any]] = {}
        self._lines: list[dict[str, Any]] = []
        self._orders: dict[str, None] = {}
        self._fields: dict[str, Any] = {}
        self._read = 0

    def add(self, entry: _Entry) -> None:
        """Read one level."""
        if entry.above:
            entry.inherited, entry.package = entry.above.inherited, entry.above.package
            entry.marks = entry.above.marks
        level = entry.level
        if level is None:
            return
        values = self._values(entry, level)
        getattr(self, f"_add_{level.of}")(entry, level, values)

    def _values(self, entry: _Entry, level: Level) -> dict[str, Any]:
        if not self._compiler.tracing or level.of == "shipment":
            return level.read(entry.node, self._run) or {}
        self._read += 1
        mark = f"?{self._read}"
        self._run.path.append(mark)
        values = level.read(entry.node, self._run) or {}
        self._run.path.pop()
        entry.marks = (mark,) if level.of == "package" else (*entry.marks, mark)
        return values

    def _traced_at(self, entry: _Entry, *path: str | int) -> None:
        for mark in entry.marks:
            self._run.moved(mark, path)

    def _add_shipment(self, _entry: _Entry, _level: Level, values: dict[str, Any]) -> None:
        self._fields.update(values)

    def _add_order(self, entry: _Entry, _level: Level, values: dict[str, Any]) -> None:
        entry.inherited = {**entry.inherited, **values}
        number = values.get("order_number")
        if number:
            self._orders[number] = None

    def _add_package(self, entry: _Entry, level: Level, values: dict[str, Any]) -> None:
        holder = entry.package
        name = values.get("sscc") or f"package-{len(self._packages) + 1}"
        package = self._packages.setdefault(name, {"id": name, "kind": level.kind, "lines": [], **values})
        if holder and holder is not package:
            package["parent"] = holder["id"]
        self._traced_at(entry, "packages", list(self._packages).index(name))
        entry.package = package
        entry.marks = entry.above.marks if entry.above else ()

    def _add_line(self, entry: _Entry, _level: Level, values: dict[str, Any]) -> None:
        entry.line = {**entry.inherited, **values}
        number = entry.line.get("order_number")
        if number:
            self._orders[number] = None

    def place(self, entry: _Entry, line: dict[str, Any]) -> None:
        """Put a line into the packages below it, or the one around it, or among the unpacked."""
        inside = [below for below in entry.below if below.level and below.level.of == "package"]
        if not inside:
            self._put(entry, entry.package, line)
            return
        for below, quantity in zip(inside, self._quantities(entry, inside, line), strict=True):
            self._put(entry, below.package, {**line, "quantity": quantity} if quantity else line)

    def _put(self, entry: _Entry, package: dict[str, Any] | None, line: dict[str, Any]) -> None:
        if package is None:
            self._traced_at(entry, "lines", len(self._lines))
            self._lines.append(line)
        else:
            at = list(self._packages).index(package["id"])
            self._traced_at(entry, "packages", at, "lines", len(package["lines"]))
            package["lines"].append(line)

    def _quantities(self, entry: _Entry, inside: list[_Entry], line: dict[str, Any]) -> list[Any]:
        said = [
            below.level.line.read(below.node, self._run)
            if below.level and below.level.line and below.level.line.read
            else None
            for below in inside
        ]
        given = [values.get("quantity") if values else None for values in said]
        whole = line.get("quantity")
        if all(given) or whole is None or len(inside) == 1:
            return [one or whole for one in given]
        return self._shared(entry, whole, len(inside))

    def _shared(self, entry: _Entry, whole: dict[str, Any], count: int) -> list[Any]:
        parts = dict(whole)
        each, left = divmod(parts.get("value", 0), count)
        where = {"segment": entry.node.position, "tag": "HL"}
        message = f"the packages below this item do not say how much each holds; {count} equal parts are assumed"
        self._run.fault("package-quantity-assumed", "warning", where, message, {"path": "packages"})
        return [{**parts, "value": each + (left if number == 0 else 0)} for number in range(count)]

    def document(self) -> dict[str, Any]:
        """What the hierarchy says of the document."""
        found = dict(self._fields)
        if self._packages:
            found["packages"] = list(self._packages.values())
        if self._lines:
            found["lines"] = self._lines
        if self._orders:
            found["order_numbers"] = list(self._orders)
        return found

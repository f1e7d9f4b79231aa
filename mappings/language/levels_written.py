"""Writing a hierarchy (X12 HL): the lines are regrouped in the order of its levels."""

from dataclasses import dataclass
from typing import Any

from mappings.language.rule import Read, Rule, Write
from mappings.paths.navigation import Node, Run


@dataclass(frozen=True, slots=True)
class Level:
    """One level: `of` shipment, order, package or line."""

    code: str
    of: str
    kind: str
    read: Read
    write: Write
    names: frozenset[str]
    line: Rule | None
    """Of a package that stands below its item: what it says of the item's quantity in it."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line with the packages around it, outermost first."""

    line: dict[str, Any] | None
    packages: tuple[dict[str, Any], ...]


def _rows(document: dict[str, Any]) -> list[_Row]:
    by_id = {package["id"]: package for package in document.get("packages", ())}
    holders = {package.get("parent") for package in by_id.values()}
    rows: list[_Row] = []
    for package in by_id.values():
        chain = [package]
        while (parent := by_id.get(chain[0].get("parent"))) and parent not in chain:
            chain.insert(0, parent)
        lines: list[dict[str, Any] | None] = [*package.get("lines", ())]
        if not lines and package["id"] not in holders:
            lines = [None]
        rows.extend(_Row(line, tuple(chain)) for line in lines)
    rows.extend(_Row(line, ()) for line in document.get("lines", ()))
    return rows


def levels_writer(structure: list[Level]) -> Write:
    """What writes a document's packages and lines as levels; the first of them is the shipment's."""
    package_levels = [level for level in structure if level.of == "package"]

    def key(level: Level, row: _Row) -> tuple[Any, dict[str, Any]] | None:
        """What rows of one node of the level share, and the value written there."""
        if level.of == "order":
            values = {name: row.line[name] for name in level.names if row.line and name in row.line}
            return (repr(sorted(values.items())), values) if values else None
        if level.of == "line":
            return (_line_key(row.line, alone=structure[-1] is level), row.line) if row.line else None
        chosen = [package for package in row.packages if _level_of(package, package_levels) is level]
        return (chosen[-1]["id"], chosen[-1]) if chosen else None

    def emit(rows: list[_Row], at: int, parent: Node, run: Run) -> None:
        if at == len(structure) or not rows:
            return
        level = structure[at]
        groups: dict[Any, tuple[dict[str, Any] | None, list[_Row]]] = {}
        for row in rows:
            found = key(level, row)
            groups.setdefault(found[0] if found else None, (found[1] if found else None, []))[1].append(row)
        for value, members in groups.values():
            node = _grow(level, value, members, parent, run) if value is not None else parent
            emit(members, at + 1, node, run)

    def write(document: Any, root: Node, run: Run) -> None:
        [top, *_] = structure
        node = root.add("HL", ((3, True, (top.code,)),))
        run.up.append(root)
        top.write(document, node, run)
        emit(_rows(document), 1, node, run)
        run.up.pop()

    return write


def _grow(level: Level, value: dict[str, Any], members: list[_Row], parent: Node, run: Run) -> Node:
    node = parent.add("HL", ((3, True, (level.code,)),))
    if level.of == "line":
        value = {**value, "quantity": _total(members)}
    level.write(value, node, run)
    if level.line and level.line.write and members[0].line and parent.elements[3:4] == ["I"]:
        level.line.write({**members[0].line, "quantity": _total(members)}, node, run)
    return node


def _total(members: list[_Row]) -> dict[str, Any]:
    quantities = [row.line["quantity"] for row in members if row.line]
    return {**quantities[0], "value": sum(quantity["value"] for quantity in quantities)}


def _line_key(line: dict[str, Any], *, alone: bool) -> Any:
    if alone:
        return id(line)
    return repr([(name, value) for name, value in line.items() if name != "quantity"])


def _level_of(package: dict[str, Any], levels: list[Level]) -> Level | None:
    return next((level for level in levels if level.kind == package.get("kind")), levels[-1] if levels else None)

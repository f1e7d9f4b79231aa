"""The verbs of free text and of what no field holds: `lines:` and `keep:`."""

from typing import TYPE_CHECKING, Any

from mappings.language.rule import Rule, needs_of
from mappings.language.shape import Shape
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def lines(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`lines: PATH`, `width: 80`: one text of many segments, a line each; what is longer is folded when writing."""
    at = rule.mapping["lines"]
    if shape.kind not in ("text", "json"):
        raise MapFault("map-shape", at, f"lines: give one text; this field holds a {shape.kind}")
    values = compiler.syntax.values(at.text, scope)
    width = int(rule.mapping["width"].text) if "width" in rule.mapping else None

    def read(node: Node, run: Run) -> str | None:
        return "\n".join(text for raw in values.get(node, run) if (text := str(raw).strip())) or None

    def write(value: Any, node: Node, run: Run) -> None:
        if value:
            values.put(node, run, [part for line in str(value).splitlines() for part in folded(line, width)])

    return Rule(compiler.recorded(read, values.place, at), write, needs_of(values.needs))


def folded(line: str, width: int | None) -> list[str]:
    """A line in pieces no longer than `width`, parted at blanks where there are any."""
    pieces: list[str] = []
    while width and len(line) > width:
        blank = line.rfind(" ", 1, width + 1)
        pieces.append(line[: blank if blank > 0 else width].rstrip())
        line = line[blank if blank > 0 else width :].lstrip()
    return [piece for piece in (*pieces, line) if piece.strip()]


def keep(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """`keep: [TAG, ...]`: whole segments as they are, with what hangs under them, for which there is no field."""
    at = rule.mapping["keep"]
    if shape.kind != "json":
        raise MapFault(
            "map-shape", at, f"keep: gives segments as they are, for extensions; this field is a {shape.kind}"
        )
    kept = compiler.syntax.kept([part.text for part in at.items], scope)

    def read(node: Node, run: Run) -> list[Any] | None:
        return kept.get(node, run) or None

    def write(value: Any, node: Node, run: Run) -> None:
        if value:
            kept.put(node, run, list(value))

    return Rule(compiler.recorded(read, kept.place, at), write, kept.tags)

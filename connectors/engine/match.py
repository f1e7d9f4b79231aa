"""Spreading wanted quantities over the other side's open lines: which of their lines each of ours is."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from canonical import Finding, Rejected, exact_decimal, plain_decimal
from connectors.engine.path import all_at, first_at, text_of
from connectors.engine.template import expand_text
from connectors.manifest_calls import Match


@dataclass(slots=True)
class _Open:
    """A line of theirs, and how much of it nobody has taken yet."""

    group: int
    line: Any
    left: Decimal


def spread(match: Match, scope: Any) -> list[dict[str, Any]]:
    """Groups `{group, rows: [{wanted, line, quantity}]}` in their order, without the empty ones.

    Raises `Rejected` when more is wanted than is open.
    """
    groups = all_at(scope, match.groups)
    lines = _open_lines(match, groups)
    rows: dict[int, list[dict[str, Any]]] = {}
    for wanted in (item for path in match.wanted for item in all_at(scope, path)):
        for line, quantity in _taken(match, wanted, lines):
            row = {"wanted": wanted, "line": line.line, "quantity": _whole(quantity)}
            rows.setdefault(line.group, []).append(row)
    return [{"group": groups[position], "rows": rows[position]} for position in sorted(rows)]


def _open_lines(match: Match, groups: list[Any]) -> dict[str, list[_Open]]:
    lines: dict[str, list[_Open]] = {}
    for position, group in enumerate(groups):
        for line in all_at(group, match.lines):
            key = text_of(first_at(line, match.line_key) or "")
            lines.setdefault(key, []).append(_Open(position, line, _quantity(line, match.open)))
    return lines


def _taken(match: Match, wanted: Any, lines: dict[str, list[_Open]]) -> Iterator[tuple[_Open, Decimal]]:
    key = expand_text(match.key, {"wanted": wanted})
    left = _quantity(wanted, match.quantity)
    for line in lines.get(key, ()):
        taken = min(left, line.left)
        if taken > 0:
            line.left -= taken
            left -= taken
            yield line, taken
    if left > 0:
        message = f"line {key}: {plain_decimal(left)} more than is open over there"
        raise Rejected(message, [Finding("no-open-line", "error", {"line": key}, message)])


def _quantity(item: Any, path: str) -> Decimal:
    try:
        return exact_decimal(first_at(item, path))
    except ValueError:
        message = f"no quantity at {path}"
        raise Rejected(message, [Finding("value-missing", "error", {"pointer": path}, message)]) from None


def _whole(quantity: Decimal) -> int | Decimal:
    return int(quantity) if quantity == quantity.to_integral_value() else quantity

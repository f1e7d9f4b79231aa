"""The two streams: answers on standard output, everything else on standard error.

What partners wrote is shown as text only: no markup of ours, no control codes of the terminal's.
"""

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from canonical import Finding
from console.excerpt import excerpt
from console.json_text import json_text

_NARROWEST = 110
"""Columns when nobody's screen says how many there are."""

SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}

STATUS_STYLE = {
    "shipped": "green",
    "delivered": "green",
    "allocated": "blue",
    "released": "cyan",
    "partly_shipped": "cyan",
    "backordered": "yellow",
    "held": "yellow",
    "cancelled": "dim",
    "failed": "red",
    "rejected": "red",
    "conflict": "red",
}


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = max(console.width, _NARROWEST)
    return console


def out() -> Console:
    """Standard output, for people."""
    return _console(stderr=False)


def err() -> Console:
    """Standard error."""
    return _console(stderr=True)


def print_json(value: Any) -> None:
    """Exactly one JSON value on standard output."""
    sys.stdout.write(json_text(value, indent=2) + "\n")
    sys.stdout.flush()


def clean(value: object) -> str:
    """Foreign text without control codes: a line break becomes a space, an escape a visible mark."""
    text = "" if value is None else str(value)
    return "".join(
        " " if character in "\t\r\n" else "\N{REPLACEMENT CHARACTER}" if _controls(character) else character
        for character in text
    )


def _controls(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def text(value: object, style: str = "") -> Text:
    """Foreign text for a cell or a line."""
    return Text(clean(value), style=style)


def status(value: object) -> Text:
    """A status in its colour."""
    return text(str(value or "").replace("_", " "), STATUS_STYLE.get(str(value), ""))


def table(*columns: str, right: Sequence[str] = (), title: str | None = None) -> Table:
    """A calm table: no frame, a rule under the head."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title, title_justify="left", header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def place_of(where: Mapping[str, Any]) -> str:
    """A finding's place: `file:line:column`, a JSON pointer, or the segment and element."""
    if "line" in where:
        parts = (where.get("file"), where.get("line"), where.get("column"))
        return ":".join(str(part) for part in parts if part is not None)
    if "pointer" in where:
        return str(where["pointer"]) or "/"
    if "xpath" in where:
        return str(where["xpath"])
    return " ".join(f"{name} {value}" for name, value in where.items())


def print_findings(console: Console, findings: Iterable[Finding | Mapping[str, Any]]) -> None:
    """One line a finding: place, severity, code, what is wrong and the mend. Of a map's fault also the line itself."""
    for finding in findings:
        row = finding.as_json() if isinstance(finding, Finding) else finding
        severity = str(row.get("severity", "error"))
        console.print(
            text(place_of(row.get("where") or {}), "bold"),
            Text(severity, style=SEVERITY_STYLE.get(severity, "")),
            text(row.get("code"), "dim"),
            text(row.get("message")),
            soft_wrap=True,
        )
        for line in excerpt(row.get("where") or {}):
            console.print(text(f"  {line}", "dim"), soft_wrap=True)

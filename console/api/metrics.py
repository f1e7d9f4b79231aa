"""Counts in Prometheus' text format (version 0.0.4)."""

from collections.abc import Iterator, Mapping
from typing import Any


def prometheus_text(overview: Mapping[str, Any]) -> str:
    """The overview's counts. Money stays out: who scrapes needs no token."""
    return "".join(line + "\n" for line in _lines(overview))


def _lines(overview: Mapping[str, Any]) -> Iterator[str]:
    yield "# HELP crossdock_documents Documents kept, by direction and kind."
    yield "# TYPE crossdock_documents gauge"
    for direction in ("in", "out"):
        for kind, count in sorted(overview.get(f"documents_{direction}", {}).items()):
            yield f'crossdock_documents{{direction="{direction}",kind="{_escape(kind)}"}} {count}'
    yield "# HELP crossdock_orders Orders, by status."
    yield "# TYPE crossdock_orders gauge"
    for status, count in sorted(overview.get("orders", {}).items()):
        yield f'crossdock_orders{{status="{_escape(status)}"}} {count}'
    yield "# HELP crossdock_exceptions Open exceptions."
    yield "# TYPE crossdock_exceptions gauge"
    yield f"crossdock_exceptions {overview.get('exceptions', 0)}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

"""Counts in Prometheus' text format (version 0.0.4)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def prometheus_text(overview: Mapping[str, Any], staleness: Sequence[Mapping[str, Any]] = ()) -> str:
    """The overview's counts and each channel's age. Money stays out: who scrapes needs no token."""
    return "".join(line + "\n" for line in (*_lines(overview), *_ages(staleness)))


def _ages(staleness: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "# HELP crossdock_staleness_seconds How old a channel's orders, stock and tracking are."
    yield "# TYPE crossdock_staleness_seconds gauge"
    known = [(f'{{channel="{_escape(row["connection"])}",what="{_escape(row["what"])}"}}', row) for row in staleness]
    yield from (
        f"crossdock_staleness_seconds{labels} {row['seconds']}" for labels, row in known if row["seconds"] is not None
    )
    yield "# HELP crossdock_staleness_limit_seconds How old they may be."
    yield "# TYPE crossdock_staleness_limit_seconds gauge"
    yield from (f"crossdock_staleness_limit_seconds{labels} {row['limit']}" for labels, row in known)


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
    if head := overview.get("audit_trail"):
        yield "# HELP crossdock_audit_blocks Blocks of the audit trail; its head's hash, to be kept elsewhere."
        yield "# TYPE crossdock_audit_blocks gauge"
        yield f'crossdock_audit_blocks{{hash="{head["hash"]}"}} {head["block"]}'


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

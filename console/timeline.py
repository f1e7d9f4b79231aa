"""An order's story in sequence: its documents coming in, what was decided, its documents going out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_RANK = {"in": 0, "event": 1, "out": 2}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `document` is the id of the document it was, if it was one."""

    at: str
    way: str
    title: str
    document: str | None = None
    link: str | None = None
    status: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def timeline_of(order: Mapping[str, Any]) -> list[Moment]:
    """Events and documents together. What shares an instant stands as cause before effect."""
    return sorted(_moments(order), key=lambda moment: (moment.at, _RANK[moment.way]))


def _moments(order: Mapping[str, Any]) -> Iterator[Moment]:
    for event in order.get("timeline", ()):
        title = str(event.get("kind", "")).replace("_", " ").capitalize()
        yield Moment(str(event.get("at", "")), "event", title, facts=event.get("facts") or {})
    for row in order.get("documents", ()):
        way = "out" if row.get("direction") == "out" else "in"
        partner = row.get("partner") or "unknown"
        title = f"To {partner}" if way == "out" else f"From {partner}"
        at = str(row.get("received_at") or row.get("at") or "")
        yield Moment(at, way, title, str(row["id"]), str(row["kind"]), row.get("status"))

"""An order's story for people: each entry of the archive's timeline as a title, its document and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.wording import sentence


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `way` is `in`, `out`, `event`, `delivery` or `exception`."""

    at: str
    way: str
    title: str
    document: str | None = None
    link: str | None = None
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


_WAYS = {"document_received": "in", "document_sent": "out", "delivery": "delivery", "exception": "exception"}


def timeline_of(order: Mapping[str, Any]) -> list[Moment]:
    """The order's timeline, told."""
    return [_moment(entry) for entry in order.get("timeline", ())]


def _moment(entry: Mapping[str, Any]) -> Moment:
    way = _WAYS.get(str(entry.get("what")), "event")
    detail = entry.get("detail")
    kind, partner = str(entry.get("kind", "")), entry.get("partner") or "unknown"
    title = {"in": f"From {partner}", "out": f"To {partner}"}.get(way, sentence(kind))
    link = kind if way in ("in", "out") else "document" if entry.get("document") else None
    told = {} if isinstance(detail, Mapping) else {"detail": "" if detail is None else str(detail)}
    facts = detail if isinstance(detail, Mapping) else {}
    return Moment(str(entry.get("at", "")), way, title, entry.get("document"), link, facts=facts, **told)

"""An order's story for people: each entry of the archive's timeline as a title, its document and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.wording import identity, sentence


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
    kinds = {row["id"]: str(row["kind"]) for row in order.get("documents", ())}
    return [_moment(entry, kinds) for entry in order.get("timeline", ())]


def _moment(entry: Mapping[str, Any], kinds: Mapping[str, str]) -> Moment:
    way = _WAYS.get(str(entry.get("what")), "event")
    detail = entry.get("detail")
    kind, partner = str(entry.get("kind", "")), entry.get("partner") or "unknown"
    title = {"in": f"From {partner}", "out": f"To {partner}"}.get(way, sentence(kind))
    document = entry.get("document")
    link = kinds.get(document, "document") if document else None
    facts = detail if isinstance(detail, Mapping) else {}
    words = "" if facts or detail in (None, kind) else identity(detail) if way in ("in", "out") else str(detail)
    return Moment(str(entry.get("at", "")), way, title, document, link, words, facts)

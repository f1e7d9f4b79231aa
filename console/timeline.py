"""An order's story for people: the archive's timeline, with what happened together told together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from console.wording import identity, sentence


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `way` is `in`, `out`, `event`, `delivery` or `exception`; `link` names its document."""

    at: str
    way: str
    title: str
    document: str | None = None
    link: str | None = None
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def together(self) -> tuple[str, str, str]:
        """What is alike in moments that are told as one: the second, the way and the title."""
        return self.at[:19], self.way, self.title


@dataclass(frozen=True, slots=True)
class Step:
    """Moments told as one."""

    at: str
    way: str
    title: str
    moments: tuple[Moment, ...]


_WAYS = {"document_received": "in", "document_sent": "out", "delivery": "delivery", "exception": "exception"}


def steps_of(order: Mapping[str, Any]) -> list[Step]:
    """The order's timeline in steps."""
    kinds = {row["id"]: str(row["kind"]) for row in order.get("documents", ())}
    moments = [_moment(entry, kinds) for entry in order.get("timeline", ())]
    grouped = [tuple(alike) for _, alike in groupby(moments, key=lambda moment: moment.together)]
    return [Step(alike[0].at, alike[0].way, alike[0].title, alike) for alike in grouped]


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

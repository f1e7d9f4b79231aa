"""How values look on a page: times, quantities, statuses, a line's ledger as a bar, JSON and bytes as lines.

Everything here that makes HTML escapes every text it is given.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from console.json_text import json_text
from console.wording import BUCKETS, decimal_of, figures
from router.ports import Rendered

MOST_SHOWN = 256 * 1024
"""Bytes of a document that a page shows; the whole is a download away."""

STATUS_TONE = {
    "good": {"shipped", "delivered", "accepted", "routed", "done", "processed", "acknowledged", "posted", "decided"},
    "busy": {"allocated", "released", "partly_shipped", "open", "queued", "due", "rendered", "received", "pending"},
    "warn": {"backordered", "held", "parked", "duplicate", "accepted_with_errors", "declined", "warning", "waiting"},
    "bad": {"rejected", "failed", "error", "conflict", "refused"},
    "mute": {"cancelled", "closed", "resolved", "info"},
}


def tone(status: object) -> str:
    """The colour family of a status; words carry the meaning, colour only helps."""
    return next((name for name, statuses in STATUS_TONE.items() if status in statuses), "mute")


def moment(value: object) -> Markup:
    """A time element: the instant exactly for machines, to the second in UTC for people. A date stays a date."""
    found = _moment(value)
    if found is None:
        return escape("" if value is None else str(value))
    if not isinstance(found, datetime):
        return Markup('<time datetime="{0}">{0}</time>').format(found.isoformat())
    utc = found.astimezone(UTC) if found.tzinfo else found
    return Markup('<time datetime="{}">{:%Y-%m-%d} <b>{:%H:%M:%S}</b></time>').format(found.isoformat(), utc, utc)


def _moment(value: object) -> date | None:
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def ledger_bar(ledger: Mapping[str, Any]) -> Markup:
    """A line's ledger as a bar; its label says the same in words."""
    held = [(bucket, decimal_of(ledger.get(bucket, 0))) for bucket in BUCKETS]
    whole = sum((amount for _, amount in held), Decimal(0)) or Decimal(1)
    label = ", ".join(f"{amount} {bucket}" for bucket, amount in figures(ledger)) or "nothing"
    parts, start = [], Decimal(0)
    for bucket, amount in held:
        width = amount * 100 / whole
        if width:
            parts.append(
                Markup('<rect class="b-{}" x="{:.3f}" y="0" width="{:.3f}" height="8"/>').format(bucket, start, width)
            )
        start += width
    return Markup(
        '<svg class="ledger" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(label, Markup().join(parts))


def order_bar(order: Mapping[str, Any]) -> Markup:
    """All lines' ledgers of an order as one bar."""
    ledgers = [line.get("ledger", {}) for line in order.get("lines", ())]
    return ledger_bar({bucket: sum(decimal_of(ledger.get(bucket, 0)) for ledger in ledgers) for bucket in BUCKETS})


def paint_json(value: Any) -> Markup:
    """A JSON value, indented, its keys, texts and numbers marked for colour."""
    return Markup("").join(_paint(value, ""))


def _paint(value: Any, indent: str) -> Iterator[Markup]:
    if isinstance(value, Mapping) and value:
        yield from _paint_members("{", "}", [(_key(key), item) for key, item in value.items()], indent)
    elif isinstance(value, list | tuple) and value:
        yield from _paint_members("[", "]", [(Markup(""), item) for item in value], indent)
    else:
        text = str(value) if isinstance(value, Decimal) else json_text(value)
        kind = "s" if text.startswith('"') else "n"
        yield Markup('<span class="j-{}">{}</span>').format(kind, text)


def _key(key: object) -> Markup:
    return Markup('<span class="j-k">{}</span>: ').format(json.dumps(str(key), ensure_ascii=False))


def _paint_members(opening: str, closing: str, members: list[tuple[Markup, Any]], indent: str) -> Iterator[Markup]:
    deeper = indent + "  "
    yield escape(opening + "\n")
    for index, (key, item) in enumerate(members):
        yield escape(deeper) + key
        yield from _paint(item, deeper)
        yield escape(",\n" if index < len(members) - 1 else "\n")
    yield escape(indent + closing)


@dataclass(frozen=True, slots=True)
class RawView:
    """A document's bytes as numbered lines. `syntax` says how they were split."""

    syntax: str
    lines: list[Markup]
    cut: bool
    """True when there is more than a page shows."""


def raw_lines(raw: Rendered) -> RawView:
    """The bytes as a person reads them: X12 a segment a line, JSON indented, the rest as it is."""
    text = _text(raw.content[:MOST_SHOWN])
    cut = len(raw.content) > MOST_SHOWN
    if (segments := _segments(text)) is not None:
        return RawView("X12", segments, cut)
    if "json" in raw.media_type and not cut:
        try:
            painted = paint_json(json.loads(text, parse_float=Decimal))
        except (ValueError, RecursionError):
            pass
        else:
            return RawView("JSON", painted.split("\n"), cut)
    return RawView(raw.media_type, [escape(line) for line in text.splitlines()], cut)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _segments(text: str) -> list[Markup] | None:
    """X12 by its own delimiters (ISA is fixed: the element separator stands fourth, the terminator 106th)."""
    text = text.lstrip("\ufeff\r\n \t")
    if not text.startswith("ISA") or len(text) < 106:
        return None
    separator, terminator = text[3], text[105]
    return [_segment(part.strip("\r\n"), separator) for part in text.split(terminator) if part.strip()]


def _segment(segment: str, separator: str) -> Markup:
    tag, *elements = segment.split(separator)
    mark = Markup('<span class="x-s">{}</span>').format(separator)
    return Markup('<span class="x-t">{}</span>').format(tag) + Markup("").join(mark + escape(e) for e in elements)

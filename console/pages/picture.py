"""How values look on a page: times, quantities, statuses, a line's ledger as a bar, JSON and bytes as lines.

Everything here that makes HTML escapes every text it is given.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
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

_ISA = 106
"""Bytes of an ISA segment with its terminator."""
_BEFORE_ISA = b"\xef\xbb\xbf\r\n\t "

STATUS_TONE = {
    "good": {"shipped", "decided", "applied", "delivered", "acknowledged"},
    "busy": {"open", "allocated", "released", "partly_shipped", "waiting", "queued", "ready", "due"},
    "warn": {"backordered", "held", "parked", "duplicate", "warning"},
    "bad": {"rejected", "failed", "undelivered", "undecided", "unmatched", "unhandled", "conflict", "refused", "error"},
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


def lean(value: Any) -> Any:
    """A JSON value without what is empty: a page shows what a document says, not what it could have said."""
    if isinstance(value, Mapping):
        return {key: kept for key, item in value.items() if (kept := lean(item)) not in ({}, [], None)}
    if isinstance(value, list | tuple):
        return [lean(item) for item in value]
    return value


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
class RawLine:
    """One line or segment. `aside` belongs to the envelope or another document of the same bytes."""

    text: Markup
    aside: bool = False


@dataclass(frozen=True, slots=True)
class RawView:
    """A document's bytes as numbered lines. `syntax` says how they were split."""

    syntax: str
    lines: list[RawLine]
    cut: bool
    """True when there is more than a page shows."""


def raw_lines(raw: Rendered, span: Sequence[int] = ()) -> RawView:
    """The bytes as a person reads them: X12 a segment a line, JSON indented, the rest as it is.

    `span` is a document's first byte and the one after its last, where it is one of several in the bytes.
    """
    content, cut = raw.content[:MOST_SHOWN], len(raw.content) > MOST_SHOWN
    if (segments := _segments(content, span)) is not None:
        return RawView("X12", segments, cut)
    text = _text(content)
    if "json" in raw.media_type and not cut and (painted := _painted(text)) is not None:
        return RawView("JSON", [RawLine(line) for line in painted.split("\n")], cut)
    return RawView(raw.media_type, [RawLine(escape(line)) for line in text.splitlines()], cut)


def _painted(text: str) -> Markup | None:
    try:
        return paint_json(json.loads(text, parse_float=Decimal))
    except (ValueError, RecursionError):
        return None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _segments(content: bytes, span: Sequence[int]) -> list[RawLine] | None:
    """X12 a segment a line; None for anything else."""
    start = content.find(b"ISA", 0, 64)
    if start < 0 or len(content) < start + _ISA or content[:start].strip(_BEFORE_ISA):
        return None
    return [
        RawLine(_segment(_text(segment), _text(separator)), aside=bool(span) and not span[0] <= at < span[1])
        for at, segment, separator in _split(content, start)
    ]


def _split(content: bytes, at: int) -> Iterator[tuple[int, bytes, bytes]]:
    """(place, segment, element separator). Each interchange has its own delimiters, at fixed places of its ISA."""
    separator = terminator = b""
    while at < len(content):
        if content[at : at + 3] == b"ISA" and len(content) >= at + _ISA:
            separator, terminator = content[at + 3 : at + 4], content[at + _ISA - 1 : at + _ISA]
        end = content.find(terminator, at)
        end = len(content) if end < 0 else end
        if segment := content[at:end].strip(b"\r\n"):
            yield at, segment, separator
        at = end + 1
        while content[at : at + 1] in (b"\r", b"\n"):
            at += 1


def _segment(segment: str, separator: str) -> Markup:
    tag, *elements = segment.split(separator)
    mark = Markup('<span class="x-s">{}</span>').format(separator)
    return Markup('<span class="x-t">{}</span>').format(tag) + Markup("").join(mark + escape(e) for e in elements)

"""A document's bytes as numbered lines, each place that a value comes from marked."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

from console.pages.json_view import paint_json
from console.pages.lighting import Lighting, Native
from router.ports import Rendered

MOST_SHOWN = 256 * 1024
"""Bytes of a document that a page shows; the whole is a download away."""

_ISA = 106
"""Bytes of an ISA segment with its terminator."""
_BEFORE_ISA = b"\xef\xbb\xbf\r\n\t "
_DARK = Lighting()


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line or segment. `aside` belongs to the envelope or another document of the same bytes."""

    text: Markup
    aside: bool = False
    classes: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class RawView:
    """A document's bytes as numbered lines. `syntax` says how they were split."""

    syntax: str
    lines: list[RawLine]
    cut: bool
    """True when there is more than a page shows."""


def raw_lines(raw: Rendered, span: Sequence[int] = (), lighting: Lighting = _DARK) -> RawView:
    """The bytes as a person reads them: X12 a segment a line, JSON indented, the rest as it is.

    `span` is a document's first byte and the one after its last, where it is one of several in the bytes.
    """
    content, cut = raw.content[:MOST_SHOWN], len(raw.content) > MOST_SHOWN
    if (segments := _segments(content, span, lighting)) is not None:
        return RawView("X12", segments, cut)
    text = _text(content)
    if not cut and ("json" in raw.media_type or text.lstrip()[:1] in ("{", "[")):
        painted = _painted(text, lighting)
        if painted is not None:
            return RawView("JSON", [RawLine(line) for line in painted.split("\n")], cut)
    return RawView(
        raw.media_type, [_line(number, line, lighting) for number, line in enumerate(text.splitlines(), 1)], cut
    )


def _line(number: int, line: str, lighting: Lighting) -> RawLine:
    return RawLine(escape(line), False, *lighting.names(("line", number)))


def _painted(text: str, lighting: Lighting) -> Markup | None:
    try:
        return paint_json(json.loads(text, parse_float=Decimal), Native(lighting))
    except (ValueError, RecursionError):
        return None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _segments(content: bytes, span: Sequence[int], lighting: Lighting) -> list[RawLine] | None:
    """X12 a segment a line; None for anything else."""
    start = content.find(b"ISA", 0, 64)
    if start < 0 or len(content) < start + _ISA or content[:start].strip(_BEFORE_ISA):
        return None
    lines, position = list[RawLine](), 0
    for at, segment, separator in _split(content, start):
        aside = bool(span) and not span[0] <= at < span[1]
        begins = segment[:2] == b"ST" and segment[2:3] == separator
        position = 0 if aside else 1 if begins else position + bool(position)
        text = _segment(_text(segment), _text(separator), position, lighting)
        lines.append(RawLine(text, aside, *lighting.names(("segment", position))))
    return lines


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


def _segment(segment: str, separator: str, position: int, lighting: Lighting) -> Markup:
    """One segment; `position` is its number in its set, 0 outside of any."""
    tag, *elements = segment.split(separator)
    mark = Markup('<span class="x-s">{}</span>').format(separator)
    painted = (
        mark + lighting.mark(escape(element), ("segment", position, number))
        for number, element in enumerate(elements, 1)
    )
    return Markup('<span class="x-t">{}</span>').format(tag) + Markup("").join(painted)

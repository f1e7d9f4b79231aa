"""Between interchanges: on to the next header, past blanks and whatever belongs to nothing."""

from collections.abc import Generator, Iterator

from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.events import InterchangeStart, Stray
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.header import BARE, HEADER, WINDOW, guess_delimiters, header_findings, read_header
from connectors.syntax.x12.window import Window

_BLANK = b" \t\r\n\x00\x1a\xef\xbb\xbf\xfe\xff"
_LOOK_BACK = 16
"""Longer than the start of a header, so that one cut in two by the end of the window is found again."""
_SHOWN = 4096
"""Bytes of skipped text that are kept to be told of."""


def seek(window: Window, *, found_any: bool) -> Generator[Stray, None, InterchangeStart | None]:
    """Go to the next header and read it; None at the end of the source. `found_any`: there was one before."""
    head = window.peek(WINDOW)
    blank = len(head) - len(head.lstrip(_BLANK))
    if BARE.match(head, blank) and guess_delimiters(head[blank:]):
        window.skip(blank)
        return _without_header(window)
    if HEADER.match(head, blank):
        window.skip(blank)
        if start := _header(window):
            return start
    return (yield from _search(window, found_any=found_any))


def _search(window: Window, *, found_any: bool) -> Generator[Stray, None, InterchangeStart | None]:
    """Pass over what is no header, and report it."""
    window.read_with(None)
    skipped = b""
    while True:
        window.peek(WINDOW)
        rest = window.rest
        header = HEADER.search(rest)
        if header:
            skipped += rest[: header.start()]
            window.skip(header.start())
            if start := _header(window):
                yield from _strays(skipped, start.offset, found_any=True)
                return start
        step = 1 if header else max(len(rest) - _LOOK_BACK, 0)
        skipped = (skipped + window.rest[:step])[-_SHOWN:]
        window.skip(step)
        if not header and not window.fill():
            skipped += window.rest
            window.skip(len(window.rest))
            yield from _strays(skipped, window.offset, found_any=found_any)
            return None


def _strays(skipped: bytes, end: int, *, found_any: bool) -> Iterator[Stray]:
    text = skipped.strip(_BLANK)
    value = text[:40].decode("latin-1")
    if not found_any:
        yield Stray(fault("not-x12", {"offset": 0}, value=value))
    elif text:
        yield Stray(fault("text-outside", {"offset": end - len(skipped)}, count=len(text), value=value))


def _header(window: Window) -> InterchangeStart | None:
    """Read the ISA the window stands at; None when it is none after all."""
    found = read_header(window.peek(WINDOW))
    if found is None:
        return None
    elements, delimiters, length = found
    findings = tuple(header_findings(elements, delimiters))
    start = InterchangeStart(elements, delimiters, window.offset, findings)
    window.skip(length)
    window.read_with(delimiters)
    return start


def _without_header(window: Window) -> InterchangeStart:
    """GS or ST without ISA: an interchange that is at fault from its first byte."""
    head = window.peek(WINDOW)
    delimiters = guess_delimiters(head) or Delimiters()
    missing = fault("interchange-header-missing", {"tag": head[:2].decode("latin-1"), "segment": 1})
    start = InterchangeStart(["ISA"], delimiters, window.offset, (missing,))
    window.read_with(delimiters)
    return start

"""A window over the source: as much of it as is needed at once, as it came and in canonical delimiters."""

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from connectors.syntax.x12.delimiters import Delimiters

CHUNK = 1 << 18
_IDENTITY = bytes(range(256))


class Readable(Protocol):
    """A binary file."""

    def read(self, size: int, /) -> bytes: ...


Source = bytes | Readable | Iterable[bytes]


def chunks(source: Source) -> Iterator[bytes]:
    """The source in pieces of at most `CHUNK` bytes, or as the iterable gives them."""
    if isinstance(source, bytes | bytearray | memoryview):
        for at in range(0, len(source), CHUNK):
            yield bytes(source[at : at + CHUNK])
    elif hasattr(source, "read"):
        while chunk := source.read(CHUNK):
            yield chunk
    else:
        yield from source


class Window:
    """The part of the source not yet read. `text` is in canonical delimiters from `at` on; `raw` is as it came.

    Text is dropped from the front only when more is taken in, and the more there is the more is taken, so that no byte
    is copied more than a few times however large a set is. What a BIN or BDS segment carries may hold any byte, so it
    is taken out (`binaries`, by its place in the source) and letters stand in its place.
    """

    def __init__(self, source: Source) -> None:
        self._chunks = chunks(source)
        self._delimiters: Delimiters | None = None
        self._table: bytes = _IDENTITY
        self._dropped = b""
        self._lead = b""
        self._terminator = b""
        self._binary: re.Pattern[bytes] | None = None
        self._raw_at = 0
        self._base = 0
        self.raw = b""
        self.text = b""
        self.at = 0
        self.binaries: dict[int, bytes] = {}

    @property
    def offset(self) -> int:
        """Of the first unread byte in the source."""
        return self._base + self._raw_at

    @property
    def rest(self) -> bytes:
        """The unread bytes at hand, as they came."""
        return self.raw[self._raw_at :]

    def peek(self, count: int) -> bytes:
        """The next bytes as they came, fewer at the end of the source."""
        while len(self.raw) - self._raw_at < count and self.fill():
            pass
        return self.raw[self._raw_at : self._raw_at + count]

    def fill(self) -> bool:
        """Take in about as much again as is at hand; False at the end of the source."""
        fresh = self._more(max(CHUNK, len(self.text) - self.at))
        if not fresh:
            return False
        self._base += self._raw_at
        known = len(self.raw) - self._raw_at
        self.raw = self.raw[self._raw_at :] + fresh
        self._raw_at = 0
        masked = self._mask(max(0, known - _BINARY_HEAD))
        fresh = self.raw[known:]
        self.text = self._translated(self.raw) if masked else self._joined(self.text[self.at :], fresh)
        self.at = 0
        return True

    def _more(self, wanted: int) -> bytes:
        taken: list[bytes] = []
        while wanted > 0 and (chunk := next(self._chunks, None)) is not None:
            taken.append(chunk)
            wanted -= len(chunk)
        return b"".join(taken)

    def _translated(self, raw: bytes) -> bytes:
        return self._joined(b"", raw)

    def _joined(self, text: bytes, fresh: bytes) -> bytes:
        """The text with what is fresh; terminators of more than one byte become one."""
        whole = text + fresh.translate(self._table, self._dropped)
        return whole.replace(self._lead + b"\x1e", b"\x1e") if self._lead else whole

    def _mask(self, start: int) -> bool:
        """Take out what BIN and BDS segments carry from `start` of the raw bytes on; whether there was any."""
        if self._binary is None or (b"BIN" not in self.raw and b"BDS" not in self.raw):
            return False
        match = self._binary.search(self.raw, start)
        found = False
        while match:
            begin, length = match.end(), int(match[1])
            while len(self.raw) < begin + length and (more := self._more(begin + length - len(self.raw))):
                self.raw += more
            payload = self.raw[begin : begin + length]
            if self._base + begin not in self.binaries:
                self.binaries[self._base + begin] = payload
                self.raw = self.raw[:begin] + b"B" * len(payload) + self.raw[begin + length :]
                found = True
            match = self._binary.search(self.raw, begin + len(payload))
        return found

    def read_with(self, delimiters: Delimiters | None) -> None:
        """Read on from here with these delimiters; None reads the bytes as they are."""
        if delimiters == self._delimiters:
            return
        self._delimiters = delimiters
        self._table = delimiters.exchange() if delimiters else _IDENTITY
        self._dropped = delimiters.dropped if delimiters else b""
        self._lead = delimiters.lead if delimiters else b""
        self._terminator = self._lead + delimiters.segment.encode("latin-1") if delimiters else b""
        self._binary = _binary_pattern(delimiters) if delimiters else None
        self._base += self._raw_at
        self.raw = self.raw[self._raw_at :]
        self._raw_at = 0
        self._mask(0)
        self.text = self._translated(self.raw)
        self.at = 0

    def skip(self, count: int) -> None:
        """Pass over `count` bytes as they came."""
        end = self._raw_at + count
        self.at += count - self._lost(self._raw_at, end, end)
        self._raw_at = end

    def take(self, end: int) -> tuple[bytes, tuple[int, int]]:
        """The text up to `end`, and the first byte and the one after the last it stood at in the source."""
        taken = self.text[self.at : end]
        while self._raw_at < len(self.raw) and self.raw[self._raw_at] in self._dropped:
            self._raw_at += 1
        start = self.offset
        self._advance(end - self.at)
        self.at = end
        return taken, (start, self.offset)

    def take_binaries(self, span: tuple[int, int]) -> tuple[bytes, ...]:
        """What the BIN and BDS segments in this part of the source carry."""
        if not self.binaries:
            return ()
        return tuple(self.binaries.pop(at) for at in sorted(self.binaries) if span[0] <= at < span[1])

    def _advance(self, count: int) -> None:
        """Move the raw position past `count` characters that were not dropped."""
        if len(self.raw) - self._raw_at == len(self.text) - self.at:
            self._raw_at += count
            return
        start, reach = self._raw_at, -1
        end = start + count
        while reach != (reach := self._lost(start, end, end + len(self._lead))):
            end = start + count + reach
        self._raw_at = end

    def _lost(self, start: int, end: int, reach: int) -> int:
        """How many of these raw bytes have no character in the text."""
        lost = sum(self.raw.count(bytes([char]), start, end) for char in self._dropped)
        return lost + (self.raw.count(self._terminator, start, reach) * len(self._lead) if self._lead else 0)


_BINARY_HEAD = 64
"""Bytes in which the head of a BIN or BDS segment stands, up to what it carries."""


def _binary_pattern(delimiters: Delimiters) -> "re.Pattern[bytes]":
    element, segment = (re.escape(char.encode("latin-1")) for char in (delimiters.element, delimiters.segment))
    head = rb"(?:BIN|BDS" + element + rb"[A-Z0-9]{0,3})" + element
    return re.compile(segment + rb"\s*" + head + rb"(\d{1,15})" + element)

"""A window over the source: as much of it as is needed at once, as it came and in canonical delimiters."""

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
    is copied more than a few times however large a set is.
    """

    def __init__(self, source: Source) -> None:
        self._chunks = chunks(source)
        self._table: bytes = _IDENTITY
        self._dropped = b""
        self._lead = b""
        self._terminator = b""
        self._raw_at = 0
        self._base = 0
        self.raw = b""
        self.text = b""
        self.at = 0

    @property
    def offset(self) -> int:
        """Of the first unread byte in the source."""
        return self._base + self._raw_at

    @property
    def rest(self) -> bytes:
        """The unread bytes at hand, as they came."""
        return self.raw[self._raw_at :]

    def fill(self) -> bool:
        """Take in about as much again as is at hand; False at the end of the source."""
        wanted = max(CHUNK, len(self.text) - self.at)
        taken: list[bytes] = []
        while wanted > 0 and (chunk := next(self._chunks, None)) is not None:
            taken.append(chunk)
            wanted -= len(chunk)
        if not taken:
            return False
        fresh = b"".join(taken)
        self._base += self._raw_at
        self.raw = self.raw[self._raw_at :] + fresh
        self._raw_at = 0
        self.text = self._joined(self.text[self.at :] + fresh.translate(self._table, self._dropped))
        self.at = 0
        return True

    def _joined(self, text: bytes) -> bytes:
        """Terminators of more than one byte as one."""
        return text.replace(self._lead + b"\x1e", b"\x1e") if self._lead else text

    def have(self, count: int) -> None:
        """Take in until at least `count` bytes are at hand, or the source is at its end."""
        while len(self.raw) - self._raw_at < count and self.fill():
            pass

    def read_with(self, delimiters: Delimiters | None) -> None:
        """Read on from here with these delimiters; None reads the bytes as they are."""
        table = delimiters.exchange() if delimiters else _IDENTITY
        dropped = delimiters.dropped if delimiters else b""
        lead = delimiters.lead if delimiters else b""
        if (table, dropped, lead) == (self._table, self._dropped, self._lead):
            return
        self._table, self._dropped, self._lead = table, dropped, lead
        self._terminator = lead + delimiters.segment.encode("latin-1") if delimiters else b""
        self._base += self._raw_at
        self.raw = self.raw[self._raw_at :]
        self._raw_at = 0
        self.text = self._joined(self.raw.translate(table, dropped))
        self.at = 0

    def skip(self, count: int) -> None:
        """Pass over `count` bytes as they came; only while reading them as they are."""
        self._raw_at += count
        self.at += count

    def take(self, end: int) -> tuple[bytes, tuple[int, int]]:
        """The text up to `end`, and the first byte and the one after the last it stood at in the source."""
        taken = self.text[self.at : end]
        while self.raw[self._raw_at] in self._dropped:
            self._raw_at += 1
        start = self.offset
        self._advance(end - self.at)
        self.at = end
        return taken, (start, self.offset)

    def _advance(self, count: int) -> None:
        """Move the raw position past `count` characters that were not dropped."""
        if len(self.raw) - self._raw_at == len(self.text) - self.at:
            self._raw_at += count
            return
        start, reach = self._raw_at, 0
        end = start + count
        while True:
            lost = sum(self.raw.count(bytes([char]), start, end) for char in self._dropped)
            if self._lead:
                lost += self.raw.count(self._terminator, start, end + len(self._lead)) * len(self._lead)
            if lost == reach:
                break
            reach = lost
            end = start + count + lost
        self._raw_at = end

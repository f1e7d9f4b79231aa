"""Delimiters: what an interchange uses, and the four control characters every set is read with.

An interchange's delimiters may be any characters. While its bytes are read they are exchanged for four control
characters that can stand in no valid element (X12.6, character sets), so that one compiled grammar reads them all.
"""

from dataclasses import dataclass

REPETITION, ELEMENT, SEGMENT, COMPONENT = "\x1c", "\x1d", "\x1e", "\x1f"
CANONICAL = (REPETITION + ELEMENT + SEGMENT + COMPONENT).encode()


@dataclass(frozen=True, slots=True)
class Delimiters:
    """One character each (latin-1); `repetition` is empty where the version has none."""

    element: str = "*"
    segment: str = "~"
    component: str = ":"
    repetition: str = ""
    lead: bytes = b""
    """What stands before the last byte of a terminator that is one UTF-8 character of several bytes."""

    def pairs(self) -> list[tuple[int, int]]:
        """Each delimiter's byte with its canonical one."""
        own = (self.repetition, self.element, self.segment, self.component)
        return [(ord(mine), canon) for mine, canon in zip(own, CANONICAL, strict=True) if mine]

    def exchange(self) -> bytes:
        """A table for `bytes.translate` that swaps each delimiter with its canonical byte, and back when used again."""
        table = list(range(256))
        for mine, canon in self.pairs():
            table[table.index(canon)], table[mine] = table[mine], canon
        return bytes(table)

    def restore(self) -> bytes:
        """The inverse of `exchange`."""
        table = self.exchange()
        return bytes(table.index(value) for value in range(256))

    @property
    def dropped(self) -> bytes:
        """Line ends that only wrap the text: those that are no delimiter."""
        own = {self.element, self.segment, self.component, self.repetition}
        return bytes(char for char in b"\r\n" if chr(char) not in own)

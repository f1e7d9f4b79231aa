"""Mutational fuzzing of the reader: no traceback, no hang, nothing passed over in silence."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from connectors.syntax.x12 import GroupEnd, InterchangeEnd, Stray, TransactionSet, acknowledge, read

CASES = Path(__file__).parent / "cases"
_PIECES = [
    b"~",
    b"*",
    b"\n",
    b">",
    b"ISA*",
    b"GS*",
    b"ST*850*",
    b"SE*",
    b"GE*",
    b"IEA*",
    b"\x00",
    b"\xff",
    b"BIN*9*",
    b"~~",
    b"^",
    b"\x1d\x1e\x1f\x1c",
]


def samples() -> list[bytes]:
    return [content for path in sorted(CASES.glob("*.edi")) if (content := path.read_bytes())]


def mutants(count: int, seed: int = 1) -> Iterator[bytes]:
    """So many broken variants of our samples."""
    pick = random.Random(seed)
    known = samples()
    for _ in range(count):
        content = bytearray(pick.choice(known))
        for _ in range(pick.choice((1, 1, 2, 4, 12))):
            at = pick.randrange(len(content) + 1)
            match pick.randrange(5):
                case 0:
                    content[at : at + pick.randrange(1, 40)] = b""
                case 1:
                    content[at:at] = pick.choice(_PIECES)
                case 2:
                    content[at : at + 1] = bytes([pick.randrange(256)])
                case 3:
                    other = pick.choice(known)
                    begin = pick.randrange(len(other))
                    content[at:at] = other[begin : begin + pick.randrange(300)]
                case _:
                    del content[at:]
        yield bytes(content)


def fuzz(count: int, seed: int = 1) -> list[str]:
    """Read so many mutants, trees and answers too; what went wrong, with the mutant."""
    wrong = []
    for content in mutants(count, seed):
        start = time.process_time()
        try:
            ends = _exercise(content)
        except Exception as error:  # noqa: BLE001 - any exception at all is the fault looked for
            wrong.append(f"{error!r} on {content!r}")
            continue
        if time.process_time() - start > 1:
            wrong.append(f"more than a second of CPU on {content!r}")
        if not ends:
            wrong.append(f"silence on {content!r}")
    return wrong


def _exercise(content: bytes) -> int:
    told = 0
    for event in read(content):
        if isinstance(event, TransactionSet):
            assert list(event.root.walk())
            assert event.segments
        elif isinstance(event, InterchangeEnd):
            acknowledge(event)
        told += isinstance(event, TransactionSet | GroupEnd | InterchangeEnd | Stray)
    return told

"""Anchors: the audit trail's head, noted again and again in a file outside the database.

Whoever can rewrite the database can rewrite its blocks with it, but not a line that lies elsewhere. A file on another
machine's disk, or one that can only be appended to, anchors best.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from canonical import Unavailable
from store.audit import Violation
from store.database import Database, Transaction
from store.watch_tables import block

_AT_ONCE = 500


class Anchor(NamedTuple):
    """The head of the audit trail at one time: a line of JSON in the file."""

    block: int
    hash: str
    at: str
    """When the block was written, in ISO 8601."""


class Anchors:
    """The heads noted in one file; without one, nothing is anchored."""

    def __init__(self, database: Database, file: Path | None) -> None:
        self._database = database
        self._file = file
        self._noted: int | None = None

    async def note(self) -> None:
        """Append the head when it is a new one. Raises `Unavailable` when that cannot be."""
        head = await self._database.read(audit_head)
        if head is None or self._file is None:
            return
        try:
            await asyncio.to_thread(self._note, self._file, head)
        except OSError as error:
            raise Unavailable(f"cannot anchor the audit trail in {self._file}: {error.strerror or error}") from error

    async def audit(self) -> AsyncIterator[Violation]:
        """The anchored blocks that are gone, or are others now."""
        anchors = _read(self._file)
        while part := list(islice(anchors, _AT_ONCE)):
            hashes = await self._database.read(partial(_hashes, part))
            for anchor in part:
                found = hashes.get(anchor.block)
                if found != anchor.hash:
                    fault = "is gone" if found is None else "is another one now"
                    yield Violation("block-anchored", str(anchor.block), f"it was anchored in {self._file} and {fault}")

    def _note(self, file: Path, head: Anchor) -> None:
        if self._noted is None:
            self._noted = max((anchor.block for anchor in _read(file)), default=0)
        if head.block > self._noted:
            _append(file, head)
            self._noted = head.block


def _append(file: Path, anchor: Anchor) -> None:
    """A line begins with a line end, so that it stands alone whatever a crash left before it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    try:
        os.write(handle, f"\n{json.dumps(anchor._asdict())}".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(file: Path | None) -> Iterator[Anchor]:
    """What a crash left half written is passed over."""
    if file is None or not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, TypeError):
                yield Anchor(**json.loads(line))


def audit_head(transaction: Transaction) -> Anchor | None:
    """The last block; None before the first."""
    last = select(block.c.seq, block.c.hash, block.c.at).order_by(block.c.seq.desc()).limit(1)
    row = transaction.execute(last).first()
    return None if row is None else Anchor(row.seq, row.hash, row.at.isoformat())


def _hashes(anchors: Sequence[Anchor], transaction: Transaction) -> dict[int, str]:
    wanted = select(block.c.seq, block.c.hash).where(block.c.seq.in_({anchor.block for anchor in anchors}))
    return {row.seq: row.hash for row in transaction.execute(wanted)}

"""Personal data erased wherever the hub keeps it: in the store, and in the files it moved to `archive/`."""

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from canonical.erasure import TOMBSTONE
from connectors.transport.directory import MARK, write_flushed


class ErasingStore(Protocol):
    """Erases in the store, and says what was erased there."""

    async def order(self, wanted: str, by: str) -> int: ...

    async def before(self, instant: datetime, by: str, limit: int = 50) -> int: ...

    async def transmissions(self, after: int) -> Sequence[tuple[int, str]]:
        """(number, SHA-256) of the erased transmissions behind the record of that number, some at a time."""
        ...


@dataclass(slots=True)
class ErasingEverywhere:
    """Erases in the store first and then in the files: a crash between the two is made up for by the next one."""

    store: ErasingStore
    archives: Sequence[Path]
    _done: int = field(default=0, init=False)
    """The record up to which the files are erased."""

    async def order(self, wanted: str, by: str) -> int:
        """Erase one finished order, by id or number: how many rows and files. Raises `Rejected` while unfinished."""
        return await self.store.order(wanted, by) + await self._files()

    async def before(self, instant: datetime, by: str, limit: int = 50) -> int:
        """Erase a part of what was finished before an instant; how many orders, transmissions and files."""
        return await self.store.before(instant, by, limit) + await self._files()

    async def _files(self) -> int:
        erased = 0
        while part := await self.store.transmissions(self._done):
            erased += await asyncio.to_thread(_erase_files, self.archives, {digest for _, digest in part})
            self._done = part[-1][0]
        return erased


def _erase_files(archives: Sequence[Path], digests: Collection[str]) -> int:
    marks = {digest[:MARK] for digest in digests}
    found = [path for archive in archives for path in _marked(archive, marks)]
    holding = [path for path in found if hashlib.sha256(path.read_bytes()).hexdigest() in digests]
    for path in holding:
        write_flushed(path, TOMBSTONE)
    return len(holding)


def _marked(archive: Path, marks: Collection[str]) -> Iterator[Path]:
    """The files whose name begins with one of the marks, as `archive/` names them."""
    if archive.is_dir():
        yield from (path for path in archive.iterdir() if path.name[:MARK] in marks and path.is_file())

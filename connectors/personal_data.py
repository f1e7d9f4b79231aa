"""Personal data erased wherever the hub keeps it: in the store, and in the files it put aside or handed over."""

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from canonical.erasure import TOMBSTONE, ErasureReport
from connectors.transport.directory import MARK, sync_directory, write_flushed


class ErasingStore(Protocol):
    """Erases in the store, and says what was erased there."""

    async def order(self, wanted: str, by: str) -> ErasureReport: ...

    async def before(self, instant: datetime, by: str, limit: int = 50) -> ErasureReport: ...

    async def digests(self, after: int) -> Sequence[tuple[int, str]]:
        """(number, SHA-256) of what the records behind that number erased, some at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Folders:
    """Where files lie that hold what the store holds too, or never held."""

    archives: Sequence[Path] = ()
    """What was taken; its name tells its content's digest."""
    refused: Sequence[Path] = ()
    """What nobody could take, so that nobody knows whose it is."""
    outbound: Sequence[Path] = ()
    """What was handed over, as long as the other side leaves it there."""


@dataclass(slots=True)
class ErasingEverywhere:
    """Erases in the store first and then in the files: a crash between the two is made up for by the next one."""

    store: ErasingStore
    folders: Folders
    _done: int = field(default=0, init=False)
    """The record up to which the files are erased."""

    async def order(self, wanted: str, by: str) -> ErasureReport:
        """Erase one finished order, by id or number; counts rows and files. Raises `Rejected` while unfinished."""
        return await self._with_files(await self.store.order(wanted, by))

    async def before(self, instant: datetime, by: str, limit: int = 50) -> ErasureReport:
        """Erase a part of what was finished, or refused, before an instant; counts orders, transmissions and files."""
        report = await self._with_files(await self.store.before(instant, by, limit))
        refused = await asyncio.to_thread(_remove, _older(self.folders.refused, instant.timestamp()))
        return report._replace(erased=report.erased + refused)

    async def all_before(self, instant: datetime, by: str) -> None:
        """Erase everything that was finished, or refused, before an instant, a part at a time."""
        while (await self.before(instant, by)).erased:
            pass

    async def _with_files(self, report: ErasureReport) -> ErasureReport:
        erased = 0
        while part := await self.store.digests(self._done):
            digests = {digest for _, digest in part}
            erased += await asyncio.to_thread(_erase_archived, self.folders.archives, digests)
            erased += await asyncio.to_thread(_remove, _holding(_files(self.folders.outbound), digests))
            self._done = part[-1][0]
        return report._replace(erased=report.erased + erased)


def _erase_archived(archives: Sequence[Path], digests: Collection[str]) -> int:
    """A tombstone in the place of each of these contents: the name stays, as proof that there was a file."""
    marks = {digest[:MARK] for digest in digests}
    found = list(_holding((path for path in _files(archives) if path.name[:MARK] in marks), digests))
    for path in found:
        write_flushed(path, TOMBSTONE)
    return len(found)


def _remove(found: Iterator[Path]) -> int:
    """Take files away: whoever still came for one must not be given a tombstone for a document."""
    gone = list(found)
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        sync_directory(folder)
    return len(gone)


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    """The files right in these folders, unfinished ones too."""
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file())


def _holding(files: Iterator[Path], digests: Collection[str]) -> Iterator[Path]:
    return (path for path in files if hashlib.sha256(path.read_bytes()).hexdigest() in digests)


def _older(folders: Sequence[Path], instant: float) -> Iterator[Path]:
    """What was moved there before an instant, in seconds since 1970: moving a file changes its status."""
    return (path for path in _files(folders) if path.stat().st_ctime < instant)

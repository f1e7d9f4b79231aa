"""Directories as transport: files are taken whole and once, and put so that nobody ever sees half of one."""

import asyncio
import hashlib
import os
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from canonical import Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from connectors.transport.finished import Standstill, wanted

ARCHIVE = "archive"
"""The folder beside the files to which those go that were taken."""
REFUSED = "refused"
"""The one to which those go that nobody could take."""
MARK = 12
"""Characters of its content's SHA-256 that such a file's name begins with."""

Signature = tuple[int, int, int]
"""Inode, size in bytes, time of the last change in ns."""


@dataclass(slots=True)
class DirectoryPickup:
    """Takes the finished files of one directory, oldest first.

    A file is finished when its size and time of change have stood still for `settle` seconds; 0 says that the sender
    renames finished files into place. Names that begin with a dot or end like an unfinished one are left alone. A
    file is moved to `archive/` only when the consumer asks for the next one, so that a crash before that reads it
    again, with the same transport key. A file beyond `largest` bytes, and one nobody may read, moves to `refused/`.
    """

    name: str
    source: str
    directory: Path
    patterns: Sequence[str] = ("*",)
    settle: float = 2.0
    largest: int = 200_000_000
    steady_clock: Callable[[], float] = time.monotonic
    _standstill: Standstill[Signature] = field(init=False)

    def __post_init__(self) -> None:
        self._standstill = Standstill(self.settle, self.steady_clock)

    async def collect(self) -> AsyncIterator[Arrival]:
        """One look into the directory. Raises `Unavailable` when it cannot be read."""
        for path in await asyncio.to_thread(self._finished):
            arrival = await asyncio.to_thread(self._take, path)
            if arrival is None:
                continue
            yield arrival
            await asyncio.to_thread(self._move, path, ARCHIVE, hashlib.sha256(arrival.content).hexdigest())

    def _finished(self) -> list[Path]:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            found = dict(self._files())
        except OSError as error:
            raise Unavailable(f"cannot look into {self.directory}: {error.strerror or error}") from error
        ready = self._standstill.finished(found)
        return [self.directory / name for name in sorted(ready, key=lambda name: (found[name][2], name))]

    def _files(self) -> Iterator[tuple[str, Signature]]:
        with os.scandir(self.directory) as entries:
            for entry in entries:
                if not wanted(entry.name, self.patterns):
                    continue
                try:
                    state = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(state.st_mode):
                    yield entry.name, (state.st_ino, state.st_size, state.st_mtime_ns)

    def _take(self, path: Path) -> Arrival | None:
        """The file's bytes; None when it is gone, grew meanwhile, or had to be refused."""
        try:
            state = path.stat()
            if state.st_size > self.largest:
                self._move(path, REFUSED, f"{state.st_size}-bytes")
                return None
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError:
            self._move(path, REFUSED, "not-readable")
            return None
        except OSError as error:
            raise Unavailable(f"cannot read {path}: {error.strerror or error}") from error
        if len(content) != state.st_size:
            return None
        digest = hashlib.sha256(content).hexdigest()
        return Arrival(
            source=self.source,
            transport="directory",
            content=content,
            transport_key=f"file:{path.name}:{state.st_mtime_ns}:{digest}",
            facts={"filename": path.name, "pickup": self.name},
        )

    def _move(self, path: Path, folder: str, mark: str) -> None:
        """Move a finished file; its mark keeps files of one name apart, and moving the same file again harmless."""
        target = self.directory / folder / f"{mark[:MARK]}-{path.name}"
        try:
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
            sync_directory(target.parent)
            sync_directory(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"cannot move {path} to {target}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class DirectoryCourier:
    """Puts files into one directory: written under a hidden name, flushed to the disk, then renamed."""

    directory: Path

    async def deliver(self, parcel: Parcel) -> Handed:
        """Put the parcel's bytes. The same parcel again finds its own file and changes nothing.

        Raises `Unavailable` when the file system refuses.
        """
        try:
            path = await asyncio.to_thread(self._put, parcel)
        except OSError as error:
            raise Unavailable(f"cannot write to {self.directory}: {error.strerror or error}") from error
        return Handed({"path": str(path), "sha256": hashlib.sha256(parcel.content).hexdigest()})

    def _put(self, parcel: Parcel) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True)
        mark = hashlib.sha256(parcel.key.encode()).hexdigest()[:12]
        path = self.directory / plain_name(parcel.filename, mark)
        if path.exists() and path.read_bytes() != parcel.content:
            path = path.with_name(f"{path.stem}-{mark}{path.suffix}")
        if not path.exists():
            hidden = self.directory / f".{mark}.part"
            write_flushed(hidden, parcel.content)
            hidden.replace(path)
        sync_directory(self.directory)
        return path


def plain_name(filename: str, otherwise: str) -> str:
    """A file name that stays in its directory and shows up in a listing."""
    return filename.replace("/", "-").replace("\\", "-").replace("\0", "").lstrip(".") or otherwise


def write_flushed(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Wait until the disk has a directory's entries: a rename is durable only then."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

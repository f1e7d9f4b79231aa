"""SFTP as transport: files are taken whole and once, and put so that nobody ever sees half of one."""

import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from asyncssh import SFTPError, SFTPPermissionDenied

from canonical import Finding, Misconfigured, Rejected, Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from connectors.transport.directory import plain_name
from connectors.transport.finished import Standstill, wanted
from connectors.transport.remote_folder import ABSENT, RemoteFile, RemoteFolder, shown
from connectors.transport.taken import Look, TakenFiles

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SftpPickup:
    """Takes the finished files of one directory on a server, oldest first.

    A file is finished when its size and time of change have stood still for `settle` seconds. It is finished with,
    as `after` says, only when the consumer asks for the next one, so that a crash before that reads it again, with the
    same transport key. Where the server will not let us move or delete it, it stays, and `taken` remembers it. One
    beyond `largest` bytes, or that we may not read, moves to `refused/`, or is left alone where even that is forbidden.
    """

    name: str
    source: str
    folder: RemoteFolder
    taken: TakenFiles
    patterns: Sequence[str] = ("*",)
    settle: float = 10.0
    every: float = 10.0
    """Seconds between two looks."""
    after: Literal["archive", "delete", "leave"] = "archive"
    largest: int = 200_000_000
    steady_clock: Callable[[], float] = time.monotonic
    _standstill: Standstill[Look] = field(init=False)
    _due: float = field(default=float("-inf"), init=False)
    _refused: set[RemoteFile] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._standstill = Standstill(self.settle, self.steady_clock)

    async def collect(self) -> AsyncIterator[Arrival]:
        """One look into the directory, when it is time again. Raises `Unavailable` or `Misconfigured`."""
        if self.steady_clock() < self._due:
            return
        self._due = self.steady_clock() + self.every
        with _telling(self.folder):
            for file in await self._finished():
                content = await self._read(file)
                if content is None:
                    continue
                digest = hashlib.sha256(content).hexdigest()
                yield self._arrival(file, content, digest)
                del content  # the next one may be as large
                if self.after == "leave" or not await self._finish(file, digest):
                    await self.taken.add(file.name, _look(file), digest)

    async def _finished(self) -> list[RemoteFile]:
        """What is finished and was not taken yet, oldest first."""
        found = {file.name: file async for file in self.folder.files() if wanted(file.name, self.patterns)}
        looks = {name: _look(file) for name, file in found.items()}
        await self.taken.only(looks)
        self._refused &= set(found.values())
        kept = {name: digest for name, look in looks.items() if (digest := await self.taken.digest(name, look))}
        await self._clear_up([(found[name], digest) for name, digest in kept.items()])
        ready = (found[name] for name in self._standstill.finished(looks) if name not in kept)
        return sorted((file for file in ready if file not in self._refused), key=lambda one: (one.changed, one.name))

    async def _clear_up(self, kept: Sequence[tuple[RemoteFile, str]]) -> None:
        """Finish with what could not be moved before, until the server says no again."""
        if self.after == "leave":
            return
        for file, digest in kept:
            if not await self._finish(file, digest):
                return

    async def _read(self, file: RemoteFile) -> bytes | None:
        """The file's bytes; None when it is gone, grew meanwhile, or had to be refused. It never stops the others."""
        if file.size > self.largest:
            await self._refuse(file, f"{file.size}-bytes")
            return None
        try:
            return await self.folder.read(file)
        except SFTPPermissionDenied:
            await self._refuse(file, "not-readable")
        except SFTPError as error:
            _log.warning("%s: cannot read %s: %s", self.name, shown(file.name), error.reason)
        return None

    async def _refuse(self, file: RemoteFile, why: str) -> None:
        moved = self.after != "leave" and await self._moved(file, "refused", why)
        where = "moved to refused/" if moved else "left alone until it changes"
        _log.warning("%s: %s refused (%s), %s", self.name, shown(file.name), why, where)
        if not moved:
            self._refused.add(file)

    async def _finish(self, file: RemoteFile, digest: str) -> bool:
        """Whether the file is out of the way, or will be looked at anew because it is another by now."""
        if self.after == "delete":
            return await self._deleted(file)
        if not await self._moved(file, "archive", digest):
            return False
        await self._look_back(file, f"archive/{_marked(file, digest)}", digest)
        return True

    async def _deleted(self, file: RemoteFile) -> bool:
        now = await self.folder.state(file.name)
        if now is None or _look(now) != _look(file):
            return True
        try:
            await self.folder.remove(file.name)
        except SFTPError as error:
            _log.warning("%s: %s stays and is remembered: %s", self.name, shown(file.name), error.reason)
            return False
        return True

    async def _moved(self, file: RemoteFile, into: str, mark: str) -> bool:
        """Move it; its mark keeps files of one name apart, and moving the same file again harmless."""
        try:
            await self.folder.put_away(file.name, into, _marked(file, mark))
        except SFTPError as error:
            if await self._gone(file, f"{into}/{_marked(file, mark)}"):
                return True
            _log.warning("%s: %s stays and is remembered: %s", self.name, shown(file.name), error.reason)
            return False
        return True

    async def _gone(self, file: RemoteFile, target: str) -> bool:
        """Whether the file is away although the server said no.

        Somebody else took it; or the same one is at the target already and the server replaces none: one is too many.
        """
        if await self.folder.state(file.name) is None:
            return True
        with suppress(SFTPError):
            there = await self.folder.state(target)
            if there and there.size == file.size:
                return await self._deleted(file)
        return False

    async def _look_back(self, file: RemoteFile, target: str, digest: str) -> None:
        """Put back what was moved, when the sender replaced the file after it was read: it is another one."""
        try:
            moved = await self.folder.state(target)
            if moved is None or _look(moved) == _look(file):
                return
            content = await self.folder.read(moved)
            if content is not None and hashlib.sha256(content).hexdigest() != digest:
                await self.folder.move(target, file.name, over=False)
        except SFTPError as error:
            message = "%s: %s may hold what was not taken, look at it and put it back: %s"
            _log.error(message, self.name, shown(target), error.reason)

    def _arrival(self, file: RemoteFile, content: bytes, digest: str) -> Arrival:
        name = shown(file.name)
        return Arrival(
            source=self.source,
            transport="sftp",
            content=content,
            transport_key=f"file:{name}:{file.changed}:{digest}",
            facts={"filename": name, "pickup": self.name, "place": self.folder.place},
        )


@dataclass(frozen=True, slots=True)
class SftpCourier:
    """Puts files into one directory on a server: written under a hidden name, then renamed."""

    folder: RemoteFolder

    async def deliver(self, parcel: Parcel) -> Handed:
        """Put the parcel's bytes. The same parcel again finds its own file and changes nothing.

        Raises `Unavailable` when the server fails or refuses, `Rejected` when another file has the parcel's name,
        `Misconfigured` when the directory, the log-in or the server's key is not what the profile says.
        """
        mark = hashlib.sha256(parcel.key.encode()).hexdigest()[:12]
        name = plain_name(parcel.filename, mark)
        with _telling(self.folder):
            already = await self._there(name, parcel.content)
            if not already:
                await self._put(f".{mark}", name, parcel)
        digest = hashlib.sha256(parcel.content).hexdigest()
        return Handed({"path": f"{self.folder.place}/{name}", "sha256": digest, "already": already})

    async def _put(self, hidden: str, name: str, parcel: Parcel) -> None:
        """Every attempt writes a file of its own: one that was given up may still be writing."""
        if parcel.attempt > 1:
            await self._tidy(f"{hidden}.{parcel.attempt - 1}.part")
        unfinished = f"{hidden}.{parcel.attempt}.part"
        try:
            await self.folder.write(unfinished, parcel.content)
        except ABSENT:
            raise Misconfigured(f"{self.folder.place} is no directory there; correct 'remote'") from None
        try:
            await self.folder.move(unfinished, name, over=False)
        except SFTPError:
            if await self._there(name, parcel.content):
                await self._tidy(unfinished)
            else:
                await self.folder.move(unfinished, name, over=True)

    async def _tidy(self, unfinished: str) -> None:
        """Remove what nobody needs, where the server lets us."""
        with suppress(SFTPError):
            await self.folder.remove(unfinished)

    async def _there(self, name: str, content: bytes) -> bool:
        """Whether the file is there. `Rejected` when another one is."""
        there = await self.folder.state(name)
        if there is None:
            return False
        same = there.size == len(content)
        with suppress(SFTPPermissionDenied):  # a letter box we may only drop into: the size must do
            same = same and await self.folder.read(there) == content
        if same:
            return True
        message = f"{self.folder.place}/{name} is there with other content; it was not overwritten"
        raise Rejected(message, [Finding("file-conflict", "error", {"file": name}, message)])


@contextmanager
def _telling(folder: RemoteFolder) -> Iterator[None]:
    """A server's plain no is `Unavailable`: whoever runs it can change its mind."""
    try:
        yield
    except SFTPError as error:
        raise Unavailable(f"{folder.place}: {error.reason or type(error).__name__}") from error


def _look(file: RemoteFile) -> Look:
    return file.size, file.changed


def _marked(file: RemoteFile, mark: str) -> str:
    return f"{mark[:12]}-{file.name}"

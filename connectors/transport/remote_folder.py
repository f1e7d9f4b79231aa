"""One directory on an SFTP server: listed, read and written in bounded pieces, each file moved as a whole."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from asyncssh import (
    Error,
    SFTPAttrs,
    SFTPClientFile,
    SFTPError,
    SFTPName,
    SFTPNoSuchFile,
    SFTPNoSuchPath,
    SFTPOpUnsupported,
)

from canonical import Misconfigured, Unavailable
from connectors.transport.sftp_session import SftpSession

CHUNK = 1 << 20
"""Bytes asked for or sent at a time; the protocol cuts them up further and keeps several pieces under way."""
MOST_LISTED = 100_000
"""Entries of a directory."""

ABSENT = (SFTPNoSuchFile, SFTPNoSuchPath)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as a listing shows it: size in bytes, change in seconds since 1970, permission bits where told."""

    name: str
    size: int
    changed: int
    permissions: int = 0


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """The directory `path`. Its steps raise `Unavailable`, `Misconfigured`, or `asyncssh.SFTPError` for a plain no."""

    session: SftpSession
    path: str

    @property
    def place(self) -> str:
        """The directory as a URL."""
        return self.session.login.server.url(self.path)

    def at(self, name: str) -> str:
        """The path of a file in it."""
        return f"{self.path.rstrip('/')}/{name}"

    async def files(self) -> AsyncIterator[RemoteFile]:
        """Its plain files, whose names are such as can only lie in it. `Misconfigured` when there is no directory."""
        client = await self.session.client()
        entries = client.scandir(self.path)
        for _ in range(MOST_LISTED):
            try:
                entry = await self.session.step(anext(entries, None))
            except ABSENT:
                raise Misconfigured(f"{self.place} is no directory there; correct 'remote'") from None
            if entry is None:
                return
            if found := _plain(entry):
                yield found
        raise Unavailable(f"{self.place} holds more than {MOST_LISTED} entries; clear it up")

    async def state(self, name: str) -> RemoteFile | None:
        """One file as it is now; None when it is gone."""
        client = await self.session.client()
        try:
            return _file(name, await self.session.step(client.stat(self.at(name))))
        except ABSENT:
            return None

    async def read(self, file: RemoteFile) -> bytes | None:
        """The file's bytes; None when it is gone, or changed before or while it was read."""
        before = await self.state(file.name)
        if before is None or before.size != file.size:
            return None
        client = await self.session.client()
        try:
            opened = await self.session.step(client.open(self.at(file.name), "rb"))
        except ABSENT:
            return None
        try:
            content = await self._drain(opened, file.size)
            await self.session.step(opened.close())
        finally:
            await _let_go(opened)
        return content if len(content) == file.size and await self.state(file.name) == before else None

    async def _drain(self, opened: SFTPClientFile, size: int) -> bytes:
        """At most one byte more than `size`, which tells that the file has grown."""
        pieces: list[bytes] = []
        read = 0
        while read <= size:
            piece: bytes = await self.session.step(opened.read(min(CHUNK, size + 1 - read), read))
            if not piece:
                break
            pieces.append(piece)
            read += len(piece)
        return b"".join(pieces)

    async def write(self, name: str, content: bytes) -> None:
        """Write a file from its beginning and wait until the server has kept it. `Unavailable` when it kept less."""
        client = await self.session.client()
        opened = await self.session.step(client.open(self.at(name), "wb"))
        try:
            for start in range(0, len(content), CHUNK):
                await self.session.step(opened.write(content[start : start + CHUNK], start))
            with suppress(SFTPOpUnsupported):
                await self.session.step(opened.fsync())
            kept = await self._size(opened)
            await self.session.step(opened.close())
        finally:
            await _let_go(opened)
        if kept is not None and kept != len(content):
            raise Unavailable(f"{self.place} kept {kept} of {len(content)} bytes of {name}")

    async def _size(self, opened: SFTPClientFile) -> int | None:
        """None where the server does not tell."""
        with suppress(SFTPError):
            return (await self.session.step(opened.stat())).size
        return None

    async def move(self, name: str, target: str, *, over: bool) -> None:
        """Rename a file; `over` allows that something else of that name is replaced.

        A plain rename refuses that, by its definition (draft-ietf-secsh-filexfer-02, 6.5); OpenSSH's `posix-rename`
        replaces in one step.
        """
        client = await self.session.client()
        if over:
            with suppress(SFTPOpUnsupported):
                await self.session.step(client.posix_rename(self.at(name), self.at(target)))
                return
        await self.session.step(client.rename(self.at(name), self.at(target)))

    async def put_away(self, name: str, folder: str, new_name: str) -> None:
        """Move a file into a directory of this one, which is made when it is missing; the same name is replaced."""
        target = f"{folder}/{new_name}"
        try:
            await self.move(name, target, over=True)
        except SFTPError:
            client = await self.session.client()
            if await self.session.step(client.isdir(self.at(folder))):
                raise
            await self.session.step(client.mkdir(self.at(folder)))
            await self.move(name, target, over=True)

    async def remove(self, name: str) -> None:
        """Delete a file, unless it is gone."""
        client = await self.session.client()
        with suppress(*ABSENT):
            await self.session.step(client.remove(self.at(name)))


async def _let_go(opened: SFTPClientFile) -> None:
    """Close a file that a failure left open, without waiting long; nothing to do for a closed one."""
    with suppress(Error, OSError, TimeoutError):
        async with asyncio.timeout(1):
            await opened.close()


def shown(name: str) -> str:
    """A file name as text that can be kept and printed anywhere, whatever bytes it is made of."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def _plain(entry: SFTPName) -> RemoteFile | None:
    """An entry that is a file of this directory: a server could name others, and a link leads elsewhere."""
    name = entry.filename if isinstance(entry.filename, str) else entry.filename.decode("utf-8", "surrogateescape")
    kind = stat.S_IFMT(entry.attrs.permissions or 0)
    if not name or "/" in name or "\0" in name or kind not in (0, stat.S_IFREG):
        return None
    return _file(name, entry.attrs)


def _file(name: str, attrs: SFTPAttrs) -> RemoteFile:
    return RemoteFile(name, attrs.size or 0, attrs.mtime or 0, attrs.permissions or 0)

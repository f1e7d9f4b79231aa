"""A partner's SFTP server on loopback, with the faults that such servers have."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from connectors.transport.login import Login, login_of
from connectors.transport.settings import SftpServer

PASSWORD = "correct horse"


@dataclass
class Behaviour:
    """What the server does otherwise than one would wish."""

    before: dict[str, Callable[[str], Awaitable[None] | None]] = field(default_factory=dict)
    """By request (`open`, `read`, `rename`, ...): called with the path's name first; may wait, raise, or act."""
    listed: list[str] = field(default_factory=list)
    """Names that a listing shows beside the real ones."""
    posix_rename: bool = True
    seen: list[str] = field(default_factory=list)
    """The requests, in sequence."""


class _Files(asyncssh.SFTPServer):
    behaviour: Behaviour
    root: Path

    def __init__(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        super().__init__(chan, chroot=str(self.root).encode())

    async def _first(self, request: str, path: bytes) -> None:
        self.behaviour.seen.append(request)
        if fault := self.behaviour.before.get(request):
            waiting = fault(os.fsdecode(path).rpartition("/")[2])
            if waiting is not None:
                await waiting

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await self._first("open", path)
        return super().open(path, pflags, attrs)

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        await self._first("read", b"")
        return super().read(file_obj, offset, size)  # type: ignore[no-any-return]

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self._first("write", b"")
        return super().write(file_obj, offset, data)  # type: ignore[no-any-return]

    async def fstat(self, file_obj: object) -> object:
        await self._first("fstat", b"")
        return super().fstat(file_obj)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._first("rename", oldpath)
        super().rename(oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._first("rename", oldpath)
        if not self.behaviour.posix_rename:
            raise asyncssh.SFTPOpUnsupported("posix-rename")
        super().posix_rename(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        await self._first("remove", path)
        super().remove(path)

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._first("mkdir", path)
        super().mkdir(path, attrs)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        await self._first("scandir", path)
        async for entry in super().scandir(path):
            yield entry
        for name in self.behaviour.listed:
            attrs = asyncssh.SFTPAttrs(size=3, permissions=0o100644, atime=1, mtime=1)
            yield asyncssh.SFTPName(os.fsencode(name), attrs=attrs)


class _Door(asyncssh.SSHServer):
    attempts: list[str]
    password: str

    def begin_auth(self, username: str) -> bool:
        self.attempts.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("crossdock", self.password)


@dataclass
class Server:
    """The running server."""

    root: Path
    host_key: asyncssh.SSHKey
    behaviour: Behaviour
    attempts: list[str]
    port: int
    acceptor: asyncssh.SSHAcceptor
    connections: list[asyncssh.SSHServerConnection]

    def login(self, *, password: str = PASSWORD, host_key: str | None = None, timeout: float = 5) -> Login:
        """A log-in that pins this server's key, or the one given."""
        pinned = host_key or self.host_key.export_public_key().decode()
        settings = SftpServer.model_validate(
            {"host": "127.0.0.1", "port": self.port, "user": "crossdock", "host_keys": [pinned],
             "password": {"env": "SFTP_PASSWORD"}, "timeout": timeout}
        )  # fmt: skip
        return login_of(settings, {"SFTP_PASSWORD": password})

    def hang_up(self) -> None:
        """Cut every connection, as a crash would."""
        for connection in self.connections:
            connection.abort()

    async def stop(self) -> None:
        """Go away for good."""
        self.acceptor.close()
        self.hang_up()
        await self.acceptor.wait_closed()


@asynccontextmanager
async def sftp_server(root: Path, *, port: int = 0, authorized: Path | None = None) -> AsyncIterator[Server]:
    """A server whose files lie in `root`; it knows the user `crossdock` by password, or by the `authorized` keys."""
    behaviour, attempts, connections = Behaviour(), list[str](), list[asyncssh.SSHServerConnection]()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    files = type("Files", (_Files,), {"behaviour": behaviour, "root": root})

    class Door(_Door):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            connections.append(conn)

    Door.attempts, Door.password = attempts, PASSWORD
    acceptor = await asyncssh.listen(
        "127.0.0.1", port, server_factory=Door, server_host_keys=[host_key], sftp_factory=files,
        authorized_client_keys=str(authorized) if authorized else None,
    )  # fmt: skip
    server = Server(root, host_key, behaviour, attempts, acceptor.get_port(), acceptor, connections)
    try:
        yield server
    finally:
        await server.stop()
        await asyncio.sleep(0)

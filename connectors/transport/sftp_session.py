"""One partner's SFTP server over one connection: kept while it works, made anew when it is lost."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import asyncssh

from canonical import Misconfigured, Unavailable
from connectors.transport.login import Login

T = TypeVar("T")

KEEPALIVE = 30
"""Seconds of silence after which the server must show that it is there."""
PAUSE = 300.0
"""Seconds before a server that refused us is asked again: trying on locks accounts."""

_LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPBadMessage)

logging.getLogger("asyncssh").setLevel(logging.WARNING)


@dataclass(slots=True)
class SftpSession:
    """The way to one server. Callers share the connection; what one of them loses, the next one gets anew."""

    login: Login
    steady_clock: Callable[[], float] = time.monotonic
    _connection: asyncssh.SSHClientConnection | None = field(default=None, init=False)
    _client: asyncssh.SFTPClient | None = field(default=None, init=False)
    _connecting: asyncio.Task[asyncssh.SFTPClient] | None = field(default=None, init=False)
    _refused: tuple[float, Misconfigured] | None = field(default=None, init=False)

    @property
    def place(self) -> str:
        """The server as a URL."""
        return self.login.server.place

    async def client(self) -> asyncssh.SFTPClient:
        """The logged-in client.

        Raises `Unavailable` when there is no connection, `Misconfigured` when the server shows a key that is not
        pinned or refuses us; the latter again, without asking, until `PAUSE` is over.
        """
        if self._client and self._connection and not self._connection.is_closed():
            return self._client
        if self._refused and self.steady_clock() < self._refused[0]:
            raise Misconfigured(self._refused[1].message)
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        return await asyncio.shield(self._connecting)

    async def step(self, answer: Awaitable[T]) -> T:
        """Wait for one answer of the server, for as long as its settings allow.

        Raises `Unavailable` when the connection is lost or the time over, and `asyncssh.SFTPError` for a plain no.
        """
        patience, connection = self.login.server.timeout, self._connection
        # a cancelled request of asyncssh waits for its handle to be closed; without a connection nothing waits
        late = asyncio.get_running_loop().call_later(patience.total_seconds(), self._drop, connection)
        try:
            return await answer
        except (asyncssh.Error, OSError) as error:
            if isinstance(error, asyncssh.SFTPError) and not isinstance(error, _LOST):
                raise
            over = late.when() <= asyncio.get_running_loop().time()
            said = f"no answer within {patience.total_seconds():g} s" if over else self._said(error)
            self._drop(connection)
            raise Unavailable(f"{self.place}: {said}", ambiguous=True) from error
        finally:
            late.cancel()

    async def close(self) -> None:
        """Log out."""
        if self._connecting:
            self._connecting.cancel()
        connection = self._connection
        self._drop(connection)
        if connection:
            with suppress(asyncssh.Error, OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await connection.wait_closed()

    def _drop(self, connection: asyncssh.SSHClientConnection | None) -> None:
        """End a connection, which may have been followed by another."""
        if connection:
            connection.abort()
        if self._connection is connection:
            self._connection = self._client = None

    def _connected(self, task: asyncio.Task[asyncssh.SFTPClient]) -> None:
        self._connecting = None
        error = None if task.cancelled() else task.exception()
        if error or task.cancelled():
            self._drop(self._connection)
        if isinstance(error, Misconfigured):
            self._refused = self.steady_clock() + PAUSE, error

    async def _connect(self) -> asyncssh.SFTPClient:
        """Raises `Unavailable` or `Misconfigured`."""
        self.login.require()
        self._drop(self._connection)
        witness = _Witness()
        patience = self.login.server.timeout.total_seconds()
        try:
            async with asyncio.timeout(patience):
                self._connection = await self._log_in(witness)
                # names may be in any encoding; none of them may spoil a listing
                self._client = await self._connection.start_sftp_client(path_errors="surrogateescape")
        except TimeoutError:
            raise Unavailable(f"{self.place} let nobody in within {patience:g} s") from None
        except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
            raise Misconfigured(f"{self.place} {witness.said(error)}; {_UNPROVED}") from error
        except (asyncssh.PermissionDenied, asyncssh.IllegalUserName) as error:
            mend = "correct user, key or password under transport.sftp"
            raise Misconfigured(f"{self.place} does not let us in ({self._said(error)}); {mend}") from error
        except (asyncssh.Error, OSError) as error:
            raise Unavailable(f"cannot reach {self.place}: {self._said(error)}") from error
        return self._client

    async def _log_in(self, witness: "_Witness") -> asyncssh.SSHClientConnection:
        """Nothing of this machine's own SSH set-up takes part: no configuration, agent, key or known host."""
        server, password = self.login.server, self.login.password
        key = await asyncio.to_thread(self.login.private_key)  # a passphrase is made slow to try
        ways = [*(["publickey"] if key else []), *(["password", "keyboard-interactive"] if password else [])]
        return await asyncssh.connect(
            server.host,
            server.port,
            username=server.user,
            known_hosts=([asyncssh.import_public_key(one) for one in server.host_keys], [], []),
            client_keys=[key] if key else None,
            password=password,
            preferred_auth=ways,
            config=None,
            agent_path=None,
            gss_host=None,
            x509_trusted_certs=None,
            client_factory=lambda: witness,
            keepalive_interval=KEEPALIVE,
        )

    def _said(self, error: Exception) -> str:
        return self.login.redaction(str(error) or type(error).__name__)


_UNPROVED = "nothing was sent. If the partner confirms the new key, pin it under transport.sftp.host_keys"


class _Witness(asyncssh.SSHClient):
    """Remembers the key of a server that nobody pinned, to tell of it; never accepts it."""

    def __init__(self) -> None:
        self._shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        self._shown = key
        return False

    def said(self, error: Exception) -> str:
        """What was wrong with the server's proof."""
        if self._shown is None:
            return f"proves itself by no pinned key ({error})"
        return f"shows a key that is not pinned, {self._shown.get_algorithm()} {self._shown.get_fingerprint()}"

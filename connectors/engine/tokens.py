"""Tokens kept between calls, processes and starts: a refresh token that its use replaces must never be lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from canonical import Unavailable
from connectors.engine.file_lock import one_of
from connectors.secret import Secret
from connectors.transport.directory import sync_directory, write_flushed

_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token, the instant from which it is no longer used, and what gets the next one."""

    secret: Secret
    until: datetime
    made_of: str
    """The digest of the credentials it was made of: with others it is worth nothing."""
    refresh: Secret | None = None
    """The refresh token in the place of the configured one."""


class Tokens(Protocol):
    """A place that keeps one token for each connection."""

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """Nobody else, in any process, is inside at the same time. Raises `Unavailable` after a while."""
        ...

    async def get(self, name: str) -> Token | None: ...

    async def set(self, name: str, token: Token) -> None: ...


@dataclass(slots=True)
class MemoryTokens:
    """For tests and tries: forgotten with the process."""

    tokens: dict[str, Token] = field(default_factory=dict)

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:  # noqa: ARG002
        """Callers of one process take turns already."""
        yield

    async def get(self, name: str) -> Token | None:
        """The token, None when there is none yet."""
        return self.tokens.get(name)

    async def set(self, name: str, token: Token) -> None:
        """Keep it."""
        self.tokens[name] = token


@dataclass(frozen=True, slots=True)
class FileTokens:
    """One small file a connection, for its owner's eyes alone, such as `tokens/ebay-us.json`."""

    directory: Path

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """See `Tokens`."""
        message = f"{name}: another process has been getting a token for too long"
        return one_of([self.directory / f".{name}.lock"], _LONGEST_WAIT, message)

    async def get(self, name: str) -> Token | None:
        """The token, None when there is none yet or its file is no token's. Raises `Unavailable`."""
        return await asyncio.to_thread(self._read, name)

    async def set(self, name: str, token: Token) -> None:
        """Keep it, on the disk. Raises `Unavailable` when the disk refuses."""
        await asyncio.to_thread(self._write, name, token)

    def _read(self, name: str) -> Token | None:
        try:
            kept = json.loads((self.directory / f"{name}.json").read_text())
            refresh = Secret(kept["refresh"]) if kept["refresh"] else None
            return Token(Secret(kept["token"]), datetime.fromisoformat(kept["until"]), kept["made_of"], refresh)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        except OSError as error:
            raise Unavailable(f"the token of {name} can't be read: {error.strerror or error}") from error

    def _write(self, name: str, token: Token) -> None:
        refresh = token.refresh.reveal() if token.refresh else None
        kept = {"until": token.until.isoformat(), "made_of": token.made_of, "refresh": refresh}
        kept["token"] = token.secret.reveal()
        unfinished = self.directory / f".{name}.part"
        try:
            unfinished.touch(mode=0o600)
            write_flushed(unfinished, json.dumps(kept).encode())
            unfinished.replace(self.directory / f"{name}.json")
            sync_directory(self.directory)
        except OSError as error:
            raise Unavailable(f"the token of {name} can't be kept: {error.strerror or error}") from error

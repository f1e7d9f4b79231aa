"""What has been used of an allowance: kept where every process that shares it can see."""

import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from canonical import Unavailable
from connectors.engine.file_lock import one_of, opened, patiently

State = dict[str, Any]
T = TypeVar("T")


class Meters(Protocol):
    """A place that keeps what was used, by name."""

    def change(self, name: str, change: Callable[[State], T]) -> T:
        """Let `change` read and alter a state while nobody else does; what it returns. Short, and without waiting."""
        ...

    def slot(self, name: str, most: int, patience: float) -> AbstractAsyncContextManager[None]:
        """One of `most` places, in all processes. Raises `Unavailable` when none is free for `patience` seconds."""
        ...


@dataclass(slots=True)
class MemoryMeters:
    """For one process."""

    states: dict[str, State] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)

    def change(self, name: str, change: Callable[[State], T]) -> T:
        """See `Meters`."""
        return change(self.states.setdefault(name, {}))

    @asynccontextmanager
    async def slot(self, name: str, most: int, patience: float) -> AsyncIterator[None]:
        """See `Meters`."""
        await patiently(lambda: self.taken.get(name, 0) < most, patience, _full(name))
        self.taken[name] = self.taken.get(name, 0) + 1
        try:
            yield
        finally:
            self.taken[name] -= 1


@dataclass(frozen=True, slots=True)
class FileMeters:
    """One small file for each allowance. Losing it is harmless: it is learned anew, so nothing is forced to disk."""

    directory: Path

    def change(self, name: str, change: Callable[[State], T]) -> T:
        """See `Meters`."""
        handle = opened(self.directory / f"{name}.json")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            state: State = {}
            with suppress(ValueError):
                state = json.loads(os.pread(handle, 1_000_000, 0))
            result = change(state)
            os.ftruncate(handle, os.pwrite(handle, json.dumps(state).encode(), 0))
        except OSError as error:
            raise Unavailable(f"the meter {name} can't be kept: {error.strerror or error}") from error
        finally:
            os.close(handle)
        return result

    def slot(self, name: str, most: int, patience: float) -> AbstractAsyncContextManager[None]:
        """See `Meters`. A slot is a lock on a file."""
        return one_of([self.directory / f".{name}.{number}" for number in range(most)], patience, _full(name))


def _full(name: str) -> str:
    return f"{name}: as many calls as may be run at the same time"

"""Locks on files: held by one process at a time, and given back by one that dies."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from canonical import Unavailable

_LOOK_AGAIN = 0.02


async def patiently(done: Callable[[], bool], patience: float, message: str) -> None:
    """Try until it is done. Raises `Unavailable` with the message after `patience` seconds."""
    for _ in range(int(patience / _LOOK_AGAIN)):
        if done():
            return
        await asyncio.sleep(_LOOK_AGAIN)
    raise Unavailable(message, retry_after=patience)


@asynccontextmanager
async def one_of(paths: list[Path], patience: float, message: str) -> AsyncIterator[None]:
    """Hold the lock of one of these files. Raises `Unavailable` when none is free in time."""
    handles: list[int] = []
    try:
        handles += [await asyncio.to_thread(opened, path) for path in paths]
        await patiently(lambda: any(map(_locked, handles)), patience, message)
        yield
    finally:
        for handle in handles:
            os.close(handle)


def opened(path: Path) -> int:
    """A file made for us alone, open for reading and writing. Raises `Unavailable`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"cannot write to {path.parent}: {error.strerror or error}") from error


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

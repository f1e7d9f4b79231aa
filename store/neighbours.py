"""The processes at work on one SQLite file: who is there, whose turn it is to write, and word of new work.

Each has a file of its own beside the database, named after it and the port it hears at, and locked for as long as it
lives. Those who write take turns under another lock: SQLite's own way to wait is to sleep and try again.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path

from store.transaction import STEPS, Step

_HERE = "127.0.0.1"
_LONGEST = 200
"""Bytes of a message, which names steps."""


class Neighbours:
    """This process among those on the database file."""

    def __init__(self, database: Path) -> None:
        self._folder = Path(f"{database}-workers")
        self._folder.mkdir(exist_ok=True, mode=0o700)
        self._turn = _opened(self._folder / "turn")
        self._mine: tuple[Path, int] | None = None
        self._hearing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.worker = secrets.randbelow(2**31)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Alone in writing."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def appear(self) -> None:
        """Be there, for as long as this process lives, or until it leaves."""
        self._hearing.setblocking(False)
        self._hearing.bind((_HERE, 0))
        path = self._folder / f"{self.worker}.{self._hearing.getsockname()[1]}"
        with self.turn():
            self._mine = path, _opened(path)
            fcntl.flock(self._mine[1], fcntl.LOCK_EX)

    def leave(self) -> None:
        """Be gone."""
        self._hearing.close()
        if self._mine:
            path, handle = self._mine
            path.unlink(missing_ok=True)
            os.close(handle)
        os.close(self._turn)

    def alive(self) -> Sequence[int]:
        """The workers that are there. The caller has its turn: nobody appears meanwhile."""
        return [worker for worker, _, path in self._known() if not _forgotten(path)]

    def tell(self, steps: Set[Step]) -> None:
        """Word for the others that the coming commit has work for these steps: they wait for their turn to look."""
        message = " ".join(sorted(steps)).encode()
        for worker, port, _ in self._known():
            if worker != self.worker:
                with contextlib.suppress(OSError):  # whoever hears nothing looks by itself
                    self._hearing.sendto(message, (_HERE, port))

    async def listen(self, ring: Callable[[Set[Step]], None]) -> None:
        """Call `ring` at each word of the others, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            said = await loop.sock_recv(self._hearing, _LONGEST)
            ring(STEPS.intersection(said.decode(errors="replace").split()))

    def _known(self) -> Iterator[tuple[int, int, Path]]:
        """Each worker that has a file, with its port."""
        for path in self._folder.iterdir():
            worker, _, port = path.name.partition(".")
            if worker.isdecimal() and port.isdecimal():
                yield int(worker), int(port), path


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _forgotten(path: Path) -> bool:
    """Whether the process is gone whose file this is; the file goes too."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True

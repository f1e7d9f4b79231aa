"""Which files were taken from a place that keeps them: on the disk, so that a restart reads none of them again."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from canonical import Unavailable
from connectors.transport.directory import sync_directory, write_flushed

T = TypeVar("T")

Look = tuple[int, int]
"""Size in bytes and time of change in seconds."""

Entry = tuple[str, tuple[Look, str]]
"""Name, look and SHA-256."""


@dataclass(slots=True)
class TakenFiles:
    """A list kept in one file: a line for each name, with its look and its content's SHA-256.

    It is written after the hub has committed what was read: a crash between the two reads that one file again, under
    the same transport key. Losing the list reads everything again, with no second effect.
    """

    path: Path
    _taken: dict[str, tuple[Look, str]] | None = field(default=None, init=False)

    async def digest(self, name: str, look: Look) -> str | None:
        """The SHA-256 of the file that was taken under this name and looked so; None when none was."""
        found = (await self._known()).get(name)
        return found[1] if found and found[0] == look else None

    async def add(self, name: str, look: Look, digest: str) -> None:
        """Remember one."""
        taken = await self._known()
        taken[name] = (look, digest)
        await self._kept(lambda: self._append([(name, taken[name])]))

    async def only(self, found: Mapping[str, Look]) -> None:
        """Forget the names that are gone or look different now."""
        taken = await self._known()
        left = {name: entry for name, entry in taken.items() if found.get(name) == entry[0]}
        if len(left) < len(taken):
            self._taken = left
            await self._kept(lambda: self._rewrite(left.items()))

    async def _known(self) -> dict[str, tuple[Look, str]]:
        if self._taken is None:
            self._taken = await self._kept(lambda: dict(self._read()))
        return self._taken

    async def _kept(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise Unavailable(f"cannot keep {self.path}: {error.strerror or error}") from error

    def _read(self) -> Iterator[Entry]:
        """What a crash left half written is passed over."""
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8", "replace").splitlines():
            with suppress(ValueError):
                name, size, changed, digest = json.loads(line)
                yield name, ((size, changed), digest)

    def _append(self, entries: Iterable[Entry]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(_lines(entries))
            file.flush()
            os.fsync(file.fileno())

    def _rewrite(self, entries: Iterable[Entry]) -> None:
        unfinished = self.path.with_suffix(".part")
        write_flushed(unfinished, _lines(entries))
        unfinished.replace(self.path)
        sync_directory(self.path.parent)


def _lines(entries: Iterable[Entry]) -> bytes:
    """Each begins with a line end, so that it stands alone whatever a crash left before it."""
    return "".join(f"\n{json.dumps([name, *look, digest])}" for name, (look, digest) in entries).encode()

"""How far operations have come that the other side finishes later: what it answered so far, kept on the disk."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from canonical import Rejected, Unavailable, Unfinished
from connectors.engine.place import file_name
from connectors.manifest_calls import Step, Until
from connectors.syntax.json_text import read_json, write_json
from connectors.transport.directory import sync_directory, write_flushed

Known = dict[str, Any]
WINDOW = ("since", "until", "ends")
"""What a list was asked for, which must not move while its report is being made."""


class Progress(Protocol):
    """A place that keeps, by name, what is known of an operation under way."""

    async def get(self, name: str) -> Known: ...

    async def set(self, name: str, known: Known) -> None: ...

    async def forget(self, name: str) -> None: ...


@dataclass(slots=True)
class MemoryProgress:
    """For tests and tries: forgotten with the process."""

    known: dict[str, Known] = field(default_factory=dict)

    async def get(self, name: str) -> Known:
        """What is known; empty at the beginning."""
        return self.known.get(name, {})

    async def set(self, name: str, known: Known) -> None:
        """Keep it."""
        self.known[name] = known

    async def forget(self, name: str) -> None:
        """It is over."""
        self.known.pop(name, None)


@dataclass(frozen=True, slots=True)
class FileProgress:
    """One small file for each operation under way. Deleting one lets its operation begin anew."""

    directory: Path

    async def get(self, name: str) -> Known:
        """What is known; empty at the beginning. Raises `Unavailable` when the file can't be read."""
        return await asyncio.to_thread(self._read, name)

    async def set(self, name: str, known: Known) -> None:
        """Keep it, on the disk. Raises `Unavailable` when the disk refuses."""
        await asyncio.to_thread(self._write, name, known)

    async def forget(self, name: str) -> None:
        """It is over. Raises `Unavailable` when the disk refuses."""
        try:
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)
        except OSError as error:
            raise Unavailable(f"the progress of {name} can't be dropped: {error.strerror or error}") from error

    def _read(self, name: str) -> Known:
        try:
            known = read_json(self._path(name).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, Rejected) as error:
            raise Unavailable(f"the progress of {name} can't be read: {error}") from error
        return known if isinstance(known, dict) else {}

    def _write(self, name: str, known: Known) -> None:
        path = self._path(name)
        unfinished = path.with_suffix(".part")
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.touch(mode=0o600)
            write_flushed(unfinished, write_json(known))
            unfinished.replace(path)
            sync_directory(self.directory)
        except OSError as error:
            raise Unavailable(f"the progress of {name} can't be kept: {error.strerror or error}") from error

    def _path(self, name: str) -> Path:
        return self.directory / f"{file_name(name)}.json"


class Course:
    """One run of steps: what an earlier try was answered is not asked again, as long as something is waited for."""

    def __init__(self, progress: Progress, name: str, steps: Sequence[Step]) -> None:
        self._progress, self._name = progress, name
        last = max((number for number, step in enumerate(steps) if step.until), default=-1)
        self._lasting = [step.name for step in steps[: last + 1]]

    async def resume(self, scope: Known) -> None:
        """Let the scope know what is remembered."""
        if self._lasting:
            scope.update((await self._progress.get(self._name)).get("known", {}))

    async def note(self, step: Step, scope: Mapping[str, Any]) -> None:
        """Remember a step's answer, if what follows is waited for."""
        if step.name in self._lasting:
            await self._keep(scope, asked=0)

    async def wait(self, step: Step, until: Until, scope: Mapping[str, Any]) -> None:
        """Raise `Unfinished`; after the most tries forget everything and raise `Rejected`."""
        asked = int((await self._progress.get(self._name)).get("asked", 0)) + 1
        if asked >= until.most:
            await self.end()
            raise Rejected(f"{step.name}: not finished after being asked {asked} times")
        await self._keep({name: value for name, value in scope.items() if name != step.name}, asked)
        raise Unfinished(f"{step.name}: not finished yet", retry_after=until.every.total_seconds())

    async def end(self) -> None:
        """Forget it all."""
        if self._lasting:
            await self._progress.forget(self._name)

    async def _keep(self, scope: Mapping[str, Any], asked: int) -> None:
        known = {name: scope[name] for name in (*self._lasting, *WINDOW) if name in scope}
        await self._progress.set(self._name, {"asked": asked, "known": known})


def course_name(connection: str, key: str) -> str:
    """What the run of one request is called, however long its key."""
    return f"{connection}.{hashlib.sha256(key.encode()).hexdigest()[:32]}"

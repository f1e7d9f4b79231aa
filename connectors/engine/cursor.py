"""Where each list was left off: kept on disk, advanced only when everything before it is safe."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from canonical import Unavailable
from connectors.engine.path import first_at, text_of
from connectors.manifest_lists import Cursor
from connectors.transport.directory import sync_directory, write_flushed


class Cursors(Protocol):
    """A place that keeps instants by name."""

    async def get(self, name: str) -> datetime | None: ...

    async def set(self, name: str, at: datetime) -> None: ...


@dataclass(slots=True)
class MemoryCursors:
    """For tests and tries: forgotten with the process."""

    instants: dict[str, datetime] = field(default_factory=dict)

    async def get(self, name: str) -> datetime | None:
        """The instant, None when there is none yet."""
        return self.instants.get(name)

    async def set(self, name: str, at: datetime) -> None:
        """Keep it."""
        self.instants[name] = at


@dataclass(frozen=True, slots=True)
class FileCursors:
    """One small file a list, such as `trailhead.pull_orders.json`. Deleting or editing it re-sets the cursor."""

    directory: Path

    async def get(self, name: str) -> datetime | None:
        """The instant, None when there is none yet. Raises `Unavailable` when the file can't be read."""
        return await asyncio.to_thread(self._read, name)

    async def set(self, name: str, at: datetime) -> None:
        """Keep it, on the disk. Raises `Unavailable` when the disk refuses."""
        await asyncio.to_thread(self._write, name, at)

    def _read(self, name: str) -> datetime | None:
        try:
            return datetime.fromisoformat(json.loads((self.directory / f"{name}.json").read_text())["since"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the cursor {name} can't be read: {error}") from error

    def _write(self, name: str, at: datetime) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            unfinished = self.directory / f".{name}.part"
            write_flushed(unfinished, json.dumps({"since": at.isoformat()}).encode())
            unfinished.replace(self.directory / f"{name}.json")
            sync_directory(self.directory)
        except OSError as error:
            raise Unavailable(f"the cursor {name} can't be kept: {error.strerror or error}") from error


def span(cursor: Cursor, kept: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when to ask."""
    start = (kept or now - cursor.start) - cursor.lookback
    return start, min(now, start + cursor.window) if cursor.window else now


def written(cursor: Cursor, at: datetime) -> str:
    """An instant as the other side writes it."""
    if cursor.format in ("epoch", "epoch_ms"):
        return str(int(at.timestamp() * (1000 if cursor.format == "epoch_ms" else 1)))
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return {"naive_utc": text, "sql": text.replace("T", " "), "date": text[:10]}.get(cursor.format, text + "Z")


def moved_to(cursor: Cursor, latest: datetime | None, ends: datetime, now: datetime) -> datetime | None:
    """Where the cursor stands after a sweep of a span that ended then: None when there is nothing to say."""
    if cursor.field is None:
        return ends
    return max(filter(None, (latest, ends))) if cursor.window and ends < now else latest


def instant_of(cursor: Cursor, item: Any) -> datetime | None:
    """When an item last changed; a time without a zone is UTC."""
    found = first_at(item, cursor.field) if cursor.field else None
    if found is None:
        return None
    try:
        if cursor.reads != "iso":
            seconds = int(text_of(found)) // (1000 if cursor.reads == "epoch_ms" else 1)
            return datetime.fromtimestamp(seconds, UTC)
        said = datetime.fromisoformat(text_of(found))
    except (ValueError, OverflowError):
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)

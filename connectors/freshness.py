"""How stale each channel is, measured: when its lists were last asked for, and what it has not been told yet.

Kept beside the tokens, one small file a connection, for all processes. Losing one is harmless: it is measured anew.
"""

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from connectors.connection import Connection
from connectors.engine.condition import holds
from connectors.engine.file_lock import opened
from connectors.manifest import Operation

State = dict[str, Any]
T = TypeVar("T")

TOLD = {"InventoryReport": "stock", "ShipmentNotice": "tracking"}
"""What a channel is told, by canonical kind."""
PATIENCE = 3
"""Without a limit of its own, a list is stale after so many of its intervals."""
USUAL_LIMITS = {"stock": timedelta(minutes=30), "tracking": timedelta(hours=4)}


class Ages(Protocol):
    """A place that keeps, for each connection, what is known of its age."""

    def change(self, connection: str, change: Callable[[State], T]) -> T:
        """Let `change` read and alter it while nobody else does; what it returns."""
        ...


@dataclass(slots=True)
class MemoryAges:
    """For one process."""

    states: dict[str, State] = field(default_factory=dict)

    def change(self, connection: str, change: Callable[[State], T]) -> T:
        """See `Ages`."""
        return change(self.states.setdefault(connection, {}))


@dataclass(frozen=True, slots=True)
class FileAges:
    """For all processes on one directory."""

    directory: Path

    def change(self, connection: str, change: Callable[[State], T]) -> T:
        """See `Ages`. Raises `Unavailable` when the file can't be made."""
        handle = opened(self.directory / f"{connection}.json")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            state: State = {}
            with suppress(ValueError):
                state = json.loads(os.pread(handle, 10_000_000, 0))
            before = json.dumps(state)
            result = change(state)
            if (after := json.dumps(state)) != before:
                os.ftruncate(handle, os.pwrite(handle, after.encode(), 0))
        finally:
            os.close(handle)
        return result


# --- lists ----------------------------------------------------------------------------------------------------------


def looked(ages: Ages, connection: str, operation: str) -> tuple[datetime | None, datetime | None]:
    """When a list was last asked for, whatever came of it, and when it is to be asked for again."""
    state = ages.change(connection, dict)
    return _instant(state, f"{operation}.looked"), _instant(state, f"{operation}.due")


def look(ages: Ages, connection: str, operation: str, now: datetime, due: datetime) -> None:
    """Note that it is asked for now, and when again."""
    ages.change(
        connection,
        lambda state: state.update({f"{operation}.looked": now.isoformat(), f"{operation}.due": due.isoformat()}),
    )


def fetched(ages: Ages, connection: str, operation: str, at: datetime) -> None:
    """Note that all that was there at an instant has been taken."""
    ages.change(connection, lambda state: state.update({f"{operation}.fresh": at.isoformat()}))


# --- what they are told ---------------------------------------------------------------------------------------------


def waiting(ages: Ages, connection: str, kind: str, key: str, now: datetime) -> None:
    """Note that the channel could not be told something yet."""
    if kind in TOLD:
        ages.change(
            connection, lambda state: state.setdefault(f"{TOLD[kind]}.waiting", {}).setdefault(key, now.isoformat())
        )


def told(ages: Ages, connection: str, kind: str, key: str) -> None:
    """Note that nothing waits for the channel under this key any more."""
    if kind in TOLD:
        ages.change(connection, lambda state: state.get(f"{TOLD[kind]}.waiting", {}).pop(key, None))


# --- how stale it is ------------------------------------------------------------------------------------------------


def staleness(ages: Ages, connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """`{connection, what, seconds, limit, fresh}` for orders, stock and tracking, as far as the connection has them.

    `seconds` is None for a list that was never fetched, and 0 when the other side knows all that we told it.
    """
    state = ages.change(connection.id, dict)
    rows = []
    for name, operation in connection.manifest.operations.items():
        if operation.pull and holds(operation.when, {"settings": connection.settings}):
            age = _age(_instant(state, f"{name}.fresh"), now)
            rows.append(_row(connection.id, _what(operation), age, _limit(connection, operation)))
    for kind, what in TOLD.items():
        if kind in connection.manifest.takes:
            since = min(map(datetime.fromisoformat, state.get(f"{what}.waiting", {}).values()), default=now)
            limit = connection.manifest.freshness.get(what, USUAL_LIMITS[what])
            rows.append(_row(connection.id, what, _age(since, now), limit))
    return rows


def _row(connection: str, what: str, seconds: float | None, limit: timedelta) -> dict[str, Any]:
    most = limit.total_seconds()
    fresh = seconds is not None and seconds <= most
    return {"connection": connection, "what": what, "seconds": seconds, "limit": most, "fresh": fresh}


def _what(operation: Operation) -> str:
    kind = operation.pull.kind if operation.pull else ""
    return {"PurchaseOrder": "orders"}.get(kind, kind)


def _limit(connection: Connection, operation: Operation) -> timedelta:
    every = operation.pull.every if operation.pull else timedelta()
    return connection.manifest.freshness.get(_what(operation), every * PATIENCE)


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max((now - since).total_seconds(), 0.0)


def _instant(state: Mapping[str, Any], name: str) -> datetime | None:
    said = state.get(name)
    return datetime.fromisoformat(said) if said else None

"""What the face asks of the built hub. The composition root satisfies these Protocols; the console knows nothing else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from canonical import Finding
from router.ports import Access, Archive, Arrival, Inbox, Receipt, StockRoom


@dataclass(frozen=True, slots=True)
class TranslateRequest:
    """What `crossdock translate` was asked: bytes, and whose language they are in where the caller knows."""

    content: bytes
    filename: str
    partner: str | None = None
    connector: str | None = None
    map: str | None = None
    to: str | None = None
    lineage: bool = False
    summary: bool = False
    at: datetime | None = None
    control: int | None = None


@dataclass(frozen=True, slots=True)
class InspectRequest:
    """What `crossdock inspect` was asked."""

    content: bytes
    filename: str
    partner: str | None = None
    referee: bool = False
    summary: bool = False
    at: datetime | None = None
    control: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's answer: `value` is what `--json` prints; `ok` is False when it found an error."""

    value: Any
    ok: bool
    content: bytes | None = None
    """Native bytes, where the tool wrote some (`translate --to`)."""


class Workbench(Protocol):
    """The tools that need the configuration but no store."""

    def check(self) -> Sequence[Finding]: ...

    def translate(self, request: TranslateRequest) -> Answer: ...

    def inspect(self, request: InspectRequest) -> Answer: ...

    def schema(self) -> Mapping[str, Any]:
        """JSON Schemas: one a canonical document, and one a configuration file."""
        ...

    def doctor(self) -> Sequence[Mapping[str, Any]]:
        """Checks of this machine and installation: `{name, ok, detail, mend}`."""
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """How a partner or shop sends: what `POST /v1/documents` and the hooks need to know of it."""

    id: str
    name: str
    kind: str
    """`partner` or `connection`."""


class Webhooks(Protocol):
    def verify(self, connection: str, headers: Mapping[str, str], body: bytes) -> Arrival | None:
        """The arrival when the signature over the raw body holds; None when it does not.

        Raises `KeyError` when no connection of that name has a webhook.
        """
        ...


class Hub(Protocol):
    """The built hub, open on one store."""

    inbox: Inbox
    archive: Archive
    stock: StockRoom
    access: Access
    webhooks: Webhooks
    largest_body: int

    @property
    def name(self) -> str: ...

    @property
    def doors(self) -> Sequence[Door]: ...

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep an arrival and wake the flow."""
        ...

    async def order_of(self, receipt: Receipt, patience: float) -> Mapping[str, Any] | None:
        """The order a just received document became, once decided; None when it takes longer than `patience` s."""
        ...

    async def drain(self) -> None:
        """Work until nothing is due: translate, route, render, deliver. For commands that end."""
        ...

    async def work(self, roles: frozenset[str]) -> None:
        """Work in the background until cancelled."""
        ...

    async def ready(self) -> Mapping[str, Any]:
        """What `/readyz` tells: `{"ready": bool, "checks": {...}}`."""
        ...


class Rehearsal(Protocol):
    """What the demo plays: sample files for every door, and stand-ins for the world outside."""

    def acts(self) -> Sequence[Mapping[str, str]]:
        """In order: `{title, door, file}`."""
        ...

    def play(self, hub: Hub) -> AsyncIterator[Mapping[str, Any]]:
        """Play the whole story, yielding what happened: `{what, detail, ...}`."""
        ...


class Builder(Protocol):
    """The composition root as the command line sees it."""

    def workbench(self, config: Path) -> Workbench: ...

    def open(self, config: Path, data: Path) -> AbstractAsyncContextManager[Hub]: ...

    def rehearse(self, config: Path, data: Path) -> AbstractAsyncContextManager[tuple[Hub, Rehearsal]]:
        """A hub on fresh data with stand-ins of the outside world running on loopback."""
        ...

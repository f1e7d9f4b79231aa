"""What the face asks of the built hub. The composition root satisfies these Protocols; the console knows no more."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypedDict

from canonical import Document, Finding
from console.authoring import Authoring
from router.decision import StockRow
from router.ports import Access, Archive, Arrival, Erasing, Holds, Inbox, Receipt, Returns, StockRoom
from router.reconciliation import Difference


@dataclass(frozen=True)
class ToolRequest:
    """A file to look at, open and seekable, and what is known of it."""

    file: BinaryIO
    filename: str
    partner: str | None = None

    @property
    def content(self) -> bytes:
        """All of it at once. Counting (`summary`) reads `file` instead, so that no file is too large."""
        self.file.seek(0)
        return self.file.read()


@dataclass(frozen=True)
class TranslateRequest(ToolRequest):
    """What `crossdock translate` was asked: bytes, and whose language they are in where the caller knows."""

    connector: str | None = None
    map: str | None = None
    to: str | None = None
    lineage: bool = False
    summary: bool = False
    at: datetime | None = None
    control: int | None = None


@dataclass(frozen=True)
class InspectRequest(ToolRequest):
    """What `crossdock inspect` was asked."""

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

    def partners(self) -> Sequence[Mapping[str, Any]]:
        """The trading partners: `{id, name, identifiers, documents, ...}`."""
        ...

    def connectors(self) -> Sequence[Mapping[str, Any]]:
        """The connectors at hand, built in and configured: `{name, title, documents, origin, ...}`."""
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
    async def verify(
        self, connection: str, headers: Mapping[str, str], body: bytes, method: str, path: str, remote: str | None
    ) -> Arrival | None:
        """The arrival when the signature over the raw body holds; None when it does not.

        Raises `KeyError` when no connection of that name has a webhook.
        """
        ...

    def challenge(self, connection: str, query: Mapping[str, str]) -> tuple[bytes, str] | None:
        """The content and media type that prove the address ours; None when nothing was asked. Raises `KeyError`."""
        ...


class Hindsight(Protocol):
    """Past decisions made again from what was kept of them. A date without orders since gives figures of nothing."""

    async def explain(self, order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The explanations of an order as `Archive.order` shows it, with every candidate and the runner-up."""
        ...

    async def what_if(self, routing: Path, since: datetime | None = None) -> Mapping[str, Any]:
        """Past orders by another routing file: `{orders, changed, before, after, differences}`."""
        ...

    async def kpis(self, since: datetime | None = None) -> Mapping[str, Any]:
        """Key figures: `{all, channels, partners, nodes}`."""
        ...


class Reconcile(Protocol):
    """One reconciliation; `compared` is whole when the differences have ended."""

    @property
    def compared(self) -> Mapping[str, int]:
        """How many orders, and how many entries of each ERP, by ledger."""
        ...

    @property
    def uncompared(self) -> Sequence[str]:
        """ERPs whose books the hub has no way to read."""
        ...

    def differences(self) -> AsyncIterator[Difference]: ...


class Hub(Protocol):
    """The built hub, open on one store."""

    @property
    def hindsight(self) -> Hindsight: ...

    @property
    def inbox(self) -> Inbox: ...

    @property
    def archive(self) -> Archive: ...

    @property
    def stock(self) -> StockRoom: ...

    @property
    def holds(self) -> Holds: ...

    @property
    def returns(self) -> Returns: ...

    @property
    def erasing(self) -> Erasing: ...

    @property
    def access(self) -> Access: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def host(self) -> str:
        """Where the configuration says to listen."""
        ...

    @property
    def port(self) -> int: ...

    @property
    def largest_body(self) -> int:
        """Bytes a request's body may have, unpacked."""
        ...

    @property
    def name(self) -> str: ...

    def offered(self, partner: str, rows: Sequence[StockRow]) -> Decimal:
        """How much of an item a partner may be told of, out of all its stock."""
        ...

    def reconcile(self) -> Reconcile:
        """Orders, documents, postings and the ERPs' own books, to be held against each other once."""
        ...

    def staleness(self) -> Sequence[Mapping[str, Any]]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        ...

    @property
    def doors(self) -> Sequence[Door]: ...

    def read_canonical(self, kind: str, content: bytes) -> tuple[Document | None, Sequence[Finding]]:
        """The document of `kind` in one JSON text, as the translator reads it; None with located findings."""
        ...

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep an arrival and wake the flow."""
        ...

    async def order_of(self, receipt: Receipt, patience: float) -> Mapping[str, Any] | None:
        """The order a just received document became, once decided; None when it takes longer than `patience` s."""
        ...

    async def lineage(self, document: str) -> Mapping[str, Any] | None:
        """Where each value of a document comes from, recomputed from its bytes; None when there is no such document.

        `{document, map, values, differs, reasons, source_document}`: `values` by canonical path `{source, rule}`;
        `differs` are paths that read otherwise today; `reasons` of what we decided by canonical path as `source:PATH`,
        `order:PATH` or `rule:NAME`.
        """
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


class Beat(TypedDict, total=False):
    """One thing that happened in the demo. `what`: `act` opens an act (`detail` is its title), else `received`,
    `duplicate`, `refused`, `answered`, `decided`, `sent`, `shipped`, `posted` or `noted`."""

    what: str
    detail: str
    door: str
    file: str
    order: str


class Rehearsal(Protocol):
    """What the demo plays: sample files for every door, and stand-ins for the world outside."""

    def acts(self) -> Sequence[Mapping[str, str]]:
        """In order: `{title, door, file}`."""
        ...

    def play(self, hub: Hub) -> AsyncIterator[Beat]:
        """Play the whole story until nothing is due, yielding what happened."""
        ...

    def expected_exceptions(self) -> Mapping[str, int]:
        """Exception code -> how many of it the story provokes on purpose."""
        ...

    def spoil(self) -> AbstractContextManager[str]:
        """Until the block ends an ERP's books lack an entry; what was done to them, in words."""
        ...


class Builder(Protocol):
    """The composition root as the command line sees it."""

    def workbench(self, config: Path) -> Workbench: ...

    def authoring(self, config: Path, data: Path) -> Authoring:
        """The integrator's tools; they work beside a configuration that has faults elsewhere."""
        ...

    def open(self, config: Path, data: Path) -> AbstractAsyncContextManager[Hub]: ...

    async def backup(self, config: Path, data: Path, file: Path) -> Mapping[str, Any]:
        """Write everything the hub holds to `file`, while it runs: `{file, taken_at, bytes, sha256}`."""
        ...

    async def restore(self, config: Path, data: Path, file: Path) -> Mapping[str, Any]:
        """Put a backup into an empty data directory."""
        ...

    def emulate(
        self, name: str, port: int, orders: int, faults: Sequence[str]
    ) -> AbstractAsyncContextManager[Mapping[str, Any]]:
        """A stand-in of a connector's system on loopback: `{base_url, connection, environment}`."""
        ...

    def rehearse(self, config: Path, data: Path) -> AbstractAsyncContextManager[tuple[Hub, Rehearsal]]:
        """A hub on fresh data with stand-ins of the outside world running on loopback."""
        ...

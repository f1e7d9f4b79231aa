"""A small hub in memory that speaks the face's Protocols, with a little story in it, served on loopback."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canonical import Document, Finding, Misconfigured, PurchaseOrder, Rejected
from connectors.canonical_json import read_canonical
from console.cli import main
from console.desk import Answer, Beat, Builder, Door, Hub, InspectRequest, Rehearsal, TranslateRequest, Workbench
from console.web.server import Served, serve
from router.decision import StockRow
from router.incoming import IncomingRow
from router.ports import Arrival, Bearer, Receipt, Rendered, WantedHold
from router.reconciliation import Difference

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
X12 = (
    b"ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*CEDARSLATE     *260301*1200*U*00401*000000101*0*P*>~\n"
    b"GS*PO*NORTHWIND*CEDARSLATE*20260301*1200*101*X*004010~\nST*850*0001~\nBEG*00*SA*NW-1**20260301~\n"
    b"PO1*1*5*EA*10**SK*LAMP~\nN9*L1*<script>alert(1)</script>~\nSE*5*0001~\nGE*1*101~\nIEA*1*000000101~\n"
)
CANARY = "<script>alert('canary')</script>"


def ledger(**buckets: int) -> dict[str, str]:
    """A ledger's JSON form."""
    names = ("ordered", "over_shipped", "cancelled", "open", "backordered", "allocated", "released", "shipped")
    return {name: str(buckets.get(name, 0)) for name in (*names, "invoiced", "returned", "credited")}


def order_row(order: str, channel: str, number: str, **more: Any) -> dict[str, Any]:
    """An order as the archive tells it."""
    return {
        "id": order,
        "number": number,
        "channel": channel,
        "status": "shipped",
        "usage": "production",
        "lines": [{"number": "1", "sku": "LAMP", "ledger": ledger(ordered=5, shipped=5, invoiced=5)}],
        "timeline": [],
        "documents": [],
        "explanations": [],
        **more,
    }


def entry(what: str, kind: str, detail: Any, **more: Any) -> dict[str, Any]:
    """An entry of the archive's timeline."""
    return {"at": NOON.isoformat(), "what": what, "kind": kind, "detail": detail, **more}


EXPLANATION = {
    "at": NOON.isoformat(),
    "explanation": {
        "summary": "5 LAMP from reno",
        "rule": "routing.yaml:12",
        "cost": "12.40",
        "cost_terms": {"freight": "10.40", "splits": "2"},
        "runner_up": {"cost": "14.00", "nodes": "newark"},
        "lines": [
            {
                "line": "1",
                "sku": "LAMP",
                "candidates": [
                    {"node": "reno", "available": "8", "cost": {"freight": "10.40"}},
                    {"node": "newark", "available": "0", "excluded": "no stock"},
                ],
                "chosen": {"reno": "5"},
                "our_price": "9.50 USD, line 3 of price list L1 of books",
                "unfilled": "1",
                "would_have_filled": "1 more at reno",
            }
        ],
    },
}


@dataclass
class MemoryArchive:
    """What was kept, by id."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)
    bytes_of: dict[str, Rendered] = field(default_factory=dict)
    troubles: dict[str, dict[str, Any]] = field(default_factory=dict)
    exported: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def orders(
        self, *, limit: int = 100, after: str | None = None, channel: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        rows = [row for row in self.rows.values() if channel in (None, row["channel"])]
        start = next((index + 1 for index, row in enumerate(rows) if row["id"] == after), 0)
        return rows[start : start + limit]

    async def order(self, order: str, *, channel: str | None = None) -> Mapping[str, Any] | None:
        rows = await self.orders(limit=len(self.rows), channel=channel)
        return next((row for row in rows if order in (row["id"], row["number"])), None)

    async def documents(
        self, *, limit: int = 100, order: str | None = None, partner: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        return [row for row in self.papers.values() if partner in (None, row["partner"])][:limit]

    async def document(self, document: str) -> Mapping[str, Any] | None:
        return self.papers.get(document)

    async def raw(self, document: str) -> Rendered | None:
        return self.bytes_of.get(document)

    async def exceptions(self, *, status: str | None = "open") -> Sequence[Mapping[str, Any]]:
        return [row for row in self.troubles.values() if status in (None, row["status"])]

    async def settle(self, exception: str, action: str, by: str) -> bool:
        row = self.troubles.get(exception)
        if row is None or row["status"] != "open" or (action == "retry" and row.get("final")):
            return False
        row.update(status="retried" if action == "retry" else "resolved", settled_by=by)
        return True

    async def overview(self) -> Mapping[str, Any]:
        return {
            "documents_in": {"PurchaseOrder": 1},
            "documents_out": {"Acknowledgment": 1},
            "orders": {"shipped": len(self.rows)},
            "journal": {"USD": {"debit": "50.00", "credit": "50.00"}},
            "exceptions": sum(row["status"] == "open" for row in self.troubles.values()),
        }

    async def export(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        for stem, row in self.exported:
            yield stem, row


@dataclass
class MemoryStock:
    """Stock levels by SKU and node."""

    levels: dict[tuple[str, str], StockRow] = field(default_factory=dict)
    coming: dict[tuple[str, str], dict[date, Decimal]] = field(default_factory=dict)

    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow:
        if node == "nowhere":
            raise Rejected("there is no node nowhere")
        row = StockRow(sku=sku, node=node, on_hand=on_hand, safety=safety or Decimal(0))
        self.levels[sku, node] = row
        return row

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]:
        return [row for (item, _), row in self.levels.items() if sku in (None, item)]

    async def glance(self, sku: str) -> Sequence[StockRow]:
        return await self.availability(sku)

    async def expect(self, sku: str, node: str, days: Mapping[date, Decimal]) -> None:
        self.coming[sku, node] = dict(days)

    async def incoming(self, sku: str) -> Sequence[IncomingRow]:
        places = {place: days for place, days in self.coming.items() if place[0] == sku}
        return [IncomingRow(*place, day, units) for place, days in places.items() for day, units in days.items()]


@dataclass
class MemoryAccess:
    """Tokens in the clear; good for tests alone."""

    tokens: dict[str, Bearer] = field(default_factory=dict)

    async def issue(self, *, partner: str | None = None, role: str | None = None, person: str | None = None) -> str:
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = Bearer(partner, role, person)
        return token

    async def bearer(self, token: str) -> Bearer | None:
        return self.tokens.get(token)


class Shop:
    """A shop's webhook, signed with HMAC-SHA256 over the raw body."""

    secret = b"shop-secret"

    def sign(self, body: bytes) -> str:
        return hmac.new(self.secret, body, hashlib.sha256).hexdigest()

    def challenge(self, connection: str, query: Mapping[str, str]) -> tuple[bytes, str] | None:
        if connection != "shop":
            raise KeyError(connection)
        return (query["token"].encode(), "text/plain") if "token" in query else None

    async def verify(
        self,
        connection: str,
        headers: Mapping[str, str],
        body: bytes,
        method: str,
        path: str,
        remote: str | None = None,
    ) -> Arrival | None:
        if connection != "shop":
            raise KeyError(connection)
        if not hmac.compare_digest(headers.get("X-Signature", ""), self.sign(body)):
            return None
        return Arrival(connection, "webhook", body, headers.get("X-Event"))


class MemoryHindsight:
    """Explains what is explained already."""

    async def explain(self, order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return tuple(order["explanations"])

    async def what_if(self, routing: Path, since: datetime | None = None) -> Mapping[str, Any]:
        raise Misconfigured(f"there is no file {routing}")

    async def kpis(self, since: datetime | None = None) -> Mapping[str, Any]:
        return {"all": {"orders": 2, "fill_rate": Decimal("0.975"), "on_time": None}, "channels": {}, "nodes": {}}


class MemoryHolds:
    """One hold, which whoever placed it may not lift."""

    def __init__(self) -> None:
        self.lifted: list[tuple[str, str, str]] = []

    async def release(self, wanted: str, kind: str, by: str) -> str | None:
        if by == "Ada":
            raise Rejected("Ada placed it; another person must lift it")
        self.lifted.append((wanted, kind, by))
        return wanted if kind == "credit" else None

    async def place(self, wanted: str, hold: WantedHold, by: str) -> str | None:
        return wanted

    async def waiting(self) -> Sequence[Mapping[str, Any]]:
        whose = {"order": "northwind/NW-1", "number": "NW-1", "channel": "northwind"}
        due = {"placed_at": NOON.isoformat(), "deadline": NOON.isoformat(), "on_silence": "cancel", "placed_by": "Ada"}
        return [{**whose, **due, "kind": "credit", "gate": "release", "owner": "credit desk", "reason": CANARY}]


@dataclass
class MemoryBooks:
    """Books that lack what was taken from them."""

    lacking: list[str] = field(default_factory=list)
    compared: Mapping[str, int] = field(default_factory=lambda: {"books": 1, "orders": 1})
    uncompared: Sequence[str] = ()

    async def differences(self) -> AsyncIterator[Difference]:
        for key in self.lacking:
            yield Difference(code="missing", ledger="books", about=key, cause="it is not in the books", said={})


@dataclass
class MemoryHub:
    """Keeps what it receives; a canonical order is decided on arrival unless `slow`."""

    archive: MemoryArchive = field(default_factory=MemoryArchive)
    stock: MemoryStock = field(default_factory=MemoryStock)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    webhooks: Shop = field(default_factory=Shop)
    inbox: Any = None
    holds: MemoryHolds = field(default_factory=MemoryHolds)
    returns: Any = None
    erasing: Any = None
    host: str = "127.0.0.1"
    port: int = 0
    largest_body: int = 50_000
    name: str = "test-hub"
    hindsight: MemoryHindsight = field(default_factory=MemoryHindsight)
    books: MemoryBooks = field(default_factory=MemoryBooks)
    slow: bool = False
    broken: bool = False
    received: list[Arrival] = field(default_factory=list)
    keys: dict[tuple[str | None, str], tuple[bytes, Receipt]] = field(default_factory=dict)
    drained: int = 0
    doors: Sequence[Door] = (Door("northwind", "Northwind", "partner"), Door("harbor", "Harbor", "partner"))

    def offered(self, partner: str, rows: Sequence[StockRow]) -> Decimal:
        """All but one."""
        return sum((row.available for row in rows), Decimal(-1))

    def staleness(self) -> list[Mapping[str, Any]]:
        return [{"connection": "trailhead", "what": "orders", "seconds": 40.0, "limit": 360.0, "fresh": True}]

    def read_canonical(self, kind: str, content: bytes) -> tuple[Document | None, Sequence[Finding]]:
        return read_canonical(kind, content)

    async def receive(self, arrival: Arrival) -> Receipt:
        if self.broken:
            raise RuntimeError("secret detail of our insides")
        digest = hashlib.sha256(arrival.content).hexdigest()
        key = (arrival.source, arrival.transport_key or f"unkeyed {len(self.received)}")
        if key in self.keys:
            content, first = self.keys[key]
            return replace(first, status="duplicate" if content == arrival.content else "conflict")
        self.received.append(arrival)
        receipt = Receipt(f"t{len(self.received)}", "accepted", digest, NOON)
        self.keys[key] = (arrival.content, receipt)
        return receipt

    async def order_of(self, receipt: Receipt, patience: float) -> Mapping[str, Any] | None:
        arrival = next(kept for kept in self.received if hashlib.sha256(kept.content).hexdigest() == receipt.sha256)
        if self.slow or arrival.facts.get("kind") != "PurchaseOrder":
            return None
        order = PurchaseOrder.model_validate_json(arrival.content)
        return order_row(f"{arrival.source}/{order.number}", str(arrival.source), order.number, status="allocated")

    async def lineage(self, document: str) -> Mapping[str, Any] | None:
        row = self.archive.papers.get(document)
        return None if row is None else {"document": document, "map": None, "values": {}, "reasons": {}}

    def reconcile(self) -> MemoryBooks:
        return self.books

    async def drain(self) -> None:
        self.drained += 1

    async def work(self, roles: frozenset[str]) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> Mapping[str, Any]:
        return {"ready": not self.broken, "checks": {"store": not self.broken}}


def filled_hub() -> MemoryHub:
    """A hub with two partners' orders, a hostile one among them, and an exception."""
    hub = MemoryHub()
    tokens = {"northwind": Bearer("northwind", None), "harbor": Bearer("harbor", None)}
    hub.access.tokens = tokens | {role: Bearer(None, role) for role in ("viewer", "operator", "admin", "erp")}
    archive = hub.archive
    paper = {
        "direction": "in", "identity": "NW-1//original", "sha256": "ab" * 32, "received_at": NOON.isoformat(),
        "status": "decided", "order": "northwind/NW-1",
    }  # fmt: skip
    archive.papers["d1"] = {**paper, "id": "d1", "partner": "northwind", "kind": "PurchaseOrder", "findings": [],
        "reasons": {"number": "rule:secret"},
        "document": {"number": "NW-1", "notes": [{"text": CANARY}], "total": "50.00"}}  # fmt: skip
    archive.papers["d2"] = {**paper, "id": "d2", "partner": "reno", "direction": "out", "kind": "FulfilmentOrder",
        "findings": [{"code": "odd", "severity": "warning", "where": {"segment": 3}, "message": CANARY}],
        "document": {"number": "F1"}}  # fmt: skip
    archive.bytes_of["d1"] = Rendered(X12, "application/edi-x12", "in.edi")
    archive.bytes_of["d2"] = Rendered(CANARY.encode(), "text/html", 'a"b\n.html')
    archive.rows["northwind/NW-1"] = order_row(
        "northwind/NW-1", "northwind", "NW-1",
        timeline=[
            entry("document_received", "PurchaseOrder", "NW-1 decided", partner="northwind", document="d1"),
            entry("event", "order_accepted", {"note": CANARY}, seq=1),
            entry("document_sent", "FulfilmentOrder", "F1 ready", partner="reno", document="d2"),
            entry("delivery", "delivered", "delivered", document="d2"),
            entry("exception", "order-conflict", CANARY, document="d1"),
        ],
        documents=[archive.papers["d1"], archive.papers["d2"]], explanations=[EXPLANATION],
    )  # fmt: skip
    archive.rows["harbor/H-1"] = order_row("harbor/H-1", "harbor", CANARY, status="backordered")
    archive.troubles["x1"] = {"id": "x1", "code": "unknown-sender", "reason": CANARY, "owner": "order desk",
        "status": "open", "at": NOON.isoformat(),
        "facts": {"isa": "WHO", "findings": archive.papers["d2"]["findings"]}}  # fmt: skip
    return hub


@pytest.fixture
def hub() -> MemoryHub:
    """A hub with a little story in it."""
    return filled_hub()


@dataclass
class Client:
    """A caller of the served hub."""

    served: Served
    session: aiohttp.ClientSession

    async def __call__(self, method: str, path: str, token: str | None = None, **more: Any) -> aiohttp.ClientResponse:
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = self.served.url + path
        response = await self.session.request(method, url, headers=headers, allow_redirects=False, **more)
        await response.read()
        return response

    async def problem(self, status: int, *call: Any, **more: Any) -> dict[str, Any]:
        """A call that must fail with `status`, as a problem document."""
        response = await self(*call, **more)
        assert response.status == status, await response.text()
        assert response.content_type == "application/problem+json"
        body: dict[str, Any] = await response.json()
        assert body["status"] == status
        assert body["type"].startswith("urn:crossdock:problem:")
        return body


@pytest.fixture
async def client(hub: MemoryHub) -> AsyncIterator[Client]:
    """A client of the hub, served on loopback."""
    async with serve(hub, "127.0.0.1", 0) as served, aiohttp.ClientSession(auto_decompress=False) as session:
        yield Client(served, session)


# --- the command line -----------------------------------------------------------------------------------------------


@dataclass
class MemoryBench:
    """Tools that answer what they were told to."""

    findings: Sequence[Finding] = ()
    asked: list[tuple[TranslateRequest | InspectRequest, bytes]] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer([], ok=True))

    def check(self) -> Sequence[Finding]:
        return self.findings

    def translate(self, request: TranslateRequest) -> Answer:
        self.asked.append((request, request.content))
        return self.answer

    def inspect(self, request: InspectRequest) -> Answer:
        self.asked.append((request, request.content))
        return self.answer

    def schema(self) -> Mapping[str, Any]:
        return {"PurchaseOrder": PurchaseOrder.model_json_schema(), "Hub": {"type": "object"}}

    def partners(self) -> Sequence[Mapping[str, Any]]:
        return [{"id": "northwind", "name": "Northwind", "identifiers": {"x12": "NORTHWIND"}, "documents": ["850"]}]

    def connectors(self) -> Sequence[Mapping[str, Any]]:
        return [{"name": "shopify", "title": "Shopify", "documents": ["PurchaseOrder"], "origin": "built in"}]

    def doctor(self) -> Sequence[Mapping[str, Any]]:
        return [{"name": "python", "ok": True, "detail": "3.11", "mend": ""}]


@dataclass
class Story:
    """A rehearsal of one act, which can take an entry from the books."""

    expected: Mapping[str, int]
    books: MemoryBooks

    def acts(self) -> Sequence[Mapping[str, str]]:
        return [{"title": "One order", "door": "northwind", "file": "po.edi"}]

    async def play(self, hub: Hub) -> AsyncIterator[Beat]:
        yield {"what": "act", "detail": "One order"}
        yield {"what": "received", "detail": "an order \x1b[31mfrom Northwind", "door": "northwind"}

    def expected_exceptions(self) -> Mapping[str, int]:
        return self.expected

    @contextmanager
    def spoil(self) -> Iterator[str]:
        self.books.lacking.append("j1")
        yield "somebody deletes j1"
        self.books.lacking.pop()


@dataclass
class MemoryBuilder:
    """Hands out the one hub and bench, and remembers where it was asked to."""

    hub: MemoryHub
    bench: MemoryBench = field(default_factory=MemoryBench)
    expected: Mapping[str, int] = field(default_factory=lambda: {"unknown-sender": 1})
    places: list[tuple[Path, Path | None]] = field(default_factory=list)
    fault: Finding | None = None

    def workbench(self, config: Path) -> Workbench:
        self.places.append((config, None))
        if self.fault:
            raise Misconfigured("the configuration cannot be used", [self.fault])
        return self.bench

    def authoring(self, config: Path, data: Path) -> Any:
        """No connection, so that nothing is stale."""
        self.places.append((config, data))
        return self

    def staleness(self) -> list[Mapping[str, Any]]:
        return []

    @asynccontextmanager
    async def open(self, config: Path, data: Path) -> AsyncIterator[Hub]:
        self.places.append((config, data))
        if self.fault:
            raise Misconfigured("the configuration cannot be used", [self.fault])
        yield self.hub

    @asynccontextmanager
    async def rehearse(self, config: Path, data: Path) -> AsyncIterator[tuple[Hub, Rehearsal]]:
        self.places.append((config, data))
        yield self.hub, Story(self.expected, self.hub.books)


@pytest.fixture
def builder(hub: MemoryHub) -> MemoryBuilder:
    """A composition root over the hub."""
    return MemoryBuilder(hub)


@dataclass
class Ran:
    """How one call of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def crossdock(builder: MemoryBuilder, capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Run one command."""

    def run(*argv: str) -> Ran:
        root: Builder = builder
        code = main(root, argv)
        streams = capsysbinary.readouterr()
        return Ran(code, streams.out.decode(), streams.err.decode())

    return run

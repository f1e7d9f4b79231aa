"""A small street for the tests of store and flow: the real decision, a JSON language, and a courier that obeys."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from canonical import (
    Acknowledgment,
    Document,
    Finding,
    PurchaseOrder,
    ShipmentAdvice,
    Unavailable,
    document_of,
)
from canonical.exchange import Arrival, Handed, Incoming, Numbers, Parcel, Reading, Rendered, Reply
from router.decide import decide
from router.flow import Deliver, Flow, Intake, Render, RetryPolicy, RouteOrders, Schedule, Translate
from router.needs import needs
from router.policy import Policy
from store import Store, open_store

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESS = {"lines": ["1 Main Street"], "city": "Joliet", "region": "IL", "postal_code": "60433", "country": "US"}
COSTS = {"unfilled": "1000"}
NODE = {"place": {"latitude": "41.5", "longitude": "-88.1"}, "time_zone": "UTC", "address": ADDRESS}
POLICY = Policy.model_validate(
    {
        "company": {"name": "Ours", "gs1_prefix": "0614141"},
        "network": {
            "nodes": [
                {"id": "EAST", "name": "East", "operator": "wh-east", **NODE},
                {"id": "WEST", "name": "West", "operator": "wh-west", **NODE},
            ],
        },
        "routing": {
            "costs": COSTS,
            "freight": [{"zone": "all", "shipment": "5", "pound": "0.1", "transit_days": 2}],
            "places": {"US-IL": NODE["place"]},
        },
        "posting": {
            "accounts": {
                "1200": "Receivable",
                "2200": "Tax",
                "4000": "Sales",
                "5000": "Cost",
                "5900": "Tax differences",
                "1300": "Stock",
            },
            "rules": [
                {
                    "name": "cost",
                    "event": "shipment",
                    "lines": [{"debit": "5000", "amount": "cost"}, {"credit": "1300", "amount": "cost"}],
                },
                {
                    "name": "sale",
                    "event": "invoice",
                    "lines": [
                        {"debit": "1200", "amount": "total"},
                        {"credit": "4000", "amount": "goods"},
                        {"credit": "2200", "amount": "tax"},
                    ],
                },
                {
                    "name": "tax trued up",
                    "event": "tax_difference",
                    "lines": [{"debit": "5900", "amount": "difference"}, {"credit": "2200", "amount": "difference"}],
                },
            ],
            "destinations": [{"connection": "erp"}],
        },
        "catalogue": {
            "items": [
                {
                    "sku": sku,
                    "price": {"amount": "2", "currency": "USD"},
                    "cost": {"amount": "1", "currency": "USD"},
                    "weight": {"value": "1", "unit": "LB"},
                }
                for sku in "ABCDEFGHIJ"
            ]
        },
    }
)


class SteppingClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> datetime:
        return self.instant

    def advance(self, **by: float) -> None:
        self.instant += timedelta(**by)


class CountingIds:
    """Ids in sequence."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        return f"{next(self._numbers):08d}"


class EvenRandomness:
    """Always the middle."""

    def random(self) -> float:
        return 0.5


@dataclass(frozen=True)
class JsonDraft:
    """A document in the JSON language, wanting one control number."""

    document: Document
    to: str
    findings: Sequence[Finding] = ()

    @property
    def counters(self) -> Sequence[str]:
        return (f"{self.to}/group",)

    def render(self, numbers: Numbers, at: datetime) -> Rendered:
        number = numbers[f"{self.to}/group"]
        said = {"number": number, "kind": self.document.kind, "document": self.document.as_json()}
        control = {"group": str(number), "set": "0001"}
        return Rendered(json.dumps(said).encode(), "application/json", f"{number:09d}.json", control)


class JsonLanguage:
    """Bytes are a JSON list of documents; each transmission is answered with one acknowledgment."""

    def __init__(self) -> None:
        self.answers = count(1)
        self.refuses: set[str] = set()
        self.breaks_on: set[str] = set()

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        try:
            said = json.loads(content)
        except ValueError:
            return Reading(findings=(Finding("not-json", "error", {}, "it is not JSON"),))
        documents = tuple(_incoming(part, source) for part in said)
        if source is None or any(part["kind"] == "Acknowledgment" for part in said):
            return Reading(documents)
        answer = Acknowledgment(number=str(next(self.answers)), level="group", type="997", verdict="accepted")
        return Reading(documents, (Reply(answer, source, JsonDraft(answer, source)),), syntax="json")

    def write(self, document: Document, to: str) -> JsonDraft | None:
        if document.kind in self.breaks_on:
            raise RuntimeError("the map broke")
        if document.kind in self.refuses:
            return None
        return JsonDraft(document, to)


def _incoming(part: Mapping[str, Any], source: str | None) -> Incoming:
    return Incoming(
        kind=part["kind"],
        document=document_of(part["kind"], json.dumps(part["document"])),
        place={"set": part.get("set", "0001")},
        findings=tuple(Finding(code, "error", {}, code) for code in part.get("errors", ())),
        transport_key=part.get("transport_key"),
        window=timedelta(days=part["window"]) if "window" in part else None,
        sender=part.get("sender", source),
        accepted=part.get("accepted", True),
    )


@dataclass
class ObedientCourier:
    """Takes everything, keeps the receivers' own ledgers, and fails as it is told."""

    taken: list[Parcel] = field(default_factory=list)
    orders: dict[str, list[Exception]] = field(default_factory=dict)
    """destination -> what to raise, one for each attempt."""
    accepts_then_fails: bool = False
    hold: asyncio.Event | None = None

    async def deliver(self, parcel: Parcel) -> Handed:
        if self.hold is not None and parcel.destination in self.orders:
            await self.hold.wait()
        failures = self.orders.get(parcel.destination)
        if failures:
            error = failures.pop(0)
            if isinstance(error, Unavailable) and error.ambiguous:
                self.taken.append(parcel)
            raise error
        self.taken.append(parcel)
        return Handed({"at": parcel.destination})

    def effects(self, kind: str) -> dict[str, Parcel]:
        """One parcel a key: what a receiver that heeds the key has seen."""
        return {parcel.key: parcel for parcel in self.taken if parcel.kind == kind}


class StillTicker:
    """Never ticks."""

    async def run(self, jobs: Mapping[str, Any]) -> None:
        await asyncio.Event().wait()


@dataclass
class Street:
    """A store and a flow over it, in reach of the test."""

    store: Store
    flow: Flow
    intake: Intake
    clock: Any
    language: JsonLanguage
    courier: Any

    async def send(self, *documents: Document | Mapping[str, Any], source: str | None = "acme", **extra: Any) -> Any:
        return await self.intake.receive(arrival(*documents, source=source, **extra))

    async def settle(self) -> None:
        await self.flow.drain()

    async def sound(self) -> list[str]:
        return [f"{fault.code} {fault.where}: {fault.message}" async for fault in self.store.archive.audit()]

    async def order(self, number: str) -> Mapping[str, Any]:
        found = await self.store.archive.order(number)
        assert found is not None, number
        return found

    async def codes(self) -> list[str]:
        return [row["code"] for row in await self.store.archive.exceptions()]

    async def kinds_out(self) -> Mapping[str, int]:
        return (await self.store.archive.overview())["documents_out"]


def assemble(
    store: Store, clock: Any, randomness: Any, courier: Any, language: Any, policy: Policy | None = None, **deliver: Any
) -> tuple[Flow, Intake]:
    """Wire the steps as the composition root does, by the street's own policy where no other is given."""
    policy = policy or POLICY
    intake = Intake(store.inbox)
    translate = Translate(store.inbox, language, policy)
    deliver.setdefault("understand", translate.understand)
    flow = Flow(
        translate=translate,
        route=RouteOrders(store.lanes, decide, needs, policy, clock),
        render=Render(store.outbox, language),
        deliver=Deliver(store.outbox, courier, clock, randomness, **deliver),
        schedule=Schedule(intake, (), store.lanes, StillTicker(), store.turns),
        peers=store.peers,
    )
    return flow, intake


@asynccontextmanager
async def open_street(
    url: str, agreed: Any = None, courier: Any = None, language: Any = None, **deliver: Any
) -> AsyncIterator[Street]:
    clock, language, courier = SteppingClock(), language or JsonLanguage(), courier or ObedientCourier()
    deliver.setdefault("retry", RetryPolicy(tries=3))
    async with open_store(url, clock, CountingIds(), agreed=agreed) as store:
        flow, intake = assemble(store, clock, EvenRandomness(), courier, language, **deliver)
        yield Street(store, flow, intake, clock, language, courier)


def arrival(
    *documents: Document | Mapping[str, Any], source: str | None, key: str | None = None, **part: Any
) -> Arrival:
    said = [
        {"kind": each.kind, "document": each.as_json(), **part} if isinstance(each, Document) else each
        for each in documents
    ]
    return Arrival(source, "http", json.dumps(said).encode(), key, {"filename": "in.json"})


def purchase(number: str, quantity: int = 1, sku: str = "A", **fields: Any) -> PurchaseOrder:
    """An order of one line."""
    return PurchaseOrder.model_validate(
        {
            "number": number,
            "ordered_on": "2026-03-02",
            "currency": "USD",
            "parties": [{"role": "ship_to", "name": "Store", "address": ADDRESS}],
            "lines": [
                {
                    "number": "1",
                    "items": {"sku": sku},
                    "quantity": {"value": str(quantity), "unit": "EA"},
                    "price": {"amount": "2", "currency": "USD"},
                }
            ],
            **fields,
        }
    )


def advice(fulfilment: Mapping[str, Any], number: str) -> ShipmentAdvice:
    """The node's word that all of a fulfilment order left."""
    lines = [
        {
            "number": line["number"],
            "line_number": line.get("order_line"),
            "items": line["items"],
            "quantity": line["quantity"],
            "ordered": line["quantity"],
        }
        for line in fulfilment["lines"]
    ]
    return ShipmentAdvice.model_validate(
        {
            "number": number,
            "fulfilment_order": fulfilment["number"],
            "order_number": fulfilment["order_number"],
            "shipped_on": "2026-03-03",
            "usage": fulfilment.get("usage", "production"),
            "lines": lines,
        }
    )


async def until(holds: Callable[[], object]) -> None:
    """Wait until something outside the loop's sight holds; fails after a while."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.01)


async def stocked(street: Street, sku: str = "A", east: int = 100, west: int = 100) -> None:
    await street.store.stock.set(sku, "EAST", Decimal(east))
    await street.store.stock.set(sku, "WEST", Decimal(west))


def fulfilments(street: Street) -> list[tuple[str, Mapping[str, Any]]]:
    """(operator, fulfilment order) for each that a warehouse got."""
    parcels = street.courier.effects("FulfilmentOrder").values()
    return [(parcel.destination, json.loads(parcel.content)["document"]) for parcel in parcels]

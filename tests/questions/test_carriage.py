"""Orders whose carriage the hub buys: rates, labels and tracking; answers late, twice, or none at all."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    Document,
    Label,
    LabelRequest,
    Money,
    PurchaseOrder,
    RateQuote,
    RateRequest,
    ServiceRate,
    TrackingUpdate,
)
from canonical.exchange import Arrival, Handed, Parcel
from router.decide import decide
from router.flow import replay
from router.network import Network
from router.promise import days_on_the_way
from router.shopping_terms import Shopping
from router.transit import Learning
from tests.flow import street as streets
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import ObedientCourier, Street, advice, fulfilments, open_street, purchase, stocked

PRICES = {"ground": ("9.00", 3), "3_day": ("12.00", 2), "next_day": ("31.00", 1)}
ESTIMATES = [
    {"carrier": "UPSN", "service": "ground"},
    {"carrier": "UPSN", "service": "next_day", "times": 3, "transit_days": 1},
]


def terms(**more: Any) -> dict[str, Any]:
    return {"ask": "brown", "within": "PT30S", "estimates": ESTIMATES, **more}


@dataclass
class Carrier(ObedientCourier):
    """A carrier with a ledger of its own, by our reference: what it labelled, and what it voided."""

    questions: list[Any] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """Kinds of questions that it takes and does not answer."""

    async def deliver(self, parcel: Parcel) -> Handed:
        handed = await super().deliver(parcel)
        question = parcel.document
        if not isinstance(question, RateRequest | LabelRequest):
            return handed
        self.questions.append(question)
        answered = self.answer(question, parcel.destination)
        return handed if question.kind in self.silent else Handed(handed.receipt, answered)

    def answer(self, question: RateRequest | LabelRequest, source: str = "brown") -> Arrival:
        told = self._rates(question) if isinstance(question, RateRequest) else self._label(question)
        content = json.dumps([{"kind": told.kind, "document": told.as_json()}]).encode()
        return Arrival(source, "answer", content, None, {})

    def _rates(self, question: RateRequest) -> RateQuote:
        rates = (
            ServiceRate(carrier="UPSN", service=name, price=Money(amount=price, currency="USD"), transit_days=days)
            for name, (price, days) in PRICES.items()
        )
        return RateQuote(question=question.number, rates=tuple(rates))

    def _label(self, question: LabelRequest) -> Label:
        if question.purpose == "void":
            self.voided.add(question.voids or "")
            return Label(question=question.number, status="voided", reference=question.voids)
        tracking = self.labels.setdefault(question.shipment, f"1Z{len(self.labels) + 1:04d}")
        drawn = [{"format": "pdf", "content": b64encode(b"%PDF").decode()}]
        packages = [
            {"tracking_number": tracking if index == 0 else f"{tracking}-{index}", "documents": drawn}
            for index, _ in enumerate(question.packages)
        ]
        return Label.model_validate({"question": question.number, "reference": tracking, "packages": packages})

    @property
    def live(self) -> set[str]:
        return set(self.labels.values()) - self.voided

    def last(self, kind: type[Document]) -> Any:
        return [one for one in self.questions if isinstance(one, kind)][-1]


@pytest.fixture(params=KINDS)
async def open_carried(request, tmp_path, monkeypatch):
    opened: list[Any] = []

    async def opening(**more: Any) -> Street:
        policy = streets.POLICY
        nodes = [node.model_copy(update={"ships": "hub", "takes_back": True}) for node in policy.network.nodes]
        carriers = policy.routing.carriers.model_copy(update={"learn": more.pop("learn", None)})
        shipping = Shopping.model_validate(terms(**more))
        routing = policy.routing.model_copy(update={"shipping": shipping, "carriers": carriers})
        whole = policy.model_copy(update={"network": Network(nodes=tuple(nodes)), "routing": routing})
        monkeypatch.setattr(streets, "POLICY", whole)
        context = open_street(await fresh_url(request.param, tmp_path), courier=Carrier())
        opened.append((context, await context.__aenter__()))
        return opened[-1][1]

    yield opening
    for context, street in opened:
        assert await street.sound() == []
        await context.__aexit__(None, None, None)


@pytest.fixture
def ordered(open_carried) -> Callable[..., Any]:
    """Opens a street, and places an order there."""

    async def placing(quantity: int = 5, silent: tuple[str, ...] = (), dates: Any = None, **more: Any) -> Street:
        street = await open_carried(**more)
        street.courier.silent = set(silent)
        await stocked(street)
        await street.send(purchase("PO1", quantity, **({"dates": dates} if dates else {})))
        await street.settle()
        return street

    return placing


async def later(street: Street, **by: float) -> None:
    street.clock.advance(**by)
    await street.flow.schedule.wake()
    await street.settle()


async def events(street: Street, kind: str) -> list[Any]:
    return [event for event in (await street.order("PO1"))["timeline"] if event["kind"] == kind]


def cancellation() -> PurchaseOrder:
    return purchase("PO1", 5).changed(purpose="cancel")


def tracking(number: str, *statuses: str) -> TrackingUpdate:
    told = [{"status": status, "at": f"2026-03-0{day}T10:00:00Z"} for day, status in enumerate(statuses, start=4)]
    return TrackingUpdate.model_validate({"number": number, "carrier": {"scac": "UPSN"}, "events": told})


async def test_the_cheapest_service_that_keeps_the_promise_is_labelled_before_release(ordered):
    street = await ordered(dates={"requested_delivery": "2026-03-04"})
    assert (await street.order("PO1"))["status"] == "released"
    assert street.courier.last(LabelRequest).carrier.service == "3_day"
    [(_, fulfilment)] = fulfilments(street)
    assert fulfilment["freight"]["carrier"] == {"scac": "UPSN", "service": "3_day"}
    assert [one["value"] for one in fulfilment["references"]] == ["1Z0001"]


@pytest.mark.parametrize(
    ("preferences", "service"),
    [
        ({}, "ground"),
        ({"services": ["3_day", "next_day"]}, "3_day"),
        ({"bias": {"ground": 5}}, "3_day"),
        ({"most": 8}, None),
    ],
)
async def test_preferences_decide_which_service_is_taken(ordered, preferences, service):
    street = await ordered(dates={"requested_delivery": "2026-03-09"}, **preferences)
    told = await events(street, "service_chosen")
    assert [one["detail"]["service"] for one in told] == ([service] if service else [])
    assert await street.codes() == ([] if service else ["service-missing"])


async def test_goods_too_heavy_for_one_package_go_in_several_each_with_a_label(ordered):
    street = await ordered(quantity=12, parcel={"pounds": 5})
    packages = street.courier.last(LabelRequest).packages
    assert [str(one.weight.value) for one in packages] == ["4.0"] * 3
    [(_, fulfilment)] = fulfilments(street)
    assert len(fulfilment["references"]) == 3


async def test_the_label_stays_as_a_document_of_the_order(ordered):
    street = await ordered()
    kinds = [one["kind"] for one in (await street.order("PO1"))["documents"]]
    assert {"RateQuote", "Label"} <= set(kinds)


async def test_a_silent_carrier_is_estimated_for_and_the_order_goes_on(ordered):
    street = await ordered(silent=("RateRequest",))
    assert (await street.order("PO1"))["status"] == "held"
    await later(street, seconds=31)
    assert (await street.order("PO1"))["status"] == "released"
    [chosen] = await events(street, "service_chosen")
    assert (chosen["detail"]["estimated"], chosen["detail"]["service"]) == (True, "ground")
    assert len(street.courier.live) == 1


async def test_late_rates_change_nothing(ordered):
    street = await ordered(silent=("RateRequest",))
    await later(street, seconds=31)
    await street.intake.receive(street.courier.answer(street.courier.last(RateRequest)))
    await street.settle()
    assert len(await events(street, "service_chosen")) == 1
    assert len(street.courier.live) == 1


async def test_a_label_that_comes_after_the_order_was_cancelled_is_voided(ordered):
    street = await ordered(silent=("LabelRequest",))
    await street.send(cancellation())
    await street.settle()
    street.courier.silent = set()
    await street.intake.receive(street.courier.answer(street.courier.last(LabelRequest)))
    await street.settle()
    assert street.courier.live == set()
    assert fulfilments(street) == []
    assert len(await events(street, "label_voided")) == 1


async def test_a_label_answered_twice_is_bought_once(ordered):
    street = await ordered()
    await street.intake.receive(street.courier.answer(street.courier.last(LabelRequest)))
    await street.settle()
    assert len(await events(street, "label_bought")) == 1
    assert len(street.courier.live) == 1


async def test_a_cancelled_order_gives_its_label_back(ordered):
    street = await ordered()
    await street.send(cancellation())
    await street.settle()
    assert (await street.order("PO1"))["status"] == "cancelled"
    assert street.courier.live == set()


async def test_a_label_comes_with_the_shipment_though_the_node_names_no_carrier(ordered):
    street = await ordered()
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, "S1"), source=operator)
    await street.settle()
    [notice] = street.courier.effects("ShipmentNotice").values()
    said = json.loads(notice.content)["document"]
    assert (said["tracking_numbers"], said["carrier"]["service"]) == (["1Z0001"], "3_day")


async def test_tracking_moves_the_timeline_to_delivery_and_repeats_nothing(ordered):
    street = await ordered()
    await street.send(tracking("1Z0001", "in_transit"), source="brown")
    await street.send(tracking("1Z0001", "in_transit", "delivered"), source="brown")
    await street.send(tracking("1Z0001", "in_transit", "delivered"), source="brown")
    await street.settle()
    told = [one["detail"]["status"] for one in await events(street, "shipment_tracked")]
    assert told == ["in_transit", "delivered"]


async def test_what_shipments_took_is_what_the_next_is_promised(open_carried):
    street = await open_carried(learn=Learning(shipments=2, quantile=Decimal(1)))
    await stocked(street)
    for number, came in (("PO1", "2026-03-06"), ("PO2", "2026-03-10")):
        await street.send(purchase(number, 1))
        await street.settle()
        operator, asked = fulfilments(street)[-1]
        await street.send(advice(asked, f"S-{number}"), source=operator)
        await street.settle()
        told = {
            "number": asked["references"][0]["value"],
            "events": [{"status": "delivered", "at": f"{came}T20:00:00Z"}],
        }
        for _ in range(2):
            await street.send(TrackingUpdate.model_validate(told), source="brown")
        await street.settle()
    await street.send(purchase("PO3", 1))
    await street.settle()
    days = [await promised_days(street, number) for number in ("PO1", "PO2", "PO3")]
    assert days == [2, 2, 5]
    assert [one async for one in replay(street.store.archive, decide, streets.POLICY)] == []


async def promised_days(street: Street, number: str) -> int:
    """The carrier days between the departure and the arrival that an order's channel was told."""
    told = [json.loads(parcel.content)["document"] for parcel in street.courier.effects("OrderAcknowledgment").values()]
    [outcome] = next(one for one in told if one["number"] == number)["lines"][0]["outcomes"]
    ship_on, deliver_on = (date.fromisoformat(outcome[name]) for name in ("ship_on", "deliver_on"))
    return days_on_the_way(ship_on, deliver_on, streets.POLICY.routing.carriers.delivery)


async def test_only_the_carrier_that_labelled_it_may_say_where_it_is(ordered):
    street = await ordered()
    await street.send(tracking("1Z0001", "delivered"), source="globex")
    await street.settle()
    assert await events(street, "shipment_tracked") == []


async def test_another_carrier_is_one_line_of_config(ordered):
    street = await ordered(ask="yellow")
    asked = {parcel.destination for parcel in street.courier.taken if parcel.kind in ("RateRequest", "LabelRequest")}
    assert asked == {"yellow"}
    assert (await street.order("PO1"))["status"] == "released"

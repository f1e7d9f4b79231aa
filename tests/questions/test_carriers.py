"""Carriers through their real connectors: each stand-in's ledger of labels against the order, whatever goes wrong."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.emulators.labels import DRAWN
from router.network import Network
from router.policy import Policy
from router.shopping_terms import Shopping
from tests.flow import street as streets
from tests.flow.street import Street, advice, fulfilments, purchase, stocked
from tests.questions.provider import ASKED, Trade, trading

IN_TIME = {"ups": "3_day_select", "easypost": "3DaySelect"}
"""By carrier, the cheapest service that keeps the promise of two days."""
DAWN = datetime(2026, 3, 3, 6, tzinfo=UTC)
WAY = ("picked_up", "out_for_delivery", "delivered")
"""What every carrier can say of a package's way."""


@pytest.fixture(params=IN_TIME)
def carried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Opens a street whose orders ask this carrier, on the terms given."""

    def opening(settings: dict[str, str] | None = None, **terms: Any) -> Any:
        return trading(request.param, buying(**terms), monkeypatch, tmp_path, **(settings or {}))

    opening.carrier = request.param  # type: ignore[attr-defined] - a test asks which it is
    return opening


def buying(**terms: Any) -> Policy:
    """The street's policy, with carriage bought by the hub."""
    nodes = [node.model_copy(update={"ships": "hub", "takes_back": True}) for node in streets.POLICY.network.nodes]
    shopping = Shopping.model_validate({"ask": ASKED, "silence": "wait", **terms})
    routing = streets.POLICY.routing.model_copy(update={"shipping": shopping})
    return streets.POLICY.model_copy(update={"network": Network(nodes=tuple(nodes)), "routing": routing})


async def order(made: Trade, quantity: int = 5) -> None:
    await stocked(made.street)
    await made.street.send(purchase("PO1", quantity))
    await made.go_on()


async def ship(made: Trade) -> None:
    for operator, fulfilment in fulfilments(made.street):
        await made.street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await made.go_on(times=1)


async def milestones(street: Street) -> list[str]:
    told = (await street.order("PO1"))["timeline"]
    return [one["detail"]["status"] for one in told if one["kind"] == "shipment_tracked"]


def tracking_numbers(made: Trade) -> list[str]:
    return [number for numbers in made.office.live.values() for number in numbers]


@pytest.mark.parametrize("label", ["pdf", "png", "zpl"])
async def test_the_cheapest_that_keeps_the_promise_is_labelled_once_in_the_format_wanted(carried, label):
    async with carried(label=label) as made:
        await order(made)
        kept = await made.street.order("PO1")
        assert (kept["status"], await made.street.codes()) == ("released", [])
        assert len(made.office.live) == 1
        [(_, fulfilment)] = fulfilments(made.street)
        assert fulfilment["freight"]["carrier"] == {"scac": "UPSN", "service": IN_TIME[carried.carrier]}
        assert [one["value"] for one in fulfilment["references"]] == tracking_numbers(made)
        [told] = [one for one in kept["documents"] if one["kind"] == "Label"]
        document = (await made.street.store.archive.document(told["id"]))["document"]
        [drawn] = document["packages"][0]["documents"]
        assert (drawn["format"], b64decode(drawn["content"])) == (label, DRAWN[label.upper()])
        assert Decimal(document["price"]["amount"]) > 10


@pytest.mark.parametrize("fault", ["server_error", "silent_after_accepting", "garbage", "too_many", "html"])
async def test_a_fault_at_any_call_labels_nothing_twice(carried, fault):
    for call in range(6):
        async with carried() as made:
            made.office.faults.silence = 0.01
            made.office.faults.queue.extend([None] * call + [fault])
            await order(made)
            assert (await made.street.order("PO1"))["status"] == "released"
            assert len(made.office.live) == 1
            [(_, fulfilment)] = fulfilments(made.street)
            assert [one["value"] for one in fulfilment["references"]] == tracking_numbers(made)


async def test_several_packages_have_a_label_each_under_one_shipment(carried):
    async with carried(parcel={"pounds": 2}) as made:
        await order(made)
        [numbers] = made.office.live.values()
        assert len(numbers) == 3
        [told] = [one for one in (await made.street.order("PO1"))["documents"] if one["kind"] == "Label"]
        document = (await made.street.store.archive.document(told["id"]))["document"]
        assert [one["tracking_number"] for one in document["packages"]] == list(numbers)
        assert all(len(one["documents"]) == 1 for one in document["packages"])


async def test_a_cancelled_order_is_voided_at_the_carrier(carried):
    async with carried(parcel={"pounds": 2}) as made:
        await order(made)
        assert len(made.office.live) == 1
        await made.street.send(purchase("PO1", 5).changed(purpose="cancel"))
        await made.go_on()
        assert made.office.live == {}
        assert (await made.street.order("PO1"))["status"] == "cancelled"


async def test_what_the_carrier_pushes_is_followed_to_delivery_and_passed_on(carried):
    async with carried() as made:
        await order(made)
        await ship(made)
        [number] = tracking_numbers(made)
        for hours, milestone in enumerate(WAY):
            assert await made.office.tell(number, milestone, DAWN + timedelta(hours=hours), made.url) == 200
        await made.go_on(times=1)
        heard = await milestones(made.street)
        assert (heard[-2:], await made.street.codes()) == (["out_for_delivery", "delivered"], [])
        passed = [
            json.loads(one.content)["document"] for one in made.street.courier.taken if one.kind == "TrackingUpdate"
        ]
        assert [one["status"] for update in passed for one in update["events"]] == heard
        assert {update["references"][0]["value"] for update in passed} == {"PO1"}


async def test_an_event_that_is_not_proved_changes_nothing(carried):
    async with carried() as made:
        await order(made)
        await ship(made)
        made.office.webhook_secret = "another"
        for destination in getattr(made.office, "subscribed", {}).values():
            destination["credential"] = "another"
        [number] = tracking_numbers(made)
        assert await made.office.tell(number, "delivered", DAWN, made.url) == 401
        await made.go_on(times=1)
        assert await milestones(made.street) == []


async def test_a_carrier_that_says_nothing_is_asked_until_it_has_delivered(carried):
    async with carried(track_every="PT6H", parcel={"pounds": 3}) as made:
        await order(made)
        await ship(made)
        first, second = tracking_numbers(made)
        made.office.note(first, "delivered", DAWN)
        made.office.note(second, "out_for_delivery", DAWN)
        await made.go_on(seconds=6 * 3600, times=2)
        made.office.note(second, "delivered", DAWN + timedelta(hours=5))
        await made.go_on(seconds=6 * 3600, times=2)
        assert (await milestones(made.street)).count("delivered") == 2
        asked = len(made.office.requests)
        await made.go_on(seconds=6 * 3600, times=3)
        assert len(made.office.requests) == asked
        assert await made.street.codes() == []


async def test_a_carrier_that_knows_nothing_yet_is_no_trouble(carried):
    async with carried(track_every="PT6H") as made:
        await order(made)
        await ship(made)
        await made.go_on(seconds=6 * 3600, times=3)
        assert (await made.street.codes(), (await made.street.order("PO1"))["status"]) == ([], "shipped")

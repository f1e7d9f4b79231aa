"""When goods leave and arrive, in the node's own clock and calendar, and over which zone."""

from datetime import UTC, date, datetime

import pytest

from canonical import Address, OrderAcknowledgment
from router.decide import decide
from router.decision import World
from router.freight import band_of, miles_between, place_of
from router.network import Place
from router.policy import Policy
from router.promise import delivery_date, ship_date
from tests.router.documents import DALLAS, FONTANA, PORTLAND, line, purchase_order


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("node", "now", "leaves"),
    [
        ("dc-reno", utc(16, 22), date(2026, 11, 16)),  # 14:00 in Reno: the cut-off itself
        ("dc-reno", utc(16, 22, 1), date(2026, 11, 17)),
        ("dc-columbus", utc(16, 20, 1), date(2026, 11, 17)),  # 15:01 in Columbus, 12:01 in Reno
        ("dc-reno", utc(17, 3), date(2026, 11, 17)),  # still the 16th in Reno, after its cut-off
        ("dc-reno", utc(20, 23), date(2026, 11, 23)),  # Friday afternoon
        ("store-austin", utc(20, 23), date(2026, 11, 21)),  # the store works on Saturday
        ("dc-reno", utc(26, 1), date(2026, 11, 27)),  # Wednesday evening there, then Thanksgiving
    ],
)
def test_goods_leave_by_the_nodes_own_clock_and_calendar(
    policy: Policy, node: str, now: datetime, leaves: date
) -> None:
    assert ship_date(policy.network.by_id[node], now) == leaves


def test_goods_do_not_leave_before_they_may_and_handling_takes_working_days(policy: Policy) -> None:
    reno = policy.network.by_id["dc-reno"]
    assert ship_date(reno, utc(16, 17), not_before=date(2026, 11, 21)) == date(2026, 11, 23)
    slow = reno.model_copy(update={"handling_days": 3})
    assert ship_date(slow, utc(20, 17)) == date(2026, 11, 25)


def test_a_node_that_never_works_does_not_stop_the_hub(policy: Policy) -> None:
    closed = policy.network.by_id["dc-reno"].model_copy(update={"working_days": ()})
    assert ship_date(closed, utc(16, 17)) == date(2026, 11, 16)


def test_transit_counts_monday_to_friday() -> None:
    assert delivery_date(date(2026, 11, 19), 0) == date(2026, 11, 19)
    assert delivery_date(date(2026, 11, 19), 2) == date(2026, 11, 23)


def test_a_destinations_zone_is_its_distance(policy: Policy) -> None:
    reno, columbus = policy.network.by_id["dc-reno"], policy.network.by_id["dc-columbus"]
    assert miles_between(Place(latitude=40, longitude=-74), Place(latitude=40, longitude=-74)) == 0  # type: ignore[arg-type]
    places = [place_of(address, policy.routing) for address in (FONTANA, DALLAS, PORTLAND)]
    assert [band_of(reno, place, policy.routing).zone for place in places] == ["4", "6", "8"]
    assert [band_of(columbus, place, policy.routing).zone for place in places] == ["8", "6", "5"]
    assert band_of(reno, place_of(Address(country="NZ", city="Nelson"), policy.routing), policy.routing).zone == "8"


def test_the_answer_promises_departure_and_arrival(policy: Policy, world: World) -> None:
    decision = decide(None, purchase_order(line("1", "CS-1001", "3")), world, policy, sender="northwind")
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    [outcome] = answer.lines[0].outcomes
    assert (outcome.ship_on, outcome.deliver_on) == (date(2026, 11, 16), date(2026, 11, 18))

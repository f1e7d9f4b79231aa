"""When goods leave and arrive, in the node's own clock and calendar, and over which zone."""

from datetime import UTC, date, datetime, time

import pytest

from canonical import Address, OrderAcknowledgment
from router.decide import decide
from router.decision import World
from router.freight import band_of, miles_between, place_of
from router.network import Place
from router.policy import Policy
from router.promise import delivery_date, ship_date
from router.routing import CarrierDays
from tests.router.documents import DALLAS, FONTANA, PORTLAND, line, purchase_order

CARRIERS = CarrierDays()


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
    assert ship_date(policy.network.by_id[node], now, CARRIERS) == leaves


def test_goods_do_not_leave_before_they_may_and_handling_takes_working_days(policy: Policy) -> None:
    reno = policy.network.by_id["dc-reno"]
    assert ship_date(reno, utc(16, 17), CARRIERS, not_before=date(2026, 11, 21)) == date(2026, 11, 23)
    slow = reno.model_copy(update={"handling_days": 3})
    assert ship_date(slow, utc(20, 17), CARRIERS) == date(2026, 11, 25)


def test_a_node_that_never_works_does_not_stop_the_hub(policy: Policy) -> None:
    closed = policy.network.by_id["dc-reno"].model_copy(update={"working_days": ()})
    assert ship_date(closed, utc(16, 17), CARRIERS) == date(2026, 11, 16)


def test_goods_leave_when_the_node_works_and_a_carrier_collects(policy: Policy) -> None:
    store, weekdays = policy.network.by_id["store-austin"], CarrierDays(collects_on=("mon", "tue", "wed", "thu", "fri"))
    assert ship_date(store, utc(20, 23), weekdays) == date(2026, 11, 23)
    assert ship_date(store, utc(16, 15), CarrierDays(closed_on=(date(2026, 11, 16),))) == date(2026, 11, 17)


def test_a_collection_before_the_nodes_cut_off_is_the_cut_off(policy: Policy) -> None:
    early = CarrierDays(cut_off=time(12))
    assert ship_date(policy.network.by_id["dc-reno"], utc(16, 20), early) == date(2026, 11, 16)
    assert ship_date(policy.network.by_id["dc-reno"], utc(16, 20, 1), early) == date(2026, 11, 17)


def test_calendars_without_a_day_in_common_do_not_stop_the_hub(policy: Policy) -> None:
    sundays = CarrierDays(collects_on=("sun",))
    assert ship_date(policy.network.by_id["dc-reno"], utc(16, 17), sundays) > date(2027, 11, 16)


def test_transit_counts_the_days_when_carriers_deliver() -> None:
    assert delivery_date(date(2026, 11, 19), 0, CARRIERS.delivery) == date(2026, 11, 19)
    assert delivery_date(date(2026, 11, 19), 2, CARRIERS.delivery) == date(2026, 11, 23)
    thanksgiving = CarrierDays(closed_on=(date(2026, 11, 26),))
    assert delivery_date(date(2026, 11, 25), 1, thanksgiving.delivery) == date(2026, 11, 27)


def test_a_destinations_zone_is_its_distance(policy: Policy) -> None:
    reno, columbus = policy.network.by_id["dc-reno"], policy.network.by_id["dc-columbus"]
    assert miles_between(Place(latitude=40, longitude=-74), Place(latitude=40, longitude=-74)) == 0  # type: ignore[arg-type]
    places = [place_of(address, policy.routing) for address in (FONTANA, DALLAS, PORTLAND)]
    assert [band_of(reno, place, policy.routing).zone for place in places] == ["4", "6", "8"]
    assert [band_of(columbus, place, policy.routing).zone for place in places] == ["8", "6", "5"]
    assert band_of(reno, place_of(Address(country="NZ", city="Nelson"), policy.routing), policy.routing).zone == "8"


def test_an_address_that_names_no_country_lies_in_the_companys(policy: Policy) -> None:
    nowhere, fontana = FONTANA.model_copy(update={"country": None}), policy.hauls(FONTANA)
    assert [haul.band for haul in policy.hauls(nowhere).each] == [haul.band for haul in fontana.each]
    mexico = Address(city="Tijuana", region="BCN", country="MX")
    company = policy.company.model_copy(update={"address": mexico})
    assert policy.model_copy(update={"company": company}).hauls(nowhere).region == "MX-CA"


def test_the_answer_promises_departure_and_arrival(policy: Policy, world: World) -> None:
    decision = decide(None, purchase_order(line("1", "CS-1001", "3")), world, policy, sender="northwind")
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    [outcome] = answer.lines[0].outcomes
    assert (outcome.ship_on, outcome.deliver_on) == (date(2026, 11, 16), date(2026, 11, 18))

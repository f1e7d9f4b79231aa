"""What an order as a whole must be, and what it costs whom."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import OrderAcknowledgment, PurchaseOrder
from router.decide import decide
from router.decision import Decision, World
from router.own_work import Reconsider
from router.policy import Policy
from router.price_list import PriceLists, read_prices
from tests.router.documents import line, purchase_order

TODAY = date(2026, 11, 16)


def on_terms(policy: Policy, **terms: Any) -> Policy:
    channel = policy.routing.channel("northwind").model_copy(update=terms)
    routing = policy.routing.model_copy(update={"channels": {"northwind": channel}})
    return policy.model_copy(update={"routing": routing})


def decided(document: PurchaseOrder, world: World, policy: Policy) -> Decision:
    return decide(None, document, world, policy, sender="northwind")


def answered(decision: Decision) -> list[list[tuple[str, str]]]:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return [[(one.outcome, f"{one.quantity.value:f}") for one in line.outcomes] for line in answer.lines]


# --- minimums and windows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "outcome"), [("5", "rejected"), ("6", "accepted")])
def test_an_order_below_the_minimum_is_refused_whole(policy: Policy, world: World, quantity: str, outcome: str) -> None:
    tried = on_terms(policy, minimum_total=Decimal("113.70"))
    decision = decided(purchase_order(line("1", "CS-1001", quantity, price="18.95")), world, tried)
    assert answered(decision) == [[(outcome, quantity)]]
    assert bool(decision.stock) == (outcome == "accepted")


def test_an_order_below_the_minimum_waits_for_the_sales_desk_where_terms_say_so(policy: Policy, world: World) -> None:
    tried = on_terms(policy, minimum_total=Decimal(100), below_minimum="hold")
    decision = decided(purchase_order(line("1", "CS-1001", "5", price="18.95")), world, tried)
    assert decision.order
    assert [(hold.kind, hold.owner) for hold in decision.order.holds] == [("below-minimum", "sales desk")]
    assert answered(decision) == [[("held", "5")]]


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"cancel_after": TODAY - timedelta(days=1)}, "window-past"),
        ({"ship_not_before": TODAY + timedelta(days=9), "cancel_after": TODAY + timedelta(days=8)}, "window-empty"),
    ],
)
def test_an_order_that_cannot_ship_in_its_own_window_is_refused(
    policy: Policy, world: World, dates: dict[str, date], code: str
) -> None:
    decision = decided(purchase_order(line("1", "CS-1001", "5"), dates=dates), world, policy)
    assert decision.order
    assert decision.order.lines[0].fault_code == code
    assert answered(decision) == [[("rejected", "5")]]
    assert decision.order.status == "cancelled"


def test_what_nobody_was_found_for_by_the_cancel_date_is_cancelled_and_told(policy: Policy, world: World) -> None:
    dates = {"cancel_after": TODAY + timedelta(days=2)}
    first = decided(purchase_order(line("1", "CS-1005", "30"), dates=dates), world, policy)
    [wish] = [wish for wish in first.wake if wish.name == "cancel-after"]
    assert wish.at
    assert wish.at.isoformat() == "2026-11-19T08:00:00+00:00"
    assert first.order
    looked = Reconsider(number="w1", order=first.order.id, cause=wish.cause)
    early = decide(first.order, looked, world.model_copy(update={"stock": ()}), policy, sender="hub")
    assert early.order
    assert early.order.lines[0].ledger.backordered == 4
    assert not early.send
    over = world.model_copy(update={"now": wish.at})
    after = decide(first.order, looked, over, policy, sender="hub")
    assert after.order
    ledger = after.order.lines[0].ledger
    assert (ledger.released, ledger.backordered, ledger.cancelled) == (26, 0, 4)
    assert answered(after) == [[("accepted_quantity_changed", "26"), ("cancelled", "4")]]


# --- promises that change -------------------------------------------------------------------------------------------


def test_stock_that_comes_is_told_to_the_channel_once(policy: Policy, world: World) -> None:
    first = decided(purchase_order(line("1", "CS-1005", "30")), world, policy)
    assert answered(first) == [[("partly_backordered", "26"), ("backordered", "4")]]
    assert first.order
    came = Reconsider(number="s1", order=first.order.id, cause="stock was counted")
    after = decide(first.order, came, world, policy, sender="hub")
    [revised] = [sent.document for sent in after.send if isinstance(sent.document, OrderAcknowledgment)]
    assert revised.purpose == "change"
    assert answered(after) == [[("accepted", "30")]]
    again = decide(after.order, came, world, policy, sender="hub")
    assert not [sent for sent in again.send if isinstance(sent.document, OrderAcknowledgment)]


def test_goods_promised_after_the_day_asked_for_are_answered_as_rescheduled(policy: Policy, world: World) -> None:
    for asked, outcome in ((TODAY, "accepted_date_changed"), (TODAY + timedelta(days=20), "accepted")):
        document = purchase_order(line("1", "CS-1011", "2"), dates={"requested_delivery": asked})
        assert answered(decided(document, world, policy)) == [[(outcome, "2")]]


# --- substitutes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Substituting:
    policy: Policy

    def __call__(self, how: str) -> Policy:
        tried = on_terms(self.policy, substitutes=how)
        routing = tried.routing.model_copy(update={"substitutes": {"CS-1007": ("CS-1012",)}})
        return tried.model_copy(update={"routing": routing})


def test_a_substitute_ships_where_the_terms_take_one(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1007", "30", price="139"))
    decision = decided(document, world, Substituting(policy)("ship"))
    assert answered(decision) == [[("accepted_substitute", "30")]]
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    assert answer.lines[0].items["sku"] == "CS-1007"
    assert answer.lines[0].outcomes[0].items["upc"] == "850012010128"
    [asked] = [sent.document for sent in decision.send if sent.document.kind == "FulfilmentOrder"]
    assert asked.lines[0].items["sku"] == "CS-1012"  # type: ignore[attr-defined]
    assert "CS-1007" not in asked.lines[0].items.values()  # type: ignore[attr-defined]


def test_a_substitute_is_offered_where_the_buyer_decides(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1007", "30", price="139"))
    decision = decided(document, world, Substituting(policy)("offer"))
    assert [outcome for outcome, _ in answered(decision)[0]] == ["partly_backordered", "backordered"]
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    assert answer.lines[0].outcomes[1].items["sku"] == "CS-1012"
    assert answer.lines[0].outcomes[1].reason == "CS-1012 can ship in its place: order it instead"


def test_nothing_stands_in_for_what_there_is_enough_of(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(line("1", "CS-1007", "5")), world, Substituting(policy)("ship"))
    assert answered(decision) == [[("accepted", "5")]]


# --- price lists ----------------------------------------------------------------------------------------------------

PRICES = [
    {"partner": "northwind", "sku": "CS-1001", "unit": "EA", "price": "18.00"},
    {"partner": "northwind", "sku": "CS-1001", "unit": "CA", "from_quantity": "2", "price": "400"},
    {"partner": "northwind", "sku": "CS-1001", "price": "17.00", "starts": "2026-12-01", "ends": "2026-12-31"},
    {"partner": "harbor-grocers", "sku": "CS-1001", "price": "16.00"},
]


def listed(policy: Policy) -> PriceLists:
    lists, findings = read_prices(PRICES, policy.catalogue, "USD", "prices.csv", {"northwind", "harbor-grocers"})
    assert not findings
    return lists


@pytest.mark.parametrize(
    ("asked", "theirs", "day", "outcome"),
    [
        (("2", "EA"), "18.00", TODAY, "accepted"),
        (("2", "EA"), "17.99", TODAY, "accepted_price_changed"),
        (("2", "CA"), "400", TODAY, "accepted"),
        (("2", "CA"), "399", TODAY, "accepted_price_changed"),
        (("1", "CA"), "400", TODAY, "accepted_price_changed"),
        (("2", "EA"), "17.00", date(2026, 12, 31), "accepted"),
        (("2", "EA"), "17.00", date(2027, 1, 1), "accepted_price_changed"),
    ],
)
def test_a_price_is_held_against_the_partners_own_list(
    policy: Policy, world: World, asked: tuple[str, str], theirs: str, day: date, outcome: str
) -> None:
    tried = on_terms(policy, price_tolerance_percent=Decimal(0), price_below="correct")
    tried = tried.model_copy(update={"prices": listed(policy)})
    document = purchase_order(line("1", "CS-1001", *asked, price=theirs), ordered_on=day)
    assert answered(decided(document, world, tried)) == [[(outcome, asked[0])]]


def test_a_line_without_a_price_costs_what_the_partners_list_says(policy: Policy, world: World) -> None:
    tried = policy.model_copy(update={"prices": listed(policy)})
    decision = decided(purchase_order(line("1", "CS-1001", "2", "CA")), world, tried)
    assert decision.order
    price = decision.order.lines[0].price
    assert price
    assert (price.amount, price.per and price.per.value) == (400, 24)


def test_a_corrected_price_is_shown_in_the_unit_ordered_in(policy: Policy, world: World) -> None:
    tried = on_terms(policy, price_tolerance_percent=Decimal(0), price_below="correct")
    tried = tried.model_copy(update={"prices": listed(policy)})
    decision = decided(purchase_order(line("1", "CS-1001", "50", price="1")), world, tried)
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    assert answer.lines[0].price
    assert answer.lines[0].price.amount == Decimal("16.666667")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"partner": ""}, "partner is empty; name a partner or connection"),
        ({"partner": "nobody"}, "no partner or connection is called 'nobody'; rename it"),
        ({"sku": "XX"}, "no item of ours is called 'XX'; items.csv lists them"),
        ({"unit": "BX"}, "CS-1001 is not sold by 'BX'; it is sold by EA, CA, PL"),
        ({"price": "1,5"}, "price '1,5' is no decimal number"),
        ({"price": "0"}, "price must be above zero"),
        ({"currency": "dollars"}, "currency 'dollars' is no ISO 4217 code, such as USD"),
        ({"starts": "1/2/26"}, "starts '1/2/26' is no date; write it as 2026-11-30"),
        ({"starts": "2026-12-02", "ends": "2026-12-01"}, "ends on 2026-12-01, before it starts on 2026-12-02;"),
        ({"from_quantity": "0"}, "CS-1001 has a second price for northwind from the same quantity and day;"),
        ({"colour": "red"}, "no column is called 'colour'; columns are partner,"),
    ],
)
def test_a_faulty_price_row_names_its_line_and_the_mend(policy: Policy, change: dict[str, str], message: str) -> None:
    rows = [PRICES[0], PRICES[0] | change]
    lists, [finding] = read_prices(rows, policy.catalogue, "USD", "prices.csv", {"northwind"})
    assert len(lists.listed) == 1
    assert finding.where == {"file": "prices.csv", "line": 3, "column": 1}
    assert finding.message.startswith(message)

"""What is on its way: what a report says of it, and the day that it lets a waiting line be promised."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical import InventoryLine, InventoryReport, OrderAcknowledgment, Quantity
from router.decide import decide
from router.decision import Decision, World
from router.effect import Arriving, Count, OnceTold, ToStock
from router.flow.effects import effect_of
from router.incoming import Ahead, IncomingRow
from router.master_data import MasterData
from router.order import Order
from router.own_work import Reconsider
from router.policy import Policy
from router.routing import Channel, Preorder
from tests.router.documents import line, purchase_order

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
SKU = "CS-1001"


def reno(policy: Policy, **routing: Any) -> Policy:
    """The example with one node, which ships everywhere."""
    node = policy.network.by_id["dc-reno"]
    network = policy.network.model_copy(update={"nodes": (node,)})
    return policy.model_copy(update={"network": network, "routing": policy.routing.model_copy(update=routing)})


def coming(world: World, *rows: tuple[date, int], on_hand: int = 0, ahead: int = 0) -> World:
    stock = [row for row in world.stock if row.node == "dc-reno"]
    return world.model_copy(
        update={
            "stock": tuple(
                row._replace(on_hand=Decimal(on_hand), safety=Decimal(0)) if row.sku == SKU else row for row in stock
            ),
            "incoming": tuple(IncomingRow(SKU, "dc-reno", day, Decimal(units)) for day, units in rows),
            "ahead": (Ahead(SKU, Decimal(ahead)),) if ahead else (),
        }
    )


def decided(policy: Policy, world: World, units: str = "6", **fields: Any) -> Decision:
    document = purchase_order(line("1", SKU, units), **fields)
    return decide(None, document, world, policy, sender="northwind", explaining=True)


def told(decision: Decision) -> list[tuple[str, str, date | None]]:
    """Each outcome of the first line as it was last told: what, how much, and when it ships."""
    answers = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return [(one.outcome, str(one.quantity.value), one.ship_on) for one in answers[-1].lines[0].outcomes]


def order_of(decision: Decision) -> Order:
    assert decision.order
    return decision.order


def test_a_backordered_line_is_promised_for_the_day_its_goods_have_come(policy: Policy, world: World) -> None:
    decision = decided(reno(policy), coming(world, (FRIDAY, 4), (MONDAY, 4)))
    assert told(decision) == [("backordered", "6", MONDAY)]
    [why] = decision.explanation.lines
    assert why.expected == "leaves dc-reno on 2026-11-23"
    [event] = [event for event in decision.events if event.kind == "line_expected"]
    assert event.facts == {"line": "1", "node": "dc-reno", "ship_on": "2026-11-23", "deliver_on": "2026-11-25"}


def test_what_others_wait_for_before_it_is_not_promised_twice(policy: Policy, world: World) -> None:
    rows = (FRIDAY, 6), (MONDAY, 6)
    assert told(decided(reno(policy), coming(world, *rows))) == [("backordered", "6", FRIDAY)]
    assert told(decided(reno(policy), coming(world, *rows, ahead=1))) == [("backordered", "6", MONDAY)]
    assert told(decided(reno(policy), coming(world, *rows, ahead=7))) == [("backordered", "6", None)]


def test_two_lines_of_one_item_share_what_comes(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", SKU, "4"), line("2", SKU, "4"))
    decision = decide(None, document, coming(world, (FRIDAY, 4), (MONDAY, 4)), reno(policy), sender="northwind")
    assert [state.expected.ship_on for state in order_of(decision).lines if state.expected] == [FRIDAY, MONDAY]


def test_goods_that_come_after_the_cancel_date_promise_nothing(policy: Policy, world: World) -> None:
    decision = decided(reno(policy), coming(world, (MONDAY, 9)), dates={"cancel_after": FRIDAY})
    assert told(decision) == [("backordered", "6", None)]


def test_an_order_that_ships_whole_is_expected_with_the_last_of_its_lines(policy: Policy, world: World) -> None:
    whole = reno(policy, channels={"northwind": Channel(code="NW", ship_complete=True)})
    document = purchase_order(line("1", SKU, "2"), line("2", "CS-1002", "1"))
    decision = decide(None, document, coming(world, (MONDAY, 2)), whole, sender="northwind")
    assert [state.expected.ship_on for state in order_of(decision).lines if state.expected] == [MONDAY, MONDAY]


def test_a_day_that_moves_is_told_the_channel(policy: Policy, world: World) -> None:
    first = decided(reno(policy), coming(world, (FRIDAY, 6)))
    look = Reconsider(number="IR1", order=order_of(first).id, cause="it was told what is on its way")
    again = decide(first.order, look, coming(world, (MONDAY, 6)), reno(policy), sender="crossdock")
    assert told(again) == [("backordered", "6", MONDAY)]
    same = decide(again.order, look, coming(world, (MONDAY, 6)), reno(policy), sender="crossdock")
    assert same.send == ()
    gone = decide(again.order, look, coming(world), reno(policy), sender="crossdock")
    assert told(gone) == [("backordered", "6", None)]
    assert "line_no_longer_expected" in [event.kind for event in gone.events]


PREORDER = {SKU: Preorder(ships_from=date(2026, 12, 1))}


def test_a_preordered_item_is_taken_before_there_is_any_even_where_nothing_waits(policy: Policy, world: World) -> None:
    impatient = {"northwind": Channel(code="NW", backorders=False)}
    assert told(decided(reno(policy, channels=impatient), coming(world))) == [("rejected_unavailable", "6", None)]
    taken = decided(reno(policy, channels=impatient, preorders=PREORDER), coming(world))
    assert told(taken) == [("backordered", "6", date(2026, 12, 1))]
    assert [(wish.name, wish.at) for wish in taken.wake] == [
        (f"preorder/{SKU}", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ]


def test_a_preordered_item_is_not_promised_before_its_day_though_it_lies_there(policy: Policy, world: World) -> None:
    early = decided(reno(policy, preorders=PREORDER), coming(world, on_hand=10))
    assert told(early) == [("backordered", "6", date(2026, 12, 1))]
    day = coming(world, on_hand=10).model_copy(update={"now": datetime(2026, 12, 1, 8, tzinfo=UTC)})
    look = Reconsider(number="W1", order=order_of(early).id, cause="its day has come")
    opened = decide(early.order, look, day, reno(policy, preorders=PREORDER), sender="crossdock")
    assert order_of(opened).lines[0].ledger.released == 6


def report(*lines: dict[str, Any]) -> InventoryReport:
    return InventoryReport(
        number="IR1",
        node="dc-reno",
        as_of=FRIDAY,
        lines=tuple(InventoryLine.model_validate({"items": {"sku": SKU}} | one) for one in lines),
    )


def units(value: int, unit: str = "EA") -> Quantity:
    return Quantity(value=Decimal(value), unit=unit)


@pytest.mark.parametrize(
    ("lines", "effect"),
    [
        (
            [{"quantities": {"on_hand": units(3), "on_order": units(2, "CA")}, "dates": {"available": MONDAY}}],
            ToStock([Count(SKU, "dc-reno", Decimal(3))], [Arriving(SKU, "dc-reno", {MONDAY: Decimal(48)})], []),
        ),
        (
            [
                {"quantities": {"incoming": units(2)}, "dates": {"estimated_arrival": FRIDAY}},
                {"quantities": {"incoming": units(5)}, "dates": {"estimated_arrival": MONDAY}},
            ],
            ToStock([], [Arriving(SKU, "dc-reno", {FRIDAY: Decimal(2), MONDAY: Decimal(5)})], []),
        ),
        ([{"quantities": {"incoming": units(0)}}], ToStock([], [Arriving(SKU, "dc-reno", {})], [])),
        ([{"quantities": {"incoming": units(4)}}], ToStock([], [], [f"{SKU} without what is on hand"])),
        (
            [{"quantities": {"on_hand": units(1), "incoming": units(4)}}],
            ToStock([Count(SKU, "dc-reno", Decimal(1))], [], []),
        ),
    ],
    ids=["with stock", "several days", "nothing comes", "no day", "no day beside stock"],
)
def test_a_report_says_what_comes_when(policy: Policy, lines: list[dict[str, Any]], effect: ToStock) -> None:
    operator = policy.network.by_id["dc-reno"].operator or ""
    once_told = effect_of(report(*lines), operator, policy)
    assert isinstance(once_told, OnceTold)
    assert once_told.judge(MasterData()) == effect

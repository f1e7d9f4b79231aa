"""Promises that are dates alone: made again while nobody was asked to ship, and told to the channel once a change."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from canonical import Document, OrderAcknowledgment, OrderChange, ShipmentAdvice
from router.decide import decide
from router.decision import Decision, World
from router.load import Load, NodeLoad
from router.network import Capacity, Network
from router.order import Hold, Order
from router.own_work import FulfilmentRefused, Reconsider
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (16, 17, 18, 19))
TEN = purchase_order(line("1", "CS-1001", "10"))


def reno(policy: Policy, *others: str, **limits: Any) -> Policy:
    """The example with one node, or also with its twins of other names."""
    node = policy.network.by_id["dc-reno"].model_copy(update={"capacity": Capacity(**limits)})
    twins = (node.model_copy(update={"id": name}) for name in others)
    return policy.model_copy(update={"network": Network(nodes=(node, *twins))})


def later(world: World, days: int) -> World:
    return world.model_copy(update={"now": world.now + timedelta(days=days)})


def told(decision: Decision) -> list[list[tuple[str, str, date | None]]]:
    """Each answer to the channel: by outcome how much leaves when."""
    answers = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return [
        [(one.outcome, str(one.quantity.value), one.ship_on) for line in answer.lines for one in line.outcomes]
        for answer in answers
    ]


def held(policy: Policy, world: World) -> Order:
    """An order that is answered, and held before it is released."""
    received = Reconsider(number="h", order="northwind/4471", cause="held", places=(hold(world),), by="ada")
    quiet = policy.model_copy(update={"routing": policy.routing.model_copy(update={"holds": ()})})
    first = decide(None, TEN.changed(usage="production"), world, quiet, sender="northwind")
    assert told(first) == [[("accepted", "10", MONDAY)]]
    assert first.order
    recalled = released_back(first.order)
    decision = decide(recalled, received, world, quiet, sender="hub")
    assert decision.order
    assert not told(decision)
    return decision.order


def hold(world: World) -> Hold:
    return Hold(kind="manual", gate="release", reason="the buyer called", placed_at=world.now, placed_by="ada")


def released_back(order: Order) -> Order:
    """The order before its node was asked."""
    [line], [allocation] = order.lines, order.allocations
    ledger = line.ledger.model_copy(update={"released": Decimal(0), "allocated": line.ledger.released})
    unasked = allocation.model_copy(update={"fulfilment_order": None, "fulfilment_line": None})
    return order.model_copy(
        update={
            "lines": (line.model_copy(update={"ledger": ledger}),), "allocations": (unasked,), "fulfilment_orders": (),
        }
    )  # fmt: skip


def look(number: str, *lifts: str) -> Reconsider:
    return Reconsider(number=number, order="northwind/4471", cause="somebody looked", lifts=lifts, by="bob")


def test_an_order_that_was_held_for_days_is_promised_anew_and_its_channel_told_once(
    policy: Policy, world: World
) -> None:
    order, one = held(reno(policy), world), reno(policy)
    unchanged = decide(order, look("1"), world, one, sender="hub")
    assert not told(unchanged)
    moved = decide(unchanged.order, look("2"), later(world, 1), one, sender="hub")
    assert told(moved) == [[("accepted", "10", TUESDAY)]]
    [renewed] = [event.facts for event in moved.events if event.kind == "promise_renewed"]
    assert (renewed["line"], renewed["ship_on"]) == ("1", "2026-11-17")
    let_go = decide(moved.order, look("3", "manual"), later(world, 1), one, sender="hub")
    assert (told(let_go), let_go.order and let_go.order.status) == ([], "released")
    after = decide(let_go.order, look("4"), later(world, 2), one, sender="hub")
    assert not told(after)


def test_an_order_from_before_days_were_kept_is_no_news_by_itself(policy: Policy, world: World) -> None:
    order = held(reno(policy), world)
    bare = tuple(one.model_copy(update={"ship_on": None, "deliver_on": None}) for one in order.allocations)
    looked = decide(order.model_copy(update={"allocations": bare}), look("1"), world, reno(policy), sender="hub")
    assert not told(looked)
    assert looked.order
    assert [one.ship_on for one in looked.order.allocations] == [MONDAY]


def test_goods_that_another_node_ships_on_the_same_day_are_no_news_to_the_channel(policy: Policy, world: World) -> None:
    two = reno(policy, "dc-twin")
    stock = (*world.stock, *(row._replace(node="dc-twin") for row in world.stock if row.node == "dc-reno"))
    both = world.model_copy(update={"stock": stock})
    first = decide(None, TEN, both, two, sender="northwind")
    assert first.order
    assert [one.node for one in first.order.allocations] == ["dc-reno"]
    refused = FulfilmentRefused(
        number="R1", order=first.order.id, fulfilment_order=first.order.fulfilment_orders[0], reason="no room"
    )
    for days, news in ((0, []), (1, [[("accepted", "10", TUESDAY)]])):
        again = decide(first.order, refused, later(both, days), two, sender="hub")
        assert again.order
        assert [one.node for one in again.order.allocations if one.outstanding] == ["dc-twin"]
        assert told(again) == news


def test_a_shipment_is_no_news_of_the_promise(policy: Policy, world: World) -> None:
    first = decide(None, TEN, world, reno(policy), sender="northwind")
    asked = next(sent.document for sent in first.send if sent.document.kind == "FulfilmentOrder")
    said: ShipmentAdvice = advice(asked, ["4"])  # type: ignore[arg-type]
    more = said.changed(lines=tuple(one.model_copy(update={"status": "split"}) for one in said.lines))
    shipped = decide(first.order, more, later(world, 3), reno(policy), sender="swiftline")
    assert shipped.order
    assert shipped.order.status == "partly_shipped"
    assert not told(shipped)


def test_a_change_of_the_days_alone_answers_every_line_that_it_moves(policy: Policy, world: World) -> None:
    order = held(reno(policy), world)
    wanted: Document = OrderChange(
        number="4471", change_number="1", changed_on=MONDAY, currency="USD", dates={"ship_not_before": WEDNESDAY}
    )
    decision = decide(order, wanted, world, reno(policy), sender="northwind")
    assert told(decision) == [[("accepted", "10", WEDNESDAY)]]


@pytest.mark.parametrize(("full", "day"), [(False, TUESDAY), (True, WEDNESDAY)])
def test_a_day_taken_at_a_node_of_limited_capacity_is_given_back_once_it_is_over(
    policy: Policy, world: World, full: bool, day: date
) -> None:
    limited = reno(policy, units=Decimal(12))
    order = held(limited, world)
    assert [one.day for one in order.allocations] == [MONDAY]
    loads = [NodeLoad("dc-reno", MONDAY, Load(1, 1, Decimal(10)), 1)]
    loads += [NodeLoad("dc-reno", TUESDAY, Load(1, 1, Decimal(5)), 1)] * full
    tomorrow = later(world, 1).model_copy(update={"loads": tuple(loads)})
    moved = decide(order, look("1"), tomorrow, limited, sender="hub")
    assert told(moved) == [[("accepted", "10", day)]]
    assert [(change.day, change.more.units) for change in moved.loads] == [(MONDAY, Decimal(-10)), (day, Decimal(10))]
    assert sum(change.reserved for change in moved.stock) == 0


def test_what_was_held_past_the_cancel_date_is_cancelled_and_its_channel_told(policy: Policy, world: World) -> None:
    wanted = TEN.changed(dates={"cancel_after": TUESDAY})
    order = held(reno(policy), world).model_copy(update={"document": wanted})
    kept = decide(order, look("1"), later(world, 1), reno(policy), sender="hub")
    assert told(kept) == [[("accepted", "10", TUESDAY)]]
    over = decide(kept.order, look("2"), later(world, 2), reno(policy), sender="hub")
    assert told(over) == [[("cancelled", "10", None)]]
    assert sum(change.reserved for change in over.stock) == -10
    assert over.order
    assert (over.order.status, over.order.holds) == ("cancelled", ())


def test_what_can_not_leave_by_the_cancel_date_any_more_is_sourced_anew(policy: Policy, world: World) -> None:
    wanted = TEN.changed(dates={"cancel_after": MONDAY})
    order = held(reno(policy), world).model_copy(update={"document": wanted})
    evening = world.model_copy(update={"now": world.now + timedelta(hours=8)})
    moved = decide(order, look("1"), evening, reno(policy), sender="hub")
    assert told(moved) == [[("backordered", "10", None)]]


@pytest.mark.parametrize(("patience", "day"), [(timedelta(0), TUESDAY), (timedelta(hours=30), WEDNESDAY), (None, None)])
def test_what_has_not_left_on_its_day_is_promised_anew_when_the_rules_say_so(
    policy: Policy, world: World, patience: timedelta | None, day: date | None
) -> None:
    one = reno(policy)
    one = one.model_copy(update={"routing": one.routing.model_copy(update={"overdue": patience})})
    first = decide(None, TEN, world, one, sender="northwind")
    wishes = [wake.at for wake in first.wake if wake.name == "promise"]
    if patience is None:
        assert wishes == []
        return
    [due] = wishes
    assert due == midnight_in_reno(TUESDAY) + patience
    early = decide(first.order, look("1"), at(world, due - timedelta(seconds=1)), one, sender="hub")
    assert not told(early)
    late = decide(first.order, look("2"), at(world, due), one, sender="hub")
    assert told(late) == [[("accepted", "10", day)]]
    [again] = [wake.at for wake in late.wake if wake.name == "promise"]
    assert again
    assert again > due


def midnight_in_reno(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("America/Los_Angeles")).astimezone(UTC)


def at(world: World, instant: datetime) -> World:
    return world.model_copy(update={"now": instant})

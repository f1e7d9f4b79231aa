"""Every row of the state table is walked by documents: a story for each move, and none without one."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import router.lifecycle
import router.workings
from canonical import Document, FulfilmentOrder, OrderChange
from router.decide import decide
from router.decision import Decision, World
from router.hold_rule import HoldRule
from router.lifecycle import MOVES, Move, shift
from router.order import Order
from router.order_line import Ledger
from router.own_work import Reconsider
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order

SKU = "CS-1001"
NOW = datetime(2026, 11, 16, 17, tzinfo=UTC)
HELD = HoldRule(kind="credit", reason="looked at")


class Desk:
    """One node with so much stock, and the decisions on one order after another."""

    def __init__(self, policy: Policy, world: World) -> None:
        node = policy.network.by_id["dc-reno"].model_copy(update={"takes_back": True})
        self.policy = policy.model_copy(update={"network": policy.network.model_copy(update={"nodes": (node,)})})
        self.world, self.operator, self.on_hand = world, node.operator or "", 100
        self.order: Order | None = None
        self.asked: list[FulfilmentOrder] = []

    def routed(self, **routing: Any) -> None:
        self.policy = self.policy.model_copy(update={"routing": self.policy.routing.model_copy(update=routing)})

    def take(self, document: Document, sender: str = "northwind", at: datetime = NOW) -> Decision:
        row = next(row for row in self.world.stock if (row.sku, row.node) == (SKU, "dc-reno"))
        stock = (row._replace(on_hand=Decimal(self.on_hand), safety=Decimal(0)),)
        world = self.world.model_copy(update={"stock": stock, "now": at})
        decision = decide(self.order, document, world, self.policy, sender=sender)
        self.order = decision.order
        self.asked += [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
        return decision

    def open(self, sku: str = SKU) -> None:
        self.take(purchase_order(line("1", sku, "6")))

    def ship(self, units: str) -> None:
        self.take(advice(self.asked[0], [units]), self.operator)

    def look_again(self, at: datetime = NOW) -> None:
        assert self.order
        self.take(Reconsider(number="R", order=self.order.id, cause="its time has come"), "crossdock", at)

    def cancel(self) -> None:
        self.take(
            OrderChange(
                number="4471", change_number="1", changed_on=date(2026, 11, 17), currency="USD", purpose="cancel"
            )
        )


def out_of_stock(desk: Desk) -> None:
    desk.on_hand = 0
    desk.open()


def stock_comes(desk: Desk) -> None:
    out_of_stock(desk)
    desk.on_hand = 100
    desk.look_again()


def held_before_release(desk: Desk) -> None:
    desk.routed(holds=(HELD.model_copy(update={"gate": "release"}),), reservations_lapse=timedelta(hours=1))
    desk.open()


def reservation_lapses(desk: Desk) -> None:
    held_before_release(desk)
    desk.look_again(NOW + timedelta(hours=2))


def ships(units: str) -> Callable[[Desk], None]:
    def story(desk: Desk) -> None:
        desk.open()
        desk.ship(units)

    return story


def cancelled(begin: Callable[[Desk], None]) -> Callable[[Desk], None]:
    def story(desk: Desk) -> None:
        begin(desk)
        desk.cancel()

    return story


def held_before_allocation(desk: Desk) -> None:
    desk.routed(holds=(HELD.model_copy(update={"gate": "allocate"}),))
    desk.open()


def readdressed(desk: Desk) -> None:
    """Released to a node, then wanted in another quantity: what cannot be lowered in place is called back."""
    desk.open()
    asked = {**dict(line("1", SKU, "2")), "change": "replace"}
    change = {"number": "4471", "change_number": "1", "changed_on": "2026-11-17", "currency": "USD", "lines": [asked]}
    desk.take(OrderChange.model_validate(change))


STORIES: Mapping[Move, Callable[[Desk], None]] = {
    # move               what happens
    "order":            Desk.open,
    "refuse":           lambda desk: desk.open("NO-SUCH"),
    "allocate":         Desk.open,
    "backorder":        out_of_stock,
    "reopen":           stock_comes,
    "release":          Desk.open,
    "unallocate":       reservation_lapses,
    "recall":           readdressed,
    "ship":             ships("6"),
    "over_ship":        ships("8"),
    "fall_short":       ships("4"),
    "cancel_open":      cancelled(held_before_allocation),
    "cancel_backorder": cancelled(out_of_stock),
}  # fmt: skip


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> set[Move]:
    """The moves of more than nothing that decisions make."""
    seen: set[Move] = set()

    def watched(held: dict[str, Decimal], name: Move, quantity: Decimal) -> None:
        if quantity:
            seen.add(name)
        shift(held, name, quantity)

    monkeypatch.setattr(router.workings, "shift", watched)
    monkeypatch.setattr(router.lifecycle, "shift", watched)
    return seen


def test_every_move_has_a_story() -> None:
    assert set(STORIES) == set(MOVES)


@pytest.mark.parametrize("name", STORIES)
def test_documents_walk_each_row_of_the_table(policy: Policy, world: World, walked: set[Move], name: Move) -> None:
    desk = Desk(policy, world)
    STORIES[name](desk)
    assert name in walked
    assert desk.order
    for state in desk.order.lines:
        Ledger.model_validate(state.ledger.model_dump())

"""Authorized money: captured before release or for each shipment, given back, voided, declined, never taken twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canonical import (
    ChangedLine,
    Document,
    FulfilmentOrder,
    JournalEntry,
    OrderAcknowledgment,
    OrderChange,
    Payment,
    PaymentCapture,
    PaymentEvent,
    PaymentResult,
    PurchaseOrder,
    Quantity,
    ReturnAuthorization,
    ReturnLine,
    ReturnReceipt,
    ReturnReceiptLine,
)
from router.charging import Charging
from router.decide import decide
from router.decision import Decision, StockRow, Withdrawal, World
from router.order import Order
from router.order_line import ZERO
from router.own_work import Reconsider, Unanswered
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order

NOW = datetime(2026, 11, 16, 17, tzinfo=UTC)
TOKEN = Payment(token="tok_1", authorization="auth_0", authorized=Decimal("60.00"), expires=NOW + timedelta(days=7))


@dataclass
class Provider:
    """A payment provider with a ledger of its own, which does each thing once for its key."""

    declines: set[str] = field(default_factory=set)
    done: dict[str, PaymentResult] = field(default_factory=dict)
    authorized: dict[str, Decimal] = field(default_factory=lambda: {"auth_0": Decimal("60.00")})
    deposit: bool = False
    """Whether money was paid that was never authorized."""
    captured: dict[str, Decimal] = field(default_factory=dict)
    """By authorization, what was taken of it and has not gone back."""
    taken: Decimal = ZERO
    given_back: Decimal = ZERO

    def do(self, asked: PaymentCapture) -> PaymentResult:
        if asked.key not in self.done:
            self.done[asked.key] = self._result(asked)
        return self.done[asked.key].changed(question=asked.number)

    def _result(self, asked: PaymentCapture) -> PaymentResult:
        said: dict[str, Any] = {"question": asked.number, "action": asked.action, "currency": asked.currency}
        if asked.action in self.declines:
            return PaymentResult(**said, status="declined", amount=ZERO, reason="insufficient funds")
        if asked.action == "authorize":
            reference = f"auth_{len(self.authorized)}"
            self.authorized[reference] = asked.amount
            expires = asked.asked_at + timedelta(days=7)
            return PaymentResult(**said, status="done", amount=asked.amount, authorization=reference, expires=expires)
        if asked.action == "capture":
            assert self.authorized[asked.authorization or ""] >= asked.amount
            self.authorized[asked.authorization or ""] -= asked.amount
            self.captured[asked.authorization or ""] = self.captured.get(asked.authorization or "", ZERO) + asked.amount
            self.taken += asked.amount
        elif asked.action == "refund":
            self.captured[asked.authorization or ""] -= asked.amount
            self.given_back += asked.amount
            assert min(self.captured.values()) >= 0 or self.deposit
            assert self.given_back <= self.taken
        else:
            self.authorized[asked.authorization or ""] = ZERO
        return PaymentResult(**said, status="done", amount=asked.amount, reference=f"r{len(self.done)}")


@dataclass
class Desk:
    """An order, its provider, and the books."""

    policy: Policy
    stock: tuple[StockRow, ...]
    provider: Provider = field(default_factory=Provider)
    state: Order | None = None
    now: datetime = NOW
    asked: list[PaymentCapture] = field(default_factory=list)
    waiting: list[PaymentCapture] = field(default_factory=list)
    released: list[tuple[FulfilmentOrder, str]] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)

    @property
    def order(self) -> Order:
        assert self.state
        return self.state

    def take(self, document: Document, sender: str = "northwind") -> Decision:
        world = World(now=self.now, configuration=self.policy.digest, stock=self.stock)
        decision = decide(self.state, document, world, self.policy, sender=sender)
        self.state = decision.order
        self.entries += decision.postings
        self.troubles += [trouble.code for trouble in decision.troubles]
        self.withdrawn |= {one.question for one in decision.withdraw}
        for sent in decision.send:
            if isinstance(sent.document, PaymentCapture):
                self.asked.append(sent.document)
                self.waiting.append(sent.document)
            if isinstance(sent.document, FulfilmentOrder) and sent.document.purpose == "original":
                self.released.append((sent.document, sent.to))
        return decision

    def answer(self) -> None:
        """Let the provider answer until nothing is asked any more."""
        while self.waiting:
            self.take(self.provider.do(self.waiting.pop(0)), "payments")

    def ship(self, shipped: list[str] | None = None) -> None:
        asked, node = self.released.pop(0)
        self.take(advice(asked, shipped, number=f"S-{asked.number}"), node)
        self.answer()

    def actions(self) -> list[tuple[str, Decimal]]:
        return [(asked.action, asked.amount) for asked in self.asked]

    def check_books(self) -> None:
        """The books, the order and the provider say the same."""
        assert self.order.captured == self.provider.taken == self._posted("capture", "amount")
        assert self.order.refunded == self.provider.given_back == self._posted("refund", "amount")
        balances: dict[str, Decimal] = {}
        for entry in self.entries:
            for one in entry.lines:
                balances[one.account] = balances.get(one.account, ZERO) + one.debit - one.credit
        assert sum(balances.values(), ZERO) == 0
        assert balances.get("1100", ZERO) == self.order.due
        assert -balances.get("2300", ZERO) == self.order.advance
        assert balances.get("1160", ZERO) == self.provider.taken - self.provider.given_back

    def _posted(self, event: str, name: str) -> Decimal:
        return sum((entry.amounts.get(name, ZERO) for entry in self.entries if entry.event == event), ZERO)


def charged(policy: Policy, capture: Literal["release", "shipment"] = "release", **more: Any) -> Policy:
    """The example's policy, with northwind's buyers paying by authorization."""
    routing = policy.routing
    terms = Charging(ask="payments", capture=capture, owner="finance", **more)
    channel = routing.channels["northwind"].model_copy(update={"payment": "authorized", "charging": terms})
    channel = channel.model_copy(update={"returns": channel.returns.model_copy(update={"restocking_percent": ZERO})})
    channels = {**routing.channels, "northwind": channel}
    return policy.model_copy(update={"routing": routing.model_copy(update={"channels": channels})})


def order(quantity: str = "10", **fields: Any) -> PurchaseOrder:
    return purchase_order(line("1", "CS-1001", quantity, price="4.00"), **({"payment": TOKEN} | fields))


def cancel(quantity: str) -> OrderChange:
    kept = ChangedLine.model_validate(dict(order(quantity).lines[0]) | {"change": "quantity_decrease"})
    return OrderChange(number="4471", change_number=quantity, changed_on=NOW.date(), currency="USD", lines=(kept,))


def test_nothing_is_released_before_the_money_is_captured(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    assert (desk.order.status, desk.released) == ("held", [])
    assert desk.actions() == [("capture", Decimal("40.00"))]
    desk.answer()
    assert desk.order.status == "released"
    desk.ship()
    assert (desk.order.due, desk.order.advance) == (0, 0)
    assert desk.actions() == [("capture", Decimal("40.00")), ("void", Decimal("20.00"))]
    desk.check_books()


def test_each_shipment_is_captured_for_itself_where_terms_say_so(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy, "shipment"), stock)
    desk.take(order())
    assert desk.order.status == "released"
    asked, node = desk.released.pop(0)
    for count, part in enumerate(("4", "6")):
        said = advice(asked, [part], number=f"S{count}")
        more = tuple(one.model_copy(update={"status": "partly_backordered"}) for one in said.lines)
        desk.take(said.changed(lines=more), node)
        desk.answer()
    assert desk.actions() == [("capture", Decimal("16.00")), ("capture", Decimal("24.00")), ("void", Decimal("20.00"))]
    assert desk.order.due == 0
    desk.check_books()


def test_an_authorization_that_lapsed_or_is_too_small_is_asked_for_again(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    for late, amount in ((timedelta(days=8), Decimal("60.00")), (timedelta(0), Decimal("39.99"))):
        desk = Desk(charged(policy), stock, now=NOW + late)
        desk.take(order(payment=TOKEN.model_copy(update={"authorized": amount})))
        assert [(asked.action, asked.token) for asked in desk.asked] == [("authorize", "tok_1")]
        desk.answer()
        given_back = [] if late else [("void", amount)]
        assert desk.actions() == [("authorize", Decimal("40.00")), ("capture", Decimal("40.00")), *given_back]
        assert [asked.authorization for asked in desk.asked[2:]] == ["auth_0" for _ in given_back]
        assert desk.order.status == "released"


def test_what_is_declined_holds_the_order_until_a_person_tries_again(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock, Provider(declines={"capture"}))
    desk.take(order())
    desk.answer()
    [hold] = desk.order.holds
    assert (hold.kind, hold.owner, desk.troubles) == ("payment", "finance", ["payment-declined"])
    assert len(desk.asked) == 1
    desk.provider.declines.clear()
    desk.take(Reconsider(number="1", order=desk.order.id, cause="ann tried again", lifts=("payment",), by="ann"), "hub")
    desk.answer()
    assert desk.order.status == "released"
    assert [asked.key for asked in desk.asked] == ["northwind/4471/capture-1", "northwind/4471/capture-2"]
    desk.check_books()


def test_a_declined_payment_that_nobody_mends_cancels_the_order_and_the_channel_is_told(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock, Provider(declines={"capture"}))
    desk.take(order())
    desk.answer()
    [hold] = desk.order.holds
    assert (hold.within, hold.on_silence) == (timedelta(days=3), "cancel")
    desk.now += timedelta(days=3) - timedelta(minutes=1)
    desk.take(Reconsider(number="1", order=desk.order.id, cause="stock was counted"), "hub")
    assert desk.order.status == "held"
    desk.now += timedelta(minutes=1)
    over = desk.take(Reconsider(number="2", order=desk.order.id, cause="its time has come"), "hub")
    desk.answer()
    [told] = [sent.document for sent in over.send if isinstance(sent.document, OrderAcknowledgment)]
    assert [(one.outcome, one.quantity.value) for one in told.lines[0].outcomes] == [("cancelled", 10)]
    assert sum(change.reserved for change in over.stock) == -10
    assert (desk.order.status, desk.order.holds) == ("cancelled", ())
    assert desk.actions() == [("capture", Decimal("40.00")), ("void", Decimal("60.00"))]
    assert desk.provider.authorized == {"auth_0": 0}
    desk.check_books()


@pytest.mark.parametrize(
    ("terms", "status", "troubles"),
    [
        ({"unmended": "escalate"}, "held", ["payment-declined", "hold-overdue"]),
        ({"unmended": "wait"}, "held", ["payment-declined"]),
        ({"mend_within": None}, "held", ["payment-declined"]),
    ],
)
def test_who_does_not_cancel_what_is_unpaid_waits_or_has_a_person_look(
    policy: Policy, stock: tuple[StockRow, ...], terms: dict[str, Any], status: str, troubles: list[str]
) -> None:
    desk = Desk(charged(policy, **terms), stock, Provider(declines={"capture"}))
    desk.take(order())
    desk.answer()
    for day in range(2):
        desk.now += timedelta(days=3)
        desk.take(Reconsider(number=str(day), order=desk.order.id, cause="its time has come"), "hub")
    assert (desk.order.status, desk.troubles, desk.released) == (status, troubles, [])


def test_a_buyer_who_pays_another_way_in_time_is_served_and_the_first_way_is_given_back(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock, Provider(declines={"capture"}))
    desk.take(order())
    desk.answer()
    desk.now += timedelta(days=1)
    desk.provider.declines.clear()
    other = Payment(token="tok_2")
    desk.take(OrderChange(number="4471", change_number="P", changed_on=NOW, currency="USD", payment=other))
    desk.answer()
    assert [(one.action, one.token or one.authorization) for one in desk.asked[1:]] == [
        ("authorize", "tok_2"), ("capture", "auth_1"), ("void", "auth_0"),
    ]  # fmt: skip
    assert (desk.order.status, desk.order.holds) == ("released", ())
    desk.now += timedelta(days=3)
    desk.take(Reconsider(number="1", order=desk.order.id, cause="its time had come"), "hub")
    assert desk.order.status == "released"
    assert desk.provider.authorized == {"auth_0": 0, "auth_1": 0}
    desk.check_books()


def test_a_declined_payment_that_the_provider_takes_after_all_lets_the_order_go_on(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock, Provider(declines={"capture"}))
    desk.take(order())
    desk.answer()
    [capture] = desk.asked
    desk.provider.taken += capture.amount
    for event in ("evt_1", "evt_2"):
        desk.take(told(capture, event), "payments")
    assert (desk.order.status, desk.order.captured) == ("released", Decimal("40.00"))
    desk.check_books()


def test_an_authorization_that_cannot_be_given_back_lapses_and_is_asked_about_once(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock, Provider(declines={"void"}))
    desk.take(order())
    desk.answer()
    desk.ship()
    assert [action for action, _ in desk.actions()].count("void") == 1
    assert (desk.order.status, desk.order.holds, desk.troubles) == ("shipped", (), ["payment-declined"])


def test_a_shipment_that_is_not_paid_for_stops_the_rest_and_is_collected_once_more(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy, "shipment"), columbus(stock), Provider(declines={"capture"}))
    desk.take(order())
    asked, node = desk.released.pop(0)
    said = advice(asked, ["4"], number="S1")
    desk.take(said.changed(lines=tuple(one.model_copy(update={"status": "split"}) for one in said.lines)), node)
    desk.answer()
    for day in range(3):
        desk.now += timedelta(days=3)
        desk.take(Reconsider(number=str(day), order=desk.order.id, cause="its time has come"), "hub")
        desk.answer()
    ledger = desk.order.lines[0].ledger
    assert (ledger.shipped, ledger.cancelled, desk.order.due) == (4, 6, Decimal("16.00"))
    assert desk.actions() == [("capture", Decimal("16.00")), ("capture", Decimal("16.00"))]
    assert desk.troubles == ["payment-declined", "payment-declined"]
    desk.check_books()


@pytest.mark.parametrize("left", [True, False])
def test_a_cancelled_order_waits_for_no_payment_and_what_was_taken_all_the_same_goes_back(
    policy: Policy, stock: tuple[StockRow, ...], left: bool
) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    [capture] = desk.waiting
    cancelled = desk.take(cancellation())
    assert (desk.order.status, desk.order.holds, cancelled.withdraw) == (
        "cancelled", (), (Withdrawal(capture.number, tried_too=False),)
    )  # fmt: skip
    if left:
        desk.answer()
        assert desk.actions()[1:] == [("refund", Decimal("40.00")), ("void", Decimal("20.00"))]
    else:
        desk.waiting.clear()
        desk.take(unsent(desk, capture), "hub")
        desk.answer()
        assert desk.actions()[1:] == [("void", Decimal("60.00"))]
    assert desk.provider.authorized == {"auth_0": 0}
    desk.check_books()


@pytest.mark.parametrize("left", [True, False])
def test_what_is_ordered_again_while_a_dropped_payment_is_under_way_is_not_released_unpaid(
    policy: Policy, stock: tuple[StockRow, ...], left: bool
) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    [capture] = desk.waiting
    desk.take(cancellation())
    added = ChangedLine.model_validate(dict(order("3").lines[0]) | {"change": "add", "number": "2"})
    more = OrderChange(number="4471", change_number="+", changed_on=NOW, currency="USD", lines=(added,))
    desk.take(more)
    assert (desk.order.status, desk.released, len(desk.asked)) == ("held", [], 1)
    if not left:
        desk.waiting.clear()
        desk.take(unsent(desk, capture), "hub")
    desk.answer()
    assert desk.order.status == "released"
    assert desk.order.captured - desk.order.refunded == Decimal("12.00")
    desk.check_books()


def unsent(desk: Desk, asked: PaymentCapture) -> Unanswered:
    """The store kept the question back before it left."""
    said = {"number": "d1", "order": desk.order.id, "question": asked.number, "reason": "it never left"}
    return Unanswered.model_validate(said | {"withdrawn": True})


def cancellation() -> OrderChange:
    return OrderChange(number="4471", change_number="C", purpose="cancel", changed_on=NOW, currency="USD")


def columbus(stock: tuple[StockRow, ...]) -> tuple[StockRow, ...]:
    """Stock enough, where fulfilment orders are taken back."""
    return tuple(row._replace(on_hand=Decimal(500)) for row in stock if row.node == "dc-columbus")


def told(asked: PaymentCapture, event: str, status: str = "done") -> PaymentEvent:
    """What the provider says of a movement by itself."""
    names = ("order", "key", "action", "amount", "currency")
    said = {name: getattr(asked, name) for name in names}
    return PaymentEvent.model_validate({**said, "event": event, "status": status, "reason": "the bank says no"})


def test_an_event_is_the_answer_where_that_was_lost_and_else_no_news(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    [capture] = desk.waiting
    desk.provider.do(capture)
    desk.take(told(capture, "evt_1"), "somebody else")
    assert (desk.order.status, desk.troubles) == ("held", ["payment-unasked"])
    for event in ("evt_1", "evt_2"):
        desk.take(told(capture, event), "payments")
    assert (desk.order.status, desk.order.captured) == ("released", Decimal("40.00"))
    desk.answer()
    desk.check_books()


def test_a_movement_that_fails_later_is_taken_back_in_the_books_and_tried_again_when_somebody_says_so(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), columbus(stock))
    desk.take(order())
    desk.answer()
    desk.take(cancel("4"))
    desk.answer()
    [refund] = [asked for asked in desk.asked if asked.action == "refund"]
    for event in ("evt_1", "evt_2"):
        desk.take(told(refund, event, "failed"), "payments")
    desk.provider.given_back -= refund.amount
    desk.provider.captured["auth_0"] += refund.amount
    desk.check_books()
    assert (desk.troubles, desk.waiting, desk.order.status) == (["payment-failed"], [], "held")
    desk.take(Reconsider(number="x", order=desk.order.id, cause="tried again", lifts=("payment",), by="ana"), "hub")
    desk.answer()
    desk.check_books()
    assert (desk.order.refunded, len({asked.key for asked in desk.asked})) == (refund.amount, len(desk.asked))


def test_a_capture_that_fails_later_leaves_the_goods_due(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    desk.answer()
    desk.ship()
    [capture] = [asked for asked in desk.asked if asked.action == "capture"]
    desk.take(told(capture, "evt_1", "failed"), "payments")
    desk.provider.taken -= capture.amount
    desk.check_books()
    assert (desk.order.due, desk.troubles) == (Decimal("40.00"), ["payment-failed"])


def test_a_declined_refund_is_not_asked_for_again_before_somebody_has_looked(
    policy: Policy, stock: tuple[StockRow, ...]
) -> None:
    desk = Desk(charged(policy), columbus(stock), Provider(declines={"refund"}))
    desk.take(order())
    desk.answer()
    desk.take(cancel("4"))
    desk.answer()
    assert [action for action, _ in desk.actions()].count("refund") == 1
    assert desk.troubles == ["payment-declined"]


def test_what_is_cancelled_after_capture_goes_back(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), columbus(stock))
    desk.take(order("5"))
    desk.answer()
    desk.take(cancel("2"))
    desk.answer()
    assert desk.actions()[-1] == ("refund", Decimal("12.00"))
    desk.check_books()


def test_what_comes_back_is_refunded(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    desk.answer()
    desk.ship()
    back = Quantity(value=Decimal(3))
    asked = ReturnAuthorization(
        number="RA1", order_number="4471", requested_on=NOW,
        lines=(ReturnLine(number="1", order_line="1", quantity=back, reason="unwanted"),),
    )  # fmt: skip
    desk.take(asked)
    came = (ReturnReceiptLine(number="1", items={"sku": "CS-1001"}, quantity=back),)
    desk.take(ReturnReceipt(number="W1", order_number="NW-4471-R1", received_on=NOW, lines=came), "swiftline")
    desk.answer()
    assert desk.actions()[-1] == ("refund", Decimal("12.00"))
    assert desk.order.due == 0
    desk.check_books()


def test_what_is_sent_in_exchange_is_paid_by_what_came_back(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    desk.answer()
    desk.ship()
    before, back = list(desk.actions()), Quantity(value=Decimal(3))
    wanted = ReturnLine(number="1", order_line="1", quantity=back, exchange={"sku": "CS-1001"})
    desk.take(ReturnAuthorization(number="RA1", order_number="4471", requested_on=NOW, lines=(wanted,)))
    came = (ReturnReceiptLine(number="1", items={"sku": "CS-1001"}, quantity=back),)
    desk.take(ReturnReceipt(number="W1", order_number="NW-4471-R1", received_on=NOW, lines=came), "swiftline")
    desk.answer()
    assert (desk.order.status, desk.order.due) == ("partly_shipped", Decimal("-12.00"))
    desk.ship()
    assert (desk.order.status, desk.order.due, desk.actions()) == ("shipped", 0, before)
    desk.check_books()


def test_what_cannot_be_sent_in_exchange_is_paid_back(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order())
    desk.answer()
    desk.ship()
    back = Quantity(value=Decimal(3))
    wanted = ReturnLine(number="1", order_line="1", quantity=back, exchange={"sku": "CS-1001"})
    desk.take(ReturnAuthorization(number="RA1", order_number="4471", requested_on=NOW, lines=(wanted,)))
    desk.stock = tuple(row._replace(on_hand=ZERO) for row in stock)
    came = (ReturnReceiptLine(number="1", items={"sku": "CS-1001"}, quantity=back, condition="damaged"),)
    desk.take(ReturnReceipt(number="W1", order_number="NW-4471-R1", received_on=NOW, lines=came), "swiftline")
    desk.answer()
    assert desk.order.lines[-1].ledger.backordered == 3
    assert desk.order.refunded == 0
    desk.take(cancellation())
    desk.answer()
    assert desk.actions()[-1] == ("refund", Decimal("12.00"))
    assert (desk.order.status, desk.order.due) == ("shipped", 0)
    desk.check_books()


def test_a_deposit_is_posted_and_covers_the_invoice(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(policy, stock)
    desk.take(order(payment=Payment(captured=Decimal("25.00"))))
    assert [(entry.event, entry.amounts["amount"]) for entry in desk.entries] == [("deposit", Decimal("25.00"))]
    desk.ship()
    invoice = next(entry for entry in desk.entries if entry.event == "invoice")
    assert (invoice.amounts["paid"], invoice.amounts["due"]) == (Decimal("25.00"), Decimal("15.00"))
    assert (desk.order.advance, desk.order.due) == (0, Decimal("15.00"))


def test_a_test_order_is_never_charged(policy: Policy, stock: tuple[StockRow, ...]) -> None:
    desk = Desk(charged(policy), stock)
    desk.take(order(usage="test"))
    assert desk.order.status == "released"
    assert not desk.asked


@pytest.mark.parametrize("silence", ["wait", "escalate"])
def test_a_silent_provider_is_asked_for_the_same_movement_under_the_same_key(
    policy: Policy, stock: tuple[StockRow, ...], silence: str
) -> None:
    desk = Desk(charged(policy), stock)
    terms = desk.policy.routing.channels["northwind"]
    assert terms.charging
    desk.take(order())
    desk.now += timedelta(minutes=5)
    for count in range(3):
        desk.take(Reconsider(number=str(count), order=desk.order.id, cause="time passed"), "hub")
        desk.now += timedelta(hours=2)
    assert {asked.key for asked in desk.asked} == {"northwind/4471/capture-1"}
    assert "answer-missing" in desk.troubles
    desk.answer()
    assert desk.provider.taken == 40
    assert desk.order.status == "released"


PAYING = ("decline", "accept", "pay", "retry", "call off", "keep back")
MOVES = st.lists(
    st.tuples(
        st.sampled_from(("answer", "ship", "short", "cancel", "ask", "back", "later", *PAYING)), st.integers(1, 10)
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(
    moves=MOVES, quantity=st.integers(1, 12), capture=st.sampled_from(("release", "shipment")),
    authorized=st.sampled_from(("0.00", "20.00", "60.00")), deposit=st.sampled_from(("0.00", "7.50")),
)  # fmt: skip
@example(  # goods are invoiced while a refund is under way
    moves=[("answer", 1), ("short", 1), ("ask", 1), ("back", 1), ("ship", 1)],
    quantity=2, capture="shipment", authorized="0.00", deposit="0.00",
)  # fmt: skip
def test_whatever_happens_the_provider_the_order_and_the_books_agree(
    policy: Policy,
    stock: tuple[StockRow, ...],
    moves: list[tuple[str, int]],
    quantity: int,
    capture: Literal["release", "shipment"],
    authorized: str,
    deposit: str,
) -> None:
    desk = Desk(charged(policy, capture), stock)
    desk.provider.taken, desk.provider.deposit = Decimal(deposit), bool(Decimal(deposit))
    desk.provider.captured = {f"auth_{number}": ZERO for number in range(60)}
    desk.provider.authorized = {"auth_0": Decimal(authorized)}
    paid = TOKEN.model_copy(update={"authorized": Decimal(authorized), "captured": Decimal(deposit)})
    desk.take(order(str(quantity), payment=paid))
    for what, units in moves:
        play(desk, what, units)
    pay(desk, "accept", 0)
    desk.answer()
    pay(desk, "retry", 0)
    desk.answer()
    while desk.released:
        desk.ship()
    give_up_the_rest(desk)
    assert desk.order.due == 0
    assert desk.order.advance == 0
    assert desk.order.captured - desk.order.refunded == desk.order.invoiced - desk.order.credited
    posted = sum((entry.amounts["amount"] for entry in desk.entries if entry.event in ("capture", "deposit")), ZERO)
    assert posted == desk.order.captured == desk.provider.taken
    assert desk.order.refunded == desk.provider.given_back
    assert not desk.order.holds
    if not {"decline", "later"} & {what for what, _ in moves}:
        assert not any(desk.provider.authorized.values())


def give_up_the_rest(desk: Desk) -> None:
    """Cancel what no node has: those that fell short are not asked again."""
    ledger = desk.order.lines[0].ledger
    if ledger.backordered:
        kept = ledger.ordered - ledger.cancelled - ledger.backordered
        desk.take(cancel(str(kept)).changed(change_number="the rest"))
        desk.answer()


def play(desk: Desk, what: str, units: int) -> None:
    if what == "answer":
        desk.answer()
    elif what in ("ship", "short") and desk.released:
        wanted = [one.quantity.value for one in desk.released[0][0].lines]
        desk.ship([str(one if what == "ship" else min(one, units)) for one in wanted])
    elif what == "cancel":
        desk.take(cancel(str(units)))
    elif what == "ask":
        lines = (ReturnLine(number="1", order_line="1", quantity=Quantity(value=Decimal(units))),)
        number = f"RA{len(desk.order.returns)}"
        desk.take(ReturnAuthorization(number=number, order_number="4471", requested_on=NOW, lines=lines))
    elif what == "back" and desk.order.returns:
        known = desk.order.returns[units % len(desk.order.returns)]
        lines = (ReturnReceiptLine(number="1", items={"sku": "CS-1001"}, quantity=Quantity(value=Decimal(units))),)
        number = f"W{len(known.receipts)}"
        came = ReturnReceipt(number=number, order_number=known.number, received_on=NOW, lines=lines)
        desk.take(came, known.receiver)
    elif what == "later":
        desk.now += timedelta(days=units)
        desk.take(Reconsider(number=str(desk.now), order=desk.order.id, cause="time has passed"), "hub")
    elif what in PAYING:
        pay(desk, what, units)


def pay(desk: Desk, what: str, units: int) -> None:
    """The provider changes its mind, the buyer another card, the order is called off, or a question is kept back."""
    if what in ("decline", "accept"):
        desk.provider.declines = {("authorize", "capture", "refund", "void")[units % 4]} if what == "decline" else set()
    elif what == "pay":
        given = Payment(token=f"tok_{units}")
        number = f"P{len(desk.order.changes)}"
        desk.take(OrderChange(number="4471", change_number=number, changed_on=NOW, currency="USD", payment=given))
    elif what == "retry":
        tried = Reconsider(number="r", order=desk.order.id, cause="tried again", lifts=("payment",), by="ana")
        desk.take(tried, "hub")
    elif what == "call off":
        desk.take(cancellation().changed(change_number=f"C{len(desk.order.changes)}"))
    elif what == "keep back" and desk.withdrawn & {asked.number for asked in desk.waiting}:
        kept = next(asked for asked in desk.waiting if asked.number in desk.withdrawn)
        desk.waiting.remove(kept)
        desk.take(unsent(desk, kept), "hub")

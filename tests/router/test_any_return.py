"""Whatever comes back, in whatever order: goods and money are conserved, and the books say what the order says."""

from datetime import date
from decimal import Decimal
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import (
    CreditMemo,
    JournalEntry,
    OrderLine,
    PurchaseOrder,
    Quantity,
    ReturnAuthorization,
    ReturnLine,
    ReturnReceipt,
    ReturnReceiptLine,
)
from router.decision import Decision, StockRow
from router.order import Order
from router.order_line import ZERO
from router.own_work import ReturnVerdict
from router.policy import Policy
from router.return_terms import ReturnTerms
from tests.router.test_any_sequence import Hub, adjustments, hub_of, operator, prices, purchase_orders, taxes

CONDITIONS = ("good", "damaged", "on_hold")
FIRST = [("ask", -1, 30), ("authorize", 0, 1), ("receive", 0, 2)]
EXCHANGES: tuple[dict[str, str], ...] = ({}, {}, {"sku": "CS-1001"}, {"sku": "CS-1003"})
ACTS = ("ship", "ask", "ask", "receive", "receive", "receive", "withdraw", "authorize", "deny", "again")
steps = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 7), st.integers(1, 30)), max_size=14)


@st.composite
def sound_lines(draw: st.DrawFn) -> OrderLine:
    """A line of which something always ships."""
    return OrderLine(
        number="9",
        items={"sku": "CS-1001"},
        quantity=Quantity(value=Decimal(draw(st.integers(1, 40))), unit="EA"),
        price=draw(prices()),
        charges=draw(adjustments()),
        taxes=draw(taxes()),
    )


def terms() -> st.SearchStrategy[ReturnTerms]:
    return st.builds(
        ReturnTerms,
        approval=st.sampled_from(("automatic", "person")),
        restocking_percent=st.sampled_from((Decimal(0), Decimal(15), Decimal("33.3"))),
        credits_charges=st.booleans(),
    )


def on_terms(policy: Policy, channel: str, given: ReturnTerms) -> Policy:
    routing = policy.routing
    changed = routing.channels[channel].model_copy(update={"returns": given})
    routing = routing.model_copy(update={"channels": {**routing.channels, channel: changed}})
    return policy.model_copy(update={"routing": routing})


class Returning:
    """A hub to which goods come back, and everything it has posted and credited."""

    def __init__(self, hub: Hub, order: PurchaseOrder) -> None:
        self.hub, self.document = hub, order
        self.entries: list[JournalEntry] = []
        self.memos: list[CreditMemo] = []
        self.asked: list[ReturnAuthorization] = []
        self.receipts: list[ReturnReceipt] = []
        self.take(hub.take(order, hub.sender))
        self.sku = {line.number: line.items["sku"] for line in order.lines}
        for asked in list(hub.asked):
            self.ship(hub.asked.index(asked), 100)

    @property
    def order(self) -> Order:
        assert self.hub.order
        return self.hub.order

    def take(self, decision: Decision) -> None:
        self.entries += decision.postings
        self.memos += [sent.document for sent in decision.send if isinstance(sent.document, CreditMemo)]

    def act(self, what: str, which: int, units: int) -> None:
        if what == "ship" and self.hub.asked:
            self.ship(which, 60 + units)
        elif what == "ask":
            self.ask(which, units)
        elif what == "withdraw" and self.asked:
            gone = self.asked[which % len(self.asked)].changed(purpose="cancel")
            self.take(self.hub.take(gone, self.hub.sender))
        elif what == "receive" and self.order.returns:
            self.receive(which, units)
        elif what == "again" and self.receipts:
            self.hand_in(self.receipts[which % len(self.receipts)])
        elif what == "authorize":
            self.say("authorize", which)
        elif what == "deny":
            self.say("deny", which)

    def ship(self, which: int, percent: int) -> None:
        asked = self.hub.asked[which % len(self.hub.asked)]
        said = self.hub.node_ships(asked, percent, f"S{which}/{percent}")
        self.take(self.hub.take(said, operator(self.hub, said)))

    def ask(self, which: int, units: int) -> None:
        line = self.document.lines[which % len(self.document.lines)]
        quantity = Quantity(value=Decimal(units), unit=line.quantity.unit)
        asked = ReturnAuthorization(
            number=f"RA{len(self.asked)}",
            order_number=self.document.number,
            requested_on=date(2026, 11, 20),
            usage=self.document.usage,
            lines=(ReturnLine(number="1", order_line=line.number, quantity=quantity, exchange=EXCHANGES[units % 4]),),
        )
        self.asked.append(asked)
        self.take(self.hub.take(asked, self.hub.sender))

    def receive(self, which: int, units: int) -> None:
        known = self.order.returns[which % len(self.order.returns)]
        lines = known.lines or self.order.returns[0].lines
        strange = units % 7 == 0 or not lines
        sku = "CS-1005" if strange else self.sku[lines[which % len(lines)].line.partition("@")[0]]
        came = ReturnReceiptLine(
            number="1", items={"sku": sku}, quantity=Quantity(value=Decimal(units)), condition=CONDITIONS[units % 3]
        )
        receipt = ReturnReceipt(
            number=f"W{len(self.receipts)}",
            order_number=known.number,
            received_on=date(2026, 11, 25),
            usage=self.document.usage,
            lines=(came,),
        )
        self.receipts.append(receipt)
        self.hand_in(receipt)

    def hand_in(self, receipt: ReturnReceipt) -> None:
        known = next(one for one in self.order.returns if one.number == receipt.order_number)
        self.take(self.hub.take(receipt, known.receiver))

    def say(self, verdict: Literal["authorize", "deny"], which: int) -> None:
        if self.order.returns:
            known = self.order.returns[which % len(self.order.returns)]
            said = ReturnVerdict(number="1", order=self.order.id, returned=known.number, verdict=verdict, by="ada")
            self.take(self.hub.take(said, "crossdock"))


def balance(entries: list[JournalEntry], account: str) -> Decimal:
    """Debits less credits."""
    lines = [line for entry in entries for line in entry.lines if line.account == account]
    return sum((line.debit - line.credit for line in lines), ZERO)


def posted(entries: list[JournalEntry], event: str, amount: str = "total") -> Decimal:
    return sum((entry.amounts.get(amount, ZERO) for entry in entries if entry.event == event), ZERO)


@settings(max_examples=150, deadline=None)
@given(
    order=purchase_orders(),
    sound=sound_lines(),
    moves=steps,
    returns=terms(),
    sender=st.sampled_from(("northwind", "trailhead")),
)
def test_whatever_comes_back_goods_and_money_are_conserved(
    policy: Policy,
    stock: tuple[StockRow, ...],
    order: PurchaseOrder,
    sound: OrderLine,
    moves: list[tuple[str, int, int]],
    returns: ReturnTerms,
    sender: str,
) -> None:
    order = order.changed(lines=(*order.lines, sound))
    one = Returning(hub_of(on_terms(policy, sender, returns), stock, sender), order)
    for move in [*FIRST, *moves]:
        one.act(*move)
    for line in one.order.lines:
        ledger = line.ledger
        assert ledger.shipped >= ledger.returned >= ledger.credited
        assert ledger.invoiced >= ledger.credited
        received = [part.received for known in one.order.returns for part in known.lines if part.line == line.number]
        assert sum(received, ZERO) == ledger.returned
    assert sum((memo.total for memo in one.memos), ZERO) == one.order.credited
    assert one.order.credited <= max(one.order.invoiced, ZERO)
    assert all(memo.total > 0 for memo in one.memos)
    replaced = [line for line in one.order.lines if line.exchange_of]
    assert sum((line.ledger.ordered for line in replaced), ZERO) <= sum(
        (part.received for known in one.order.returns for part in known.lines if part.exchange), ZERO
    )
    assert not replaced or sender == "northwind"
    check_books(one, sender)


def check_books(one: Returning, sender: str) -> None:
    """The books say what the order says."""
    if one.document.usage == "test":
        assert not one.entries
        return
    assert sum((line.debit - line.credit for entry in one.entries for line in entry.lines), ZERO) == 0
    assert posted(one.entries, "invoice") == one.order.invoiced
    assert posted(one.entries, "credit") == one.order.credited
    assert len({entry.key for entry in one.entries}) == len(one.entries)
    owed = balance(one.entries, "1150" if sender == "trailhead" else "1100")
    assert owed == one.order.invoiced - one.order.credited == one.order.due

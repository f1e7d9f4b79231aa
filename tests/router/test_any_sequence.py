"""Whatever comes, in whatever order: quantity and money are conserved, nothing is promised twice, books balance."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import (
    Address,
    Adjustment,
    AdviceLine,
    ChangedLine,
    Destination,
    Document,
    FulfilmentOrder,
    Invoice,
    OrderChange,
    OrderLine,
    Party,
    Price,
    PurchaseOrder,
    Quantity,
    ShipmentAdvice,
    Tax,
)
from router.decide import decide
from router.decision import Decision, StockRow, World
from router.hold_rule import HoldRule
from router.order import Order
from router.order_line import ZERO
from router.own_work import Reconsider
from router.policy import Policy

SKUS = ("CS-1001", "CS-1002", "CS-1005", "NO-SUCH")
PLACES = {"CA": "90001", "OH": "43201", "TX": "78701", "HI": "96801"}


def party(region: str) -> Party:
    address = Address(city="Somewhere", region=region, postal_code=PLACES[region], country="US")
    return Party(role="ship_to", name=f"Store {region}", address=address)


@st.composite
def lines(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    made: list[OrderLine] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        quantity, unit = draw(st.integers(-1, 40)), draw(st.sampled_from(("EA", "EA", "CA", "XX")))
        first = draw(st.integers(0, max(quantity, 0)))
        split = [(region, part) for region, part in (("CA", first), ("OH", quantity - first)) if part > 0]
        places = tuple(Destination(party=party(r), quantity=Quantity(value=Decimal(p), unit=unit)) for r, p in split)
        made.append(
            OrderLine(
                number=str(number),
                items={"sku": draw(st.sampled_from(SKUS))},
                quantity=Quantity(value=Decimal(quantity), unit=unit),
                price=draw(prices()),
                destinations=places if draw(st.booleans()) else (),
                charges=draw(adjustments()),
                taxes=draw(taxes()),
            )
        )
    return tuple(made)


def prices() -> st.SearchStrategy[Price | None]:
    cents = st.decimals(min_value=0, max_value=90, places=2)
    return st.none() | cents.map(lambda amount: Price(amount=amount, currency="USD"))


def adjustments() -> st.SearchStrategy[tuple[Adjustment, ...]]:
    amounts = st.decimals(min_value=-5, max_value=50, places=2)
    one = st.builds(Adjustment, code=st.sampled_from(("D240", "H000")), amount=amounts)
    return st.lists(one, max_size=2).map(tuple)


def taxes() -> st.SearchStrategy[tuple[Tax, ...]]:
    amounts = st.decimals(min_value=0, max_value=20, places=2)
    return st.lists(st.builds(Tax, code=st.just("ST"), amount=amounts), max_size=1).map(tuple)


@st.composite
def purchase_orders(draw: st.DrawFn) -> PurchaseOrder:
    return PurchaseOrder(
        number="P1",
        usage=draw(st.sampled_from(("production", "production", "test"))),
        ordered_on=date(2026, 11, 16),
        currency="USD",
        parties=(party(draw(st.sampled_from(sorted(PLACES)))),),
        dates=draw(st.sampled_from(({}, {}, {"cancel_after": date(2026, 11, 18)}))),
        lines=draw(lines()),
        charges=draw(adjustments()),
        allowances=draw(adjustments()),
        taxes=draw(taxes()),
    )


@dataclass
class Hub:
    """A hub in memory: applies decisions as the store does, and checks each."""

    policy: Policy
    sender: str
    stock: dict[tuple[str, str], StockRow]
    order: Order | None = None
    reserved: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: list[FulfilmentOrder] = field(default_factory=list)
    advised: list[ShipmentAdvice] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    posted: Counter[str] = field(default_factory=Counter)
    now: datetime = datetime(2026, 11, 16, 17, tzinfo=UTC)

    def take(self, document: Document, sender: str) -> Decision:
        world = World(now=self.now, configuration=self.policy.digest, stock=tuple(self.stock.values()))
        decision = decide(self.order, document, world, self.policy, sender=sender)
        again = decide(self.order, document, world, self.policy, sender=sender)
        assert again.model_dump_json() == decision.model_dump_json()
        self._apply(decision)
        return decision

    def _apply(self, decision: Decision) -> None:
        for change in decision.stock:
            row = self.stock[change.sku, change.node]
            after = row._replace(on_hand=row.on_hand + change.on_hand, reserved=row.reserved + change.reserved)
            assert after.reserved >= 0
            assert change.reserved <= 0 or after.on_hand - after.reserved - after.safety >= 0
            self.stock[change.sku, change.node] = after
        for reservation in decision.reservations:
            self.reserved[reservation.sku, reservation.node] += reservation.quantity  # type: ignore[assignment]
        for posting in decision.postings:
            self.posted[posting.key] += 1
        self.order = decision.order
        for sent in decision.send:
            if isinstance(sent.document, FulfilmentOrder):
                self.asked.append(sent.document)
            if isinstance(sent.document, Invoice) and sent.to == self.sender:
                self.invoices.append(sent.document)

    def node_ships(self, asked: FulfilmentOrder, percent: int, number: str) -> ShipmentAdvice:
        shipped = [
            AdviceLine(
                number=line.number,
                items=line.items,
                quantity=Quantity(value=line.quantity.value * percent // 100, unit=line.quantity.unit),
            )
            for line in asked.lines
        ]
        return ShipmentAdvice(
            number=number, fulfilment_order=asked.number, shipped_on=date(2026, 11, 17), lines=tuple(shipped),
            usage=asked.usage,
        )  # fmt: skip


ACTS = ("ship", "repeat", "stranger", "reconsider", "later", "order", "change", "cancel")
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 7), st.sampled_from((0, 50, 100, 100, 120))),
    max_size=8,
)


def play(hub: Hub, order: PurchaseOrder, moves: list[tuple[str, int, int]]) -> None:
    hub.take(order, hub.sender)
    for count, (what, which, percent) in enumerate(moves):
        if what == "order":
            hub.take(order, hub.sender)
        elif what in ("reconsider", "later") and hub.order:
            hub.now += timedelta(days=which if what == "later" else 0)
            hub.take(Reconsider(number=str(count), order=hub.order.id, cause="stock arrived"), "hub")
        elif what in ("change", "cancel"):
            hub.take(changed(order, what, which, percent, count), hub.sender)
        elif what == "repeat" and hub.advised:
            advice = hub.advised[which % len(hub.advised)]
            assert not hub.take(advice, operator(hub, advice)).send
        elif what in ("ship", "stranger") and hub.asked:
            advice = hub.node_ships(hub.asked[which % len(hub.asked)], percent, f"A{count}")
            decided = hub.take(advice, operator(hub, advice) if what == "ship" else "stranger")
            hub.advised += [advice] if what == "ship" else []
            assert what == "ship" or not decided.stock


def changed(order: PurchaseOrder, what: str, which: int, percent: int, count: int) -> OrderChange:
    """Another quantity (or none, or a price) for one of the lines, a line nobody has, a new line; or a cancellation."""
    lines = [line for line in order.lines if int(line.number) == which + 1] or [order.lines[0]]
    kind = ("quantity_decrease", "replace", "add", "delete", "price")[which % 5]
    asked = Quantity(value=lines[0].quantity.value * percent // 100, unit=lines[0].quantity.unit)
    line = {**dict(lines[0]), "change": kind, "quantity": asked}
    line |= {"number": f"9{count}"} if kind == "add" else {}
    return OrderChange(
        number=order.number, change_number=str(count), changed_on=date(2026, 11, 17), currency="USD",
        purpose="cancel" if what == "cancel" else "change", usage=order.usage,
        lines=(ChangedLine.model_validate(line),),
    )  # fmt: skip


def operator(hub: Hub, advice: ShipmentAdvice) -> str:
    node = next(asked.node for asked in hub.asked if asked.number == advice.fulfilment_order)
    return hub.policy.network.by_id[node].operator or "hub"


def hub_of(policy: Policy, stock: tuple[StockRow, ...], sender: str = "northwind") -> Hub:
    return Hub(policy, sender, {(row.sku, row.node): row for row in stock})


def impatient(policy: Policy) -> Policy:
    """The example's policy, by which what is overdue is promised anew and dear orders are held for a while."""
    held = HoldRule(
        kind="credit", reason="looked at", total_above=Decimal(300), within=timedelta(days=2), on_silence="release"
    )
    routing = {"overdue": timedelta(0), "holds": (held,), "reservations_lapse": timedelta(days=1)}
    return policy.model_copy(update={"routing": policy.routing.model_copy(update=routing)})


@settings(max_examples=150, deadline=None)
@given(order=purchase_orders(), moves=steps, sender=st.sampled_from(("northwind", "harbor-grocers", "trailhead")))
def test_any_sequence_conserves(
    policy: Policy, stock: tuple[StockRow, ...], order: PurchaseOrder, moves: list[tuple[str, int, int]], sender: str
) -> None:
    hub = hub_of(impatient(policy), stock, sender)
    play(hub, order, moves)
    assert hub.order
    held: dict[str, Any] = {}
    for allocation in hub.order.allocations:
        held[allocation.line] = held.get(allocation.line, ZERO) + allocation.outstanding
    for line in hub.order.lines:
        assert held.get(line.number, ZERO) == line.ledger.allocated + line.ledger.released
        assert line.ledger.invoiced <= line.ledger.shipped
    outstanding = sum(held.values(), ZERO)
    assert sum(hub.reserved.values()) == (outstanding if order.usage == "production" else 0)
    assert all(row.reserved == hub.reserved[key] for key, row in hub.stock.items())
    assert sum((invoice.total for invoice in hub.invoices), ZERO) == hub.order.invoiced
    assert all(times == 1 for times in hub.posted.values())
    assert order.usage == "production" or not hub.posted


@settings(max_examples=150, deadline=None)
@given(order=purchase_orders(), seed=st.lists(st.sampled_from((100, 100, 110)), min_size=12, max_size=12))
def test_when_all_has_shipped_the_invoices_sum_to_the_order(
    policy: Policy, stock: tuple[StockRow, ...], order: PurchaseOrder, seed: list[int]
) -> None:
    plenty = tuple(row._replace(on_hand=row.on_hand + 2000) for row in stock)
    sound = [line for line in order.lines if line.items["sku"] != "NO-SUCH" and line.quantity.value > 0]
    sound = [line for line in sound if line.quantity.unit != "XX" and not line.destinations]
    if not sound:
        return
    order = order.changed(lines=tuple(sound), parties=(party("CA"),))
    hub = hub_of(policy, plenty)
    hub.take(order, hub.sender)
    for percent, asked in zip(seed, list(hub.asked), strict=False):
        advice = hub.node_ships(asked, percent, f"A-{asked.number}")
        hub.take(advice, operator(hub, advice))
    assert hub.order
    assert hub.order.status == "shipped"
    assert sum((invoice.total for invoice in hub.invoices), ZERO) == owed(order, policy)


def owed(order: PurchaseOrder, policy: Policy) -> Decimal:
    total = ZERO
    for line in order.lines:
        item = policy.catalogue.match(line.items).item
        assert item
        assert item.price
        factor = item.packs.get(line.quantity.unit, Decimal(1))
        total += (
            line.price.extend(line.quantity.value) if line.price else item.price.extend(line.quantity.value * factor)
        )
        total += sum((charge.amount or ZERO for charge in line.charges), ZERO)
        total += sum((tax.amount or ZERO for tax in line.taxes), ZERO)
    total += sum((charge.amount or ZERO for charge in order.charges), ZERO)
    total -= sum((allowance.amount or ZERO for allowance in order.allowances), ZERO)
    return total + sum((tax.amount or ZERO for tax in order.taxes), ZERO)

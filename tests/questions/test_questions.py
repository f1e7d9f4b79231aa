"""Orders that must ask before they go on: answers in any order, late, twice, garbage, refused, or none at all."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import OrderChange, Rejected, TaxRequest, Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from router.taxation import quote
from router.taxes import Taxes
from tests.flow import street as streets
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import ObedientCourier, Street, advice, fulfilments, open_street, purchase, stocked

RATES = [{"country": "US", "region": "IL", "level": "state", "name": "Illinois", "rate": "6.25"}]
TRUE_RATES = Taxes.model_validate({"rates": [RATES[0] | {"rate": "10"}]}).rates


def taxed(silence: str = "wait", gate: str = "release", **more: Any) -> Taxes:
    asking = {"ask": "taxman", "within": "PT30S", "silence": silence, "gate": gate}
    return Taxes.model_validate({"taxed": [{"channels": ["acme"], "provider": asking, **more}], "rates": RATES})


@dataclass
class Taxman(ObedientCourier):
    """A provider with a ledger of its own: it answers at once unless it is told otherwise."""

    asked: dict[str, TaxRequest] = field(default_factory=dict)
    silent: bool = False
    says: Callable[[bytes], bytes] = lambda content: content

    async def deliver(self, parcel: Parcel) -> Handed:
        handed = await super().deliver(parcel)
        if parcel.kind != "TaxRequest":
            return handed
        request = parcel.document
        assert isinstance(request, TaxRequest)
        self.asked[request.number] = request
        if self.silent:
            return handed
        return Handed(handed.receipt, self.answer(request, parcel.key))

    def answer(self, request: TaxRequest, key: str | None = None) -> Arrival:
        told = quote(request, TRUE_RATES, "line").changed(estimated=False)
        content = json.dumps([{"kind": "TaxQuote", "document": told.as_json()}]).encode()
        return Arrival("taxman", "answer", self.says(content), key, {})

    @property
    def recorded(self) -> dict[str, TaxRequest]:
        """What it keeps on its books, by transaction."""
        return {request.transaction: request for request in self.asked.values() if request.purpose != "quote"}

    @property
    def last(self) -> TaxRequest:
        return list(self.asked.values())[-1]


@pytest.fixture
def policy(monkeypatch) -> Callable[[Taxes], None]:
    def use(taxes: Taxes) -> None:
        monkeypatch.setattr(streets, "POLICY", streets.POLICY.model_copy(update={"taxes": taxes}))

    return use


@pytest.fixture(params=KINDS)
async def open_taxed(request, tmp_path, policy):
    """Opens a street on which acme's orders are taxed."""
    opened: list[Any] = []

    async def opening(taxes: Taxes) -> Street:
        policy(taxes)
        context = open_street(await fresh_url(request.param, tmp_path), courier=Taxman())
        opened.append((context, await context.__aenter__()))
        return opened[-1][1]

    yield opening
    for context, street in opened:
        assert await street.sound() == []
        await context.__aexit__(None, None, None)


async def later(street: Street, **by: float) -> None:
    street.clock.advance(**by)
    await street.flow.schedule.wake()
    await street.settle()


async def events(street: Street, number: str = "PO1") -> list[str]:
    return [event["kind"] for event in (await street.order(number))["timeline"]]


async def taxes_of(street: Street, number: str = "PO1") -> Decimal:
    """All tax that stands in an order's invoices."""
    invoices = [json.loads(p.content)["document"] for p in street.courier.effects("Invoice").values()]
    found = [tax for one in invoices for part in (one, *one["lines"]) for tax in part.get("taxes", ())]
    return sum((Decimal(tax["amount"]) for tax in found), Decimal(0))


async def ship(street: Street) -> None:
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await street.settle()


async def test_an_order_is_taxed_by_its_provider_before_it_is_released(open_taxed):
    street = await open_taxed(taxed())
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"
    told = await events(street)
    assert told.index("order_taxed") < told.index("line_released")
    await ship(street)
    assert await taxes_of(street) == Decimal("1.00")
    assert await street.codes() == []


@pytest.mark.parametrize("gate", ["accept", "release"])
async def test_a_hub_at_work_asks_and_goes_on_by_itself(open_taxed, gate):
    street = await open_taxed(taxed(gate=gate))
    await stocked(street)
    working = asyncio.create_task(street.flow.run(frozenset({"intake", "route", "deliver"})))
    archive = street.store.archive
    async with asyncio.timeout(20):
        for number in ("PO1", "PO2"):
            await street.send(purchase(number))
            while (number, "released") not in {(row["number"], row["status"]) for row in await archive.orders()}:
                pass
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert len(street.courier.asked) == 2


async def test_nothing_is_released_before_the_answer(open_taxed):
    street = await open_taxed(taxed())
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "held"
    assert fulfilments(street) == []
    assert len(street.courier.effects("OrderAcknowledgment")) == 1
    await street.intake.receive(street.courier.answer(street.courier.last))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"


async def journal(street: Street) -> dict[str, Decimal]:
    """Debits less credits, by account."""
    entries = [json.loads(p.content)["document"] for p in street.courier.effects("JournalEntry").values()]
    sums: dict[str, Decimal] = {}
    for line in (line for entry in entries for line in entry["lines"]):
        amount = Decimal(line["debit"]) - Decimal(line["credit"])
        sums[line["account"]] = sums.get(line["account"], Decimal(0)) + amount
    return sums


async def test_an_invoice_is_recorded_at_the_provider_once(open_taxed):
    street = await open_taxed(taxed())
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await ship(street)
    [recorded] = street.courier.recorded.values()
    assert (recorded.purpose, recorded.taxed) == ("commit", Decimal("1.00"))
    assert [line.amount for line in recorded.lines] == [Decimal("10.00")]
    assert len([one for one in street.courier.asked.values() if one.purpose == "commit"]) == 1
    assert (await journal(street))["2200"] == Decimal("-1.00")


async def test_what_was_estimated_is_trued_up_when_the_provider_speaks_again(open_taxed):
    street = await open_taxed(taxed("proceed"))
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await later(street, seconds=31)
    await ship(street)
    assert (await journal(street))["2200"] == Decimal("-0.63")
    await street.intake.receive(street.courier.answer(street.courier.last))
    await street.settle()
    books = await journal(street)
    assert (books["2200"], books["5900"], sum(books.values())) == (Decimal("-1.00"), Decimal("0.37"), 0)


async def test_a_charge_that_the_provider_refused_to_record_is_recorded_later(open_taxed):
    street = await open_taxed(taxed())
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    street.courier.orders["taxman"] = [Rejected("closed for the night")]
    await ship(street)
    assert street.courier.recorded == {}
    await later(street, seconds=31)
    assert len(street.courier.recorded) == 1


async def test_at_the_accept_gate_the_buyer_hears_nothing_before_the_answer(open_taxed):
    street = await open_taxed(taxed(gate="accept"))
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    assert street.courier.effects("OrderAcknowledgment") == {}
    await street.intake.receive(street.courier.answer(street.courier.last))
    await street.settle()
    assert len(street.courier.effects("OrderAcknowledgment")) == 1


async def test_after_the_deadline_an_order_may_go_on_with_an_estimate(open_taxed):
    street = await open_taxed(taxed("proceed"))
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await later(street, seconds=29)
    assert (await street.order("PO1"))["status"] == "held"
    await later(street, seconds=2)
    assert (await street.order("PO1"))["status"] == "released"
    await ship(street)
    assert await taxes_of(street) == Decimal("0.63")


async def test_a_late_answer_changes_nothing(open_taxed):
    street = await open_taxed(taxed("proceed"))
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await later(street, seconds=31)
    before = await street.order("PO1")
    await street.intake.receive(street.courier.answer(street.courier.last))
    await street.settle()
    after = await street.order("PO1")
    assert after["lines"] == before["lines"]
    assert "answer_ignored" in await events(street)
    await ship(street)
    assert await taxes_of(street) == Decimal("0.63")


async def test_after_the_deadline_a_person_may_have_to_look(open_taxed):
    street = await open_taxed(taxed("escalate"))
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    await later(street, seconds=31)
    assert await street.codes() == ["answer-missing"]
    assert (await street.order("PO1"))["status"] == "held"
    assert await street.store.holds.release("PO1", "tax", "ann")
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"
    assert "order_taxed" in await events(street)


async def test_who_waits_asks_a_refusing_provider_anew_at_each_deadline_and_a_person_is_told_once(open_taxed):
    street = await open_taxed(taxed("wait"))
    street.courier.orders["taxman"] = [Rejected("no such account")] * 3
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    for seconds in (31, 61, 121):
        assert (await street.order("PO1"))["status"] == "held"
        assert (await street.codes()).count("answer-missing") == 1
        await later(street, seconds=seconds)
    assert (await street.order("PO1"))["status"] == "released"
    assert await street.codes() == ["delivery-failed"] * 3


@pytest.mark.parametrize("silence", ["proceed", "escalate"])
async def test_a_refusal_takes_the_way_of_silence_at_once(open_taxed, silence):
    street = await open_taxed(taxed(silence))
    street.courier.orders["taxman"] = [Rejected("not like this")]
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    expected = {"proceed": "released", "escalate": "held"}
    assert (await street.order("PO1"))["status"] == expected[silence]
    assert ("answer-missing" in await street.codes()) == (silence == "escalate")


async def test_garbage_is_put_before_a_person_and_the_order_goes_on_at_its_deadline(open_taxed):
    street = await open_taxed(taxed("proceed"))
    street.courier.says = lambda _content: b"<html>"
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    assert await street.codes() == ["not-json"]
    await later(street, seconds=31)
    assert (await street.order("PO1"))["status"] == "released"


async def test_an_answer_that_comes_twice_has_one_effect(open_taxed):
    street = await open_taxed(taxed())
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    again = street.courier.answer(street.courier.last)
    for _ in range(2):
        await street.intake.receive(again)
    await street.settle()
    assert (await events(street)).count("question_answered") == 1


async def test_only_who_was_asked_may_answer(open_taxed):
    street = await open_taxed(taxed())
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    told = street.courier.answer(street.courier.last)
    await street.intake.receive(Arrival("acme", "http", told.content))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "held"


def changed(number: str, quantity: int) -> OrderChange:
    line = {"number": "1", "items": {"sku": "A"}, "quantity": {"value": str(quantity)}, "change": "quantity_increase"}
    return OrderChange.model_validate(
        {"number": number, "change_number": "1", "changed_on": "2026-03-02", "currency": "USD", "lines": [line]}
    )


async def test_a_change_while_a_quote_is_pending_supersedes_it(open_taxed):
    street = await open_taxed(taxed())
    street.courier.silent = True
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    first = street.courier.last
    await street.send(changed("PO1", 8))
    await street.settle()
    second = street.courier.last
    assert (second.number != first.number, second.lines[0].amount) == (True, Decimal("16.00"))
    await street.intake.receive(street.courier.answer(first))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "held"
    assert "answer_ignored" in await events(street)
    await street.intake.receive(street.courier.answer(second))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"
    await ship(street)
    assert await taxes_of(street) == Decimal("1.60")


async def test_what_is_superseded_before_it_left_never_leaves(open_taxed):
    street = await open_taxed(taxed())
    street.courier.orders["taxman"] = [Unavailable("down")]
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await street.send(changed("PO1", 8))
    await street.settle()
    assert [request.lines[0].amount for request in street.courier.asked.values()] == [Decimal("16.00")]
    assert (await street.order("PO1"))["status"] == "released"


async def test_a_cancelled_order_waits_for_nobody_and_tells_nobody_of_it(open_taxed):
    street = await open_taxed(taxed())
    street.courier.orders["taxman"] = [Unavailable("down")]
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "held"
    await street.send(purchase("PO1", 5).changed(purpose="cancel"))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "cancelled"
    assert (await street.order("PO1"))["holds"] == []
    await later(street, hours=2)
    assert street.courier.asked == {}
    assert await street.codes() == []


async def test_what_does_not_change_what_is_asked_asks_nothing_anew(open_taxed):
    street = await open_taxed(taxed())
    await stocked(street, east=1, west=0)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await stocked(street)
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"
    assert len(street.courier.asked) == 1


async def test_a_wake_up_is_taken_once_by_any_number_of_processes(open_taxed):
    street = await open_taxed(taxed("proceed"))
    street.courier.silent = True
    await stocked(street)
    for number in range(5):
        await street.send(purchase(f"PO{number}"))
    await street.settle()
    street.clock.advance(seconds=31)
    woken = await asyncio.gather(*(street.store.lanes.wake(2) for _ in range(8)))
    assert sum(woken) == 5
    await street.settle()
    for number in range(5):
        assert (await events(street, f"PO{number}")).count("answer_overdue") == 1


async def test_a_dead_provider_costs_the_others_no_attempt(open_taxed):
    street = await open_taxed(taxed())
    street.courier.orders["taxman"] = [Unavailable("down")] * 1000
    await stocked(street)
    for number in range(30):
        await street.send(purchase(f"PO{number}"))
        await street.send(purchase(f"FREE{number}"), source="globex")
    await street.settle()
    for number in range(30):
        assert (await street.order(f"FREE{number}"))["status"] == "released"
        assert (await street.order(f"PO{number}"))["status"] == "held"
    assert 1000 - len(street.courier.orders["taxman"]) < 30
    street.courier.orders["taxman"] = []
    for _ in range(6):
        await later(street, seconds=31)
    for number in range(30):
        assert (await street.order(f"PO{number}"))["status"] == "released"
    assert timedelta(minutes=4) > street.clock.now() - streets.START

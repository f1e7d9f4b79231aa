"""AvaTax and TaxJar through their real connectors: each stand-in's ledger against our books, whatever goes wrong."""

import json
from contextlib import nullcontext
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from canonical import ReturnAuthorization, ReturnReceipt, TaxRequest
from connectors.emulators.tax_rates import RATES, tax_on
from router.policy import Policy
from tests.erp.between import SPOILS, Spoil, spoilt
from tests.flow import street as streets
from tests.flow.street import Street, advice, fulfilments, purchase, stocked
from tests.questions.provider import ASKED, Trade, trading

IL_TAX = tax_on("10.00", RATES["IL"])
"""On the ten dollars that each order here is worth."""


@pytest.fixture(params=["avatax", "taxjar"])
def taxed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Opens a street whose orders ask this provider, and take that way when it is silent."""

    def opening(silence: str, spoil: Spoil | None = None, **terms: Any) -> Any:
        asking = {"ask": ASKED, "within": "PT30S", "silence": silence}
        rates = [{"country": "US", "name": "Guess", "rate": "5"}]
        taxed = {"channels": ["acme"], "provider": asking, **terms}
        told = streets.POLICY.model_dump(mode="json", exclude_defaults=True)
        for node in told["network"]["nodes"]:
            node["takes_back"] = True
        credited = [{"debit": "4000", "amount": "goods"}, {"debit": "2200", "amount": "tax"}]
        given_back = {"name": "credit", "event": "credit", "lines": [*credited, {"credit": "1200", "amount": "total"}]}
        came = {"debit": "1300", "amount": "cost"}, {"credit": "5000", "amount": "cost"}
        told["posting"]["rules"] += [given_back, {"name": "return", "event": "return", "lines": came}]
        told["taxes"] = {"taxed": [taxed], "rates": rates}
        policy = Policy.model_validate(told)
        over = partial(spoilt, spoil, CALLS[request.param]) if spoil else nullcontext
        return trading(request.param, policy, monkeypatch, tmp_path, over)

    return opening


async def sell(made: Trade) -> None:
    await stocked(made.street)
    await made.street.send(purchase("PO1", 5))
    await made.go_on(seconds=40)
    for operator, fulfilment in fulfilments(made.street):
        await made.street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await made.go_on(seconds=40)


async def take_back(made: Trade) -> None:
    """All five come back, and are credited."""
    line = {"number": "1", "order_line": "1", "quantity": {"value": "5"}, "reason": "unwanted"}
    asked = {"number": "RA1", "order_number": "PO1", "requested_on": "2026-03-04", "lines": [line]}
    await made.street.send(ReturnAuthorization.model_validate(asked))
    await made.go_on(seconds=40)
    [opened] = (await made.street.order("PO1"))["returns"]
    came = {"number": "1", "items": {"sku": "A"}, "quantity": {"value": "5"}, "condition": "good"}
    receipt = {"number": "W1", "order_number": opened["number"], "received_on": "2026-03-09", "lines": [came]}
    await made.street.send(ReturnReceipt.model_validate(receipt), source="wh-east")
    await made.go_on(seconds=40)


async def tax_payable(street: Street) -> Decimal:
    entries = [json.loads(p.content)["document"] for p in street.courier.effects("JournalEntry").values()]
    lines = [line for entry in entries for line in entry["lines"] if line["account"] == "2200"]
    return sum((Decimal(line["credit"]) - Decimal(line["debit"]) for line in lines), Decimal(0))


async def tax_asked(street: Street) -> list[TaxRequest]:
    """Everything that the provider was asked, in turn."""
    rows = [row for row in await street.store.archive.documents(limit=500) if row["kind"] == "TaxRequest"]
    found = [await street.store.archive.document(row["id"]) for row in reversed(rows)]
    return [TaxRequest.model_validate(one["document"]) for one in found if one]


async def test_what_is_charged_is_what_the_provider_has_on_its_books(taxed):
    async with taxed("wait") as made:
        await sell(made)
        assert len(made.office.recorded) == 1
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX
        assert await made.street.codes() == []


CALLS = {"avatax": ("transactions/create", "createoradjust"), "taxjar": ("/taxes", "transactions/orders")}


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_fault_at_any_call_taxes_nothing_twice(taxed, spoil):
    async with taxed("wait", spoil) as made:
        await sell(made)
        assert (await made.street.order("PO1"))["status"] == "shipped"
        assert len(made.office.recorded) == 1
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX


async def test_a_dead_provider_is_estimated_for_and_trued_up_when_it_lives_again(taxed):
    async with taxed("proceed") as made:
        made.office.faults.queue.extend(["server_error"] * 200)
        await sell(made)
        assert (await made.street.order("PO1"))["status"] == "shipped"
        assert await tax_payable(made.street) == Decimal("0.50")
        made.office.faults.queue.clear()
        for _ in range(12):
            await made.go_on(seconds=40)
        assert len(made.office.recorded) == 1
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX


@pytest.mark.parametrize("voids", [False, True])
async def test_a_sale_that_is_given_back_leaves_no_tax_in_either_ledger(taxed, voids):
    async with taxed("wait", voids=voids) as made:
        await sell(made)
        await take_back(made)
        assert made.office.tax_recorded == await tax_payable(made.street) == 0
        purposes = [question.purpose for question in await tax_asked(made.street)]
        assert purposes == ["quote", "commit", "void" if voids else "refund"]
        assert await made.street.codes() == []


@pytest.mark.parametrize("spoil", [one for one in SPOILS if one != "late"])  # no key tells a late sale from a new one
async def test_a_fault_at_a_void_takes_back_nothing_twice(taxed, spoil):
    async with taxed("wait", spoil, voids=True) as made:
        await sell(made)
        await take_back(made)
        for _ in range(4):
            await made.go_on(seconds=40)
        assert made.office.tax_recorded == await tax_payable(made.street) == 0


async def test_an_estimate_that_was_charged_and_trued_up_is_given_back_whole(taxed):
    async with taxed("proceed", voids=True) as made:
        made.office.faults.queue.extend(["server_error"] * 60)
        await sell(made)
        made.office.faults.queue.clear()
        for _ in range(12):
            await made.go_on(seconds=40)
        await take_back(made)
        assert made.office.tax_recorded == await tax_payable(made.street) == 0


async def invoices(street: Street) -> list[Decimal]:
    """What was invoiced, in all, each time."""
    told = [json.loads(p.content)["document"] for p in street.courier.effects("Invoice").values()]
    return [Decimal(one["total"]) for one in told]


def waiting(silence: str) -> dict[str, str]:
    return {"within": "PT10M", "silence": silence}


async def test_an_invoice_that_waits_charges_what_the_provider_says_of_it(taxed):
    async with taxed("proceed", invoice=waiting("wait")) as made:
        made.office.faults.queue.extend(["server_error"] * 500)
        await sell(made)
        order = await made.street.order("PO1")
        assert (order["status"], [hold["kind"] for hold in order["holds"]]) == ("held", ["invoice_tax"])
        assert await invoices(made.street) == []
        made.office.faults.queue.clear()
        await made.go_on(seconds=300)
        assert await invoices(made.street) == [Decimal("10.00") + IL_TAX]
        assert (await made.street.order("PO1"))["status"] == "shipped"
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX
        assert {one.transaction for one in await tax_asked(made.street) if one.purpose == "commit"} == {"acme-PO1-I1"}
        await take_back(made)
        assert made.office.tax_recorded == await tax_payable(made.street) == 0


async def test_an_invoice_of_a_dead_provider_goes_out_with_an_estimate_and_is_trued_up(taxed):
    async with taxed("proceed", invoice=waiting("proceed")) as made:
        made.office.faults.queue.extend(["server_error"] * 500)
        await sell(made)
        assert await invoices(made.street) == [Decimal("10.50")]
        made.office.faults.queue.clear()
        for _ in range(12):
            await made.go_on(seconds=70)
        assert made.office.tax_recorded == await tax_payable(made.street) == IL_TAX


async def test_a_person_may_let_an_invoice_go_that_waits(taxed):
    async with taxed("proceed", invoice=waiting("wait")) as made:
        made.office.faults.queue.extend(["server_error"] * 5000)
        await sell(made)
        await made.go_on(seconds=600)
        assert await invoices(made.street) == []
        assert "answer-missing" in await made.street.codes()
        assert await made.street.store.holds.release("PO1", "invoice_tax", "ann")
        await made.street.settle()
        assert await invoices(made.street) == [Decimal("10.50")]


async def test_what_comes_back_before_its_invoice_went_out_is_charged_first(taxed):
    async with taxed("proceed", invoice=waiting("wait")) as made:
        made.office.faults.queue.extend(["server_error"] * 5000)
        await sell(made)
        await take_back(made)
        memos = [json.loads(p.content)["document"] for p in made.street.courier.effects("CreditMemo").values()]
        assert (await invoices(made.street), [one["total"] for one in memos]) == ([Decimal("10.50")], ["10.50"])
        assert await tax_payable(made.street) == 0

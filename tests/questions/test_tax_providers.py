"""AvaTax and TaxJar through their real connectors: each stand-in's ledger against our books, whatever goes wrong."""

import json
from contextlib import nullcontext
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.emulators.tax_rates import RATES, tax_on
from router.taxes import Taxes
from tests.erp.between import SPOILS, Spoil, spoilt
from tests.flow import street as streets
from tests.flow.street import Street, advice, fulfilments, purchase, stocked
from tests.questions.provider import ASKED, Trade, trading

IL_TAX = tax_on("10.00", RATES["IL"])
"""On the ten dollars that each order here is worth."""


@pytest.fixture(params=["avatax", "taxjar"])
def taxed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Opens a street whose orders ask this provider, and take that way when it is silent."""

    def opening(silence: str, spoil: Spoil | None = None) -> Any:
        asking = {"ask": ASKED, "within": "PT30S", "silence": silence}
        rates = [{"country": "US", "name": "Guess", "rate": "5"}]
        taxes = Taxes.model_validate({"taxed": [{"channels": ["acme"], "provider": asking}], "rates": rates})
        policy = streets.POLICY.model_copy(update={"taxes": taxes})
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


async def tax_payable(street: Street) -> Decimal:
    entries = [json.loads(p.content)["document"] for p in street.courier.effects("JournalEntry").values()]
    lines = [line for entry in entries for line in entry["lines"] if line["account"] == "2200"]
    return sum((Decimal(line["credit"]) - Decimal(line["debit"]) for line in lines), Decimal(0))


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
        assert await tax_payable(made.street) == IL_TAX

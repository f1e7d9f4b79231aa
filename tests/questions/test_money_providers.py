"""An ERP that is asked for credit and a payment provider, through their real connectors, on a line that is bad."""

import json
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from router.charging import Charging
from router.hold_rule import HoldRule
from router.policy import Policy
from router.posting import PostingLine, PostingRule
from router.routing import Channel
from tests.erp.between import SPOILS, Spoil, spoilt
from tests.flow import street as streets
from tests.flow.street import fulfilments, purchase, stocked
from tests.questions.provider import ASKED, Trade, trading

CREDIT_CALLS = ("res.partner/search_read",)
CAPTURE_CALLS = ("/payment_intents/pi_0", "/capture")
AUTHORIZED = {"token": "pm_1", "authorization": "pi_0", "authorized": "12.00"}


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Opens a street under a policy that asks a provider, the first of each of these calls spoilt."""

    def opening(name: str, policy: Policy, spoil: Spoil, calls: tuple[str, ...]) -> AbstractAsyncContextManager[Trade]:
        return trading(name, policy, monkeypatch, tmp_path, partial(spoilt, spoil, calls))

    return opening


def checked() -> Policy:
    """The street's policy, where the ERP is asked how acme stands."""
    check = {"ask": ASKED, "within": "PT30S", "silence": "wait"}
    rule = HoldRule.model_validate({"kind": "credit", "reason": "the ERP knows", "check": check})
    return streets.POLICY.model_copy(update={"routing": streets.POLICY.routing.model_copy(update={"holds": (rule,)})})


def charged() -> Policy:
    """The street's policy, where acme's buyers pay by authorization."""
    policy = streets.POLICY
    terms = Channel(payment="authorized", charging=Charging(ask=ASKED))
    routing = policy.routing.model_copy(update={"channels": {**policy.routing.channels, "acme": terms}})
    lines = (PostingLine(debit="1160", amount="amount"), PostingLine(credit="1200", amount="amount"))
    captured = PostingRule(name="captured", event="capture", lines=lines)
    posting = policy.posting.model_copy(update={"rules": (*policy.posting.rules, captured)})
    return policy.model_copy(update={"routing": routing, "posting": posting})


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_credit_check_is_answered_whatever_goes_wrong(asking: Any, spoil: Spoil) -> None:
    async with asking("odoo", checked(), spoil, CREDIT_CALLS) as made:
        made.office.add_partner("acme", "90", limit="100")
        await stocked(made.street)
        await made.street.send(purchase("PO1", 5))
        await made.street.send(purchase("PO2", 6))
        await made.go_on(seconds=40)
        assert [(await made.street.order(number))["status"] for number in ("PO1", "PO2")] == ["released", "held"]
        assert len(fulfilments(made.street)) == 1


@pytest.mark.parametrize("spoil", SPOILS)
async def test_money_is_captured_once_whatever_goes_wrong(asking: Any, spoil: Spoil) -> None:
    async with asking("stripe", charged(), spoil, CAPTURE_CALLS) as made:
        made.office.authorize("pi_0", 1200)
        await stocked(made.street)
        await made.street.send(purchase("PO1", 5, payment=AUTHORIZED))
        await made.go_on(seconds=40)
        assert (await made.street.order("PO1"))["status"] == "released"
        assert made.office.total("capture") == 1000
        entries = [json.loads(one.content)["document"] for one in made.street.courier.effects("JournalEntry").values()]
        assert [Decimal(one["amounts"]["amount"]) for one in entries] == [Decimal("10.00")]

"""Stripe through its real connector: its ledger against our books, whatever becomes of its answers."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Any

import pytest

from connectors.emulators.loopback import serving
from connectors.emulators.stripe import Stripe
from tests.following.conftest import Opener, Served
from tests.following.test_reconcile import reconciled
from tests.following.test_returns_and_payments import (
    ORDER,
    asked,
    balance,
    came,
    post,
    ship,
    until_quiet,
    with_till,
)  # fmt: skip

PAID = {"token": "pm_1", "authorization": "pi_0", "authorized": "120.00"}


@pytest.fixture
async def stripe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stripe]:
    account = Stripe()
    account.authorize("pi_0", 12000)
    account.faults.silence = 0.1
    monkeypatch.setenv("TILL_KEY", account.secret_key)
    monkeypatch.setenv("TILL_EVENTS", "whsec_canary")
    async with serving(account) as url:
        secrets = "{secret_key: {env: TILL_KEY}, webhook_secret: {env: TILL_EVENTS}}"
        till = f"connection: till\nconnector: stripe\nsettings: {secrets}\nbase_url: {url}\n"
        (tmp_path / "till.yaml").write_text(till)
        yield account


async def sell_and_take_back(served: Served) -> None:
    """Five are sold and shipped, two come back."""
    await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID})
    await until_quiet(served)
    await ship(served)
    await post(served, "/v1/returns", "northwind", asked("2"))
    await post(served, "/v1/returns/receipts", "swiftline", came("2"))
    await until_quiet(served)


@pytest.mark.parametrize(
    "faults", [(), ("garbage",), ("html", "server_error", "garbage"), ("silent_after_accepting", "html", "html")]
)
async def test_nothing_is_charged_twice_whatever_becomes_of_stripes_answers(
    opened: Opener, tmp_path: Path, stripe: Stripe, faults: tuple[Any, ...]
) -> None:
    stripe.faults.add(*faults)
    async with with_till(opened, tmp_path) as served:
        await sell_and_take_back(served)
        assert (stripe.total("capture"), stripe.total("refund"), stripe.total("authorize")) == (9250, 3700, 0)
        books = await balance(served)
        assert books["1160"] * 100 == stripe.total("capture") - stripe.total("refund")
        assert (books.get("1100", 0), books.get("2300", 0), sum(books.values())) == (0, 0, 0)
        assert await served.sound() == []
        assert await served.exceptions() == []
    assert (await reconciled(tmp_path))[1]["differences"] == []


async def test_what_stripe_pays_out_clears_what_it_took_and_its_fees_are_booked_once(
    opened: Opener, tmp_path: Path, stripe: Stripe
) -> None:
    async with with_till(opened, tmp_path) as served:
        await sell_and_take_back(served)
        await served.hub.look()
        await served.hub.drain()
        books = await balance(served)
        assert (books["1160"], books["6120"]) == (0, Decimal("2.77"))  # 3 % of the 92.50 that were captured
        assert books["1010"] == Decimal("92.50") - Decimal("37.00") - Decimal("2.77")
        assert books["1165"] == 0
        assert await served.exceptions() == []
    assert (await reconciled(tmp_path))[1]["differences"] == []


async def test_what_was_charged_is_found_after_its_key_was_forgotten(
    opened: Opener, tmp_path: Path, stripe: Stripe
) -> None:
    stripe.faults.add("html")
    async with forgetful(stripe), with_till(opened, tmp_path) as served:
        await sell_and_take_back(served)
        assert (stripe.total("capture"), stripe.total("refund")) == (9250, 3700)


async def push(served: Served, event: str, kind: str, about: dict[str, Any], ago: int = 0) -> int:
    """Stripe pushes an event about an intent or refund; the status it is answered with."""
    body = json.dumps({"id": event, "object": "event", "type": kind, "data": {"object": about}}).encode()
    stamp = str(int(time()) - ago)
    made = hmac.new(b"whsec_canary", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={made}"}
    async with served.session.post(f"{served.url}/hooks/till", data=body, headers=headers) as answer:
        status = answer.status
    await served.hub.drain()
    return status


async def test_an_event_tells_what_an_answer_was_lost_of(opened: Opener, tmp_path: Path, stripe: Stripe) -> None:
    stripe.faults.add(*["garbage"] * 500)
    async with with_till(opened, tmp_path) as served:
        await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID})
        [question] = await served.sent("PaymentCapture", "till")
        asked_for = question["document"]
        names = {"hub": "crossdock", "order": asked_for["order"], "movement": asked_for["key"]}
        money = {"action": "capture", "amount": asked_for["amount"], "currency": "USD"}
        captured = {"id": "pi_0", "status": "succeeded", "currency": "usd", "metadata": names | money}
        for _ in range(2):
            assert await push(served, "evt_1", "payment_intent.succeeded", captured) == 200
        order = await served.hub.archive.order("R-1")
        assert (order["status"], order["money"]["captured"]) == ("released", "92.50")
        assert await push(served, "evt_2", "refund.created", {"id": "re_9", "metadata": {}}) == 200
        assert await push(served, "evt_3", "refund.created", {}, ago=400) == 401
        assert await served.exceptions("nothing-found") == []
        assert await served.sound() == []


@asynccontextmanager
async def forgetful(stripe: Stripe) -> AsyncIterator[None]:
    """Stripe drops keys when it likes, after a day."""

    class Nothing(dict[str, Any]):
        def get(self, _key: str, _default: Any = None) -> None:
            return None

    stripe.answered = Nothing()
    yield


async def test_a_card_that_is_declined_holds_the_order_and_nothing_moves(
    opened: Opener, tmp_path: Path, stripe: Stripe
) -> None:
    stripe.declines.add("pi_0")
    async with with_till(opened, tmp_path) as served:
        await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID})
        order = await served.hub.archive.order("R-1")
        assert (order["status"], order["holds"][0]["owner"]) == ("held", "finance")
        assert "do_not_honor: Your card was declined." in order["holds"][0]["reason"]
        assert stripe.ledger == []


async def test_an_authorization_that_is_too_small_is_asked_for_again_on_the_buyers_token(
    opened: Opener, tmp_path: Path, stripe: Stripe
) -> None:
    async with with_till(opened, tmp_path) as served:
        await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID | {"authorized": "10.00"}})
        await until_quiet(served)
        assert [(one.action, one.intent, one.amount) for one in stripe.ledger] == [
            ("authorize", "pi_2", 9250), ("capture", "pi_2", 9250), ("void", "pi_0", 12000),
        ]  # fmt: skip
        assert (await served.hub.archive.order("R-1"))["money"]["captured"] == "92.50"

"""Goods come back and money moves on the built hub: by its API, its store, and a provider with a ledger of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import update

from canonical.exchange import Arrival
from connectors.emulators.loopback import serving
from connectors.emulators.paydesk import Paydesk
from router.decide import decide
from router.flow import replay
from store.tables import journal_entry
from tests.following.conftest import Opener, Served, crossdock

ADDRESS = {"city": "Fontana", "region": "CA", "postal_code": "92335", "country": "US"}
ORDER: dict[str, Any] = {
    "number": "R-1",
    "ordered_on": "2026-11-20",
    "currency": "USD",
    "parties": [{"role": "ship_to", "name": "Store 9", "address": ADDRESS}],
    "lines": [
        {
            "number": "1",
            "items": {"sku": "CS-1001"},
            "quantity": {"value": "5"},
            "price": {"amount": "18.50", "currency": "USD"},
        }
    ],
}
PERSON = {"routing.yaml": [("person_above: 2000", "person_above: 10")]}


def asked(quantity: str, number: str = "RA1") -> dict[str, Any]:
    line = {"number": "1", "order_line": "1", "quantity": {"value": quantity}, "reason": "damaged"}
    return {"number": number, "order_number": "R-1", "requested_on": "2026-11-21", "lines": [line]}


def came(quantity: str, number: str = "W1") -> dict[str, Any]:
    line = {"number": "1", "items": {"sku": "CS-1001"}, "quantity": {"value": quantity}}
    return {"number": number, "order_number": "NW-R-1-R1", "received_on": "2026-11-25", "lines": [line]}


async def post(served: Served, path: str, partner: str, content: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": f"{path}/{content['number']}"}
    status, told = await served("POST", f"{path}?partner={partner}", partner, json=content, headers=headers)
    assert status in (201, 202), told
    await served.hub.drain()


async def ship(served: Served) -> None:
    """Every node ships what it was asked for."""
    for row in await served.hub.archive.documents(limit=200):
        if row["kind"] == "FulfilmentOrder" and row["direction"] == "out":
            order = (await served.hub.archive.document(row["id"]))["document"]
            lines = [
                {"number": line["number"], "items": line["items"], "quantity": line["quantity"]}
                for line in order["lines"]
            ]
            advice = {"number": f"S-{order['number']}", "fulfilment_order": order["number"], "shipped_on": "2026-11-20"}
            content = json.dumps(advice | {"lines": lines}).encode()
            await served.hub.receive(Arrival(row["partner"], "api", content, facts={"kind": "ShipmentAdvice"}))
    await served.hub.drain()


async def ledger(served: Served) -> dict[str, Decimal]:
    order = await served.hub.archive.order("R-1")
    return {name: Decimal(amount) for name, amount in order["lines"][0]["ledger"].items()}


async def balance(served: Served) -> dict[str, Decimal]:
    """Debits less credits, by account."""
    sums: dict[str, Decimal] = {}
    async for stem, row in served.hub.archive.export():
        for line in row["lines"] if stem == "journal" else ():
            amount = Decimal(line["debit"]) - Decimal(line["credit"])
            sums[line["account"]] = sums.get(line["account"], Decimal(0)) + amount
    return sums


async def page_of(served: Served, path: str) -> str:
    """A page of the console, as an operator sees it."""
    token = await served.hub.access.issue(role="operator")
    form = {"data": {"token": token}, "headers": {"Origin": served.url}, "allow_redirects": False}
    async with served.session.post(served.url + "/login", **form) as entered:
        cookie = {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in entered.cookies.items())}
    async with served.session.get(served.url + path, headers=cookie) as response:
        assert response.status == 200, path
        return await response.text()


async def test_goods_come_back_by_the_api_and_are_credited_once(opened: Opener) -> None:
    async with opened() as served:
        await post(served, "/v1/orders", "northwind", ORDER)
        await ship(served)
        [row] = [row for row in await served.hub.stock.availability("CS-1001") if row.node == "dc-reno"]
        await post(served, "/v1/returns/receipts", "swiftline", came("2"))  # before its return: it waits
        await post(served, "/v1/returns", "northwind", asked("2"))
        await post(served, "/v1/returns/receipts", "swiftline", came("2"))
        told = await ledger(served)
        assert (told["shipped"], told["returned"], told["credited"]) == (5, 2, 2)
        [after] = [row for row in await served.hub.stock.availability("CS-1001") if row.node == "dc-reno"]
        assert after.on_hand == row.on_hand + 2
        [memo] = await served.sent("CreditMemo", "northwind")
        assert memo["document"]["total"] == "37.00"
        order = await served.hub.archive.order("R-1")
        assert {"return_authorized", "return_received", "credit_issued"} <= {row["kind"] for row in order["timeline"]}
        assert (order["money"]["credited"], order["returns"][0]["standing"]) == ("37.00", "authorized")
        page = await page_of(served, f"/orders/{quote(order['id'], safe='')}")
        for told in ("NW-R-1-R1", "Authorized", "37.00 USD credited", "2 returned", "line 1: 2 of 2, damaged"):
            assert told in page, told
        wanted = asked("1", "RA2")
        wanted["lines"][0]["exchange"] = {"sku": "CS-1003"}
        await post(served, "/v1/returns", "northwind", wanted)
        await post(served, "/v1/returns/receipts", "swiftline", came("1", "W2") | {"order_number": "NW-R-1-R2"})
        order = await served.hub.archive.order("R-1")
        released = [(line["sku"], line["ledger"]["released"]) for line in order["lines"]]
        assert released == [("CS-1001", "0"), ("CS-1003", "1")]
        assert await served.sound() == []
        assert sum((await balance(served)).values()) == 0
        assert [one async for one in replay(served.hub.archive, decide, served.hub._flow.route.policy)] == []


async def test_a_return_that_waits_is_settled_by_a_person(opened: Opener, tmp_path: Path) -> None:
    async with opened(PERSON) as served:
        await post(served, "/v1/orders", "northwind", ORDER)
        await ship(served)
        await post(served, "/v1/returns", "northwind", asked("2"))
        [waiting] = await served.exceptions("return-waits")
        path = f"/v1/orders/{waiting['order']}/returns/NW-R-1-R1"
        assert (await served("POST", f"{path}/authorize", "northwind"))[0] == 403
        assert (await served("POST", f"{path}/perhaps"))[0] == 404
        assert (await served("POST", f"{path}/authorize"))[0] == 202
        await served.hub.drain()
        assert await served.exceptions("return-waits") == []
        assert len(await served.sent("ReturnAuthorization", "swiftline")) == 1
        await post(served, "/v1/returns", "northwind", asked("1", "RA2"))
    shown = await crossdock(tmp_path, "show", "R-1")
    assert "return NW-R-1-R1 (RA1)" in shown.stdout
    words = ("returns", "deny", "R-1", "NW-R-1-R2", "--by", "Ada")
    done = await crossdock(tmp_path, *words)
    assert (done.returncode, "denied" in done.stdout) == (0, True), done.stderr
    again = await crossdock(tmp_path, *words)
    assert (again.returncode, "has no return" in again.stdout) == (1, True), again.stderr


@pytest.mark.parametrize(
    ("path", "content", "pointer"),
    [
        ("/v1/returns", asked("0"), "/lines/0/quantity/value"),
        ("/v1/returns", {**asked("1"), "order_number": None}, "/order_number"),
        ("/v1/returns", {**asked("1"), "purpose": "authorization"}, "/purpose"),
        ("/v1/returns/receipts", {**came("1"), "order_number": None}, "/order_number"),
        ("/v1/returns/receipts", {**came("1"), "lines": []}, "/lines"),
    ],
)
async def test_what_cannot_be_taken_is_told_with_its_place(
    opened: Opener, path: str, content: dict[str, Any], pointer: str
) -> None:
    async with opened() as served:
        headers = {"Idempotency-Key": "1"}
        status, told = await served("POST", f"{path}?partner=northwind", "northwind", json=content, headers=headers)
        assert (status, told["findings"][0]["where"]["pointer"]) == (422, pointer)


async def test_a_return_of_no_order_is_put_before_a_person(opened: Opener) -> None:
    blind = json.dumps({**asked("1"), "order_number": None}).encode()
    async with opened() as served:
        await served.hub.receive(Arrival("northwind", "api", blind, facts={"kind": "ReturnAuthorization"}))
        await served.hub.drain()
        assert [row["code"] for row in await served.exceptions()] == ["document-unhandled"]


# --- money ----------------------------------------------------------------------------------------------------------

CHARGED = {
    "routing.yaml": [
        ("    code: NW\n", "    code: NW\n    payment: authorized\n    charging: {ask: till, owner: finance}\n")
    ],
    "hub.yaml": [("first_wait: PT5S", "first_wait: PT0.02S"), ("longest_wait: PT1H", "longest_wait: PT0.05S")],
}
PAID = {"token": "tok_1", "authorization": "auth_0", "authorized": "120.00"}


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paydesk]:
    desk = Paydesk()
    desk.authorize("auth_0", Decimal("120.00"))
    monkeypatch.setenv("TILL_KEY", desk.api_key)
    async with serving(desk) as url:
        till = f"connection: till\nconnector: paydesk\nsettings: {{api_key: {{env: TILL_KEY}}}}\nbase_url: {url}\n"
        (tmp_path / "till.yaml").write_text(till)
        yield desk


def with_till(opened: Opener, tmp_path: Path, **terms: str) -> Any:
    """The hub with a payment provider, charging on these terms."""
    import shutil

    from tests.following.conftest import ROOT

    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copy(tmp_path / "till.yaml", tmp_path / "config" / "connections" / "till.yaml")
    charged = CHARGED
    if terms:
        said = ", ".join(f"{name}: {value}" for name, value in terms.items())
        more = [(old, new.replace("owner: finance", f"owner: finance, {said}")) for old, new in CHARGED["routing.yaml"]]
        charged = CHARGED | {"routing.yaml": more}
    return opened(charged)


async def until_quiet(served: Served) -> None:
    """Work until retries have run out of reasons."""
    for _ in range(40):
        await served.hub.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("faults", [(), ("html",), ("garbage", "server_error", "html")])
async def test_nothing_is_charged_twice_whatever_becomes_of_the_answers(
    opened: Opener, tmp_path: Path, desk: Paydesk, faults: tuple[Any, ...]
) -> None:
    desk.faults.add(*faults)
    async with with_till(opened, tmp_path) as served:
        await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID})
        await until_quiet(served)
        assert (await served.hub.archive.order("R-1"))["status"] == "released"
        assert desk.total("capture") == Decimal("92.50")
        await ship(served)
        await post(served, "/v1/returns", "northwind", asked("2"))
        await post(served, "/v1/returns/receipts", "swiftline", came("2"))
        await until_quiet(served)
        assert (desk.total("capture"), desk.total("refund"), desk.total("void")) == (
            Decimal("92.50"), Decimal("37.00"), Decimal("27.50"),
        )  # fmt: skip
        books = await balance(served)
        assert books["1160"] == desk.total("capture") - desk.total("refund")
        assert (books.get("1100", 0), books.get("2300", 0), sum(books.values())) == (0, 0, 0)
        assert await served.sound() == []


async def test_a_declined_card_holds_the_order_for_finance(opened: Opener, tmp_path: Path, desk: Paydesk) -> None:
    desk.declines.add("capture")
    async with with_till(opened, tmp_path) as served:
        await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID})
        order = await served.hub.archive.order("R-1")
        assert (order["status"], order["holds"][0]["owner"]) == ("held", "finance")
        assert await served.sent("FulfilmentOrder", "swiftline") == []
        desk.declines.clear()
        assert (await served("POST", f"/v1/orders/{order['id']}/holds/payment/release"))[0] == 202
        await served.hub.drain()
        assert (await served.hub.archive.order("R-1"))["status"] == "released"
        assert desk.total("capture") == Decimal("92.50")


async def test_a_buyer_may_pay_another_way_and_who_does_not_is_cancelled_in_the_end(
    opened: Opener, tmp_path: Path, desk: Paydesk
) -> None:
    desk.declines.add("capture")
    async with with_till(opened, tmp_path, mend_within="PT0.1S") as served:
        for number in ("R-1", "R-2"):
            await post(served, "/v1/orders", "northwind", ORDER | {"payment": PAID, "number": number})
        mended = (await served.hub.archive.order("R-1"))["id"]
        assert (await served.hub.archive.order("R-1"))["holds"][0]["on_silence"] == "cancel"
        desk.declines.clear()
        paid, headers = {"payment": {"token": "tok_2"}}, {"Idempotency-Key": "another card"}
        told = await served("POST", f"/v1/orders/{mended}/changes", json=paid, headers=headers)
        assert told[0] == 202, told
        await served.hub.drain()
        await asyncio.sleep(0.1)
        await served.hub._flow.schedule.wake()
        await until_quiet(served)
        first, second = [await served.hub.archive.order(number) for number in ("R-1", "R-2")]
        assert (first["status"], second["status"], second["holds"]) == ("released", "cancelled", [])
        assert (desk.total("authorize"), desk.total("capture")) == (Decimal("92.50"), Decimal("92.50"))
        *_, answer = await served.sent("OrderAcknowledgment", "northwind")
        [outcome] = answer["document"]["lines"][0]["outcomes"]
        assert (answer["document"]["number"], outcome["outcome"]) == ("R-2", "cancelled")
        assert [row.reserved for row in await served.hub.stock.availability("CS-1001") if row.reserved] == [5]
        figures = await served.hub.hindsight.kpis()
        assert figures["all"]["orders"] == 2
        assert await served.sound() == []


async def test_the_audit_holds_an_orders_postings_against_its_invoices_and_credits(opened: Opener) -> None:
    async with opened() as served:
        await post(served, "/v1/orders", "northwind", ORDER)
        await ship(served)
        await post(served, "/v1/returns", "northwind", asked("2"))
        await post(served, "/v1/returns/receipts", "swiftline", came("2"))
        assert await served.sound() == []
        database = served.hub._store.database
        wrong = update(journal_entry).where(journal_entry.c.event == "credit").values(worth=Decimal("36.99"))
        await database.write(lambda transaction: transaction.execute(wrong))
        [fault] = await served.sound()
        assert fault.endswith("37.00 were credited, but 36.99 were posted by credit")

"""What people do to an order after it came: hold it, change it, send it elsewhere; each by name."""

import asyncio
from pathlib import Path
from typing import Any

from tests.following.conftest import PO, Opener, crossdock, interchange

ORDER = "/v1/orders/NW-88213"
MANUAL = {"kind": "manual", "reason": "the buyer called", "two_people": True}
SLOW = {"nodes.yaml": [("  - id: dc-reno\n", "  - id: dc-reno\n    handling_days: 1\n")]}


async def person(served: Any, name: str) -> Any:
    """A caller whose token names them."""
    served._tokens[name] = await served.hub.access.issue(role="operator", person=name)

    async def call(method: str, path: str, **more: Any) -> tuple[int, Any]:
        answer: tuple[int, Any] = await served(method, path, name, **more)
        await served.hub.drain()
        return answer

    return call


async def test_two_people_lift_a_hold_that_one_placed(opened: Opener, tmp_path: Path) -> None:
    changes = {"routing.yaml": [("total_above: 25000", "total_above: 1, within: PT8H, on_silence: escalate")]}
    async with opened(changes) as served:
        await served.send("northwind", PO)
        ada, grace = await person(served, "Ada"), await person(served, "Grace")
        assert (await ada("POST", f"{ORDER}/holds", json=MANUAL))[1]["by"] == "Ada"
        assert (await served("POST", f"{ORDER}/holds", "viewer", json=MANUAL))[0] == 403
        status, problem = await ada("POST", f"{ORDER}/holds", json={"kind": "manual"})
        assert (status, problem["findings"][0]["where"]) == (422, {"pointer": "/reason"})
        _, told = await served("GET", "/v1/holds", "viewer")
        mine = {hold["kind"]: hold for hold in told["holds"] if hold["number"] == "NW-88213"}
        assert mine["manual"]["placed_by"] == "Ada"
        assert mine["credit"]["owner"] == "credit desk"
        assert mine["credit"]["deadline"] > mine["credit"]["placed_at"]
        status, problem = await ada("POST", f"{ORDER}/holds/manual/release")
        assert (status, problem["detail"]) == (422, "Ada placed the manual hold; another person must lift it")
        assert (await grace("POST", f"{ORDER}/holds/manual/release"))[0] == 202
        assert (await grace("POST", f"{ORDER}/holds/credit/release"))[0] == 202
        order = await served.hub.archive.order("NW-88213")
        assert (order["status"], order["holds"]) == ("released", [])
        placed = [row for row in order["timeline"] if row["kind"] == "hold_placed"]
        assert placed[-1]["detail"]["by"] == "Ada"
        assert await served.sound() == []
    listed = await crossdock(tmp_path, "holds")
    assert (listed.returncode, "credit desk" in listed.stdout) == (0, True), listed.stderr
    words = ("NW-88214", "--hold", "manual", "--reason", "wait", "--by", "Ada", "--two-people")
    assert (await crossdock(tmp_path, "holds", "place", *words)).returncode == 0
    refused = await crossdock(tmp_path, "orders", "release", "NW-88214", "--hold", "manual", "--by", "Ada")
    assert (refused.returncode, "another person must lift it" in refused.stderr) == (1, True), refused.stdout


async def test_a_held_order_goes_on_at_its_deadline_by_itself(opened: Opener) -> None:
    rule = "total_above: 1, within: PT0.2S, on_silence: release"
    async with opened({"routing.yaml": [("total_above: 25000", rule)]}) as served:
        await served.send("northwind", PO)
        assert (await served.hub.archive.order("NW-88213"))["status"] == "held"
        await asyncio.sleep(0.3)
        await served.hub.look()
        await served.hub.drain()
        assert (await served.hub.archive.order("NW-88213"))["status"] == "released"
        assert await served.sound() == []


def address(city: str, region: str, postal_code: str) -> dict[str, Any]:
    where = {"lines": ["1 New Street"], "city": city, "region": region, "postal_code": postal_code, "country": "US"}
    return {"role": "ship_to", "name": "Northwind 77", "address": where}


async def change(served: Any, key: str, body: dict[str, Any], who: str = "operator") -> list[dict[str, Any]]:
    """A change through the API; the outcomes of its answer's lines."""
    status, told = await served("POST", f"{ORDER}/changes", who, json=body, headers={"Idempotency-Key": key})
    assert status == 202, told
    await served.hub.drain()
    *_, answer = await served.sent("OrderAcknowledgment", "northwind")
    assert answer["document"]["change_number"] == key
    lines: list[dict[str, Any]] = answer["document"]["lines"]
    return [outcome for line in lines for outcome in line["outcomes"]]


async def test_an_order_is_changed_through_the_api_until_it_is_held_no_more(opened: Opener) -> None:
    async with opened({"routing.yaml": [("total_above: 25000", "total_above: 1")]}) as served:
        await served.send("northwind", PO)
        fewer = {"number": "1", "change": "quantity_decrease", "quantity": {"value": "12", "unit": "EA"}}
        await change(served, "C1", {"lines": [fewer], "parties": [address("Fontana", "CA", "92335")]})
        await served("POST", f"{ORDER}/holds/credit/release")
        await served.hub.drain()
        order = await served.hub.archive.order("NW-88213")
        assert order["lines"][0]["ledger"]["released"] == "12"
        [received] = [row for row in order["timeline"] if row["kind"] == "change_received"]
        assert received["detail"]["by"] == "role operator"
        asked = [*await served.sent("FulfilmentOrder", "cedar-wms"), *await served.sent("FulfilmentOrder", "swiftline")]
        mine = [row for row in asked if row["document"]["order_number"] == "NW-88213"]
        assert {row["document"]["parties"][0]["address"]["region"] for row in mine} == {"CA"}
        assert await served.sound() == []


async def test_after_release_what_can_be_done_is_done_and_the_rest_answered_by_line(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        before = await served.hub.archive.order("NW-88213")
        outcomes = await change(served, "C2", {"parties": [address("Fontana", "CA", "92335")]})
        order = await served.hub.archive.order("NW-88213")
        moved = [row for row in order["timeline"] if row["kind"] == "order_readdressed"]
        refused = [outcome for outcome in outcomes if outcome["outcome"] == "rejected"]
        assert bool(moved) != bool(refused)
        assert all(outcome["reason"] for outcome in refused)
        assert [line["ledger"]["ordered"] for line in order["lines"]] == [
            line["ledger"]["ordered"] for line in before["lines"]
        ]
        assert await served.sound() == []


async def test_a_partner_changes_its_own_orders_alone(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        headers = {"Idempotency-Key": "X1"}
        assert (await served("POST", f"{ORDER}/changes", "harbor-grocers", json={"lines": []}, headers=headers))[
            0
        ] == 404
        assert (await served("POST", f"{ORDER}/changes", "viewer", json={"lines": []}, headers=headers))[0] == 403
        assert (await served("POST", f"{ORDER}/changes", "northwind", json={"lines": []}))[0] == 400
        assert (await served("POST", f"{ORDER}/changes", "northwind", data=b"[", headers=headers))[0] == 400


async def test_two_orders_for_the_last_unit_in_one_batch_one_wins_the_other_is_told_why(opened: Opener) -> None:
    head = ("CUR*BY*USD", "N1*ST*Northwind 42*92*0042", "N3*880 Lake Street", "N4*Evanston*IL*60201*US")
    sets = [["850", f"BEG*00*SA*LAST-{n}**20261120", *head, "PO1*1*1*EA*139**VN*CS-1007", "CTT*1"] for n in range(1, 6)]
    async with opened() as served:
        for node, on_hand in (("dc-reno", "3"), ("dc-columbus", "0"), ("store-austin", "0")):
            level = {"sku": "CS-1007", "node": node, "on_hand": on_hand, "safety": "2" if on_hand == "3" else "0"}
            await served("POST", "/v1/inventory", json=level)
        await served.hub.drain()
        await served.send("northwind", interchange("NORTHWIND", 501, "PO", *sets))
        answers = await served.sent("OrderAcknowledgment", "northwind")
        told = {row["document"]["number"]: row["document"]["lines"][0]["outcomes"][0]["outcome"] for row in answers}
        assert sorted(told.values()) == ["accepted"] + ["backordered"] * 4
        loser = next(number for number, outcome in told.items() if outcome == "backordered")
        order = await served.hub.archive.order(loser)
        [why] = (await served.hub.hindsight.explain(order))[-1]["explanation"]["lines"]
        assert why["would_have_filled"] == "safety stock of CS-1007 at dc-reno lower by 1"
        [row] = [row for row in await served.hub.stock.availability("CS-1007") if row.node == "dc-reno"]
        assert (row.reserved, row.available) == (1, 0)
        assert await served.sound() == []

"""A hold is lifted by a person, by name, and the order goes on."""

from pathlib import Path

from canonical import OrderChange
from tests.flow.street import fulfilments, open_street, purchase
from tests.following.conftest import PO, Opener, crossdock

HELD = {"routing.yaml": [("total_above: 25000", "total_above: 1")]}


async def test_an_operator_lifts_a_hold_and_the_order_is_released(opened: Opener) -> None:
    async with opened(HELD) as served:
        await served.send("northwind", PO)
        held = await served.hub.archive.order("NW-88213")
        assert held["status"] == "held"
        path = f"/v1/orders/{held['id']}/holds/credit/release"
        assert (await served("POST", path, "viewer"))[0] == 403
        assert (await served("POST", path, "northwind"))[0] == 403
        status, told = await served("POST", path)
        assert (status, told) == (202, {"order": held["id"], "hold": "credit", "by": "role operator"})
        await served.hub.drain()
        order = await served.hub.archive.order(held["id"])
        assert order["status"] == "released"
        assert {"hold_lifted", "order_reconsidered"} <= {row["kind"] for row in order["timeline"]}
        assert [row["order"] for row in await served.exceptions("order-held")] != [held["id"]]
        assert (await served("POST", path))[0] == 404
        assert await served.sound() == []


async def test_a_lifted_hold_is_decided_alike_when_it_is_made_again(opened: Opener) -> None:
    from router.decide import decide
    from router.flow import replay

    async with opened(HELD) as served:
        await served.send("northwind", PO)
        await served("POST", "/v1/orders/NW-88213/holds/credit/release")
        await served.hub.drain()
        policy = served.hub._flow.route.policy
        assert [one async for one in replay(served.hub.archive, decide, policy)] == []


async def test_the_command_line_lifts_a_hold(opened: Opener, tmp_path: Path) -> None:
    async with opened(HELD) as served:
        await served.send("northwind", PO)
    words = ("orders", "release", "NW-88213", "--hold", "credit", "--by", "Ada")
    done = await crossdock(tmp_path, *words)
    assert (done.returncode, "credit lifted" in done.stdout) == (0, True), done.stderr
    again = await crossdock(tmp_path, *words)
    assert (again.returncode, "has no hold" in again.stdout) == (1, True), again.stderr
    assert (await crossdock(tmp_path, "orders", "--limit", "1")).returncode == 0


async def test_a_change_that_never_finds_its_order_becomes_an_exception() -> None:
    change = {"number": "PO1", "change_number": "1", "changed_on": "2026-03-02", "currency": "USD", "lines": []}
    async with open_street("sqlite://") as street:
        await street.send(OrderChange.model_validate(change))
        await street.settle()
        street.clock.advance(hours=73)
        assert await street.flow.schedule.step() == 1
        assert await street.codes() == ["document-unmatched"]
        await street.send(purchase("PO1"))
        await street.settle()
        assert (await street.order("PO1"))["number"] == "PO1"
        [unmatched] = await street.store.archive.exceptions()
        assert await street.store.archive.settle(unmatched["id"], "retry", "me")
        await street.settle()
        changed = [row for row in (await street.order("PO1"))["documents"] if row["kind"] == "OrderChange"]
        assert [row["status"] for row in changed] == ["decided"]
        assert await street.sound() == []


async def test_packages_without_a_number_get_serials_that_nobody_else_has() -> None:
    async with open_street("sqlite://") as street:
        await street.store.stock.set("A", "EAST", 100)
        for number in ("PO1", "PO2"):
            await street.send(purchase(number, 4))
        await street.settle()
        for operator, fulfilment in fulfilments(street):
            await street.send(packed(fulfilment), source=operator)
        await street.settle()
        made = [made async for made in street.store.archive.decisions() if made.document.kind == "ShipmentAdvice"]
        assert [one.world.first_serial for one in made] == [1, 3]
        notices = street.courier.effects("ShipmentNotice").values()
        numbers = [package.sscc for parcel in notices for package in parcel.document.packages]
        assert len(numbers) == 4
        assert len(set(numbers)) == 4
        assert all(number and len(number) == 18 for number in numbers)


def packed(fulfilment: dict) -> dict:
    """The node's word that a fulfilment order left in two cartons, neither of which has a number."""
    [line] = fulfilment["lines"]
    half = {"line_number": line["number"], "items": line["items"], "quantity": {"value": "2", "unit": "EA"}}
    said = {
        "number": f"S-{fulfilment['number']}",
        "fulfilment_order": fulfilment["number"],
        "order_number": fulfilment["order_number"],
        "shipped_on": "2026-03-03",
        "packages": [{"id": "1", "kind": "carton", "lines": [half]}, {"id": "2", "kind": "carton", "lines": [half]}],
        "lines": [{"number": line["number"], "items": line["items"], "quantity": line["quantity"],
                   "ordered": line["quantity"]}],
    }  # fmt: skip
    return {"kind": "ShipmentAdvice", "document": said}

"""A node's capacity is kept however many decide at once, and given back with what is cancelled."""

import asyncio

import pytest

from canonical import OrderChange
from router.decide import decide
from router.flow import RouteOrders
from router.load import Load
from router.needs import needs
from router.network import Capacity
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import POLICY, Street, open_street, purchase, stocked

EAST = POLICY.network.nodes[0].model_copy(update={"capacity": Capacity(orders=2), "takes_back": True})
TIGHT = POLICY.model_copy(update={"network": POLICY.network.model_copy(update={"nodes": (EAST,)})})


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with open_street(await fresh_url(request.param, tmp_path)) as opened:
        yield opened
        assert await opened.sound() == []


async def decide_all(street: Street, desks: int = 1) -> None:
    """Have so many desks decide side by side until nothing waits."""
    await street.flow.translate.step()
    routes = [RouteOrders(street.store.lanes, decide, needs, TIGHT, street.clock, batch=4) for _ in range(desks)]
    for _ in range(12):
        await asyncio.gather(*(route.step() for route in routes))
        street.clock.advance(seconds=1)


async def test_orders_that_are_decided_at_once_never_ask_more_of_a_day_than_it_holds(street):
    await stocked(street)
    for number in range(7):
        await street.send(purchase(f"PO{number}", 1))
    await decide_all(street, desks=2)
    loads = (await street.store.lanes.facts((), loads=True)).loads
    assert [row.load.orders for row in loads] == [2, 2, 2, 1]
    assert len({row.day for row in loads}) == 4


async def test_a_cancelled_order_makes_room_for_the_next(street):
    await stocked(street)
    for number in ("PO1", "PO2"):
        await street.send(purchase(number, 1))
    await decide_all(street)
    cancel = OrderChange(
        number="PO1", change_number="1", changed_on=street.clock.now(), currency="USD", purpose="cancel", lines=()
    )
    await street.send(cancel)
    await decide_all(street)
    [row] = (await street.store.lanes.facts((), loads=True)).loads
    assert row.load == Load(1, 1, 1)
    await street.send(purchase("PO3", 1))
    await decide_all(street)
    assert [row.load.orders for row in (await street.store.lanes.facts((), loads=True)).loads] == [2]

"""Whatever is sent, how often, in whatever order and whatever fails on the way: one effect each, nothing lost."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import Unavailable
from router.decide import decide
from router.flow import replay
from tests.flow.street import POLICY, Street, advice, fulfilments, open_street, purchase, stocked

NUMBERS = ("PO1", "PO2", "PO3")
QUANTITIES = {"PO1": 4, "PO2": 7, "PO3": 9}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(NUMBERS), st.integers(0, 2)),
        st.tuples(st.just("other"), st.sampled_from(NUMBERS), st.integers(0, 2)),
        st.tuples(st.just("ship"), st.integers(0, 5), st.integers(1, 2)),
        st.tuples(st.just("stock"), st.integers(0, 30), st.sampled_from(("EAST", "WEST"))),
        st.tuples(st.just("fail"), st.sampled_from(("acme", "wh-east", "erp")), st.booleans()),
        st.tuples(st.just("settle"), st.none(), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 90), st.none()),
    ),
    max_size=25,
)


async def take(street: Street, step: tuple[str, Any, Any]) -> None:
    verb, what, more = step
    if verb == "send":
        await street.send(purchase(what, QUANTITIES[what]), transport_key=f"{what}-{more}")
    elif verb == "other":
        await street.send(purchase(what, QUANTITIES[what] + 1 + more))
    elif verb == "ship":
        for operator, fulfilment in fulfilments(street)[what : what + 1]:
            for _ in range(more):
                await street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    elif verb == "stock":
        await street.store.stock.set("A", more, what)
    elif verb == "fail":
        street.courier.orders.setdefault(what, []).append(Unavailable("away", ambiguous=more))
    elif verb == "settle":
        await street.settle()
    else:
        street.clock.advance(minutes=what)


async def play(script: list[tuple[str, Any, Any]]) -> None:
    async with open_street("sqlite://") as street:
        await stocked(street, east=8, west=8)
        for step in script:
            await take(street, step)
        for _ in range(6):
            await street.settle()
            street.clock.advance(hours=1)
        assert await street.sound() == []
        assert [difference async for difference in replay(street.store.archive, decide, POLICY)] == []
        await judge(street)


async def judge(street: Street) -> None:
    """One order a number; one effect a key; every document has a final status or a person looks at it."""
    orders = [row["number"] for row in await street.store.archive.orders()]
    assert len(orders) == len(set(orders))
    sent = Counter((parcel.kind, parcel.key) for parcel in street.courier.effects("FulfilmentOrder").values())
    assert set(sent.values()) <= {1}
    documents = await street.store.archive.documents(limit=1000)
    assert not {row["status"] for row in documents} & {"waiting", "queued", "ready"}
    told = {row["document"] for row in await street.store.archive.exceptions(status=None)}
    assert all(row["id"] in told for row in documents if row["status"] in ("conflict", "undelivered", "undecided"))


@settings(max_examples=30, deadline=None)
@given(steps)
def test_any_sequence_leaves_the_hub_sound(script):
    asyncio.run(play(script))

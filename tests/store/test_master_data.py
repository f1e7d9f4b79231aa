"""What documents tell of master data comes to the same, in whatever sequence they come."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical import Item, Price
from router.effect import ListChange, Record, ToMasterData
from router.master_data import Asked, MasterData
from router.price_list import ListedPrice
from store.master_data import keep_master_data, told
from tests.flow.databases import fresh_url
from tests.flow.street import START, Street, open_street

SKUS = ("A", "B", "C")
_partners = count()


@pytest.fixture
async def street(tmp_path: Any) -> AsyncIterator[Street]:
    async with open_street(await fresh_url("memory", tmp_path)) as opened:
        yield opened


async def keep(street: Street, *said: ToMasterData) -> None:
    for one in said:
        await street.store.database.write(lambda transaction, one=one: keep_master_data(transaction, "d", one))


async def known(street: Street, partner: str = "acme") -> MasterData:
    asked = Asked(frozenset(("sku", sku) for sku in SKUS), partner)
    [facts] = await street.store.database.read(lambda transaction: told(transaction, [asked]))
    return facts


def listing(at: int, whole: bool, prices: dict[str, int | None]) -> tuple[int, bool, dict[str, int | None]]:
    return at, whole, prices


LISTS = st.lists(
    st.builds(
        listing, st.integers(0, 5), st.booleans(), st.dictionaries(st.sampled_from(SKUS), st.none() | st.integers(1, 9))
    ),
    unique_by=lambda one: one[0],
    max_size=5,
)


def change(partner: str, at: int, whole: bool, prices: dict[str, int | None]) -> ToMasterData:
    listed = [
        ListedPrice(partner=partner, sku=sku, price=Price(amount=Decimal(amount), currency="USD"))
        for sku, amount in prices.items()
        if amount
    ]
    gone = [sku for sku, amount in prices.items() if amount is None]
    return ToMasterData(lists=[ListChange(partner, "books/L1", START + timedelta(days=at), listed, gone, whole)])


def expected(lists: Sequence[tuple[int, bool, dict[str, int | None]]]) -> dict[str, int]:
    """What a list says that is read in the sequence of its days."""
    prices: dict[str, int | None] = {}
    for _, whole, said in sorted(lists, key=lambda one: one[0]):
        prices = said if whole else {**prices, **said}
    return {sku: amount for sku, amount in prices.items() if amount}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=LISTS)
async def test_a_list_says_what_was_said_of_it_last_in_whatever_sequence_it_comes(street: Street, lists: Any) -> None:
    partner = f"partner-{next(_partners)}"
    await keep(street, *(change(partner, *one) for one in lists))
    prices = (await known(street, partner)).prices
    assert {one.sku: int(one.price.amount) for one in prices} == expected(lists)


async def test_of_an_item_the_later_statement_counts_wherever_it_says_something(street: Street) -> None:
    later = Item(sku="A", description="mug", price=Price(amount=Decimal(9), currency="USD"))
    earlier = Item(sku="A", description="cup", items={"upc": "012345678905"})
    for fact, day in ((later, 3), (earlier, 2)):
        await keep(street, ToMasterData([Record(fact, datetime(2026, 3, day, tzinfo=UTC))]))
    [item] = (await known(street)).items
    assert (item.description, item.items, item.price) == ("mug", earlier.items, later.price)
    again = Item(sku="A", discontinued=True)
    await keep(street, ToMasterData([Record(again, datetime(2026, 3, 4, tzinfo=UTC))]))
    [item] = (await known(street)).items
    assert (item.description, item.discontinued) == ("mug", True)


async def test_nothing_is_known_where_nothing_was_told(street: Street) -> None:
    assert not await known(street)

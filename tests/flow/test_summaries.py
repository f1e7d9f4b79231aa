"""An ERP that is told of entries by the day: each stands in one summary, and its books agree with ours."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import JournalEntry
from router.destination import Destination
from router.flow.reconcile import Reconcile
from router.policy import Policy
from router.reconciliation import Difference
from router.summary import Dated, Summary, gather
from store import IN_MEMORY, open_store
from store.figures import figures
from store.sorted_runs import SortedRuns
from tests.flow.street import (
    POLICY,
    CountingIds,
    EvenRandomness,
    JsonLanguage,
    ObedientCourier,
    SteppingClock,
    Street,
    advice,
    assemble,
    purchase,
)  # fmt: skip

ERP = Destination(connection="erp", summary=Summary())
GATHERED = POLICY.model_copy(update={"posting": POLICY.posting.model_copy(update={"destinations": (ERP,)})})


class Held(NamedTuple):
    key: str
    account: str
    amount: Decimal


def held(street: Street) -> list[Held]:
    """What the ERP holds, as it was told."""
    told = [json.loads(parcel.content)["document"] for parcel in street.courier.taken if parcel.kind == "JournalEntry"]
    return [
        Held(one["key"], line["account"], Decimal(line.get("debit", "0")) - Decimal(line.get("credit", "0")))
        for one in told
        for line in one["lines"]
    ]


async def reconciled(street: Street, books: Sequence[Held], policy: Policy = GATHERED) -> list[Difference]:
    async def ledger() -> AsyncIterator[Held]:
        for line in books:
            yield line

    def ours(read: frozenset[str]) -> AsyncIterator[Any]:
        return figures(street.store.database, policy.posting.destinations, read)

    return [one async for one in Reconcile(ours, {"erp": ledger}, SortedRuns).differences()]


async def shipped(street: Street, *numbers: str) -> None:
    """Orders that ship whole; what left is of the third of March."""
    for number in numbers:
        await street.send(purchase(number, 2), key=number)
    await street.settle()
    asked = [json.loads(one.content)["document"] for one in street.courier.taken if one.kind == "FulfilmentOrder"]
    for one in asked:
        if one["order_number"] in numbers:
            await street.send(advice(one, f"S-{one['number']}"), source="wh-east", key=f"S-{one['number']}")
    await street.settle()


async def gathering(street: Street, days: int) -> int:
    street.clock.instant += timedelta(days=days)
    made = await street.store.summaries.gather(GATHERED.posting.destinations, "UTC")
    await street.settle()
    return made


async def test_entries_are_gathered_once_the_day_is_over_and_late_ones_at_the_next_gathering() -> None:
    clock, language, courier = SteppingClock(), JsonLanguage(), ObedientCourier()
    async with open_store(IN_MEMORY, clock, CountingIds()) as store:
        flow, intake = assemble(store, clock, EvenRandomness(), courier, language, GATHERED)
        street = Street(store, flow, intake, clock, language, courier)
        await store.stock.set("A", "EAST", Decimal(100))
        await shipped(street, "1", "2")
        assert held(street) == []
        assert await reconciled(street, []) == []
        assert await gathering(street, 5) > 0
        assert await gathering(street, 0) == 0
        first = held(street)
        await shipped(street, "3")
        assert await gathering(street, 1) > 0
        books = held(street)
        assert len(books) > len(first)
        assert await reconciled(street, books) == []
        entries = [json.loads(one.content)["document"] for one in courier.taken if one.kind == "JournalEntry"]
        keys = [key for one in entries for key in one["extensions"]["crossdock"]["holds"]]
        assert len(keys) == len(set(keys)) == 6
        [apart] = await reconciled(street, books[1:])
        assert (apart.about, apart.code) == (books[0].key, "amount-differs")
        gone = [line for line in books if line.key != books[0].key]
        [missing] = await reconciled(street, gone)
        assert (missing.about, missing.code) == (books[0].key, "missing")
        assert await street.sound() == []


async def test_what_was_told_by_itself_before_is_not_gathered() -> None:
    clock, language, courier = SteppingClock(), JsonLanguage(), ObedientCourier()
    async with open_store(IN_MEMORY, clock, CountingIds()) as store:
        flow, intake = assemble(store, clock, EvenRandomness(), courier, language)
        street = Street(store, flow, intake, clock, language, courier)
        await store.stock.set("A", "EAST", Decimal(100))
        await shipped(street, "1")
        assert await gathering(street, 5) == 0
        assert await reconciled(street, held(street)) == []


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=999, places=2)
ENTRIES = st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from(["4000", "2200"]), AMOUNTS))


@given(ENTRIES, st.sampled_from(["channel", "day"]), st.integers(2, 4))
def test_summaries_hold_every_entry_once_and_come_to_the_same(said: list[Any], by: Any, most: int) -> None:
    entries = [_dated(number, *one) for number, one in enumerate(said)]
    made = list(gather(entries, Summary(by=by, most=most), "erp", date(2026, 3, 9)))
    assert sorted(key for one in made for key in one.holds) == sorted(one.entry.key for one in entries)
    assert _sums(one.entry for one in made) == _sums(one.entry for one in entries)
    assert len({one.entry.key for one in made}) == len(made)
    assert all(len(one.holds) <= most for one in made)


def _dated(number: int, day: int, channel: str, account: str, amount: Decimal) -> Dated:
    dimensions = {"channel": channel}
    lines = [
        {"account": "1100", "debit": amount, "dimensions": dimensions},
        {"account": account, "credit": amount, "dimensions": dimensions},
    ]
    on = date(2026, 3, day)
    said = {"key": f"k{number}", "order": "o", "event": "invoice", "posted_on": on, "currency": "USD", "lines": lines}
    return Dated(on, JournalEntry.model_validate(said))


def _sums(entries: Any) -> dict[tuple[Any, str], Decimal]:
    sums: dict[tuple[Any, str], Decimal] = {}
    for entry in entries:
        for line in entry.lines:
            place = entry.posted_on, line.account
            sums[place] = sums.get(place, Decimal(0)) + line.debit - line.credit
    return sums


@pytest.mark.parametrize("most", [0, 1])
def test_a_summary_that_holds_nothing_is_none(most: int) -> None:
    with pytest.raises(ValueError, match="most"):
        Summary(most=most)

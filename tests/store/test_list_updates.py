"""A list shows again what it showed before, changed since: no conflict where the arrival says so."""

import pytest

from canonical.exchange import Arrival
from store import open_store
from tests.flow.street import CountingIds, SteppingClock


@pytest.mark.parametrize(("facts", "status"), [({"updates": "ignore"}, "duplicate"), ({}, "conflict")])
async def test_other_content_under_the_same_key(facts, status):
    async with open_store("sqlite://", SteppingClock(), CountingIds()) as store:
        first = await store.inbox.keep(Arrival("shop", "poll", b'{"id": 1}', "orders/1", facts))
        again = await store.inbox.keep(Arrival("shop", "poll", b'{"id": 1, "status": "paid"}', "orders/1", facts))
    assert (first.status, again.status) == ("accepted", status)
    assert (again.id == first.id) is (status == "duplicate")

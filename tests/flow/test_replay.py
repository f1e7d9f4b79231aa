"""Decisions made again come out the same under the same policy, and visibly otherwise under another."""

from router.decide import decide
from router.flow import replay
from tests.flow.street import POLICY, open_street, purchase, stocked


async def test_the_same_policy_decides_the_same_and_another_is_shown_where_it_differs(tmp_path):
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        await stocked(street, east=8, west=1)
        for number in ("PO1", "PO2", "PO3"):
            await street.send(purchase(number, 4))
        await street.settle()
        await stocked(street, east=50, west=1)
        await street.settle()
        archive = street.store.archive
        assert [made async for made in archive.decisions()]
        assert [difference async for difference in replay(archive, decide, POLICY)] == []
        poorer = POLICY.model_copy(update={"catalogue": POLICY.catalogue.model_copy(update={"items": ()})})
        other = [difference.made.order async for difference in replay(archive, decide, poorer)]
        assert other == ["acme/PO1", "acme/PO2", "acme/PO3"]

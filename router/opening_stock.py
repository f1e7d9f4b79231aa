"""The stock to begin with."""

from collections.abc import Sequence

from router.catalogue import StockLevel
from router.lookups import StockRoom


async def stock_up(room: StockRoom, levels: Sequence[StockLevel]) -> None:
    """Enter levels where the store knows none yet; from then on the store is right."""
    known = {(row.sku, row.node) for row in await room.availability()}
    for level in levels:
        if (level.sku, level.node) not in known:
            await room.set(level.sku, level.node, level.on_hand, level.safety)
            if level.incoming_on:
                await room.expect(level.sku, level.node, {level.incoming_on: level.incoming})

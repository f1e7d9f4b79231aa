"""What is on its way to nodes: a row for each SKU, node and day."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, select

from router.effect import Arriving
from router.incoming import IncomingRow
from router.order_line import ZERO
from store.database import Transaction
from store.shapes import Shape, among
from store.tables import incoming


def incoming_rows(transaction: Transaction, skus: Sequence[str]) -> list[IncomingRow]:
    """What is on its way of some SKUs, by SKU, node and day; from yesterday on, for somewhere it may still be that day.

    What should have come before, and was not counted since, promises nothing.
    """
    since = transaction.now.date() - timedelta(days=1)
    rows = transaction.ask(_COMING, wanted=list(skus), since=since)
    return [IncomingRow(row.sku, row.node, row.day, row.units) for row in rows]


_COMING = Shape(
    lambda on: (
        select(incoming)
        .where(among(on, incoming.c.sku), incoming.c.day >= bindparam("since", type_=incoming.c.day.type))
        .order_by(incoming.c.sku, incoming.c.node, incoming.c.day)
    )
)


def record_incoming(transaction: Transaction, arriving: Arriving) -> None:
    """Replace all that was known to be on its way of a SKU to a node."""
    here = {"sku": arriving.sku, "node": arriving.node}
    transaction.execute(delete(incoming).where(incoming.c.sku == arriving.sku, incoming.c.node == arriving.node))
    rows = [here | {"day": day, "units": units} for day, units in sorted(arriving.days.items()) if units > ZERO]
    transaction.insert(incoming, *rows)

"""Reservations: what each order line still holds at each node."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from router.decision import ReservationChange
from router.order_line import ZERO
from store.database import Transaction
from store.shapes import Shape
from store.tables import reservation

_KEYS = ("order_id", "line", "node", "sku")


def change_reservations(transaction: Transaction, order_id: str, changes: Iterable[ReservationChange]) -> None:
    """Raise and lower what an order's lines hold; what holds nothing any more is removed.

    Raises `ValueError` when less is held than is to be given up, for that is a wrong decision and no lost race.
    """
    by_sign: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for change in changes:
        row = {"order_id": order_id, "line": change.line, "node": change.node, "sku": change.sku}
        by_sign[change.quantity > 0].append(row | {"quantity": abs(change.quantity)})
    transaction.apply(_RAISE, *by_sign[True])
    if by_sign[False]:
        _lower(transaction, order_id, by_sign[False])


def _raise(dialect: str) -> Any:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(reservation)
    insert = insert.values({name: bindparam(name) for name in (*_KEYS, "quantity")})
    more = reservation.c.quantity + insert.excluded.quantity
    return insert.on_conflict_do_update(index_elements=_KEYS, set_={"quantity": more})


_RAISE = Shape(_raise)


def _lower(transaction: Transaction, order_id: str, rows: list[dict[str, Any]]) -> None:
    if transaction.execute_each(_LESS, [{f"of_{name}": value for name, value in row.items()} for row in rows]) < len(
        rows
    ):
        raise ValueError(f"{order_id} holds less than it is to give up")
    transaction.execute(_EMPTY, [{"of_order_id": order_id}])


_LESS = (
    update(reservation)
    .where(
        and_(*(reservation.c[key] == bindparam(f"of_{key}") for key in _KEYS)),
        reservation.c.quantity >= bindparam("of_quantity", type_=reservation.c.quantity.type),
    )
    .values(quantity=reservation.c.quantity - bindparam("of_quantity", type_=reservation.c.quantity.type))
)
_EMPTY = delete(reservation).where(reservation.c.order_id == bindparam("of_order_id"), reservation.c.quantity == ZERO)

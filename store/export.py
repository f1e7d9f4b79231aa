"""The outside auditor's files, row by row, from one consistent view."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Select, select

from store import rows
from store.events import events_of
from store.tables import decision, delivery, document, journal_entry, order, reservation, stock
from store.watch_tables import erasure

Shown = Mapping[str, Any]


def _one(show: Callable[[Any], Shown]) -> Callable[[Any], Iterable[Shown]]:
    return lambda row: (show(row),)


def _events(row: Any) -> Iterable[Shown]:
    return map(rows.shown_event, events_of(row))


_MADE = (
    decision.c.order_id, decision.c.at, decision.c.first_event, decision.c.last_event, decision.c.events,
    decision.c.previous, decision.c.head,
)  # fmt: skip

EXPORTS: Mapping[str, tuple[Select[Any], Callable[[Any], Iterable[Shown]]]] = {
    # file stem -> which rows, and what is shown of each
    "documents": (select(document).order_by(document.c.at, document.c.id), _one(rows.shown_document)),
    "orders": (select(order).order_by(order.c.created_at, order.c.id), _one(rows.shown_order)),
    "events": (select(*_MADE).order_by(decision.c.order_id, decision.c.first_event), _events),
    "reservations": (select(reservation).order_by(reservation.c.order_id), _one(rows.shown_reservation)),
    "stock": (select(stock).order_by(stock.c.sku, stock.c.node), _one(rows.shown_stock)),
    "deliveries": (select(delivery).order_by(delivery.c.document), _one(rows.shown_delivery)),
    "erasures": (select(erasure).order_by(erasure.c.seq), _one(rows.shown_erasure)),
    "journal": (
        select(journal_entry).order_by(journal_entry.c.posted_at, journal_entry.c.key),
        _one(rows.shown_posting),
    ),
}

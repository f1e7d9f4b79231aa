"""The outside auditor's files, row by row, from one consistent view."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, select

from store import rows
from store.tables import delivery, document, event, journal_entry, order, reservation, stock
from store.watch_tables import erasure

EXPORTS: Mapping[str, tuple[Select[Any], Callable[[Any], Mapping[str, Any]]]] = {
    # file stem -> which rows, and how each is shown
    "documents": (select(document).order_by(document.c.at, document.c.id), rows.shown_document),
    "orders": (select(order).order_by(order.c.created_at, order.c.id), rows.shown_order),
    "events": (select(event).order_by(event.c.order_id, event.c.seq), rows.shown_event),
    "reservations": (select(reservation).order_by(reservation.c.order_id), rows.shown_reservation),
    "stock": (select(stock).order_by(stock.c.sku, stock.c.node), rows.shown_stock),
    "deliveries": (select(delivery).order_by(delivery.c.document), rows.shown_delivery),
    "erasures": (select(erasure).order_by(erasure.c.seq), rows.shown_erasure),
    "journal": (select(journal_entry).order_by(journal_entry.c.posted_at, journal_entry.c.key), rows.shown_posting),
}

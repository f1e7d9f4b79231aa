"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.columns import Exact, Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _transmission()
    _identity()
    _document()
    _lane()
    _lane_entry()
    _lane_name()
    _sales_order()
    _event()
    _decision()
    _stock()
    _reservation()
    _backorder()
    _journal_entry()
    _configuration()
    _control_number()
    _delivery()
    _attempt()
    _exception()
    _token()


def _only(where: str) -> dict[str, Any]:
    """A partial index on either database."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def _transmission() -> None:
    op.create_table(
        "transmission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("transport_key", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due", Instant(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("findings", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("transmission_due", "transmission", ["due"], **_only("status = 'received'"))


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("transmission", sa.String(), nullable=True),
        sa.Column("duplicate_of", sa.String(), nullable=True),
        sa.Column("source_document", sa.String(), nullable=True),
        sa.Column("place", Json(), nullable=True),
        sa.Column("findings", Json(), nullable=True),
        sa.Column("reasons", Json(), nullable=True),
        sa.Column("waits_for", sa.String(), nullable=True),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("filename", sa.String(), nullable=True),
        sa.Column("control", Json(), nullable=True),
        sa.Column("group_number", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("document_by_group", "document", ["partner", "group_number"], **_only("group_number IS NOT NULL"))
    op.create_index("document_by_time", "document", ["at"])
    op.create_index("document_of_order", "document", ["order_id", "partner", "seq"])
    op.create_index("document_of_transmission", "document", ["transmission"])
    op.create_index("document_queued", "document", ["due"], **_only("status = 'queued'"))
    op.create_index("document_waiting", "document", ["waits_for"], **_only("status = 'parked'"))


def _lane() -> None:
    op.create_table(
        "lane",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("next_seq", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("due", Instant(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lane_due", "lane", ["due"], **_only("pending > 0"))


def _lane_entry() -> None:
    op.create_table(
        "lane_entry",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "seq"),
    )


def _lane_name() -> None:
    op.create_table(
        "lane_name",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name"),
    )


def _sales_order() -> None:
    op.create_table(
        "sales_order",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("order_by_number", "sales_order", ["number"])
    op.create_index("order_by_time", "sales_order", ["created_at"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "seq"),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("configuration", sa.String(), nullable=False),
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decision_of_order", "decision", ["order_id", "at"])


def _stock() -> None:
    op.create_table(
        "stock",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("on_hand", Exact(), nullable=False),
        sa.Column("reserved", Exact(), nullable=False),
        sa.Column("safety", Exact(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "node"),
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line", "node", "sku"),
    )
    op.create_index("reservation_of_stock", "reservation", ["sku", "node"])


def _backorder() -> None:
    op.create_table(
        "backorder",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "order_id"),
    )


def _journal_entry() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("debit", Exact(), nullable=False),
        sa.Column("credit", Exact(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("journal_of_order", "journal_entry", ["order_id"])


def _configuration() -> None:
    op.create_table(
        "configuration",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _control_number() -> None:
    op.create_table(
        "control_number",
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counter"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("receipt", Json(), nullable=True),
        sa.PrimaryKeyConstraint("document"),
    )
    op.create_index("delivery_due", "delivery", ["due"], **_only("status = 'due'"))


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "number"),
    )


def _exception() -> None:
    op.create_table(
        "exception",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("transmission", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exception_of_order", "exception", ["order_id"])
    op.create_index("exception_open", "exception", ["at"], **_only("status = 'open'"))


def _token() -> None:
    op.create_table(
        "token",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )

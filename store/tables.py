"""The store's tables. The order is the street's: what arrived, what it says, what was decided, what goes out."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.sql.expression import ColumnElement, TextClause, false, text

from store.columns import Exact, Instant, Json

metadata = MetaData()


def _queue(name: str, *columns: Column[object], where: ColumnElement[bool] | TextClause) -> Index:
    """An index over the rows still to be worked on, so that looking for work costs the same in a full store."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _erased() -> Column[bool]:
    """Whether its personal data was erased."""
    return Column("erased", Boolean, nullable=False, server_default=false())


def _text(name: str, *, nullable: bool = False, key: bool = False) -> Column[str]:
    return Column(name, String, nullable=nullable, primary_key=key)


# --- what arrived ---------------------------------------------------------------------------------------------------

transmission = Table(
    "transmission",
    metadata,
    _text("id", key=True),
    _text("source", nullable=True),
    _text("transport"),
    _text("transport_key", nullable=True),
    Column("content", LargeBinary, nullable=False),
    _text("sha256"),
    Column("facts", Json, nullable=False),
    Column("received_at", Instant, nullable=False),
    _text("status"),
    Column("due", Instant, nullable=False),
    _text("token", nullable=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("findings", Json, nullable=True),
    _erased(),
)
_queue("transmission_unerased", transmission.c.received_at, where=text("not erased"))
_queue("transmission_due", transmission.c.due, where=transmission.c.status == "received")

identity = Table(
    "identity",
    metadata,
    _text("scope", key=True),
    _text("key", key=True),
    _text("digest"),
    _text("owner"),
    Column("first_seen", Instant, nullable=False),
)

# --- what it says ---------------------------------------------------------------------------------------------------

document = Table(
    "document",
    metadata,
    _text("id", key=True),
    _text("direction"),
    _text("partner", nullable=True),
    _text("kind"),
    _text("identity"),
    _text("usage"),
    _text("status"),
    Column("at", Instant, nullable=False),
    Column("content", Text, nullable=True),
    _text("digest", nullable=True),
    _text("sha256", nullable=True),
    _text("order_id", nullable=True),
    Column("seq", Integer, nullable=True),
    _text("transmission", nullable=True),
    _text("duplicate_of", nullable=True),
    _text("source_document", nullable=True),
    Column("place", Json, nullable=True),
    Column("findings", Json, nullable=True),
    Column("reasons", Json, nullable=True),
    _text("waits_for", nullable=True),
    Column("due", Instant, nullable=True),
    _text("token", nullable=True),
    Column("body", LargeBinary, nullable=True),
    _text("media_type", nullable=True),
    _text("filename", nullable=True),
    Column("control", Json, nullable=True),
    _text("group_number", nullable=True),
    _text("interchange_number", nullable=True),
    _text("carrier", nullable=True),
)
_queue("document_queued", document.c.due, where=document.c.status == "queued")
_queue("document_waiting", document.c.waits_for, where=document.c.status == "parked")
Index("document_of_order", document.c.order_id, document.c.partner, document.c.seq)
Index("document_of_transmission", document.c.transmission)
Index("document_by_time", document.c.at)
Index("document_by_kind", document.c.direction, document.c.kind)
Index("document_of_partner", document.c.partner, document.c.at)
_queue("document_duplicate", document.c.duplicate_of, where=document.c.duplicate_of.isnot(None))
_queue(
    "document_by_group",
    document.c.partner,
    document.c.group_number,
    where=document.c.group_number.isnot(None),
)
_queue(
    "document_by_interchange",
    document.c.partner,
    document.c.interchange_number,
    where=document.c.interchange_number.isnot(None),
)
_queue("document_carried", document.c.carrier, where=document.c.carrier.isnot(None))

# --- what waits for a decision --------------------------------------------------------------------------------------

lane = Table(
    "lane",
    metadata,
    _text("id", key=True),
    Column("next_seq", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("due", Instant, nullable=False),
    _text("token", nullable=True),
    Column("events", Integer, nullable=False, default=0),
    _text("head"),
    Column("sent", Integer, nullable=False, default=0),
)
_queue("lane_due", lane.c.due, where=lane.c.pending > 0)

lane_entry = Table(
    "lane_entry",
    metadata,
    Column("lane", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _text("document"),
    _text("cause", nullable=True),
    _text("status"),
)

lane_name = Table(
    "lane_name",
    metadata,
    _text("scope", key=True),
    _text("name", key=True),
    _text("lane"),
)

# --- what was decided -----------------------------------------------------------------------------------------------

order = Table(
    "sales_order",
    metadata,
    _text("id", key=True),
    _text("number"),
    _text("channel"),
    _text("status"),
    _text("usage"),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    _erased(),
)
Index("order_by_number", order.c.number)
Index("order_by_time", order.c.created_at)
Index("order_by_status", order.c.status, order.c.erased, order.c.updated_at)
Index("order_of_channel", order.c.channel, order.c.created_at)
_queue("order_held", order.c.created_at, where=order.c.status == "held")

decision = Table(
    "decision",
    metadata,
    _text("id", key=True),
    _text("order_id"),
    _text("document"),
    _text("cause", nullable=True),
    _text("sender"),
    Column("at", Instant, nullable=False),
    _text("configuration"),
    Column("world", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    _text("digest"),
    Column("first_event", Integer, nullable=False),
    Column("last_event", Integer, nullable=False),
    Column("events", Text, nullable=False),
    _text("previous"),
    _text("head", nullable=True),
    _text("block", nullable=True),
)
Index("decision_of_order", decision.c.order_id, decision.c.at)

stock = Table(
    "stock",
    metadata,
    _text("sku", key=True),
    _text("node", key=True),
    Column("on_hand", Exact, nullable=False),
    Column("reserved", Exact, nullable=False),
    Column("safety", Exact, nullable=False),
    Column("version", BigInteger, nullable=False),
)

reservation = Table(
    "reservation",
    metadata,
    _text("order_id", key=True),
    _text("line", key=True),
    _text("node", key=True),
    _text("sku", key=True),
    Column("quantity", Exact, nullable=False),
)
Index("reservation_of_stock", reservation.c.sku, reservation.c.node)

backorder = Table(
    "backorder",
    metadata,
    _text("sku", key=True),
    _text("order_id", key=True),
    Column("since", Instant, nullable=False),
    Column("priority", Integer, nullable=True),
    Column("units", Exact, nullable=True),
)

incoming = Table(
    "incoming",
    metadata,
    _text("sku", key=True),
    _text("node", key=True),
    Column("day", Date, primary_key=True),
    Column("units", Exact, nullable=False),
)

journal_entry = Table(
    "journal_entry",
    metadata,
    _text("key", key=True),
    _text("order_id"),
    _text("event"),
    _text("currency"),
    Column("debit", Exact, nullable=False),
    Column("credit", Exact, nullable=False),
    Column("worth", Exact, nullable=True),
    Column("posted_at", Instant, nullable=False),
    Column("content", Text, nullable=False),
)
Index("journal_of_order", journal_entry.c.order_id)
Index("journal_totals", journal_entry.c.currency, journal_entry.c.debit, journal_entry.c.credit)

configuration = Table(
    "configuration",
    metadata,
    _text("digest", key=True),
    Column("content", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
)

# --- what goes out --------------------------------------------------------------------------------------------------

control_number = Table(
    "control_number",
    metadata,
    _text("counter", key=True),
    Column("value", BigInteger, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    _text("document", key=True),
    _text("destination"),
    _text("key"),
    _text("status"),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    _text("token", nullable=True),
    Column("receipt", Json, nullable=True),
)
_queue("delivery_due", delivery.c.due, where=delivery.c.status == "due")

attempt = Table(
    "attempt",
    metadata,
    Column("delivery", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    _text("outcome"),
)

# --- who must look, who may enter -----------------------------------------------------------------------------------

exception = Table(
    "exception",
    metadata,
    _text("id", key=True),
    _text("code"),
    _text("reason"),
    _text("owner"),
    Column("facts", Json, nullable=False),
    _text("status"),
    Column("at", Instant, nullable=False),
    _text("order_id", nullable=True),
    _text("document", nullable=True),
    _text("transmission", nullable=True),
    _text("subject", nullable=True),
    _text("settled_by", nullable=True),
    Column("settled_at", Instant, nullable=True),
)
_queue("exception_open", exception.c.at, where=exception.c.status == "open")
Index("exception_of_order", exception.c.order_id)
_queue("exception_of_document", exception.c.document, where=exception.c.document.isnot(None))
_queue("exception_of_transmission", exception.c.transmission, where=exception.c.transmission.isnot(None))

token = Table(
    "token",
    metadata,
    _text("sha256", key=True),
    _text("partner", nullable=True),
    _text("role", nullable=True),
    _text("person", nullable=True),
    Column("issued_at", Instant, nullable=False),
)

"""The tables by which the store watches over itself: what is awaited, who works, what was sealed, what was erased."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from store.columns import Exact, Instant
from store.tables import metadata


def _text(name: str, *, nullable: bool = False, key: bool = False) -> Column[str]:
    return Column(name, String, nullable=nullable, primary_key=key)


awaited = Table(
    "awaited",
    metadata,
    _text("document", key=True),
    _text("way", key=True),
    _text("kind", key=True),
    _text("partner"),
    _text("number", nullable=True),
    _text("order_id", nullable=True),
    Column("since", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    _text("status"),
    Column("settled_at", Instant, nullable=True),
    _text("exception", nullable=True),
)
_open = awaited.c.status == "open"
Index("awaited_due", awaited.c.due, sqlite_where=_open, postgresql_where=_open)
_numbered = awaited.c.number.isnot(None)
Index("awaited_number", awaited.c.partner, awaited.c.number, sqlite_where=_numbered, postgresql_where=_numbered)
Index("awaited_of_order", awaited.c.order_id)

sign_of_life = Table("sign_of_life", metadata, _text("process", key=True), Column("at", Instant, nullable=False))

turn = Table(
    "turn",
    metadata,
    _text("place", key=True),
    _text("token", nullable=True),
    Column("due", Instant, nullable=False),
)

block = Table(
    "block",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("id"),
    Column("decisions", Integer, nullable=False),
    _text("digest"),
    Column("at", Instant, nullable=False),
    _text("previous"),
    _text("hash"),
)
Index("block_by_id", block.c.id, unique=True)

wakeup = Table(
    "wakeup",
    metadata,
    _text("order_id", key=True),
    _text("name", key=True),
    _text("cause"),
    Column("due", Instant, nullable=False),
)
Index("wakeup_due", wakeup.c.due)

stock_told = Table(
    "stock_told",
    metadata,
    _text("channel", key=True),
    _text("sku", key=True),
    Column("units", Exact, nullable=False),
    _text("document"),
)

stock_report = Table(
    "stock_report",
    metadata,
    _text("channel", key=True),
    _text("document", nullable=True),
)

erasure = Table(
    "erasure",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _text("subject"),
    _text("digest"),
    Column("at", Instant, nullable=False),
    _text("by"),
    _text("previous"),
    _text("hash"),
)
Index("erasure_of", erasure.c.subject, unique=True)

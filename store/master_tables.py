"""The tables of master data as documents tell it: items and customers with the names that find them, and prices."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from store.columns import Instant
from store.tables import metadata


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


master_record = Table(
    "master_record",
    metadata,
    _key("kind"),
    _key("key"),
    Column("as_of", Instant, nullable=False),
    Column("document", String, nullable=False),
    Column("content", Text, nullable=False),
)

master_name = Table(
    "master_name",
    metadata,
    _key("kind"),
    _key("name"),
    Column("key", String, nullable=False),
)
Index("names_of_record", master_name.c.kind, master_name.c.key)

price_list = Table(
    "price_list",
    metadata,
    _key("list"),
    _key("partner"),
    Column("as_of", Instant, nullable=False),
)

listed_price = Table(
    "listed_price",
    metadata,
    _key("partner"),
    _key("sku"),
    _key("list"),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("as_of", Instant, nullable=False),
    Column("document", String, nullable=False),
    Column("content", Text, nullable=False),
)

"""The store: everything the hub knows, durable before anyone is told. The only room with SQL."""

from store.audit import Violation
from store.backup import DATABASE, back_up, restore
from store.database import Database, Transaction
from store.erasing import Erasing
from store.opening import IN_MEMORY, Store, open_store, sqlite_url

__all__ = [
    "DATABASE",
    "IN_MEMORY",
    "Database",
    "Erasing",
    "Store",
    "Transaction",
    "Violation",
    "back_up",
    "open_store",
    "restore",
    "sqlite_url",
]

"""The store: everything the hub knows, durable before anyone is told. The only room with SQL."""

from store.audit import Violation
from store.database import Database, Transaction
from store.opening import IN_MEMORY, Store, open_store, sqlite_url

__all__ = ["IN_MEMORY", "Database", "Store", "Transaction", "Violation", "open_store", "sqlite_url"]

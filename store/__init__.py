"""The store: the only room with SQL."""

"""Mapping: declarative rules between a native tree and a canonical document."""

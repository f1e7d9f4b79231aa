"""Transports move bytes."""

"""The escape hatch: Python functions a map calls by registered name, never by import path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Function:
    """`read` takes the values of `with:` in order (None where absent) and returns a canonical value; `write` is its
    inverse and returns them, where there is one. Both raise ValueError with a sentence for people."""

    read: Callable[..., Any]
    write: Callable[[Any], tuple[Any, ...]] | None = None


_registered: dict[str, Function] = {}


def function(name: str, write: Callable[[Any], tuple[Any, ...]] | None = None) -> Callable[..., Callable[..., Any]]:
    """Register a function under `name`; it must be pure and end."""

    def register(read: Callable[..., Any]) -> Callable[..., Any]:
        if name in _registered:
            raise ValueError(f"a mapping function {name!r} is already registered")
        _registered[name] = Function(read, write)
        return read

    return register


def registered_functions() -> Mapping[str, Function]:
    """All functions by name."""
    return _registered

"""What is known and cannot be noted, since the store is away, is tried again while the claim on it holds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from canonical import Unavailable

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT, _IN_ALL = 0.05, 2.0, 45.0
"""Seconds. All of them together are less than the shortest lease."""


async def patiently(write: Callable[[], Awaitable[T]]) -> T:
    """Do a write, again and again as long as it is `Unavailable`; raises that when it stays so for too long."""
    wait, waited = _FIRST_WAIT, 0.0
    while True:
        try:
            return await write()
        except Unavailable:
            if waited >= _IN_ALL:
                raise
        await asyncio.sleep(wait)
        waited += wait
        wait = min(wait * 2, _LONGEST_WAIT)

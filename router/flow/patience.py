"""What is known and cannot be noted, since the store is away, is tried again while the claim on it holds."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from canonical import Unavailable

T = TypeVar("T")
Asked = TypeVar("Asked")

_FIRST_WAIT, _LONGEST_WAIT, _IN_ALL = 0.05, 2.0, 45.0
"""Seconds. All of them together are less than the shortest lease."""


async def patiently(write: Callable[[], Awaitable[T]]) -> T:
    """Do a write, again and again as long as it is `Unavailable`; raises that when it stays so for too long."""
    for wait in _waits():
        try:
            return await write()
        except Unavailable:
            await asyncio.sleep(wait)
    return await write()


async def patiently_all(
    write: Callable[[Sequence[Asked]], Awaitable[Sequence[T | Exception]]], asked: Sequence[Asked]
) -> Sequence[T | Exception]:
    """Do many writes at once, those again that are `Unavailable`: each one's outcome, or the exception it met."""
    outcomes = list(await write(asked))
    for wait in _waits():
        away = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Unavailable)]
        if not away:
            break
        await asyncio.sleep(wait)
        for place, outcome in zip(away, await write([asked[place] for place in away]), strict=True):
            outcomes[place] = outcome
    return outcomes


def _waits() -> Iterator[float]:
    """Seconds between one try and the next."""
    wait, waited = _FIRST_WAIT, 0.0
    while waited < _IN_ALL:
        yield wait
        waited += wait
        wait = min(wait * 2, _LONGEST_WAIT)

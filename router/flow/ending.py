"""Ending well: what is under way is finished, within measure, when the hub is told to stop."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

GRACE = 20.0
"""Seconds that a step which is under way may take to finish."""


async def finished(step: Coroutine[object, object, T], grace: float = GRACE) -> T:
    """Run a step; cancelled meanwhile, it is let finish for `grace` seconds before the cancellation goes on."""
    running = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(running, grace)
        raise

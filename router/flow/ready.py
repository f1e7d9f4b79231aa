"""Whether this process can take documents and work on them."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from canonical import CrossdockError, Unavailable
from router.flow.pulse import Pulse

PATIENCE = 5.0
"""Seconds that the store may take to prove itself."""
HUNG = 120.0
"""Seconds of silence after which a loop counts as hung: longer than its longest step."""


class StoreReadiness(Protocol):
    """What the store says of itself."""

    async def prove(self) -> None:
        """Make a durable write. Raises `Unavailable` when the store takes none."""
        ...

    async def migrated(self) -> bool: ...

    async def waiting(self) -> Mapping[str, float]:
        """Seconds for which the oldest due work of each kind has waited."""
        ...


async def readiness(store: StoreReadiness, pulse: Pulse, troubles: Mapping[str, CrossdockError]) -> Mapping[str, Any]:
    """`{"ready", "checks", "waiting", "places"}`: the store takes writes, its schema is the newest, every loop goes
    round.

    How long work waits, and which places cannot be looked at (`troubles`), is told and decides nothing: neither is a
    reason to refuse what can still be kept.
    """
    checks: dict[str, str] = {}
    waiting: Mapping[str, float] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            await store.prove()
            checks["store"] = "ok"
            checks["migrations"] = "ok" if await store.migrated() else "the schema is not at the newest revision"
            waiting = await store.waiting()
    except Unavailable as error:
        checks["store"] = error.message
    except TimeoutError:
        checks["store"] = f"no answer within {PATIENCE:.0f} seconds"
    except Exception as error:  # noqa: BLE001 - whatever the reason, the answer is no
        checks["store"] = type(error).__name__
    hung = sorted(loop for loop, seconds in pulse.silent().items() if seconds > HUNG)
    checks["loops"] = f"no sign of life: {', '.join(hung)}" if hung else "ok"
    ready = all(said == "ok" for said in checks.values())
    places = {name: trouble.message for name, trouble in troubles.items()}
    ages = {name: round(age, 3) for name, age in waiting.items()}
    return {"ready": ready, "checks": checks, "waiting": ages, "places": places}

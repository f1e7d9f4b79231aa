"""Replay: every decision made again from what it was made from, and held against what came out then."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from router.decision import Decision
from router.flow.route import Decide
from router.order import Order
from router.policy import Policy
from router.ports import Archive, MadeDecision


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that came out otherwise. Behind it, its order's later decisions differ too and are not listed."""

    made: MadeDecision
    again: Decision


async def replay(archive: Archive, decide: Decide, policy: Policy) -> AsyncIterator[Difference]:
    """What differs when `policy` decides everything again; nothing when it is the same and the decision is pure."""
    order_id: str | None = None
    state: Order | None = None
    differs = False
    async for made in archive.decisions():
        if made.order != order_id:
            order_id, state, differs = made.order, None, False
        if differs:
            continue
        again = decide(state, made.document, made.world, policy, sender=made.sender)
        if again.digest != made.digest:
            differs = True
            yield Difference(made, again)
        state = again.order or state

"""Hindsight: past decisions made again from what was kept of them, to explain them or to try other rules on them."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from router.decide import decide
from router.decision import Decision
from router.kpis import Course, kpis
from router.network import Network
from router.order import Order
from router.policy import Policy
from router.ports import MadeDecision
from router.routing import Routing
from router.whatif import summary, what_if


class History(Protocol):
    """What was decided, as far as it is needed to decide it again. The store implements it."""

    def decisions(self, *, order: str | None = None, since: datetime | None = None) -> AsyncIterator[MadeDecision]:
        """The decisions on one order, or on every order that came since, order by order, as they were made."""
        ...

    def courses(self, since: datetime | None = None) -> AsyncIterator[Course]:
        """The course of every order that came since."""
        ...

    async def configuration(self, digest: str) -> str | None:
        """The configuration of this digest, in JSON."""
        ...


class Hindsight:
    """Looks back through `history`; `read_routing` reads a routing file, or raises `Misconfigured`."""

    def __init__(self, history: History, network: Network, read_routing: Callable[[Path], Routing]) -> None:
        self._history = history
        self._network = network
        self._read_routing = read_routing
        self._policies: dict[str, Policy] = {}

    async def explain(self, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The explanations of an order as the archive shows it, each whole.

        A decision that would come out otherwise today, since the router itself has changed, keeps its short one.
        """
        whole: dict[str, Any] = {}
        async for made, again in self._made_again(order["id"]):
            if _as_kept(again).digest == made.digest:
                whole[made.id] = again.explanation.model_dump(mode="json", exclude_defaults=True)
        return [{**row, "explanation": whole.get(row["id"], row["explanation"])} for row in order["explanations"]]

    async def reasons(self, document: Mapping[str, Any]) -> Mapping[str, str]:
        """Where the values of a document that an order sent came from (`Outgoing`), as the archive shows it; nothing of
        one that would come out otherwise today."""
        if document["direction"] == "out" and document["order"]:
            async for _, again in self._made_again(document["order"]):
                for sent in again.send:
                    if sent.to == document["partner"] and json.loads(sent.text) == document["document"]:
                        return sent.reasons
        kept: Mapping[str, str] = document["reasons"]
        return kept

    async def _made_again(self, order: str) -> AsyncIterator[tuple[MadeDecision, Decision]]:
        """Each decision on an order, as it was kept and as it comes out today, explained."""
        state: Order | None = None
        async for made in self._history.decisions(order=order):
            policy = await self._policy(made.world.configuration)
            if policy is None:
                return
            again = decide(state, made.document, made.world, policy, sender=made.sender, explaining=True)
            yield made, again
            state = again.order or state

    async def what_if(self, routing: Path, since: datetime | None = None) -> dict[str, Any]:
        """How past orders would have gone by another routing file: `router.whatif.summary`."""
        other = self._read_routing(routing)
        made = [one async for one in self._history.decisions(since=since)]
        for digest in {one.world.configuration for one in made}:
            await self._policy(digest)
        return summary(what_if(made, self._policies, other))

    async def kpis(self, since: datetime | None = None) -> dict[str, Any]:
        """The key figures: `router.kpis.kpis`."""
        return kpis([course async for course in self._history.courses(since)], self._network)

    async def _policy(self, digest: str) -> Policy | None:
        if digest not in self._policies and (content := await self._history.configuration(digest)):
            self._policies[digest] = Policy.model_validate_json(content)
        return self._policies.get(digest)


def _as_kept(decision: Decision) -> Decision:
    short = decision.explanation.model_copy(update={"lines": (), "runner_up": None, "consignments": ()})
    sent = tuple(one.model_copy(update={"reasons": {}}) for one in decision.send)
    return decision.model_copy(update={"explanation": short, "send": sent})

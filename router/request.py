"""What a decision is asked for, and the answer that it must wait."""

from typing import NamedTuple

from canonical import Document
from router.decision import Decision, Explanation, World
from router.order import Order
from router.policy import Policy
from router.workings import Workings


class Request(NamedTuple):
    """What is decided on: a document, who sent it, the order as it stands, and every fact that may be read."""

    order: Order | None
    document: Document
    world: World
    policy: Policy
    sender: str
    explaining: bool = False

    def work(self, order: Order) -> Workings:
        """The workings on an order."""
        return Workings(order, self.world, self.policy, explaining=self.explaining)


def parked(request: Request, reason: str) -> Decision:
    """The document came before what it refers to."""
    summary = f"{request.document.kind} {request.document.identity} waits: {reason}"
    return Decision(order=request.order, parked=True, explanation=Explanation(summary=summary))

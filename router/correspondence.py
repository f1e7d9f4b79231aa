"""What the store asks of the world outside to follow up what goes out: deadlines, listeners, and the native text."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from canonical import Fault

RECEIPT = "receipt"
"""The proof that a delivery was taken. Awaited like a document."""
TECHNICAL = "TA1"
"""The acknowledgment of an interchange, where one was asked for."""

OWED: Mapping[str, Sequence[str]] = {
    # what came in     what its order's channel is owed for it
    "PurchaseOrder": ("OrderAcknowledgment",),
    "OrderChange": ("OrderAcknowledgment",),
    "ShipmentAdvice": ("ShipmentNotice", "Invoice"),
    "ReturnAuthorization": ("ReturnAuthorization",),
    "ReturnReceipt": ("CreditMemo",),
}

EXPECTED: Mapping[str, Sequence[str]] = {
    # what went out     what its receiver owes us for it, beside its acknowledgment
    "FulfilmentOrder": ("ShipmentAdvice",),
    "PurchaseOrder": ("OrderAcknowledgment", "ShipmentNotice", "Invoice"),
}


class Correspondence(Protocol):
    """What is agreed with those we write to."""

    def due(self, partner: str, kind: str) -> timedelta | None:
        """How soon `partner` is owed a document of `kind` once it is called for; None when nothing is agreed."""
        ...

    def expected(self, partner: str, kind: str) -> timedelta | None:
        """How soon `partner` must answer with `kind`: a canonical document, `RECEIPT` or `TECHNICAL`."""
        ...

    def listeners(self, event: str) -> Sequence[str]:
        """The ids of the webhooks that are told of events of this kind."""
        ...

    def passage(self, content: bytes, set_number: str, fault: Fault) -> str | None:
        """The segment of what we sent that a fault is about, as it was sent; None when there is no such segment."""
        ...


class NothingAgreed:
    """Nobody owes anything, and nobody listens."""

    def due(self, partner: str, kind: str) -> timedelta | None:  # noqa: ARG002
        """Never."""
        return None

    def expected(self, partner: str, kind: str) -> timedelta | None:  # noqa: ARG002
        """Never."""
        return None

    def listeners(self, event: str) -> Sequence[str]:  # noqa: ARG002
        """Nobody."""
        return ()

    def passage(self, content: bytes, set_number: str, fault: Fault) -> str | None:  # noqa: ARG002
        """Unknown."""
        return None

"""What is agreed with those we write to: service levels, who listens to events, and how to point into what we sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from canonical import Acknowledgment, Fault
from connectors.partners import Partners
from connectors.settings import EventWebhook

RECEIPT = "receipt"
TECHNICAL = "TA1"


@dataclass(frozen=True)
class Agreements:
    """The profiles' service levels and the hub's own, asked by partner and document."""

    partners: Partners
    receipt: timedelta
    """How long any delivery may wait for its receipt."""
    webhooks: Sequence[EventWebhook] = ()

    def due(self, partner: str, kind: str) -> timedelta | None:
        """How soon we owe them a document of `kind` once it is called for."""
        profile = self.partners.by_id.get(partner)
        return profile.service_levels.due.get(kind) if profile else None

    def expected(self, partner: str, kind: str) -> timedelta | None:
        """How soon they must answer. A TA1 that was asked for has the time an acknowledgment has, or a receipt's."""
        if kind == RECEIPT:
            return self.receipt
        profile = self.partners.by_id.get(partner)
        if profile is None:
            return None
        expected: Mapping[str, timedelta] = profile.service_levels.expected
        if kind == TECHNICAL:
            asked = profile.x12 is not None and profile.x12.request_acknowledgment
            return expected.get(Acknowledgment.__name__, self.receipt) if asked else None
        return expected.get(kind)

    def listeners(self, event: str) -> Sequence[str]:
        """The webhooks that are told of events of this kind."""
        return [webhook.id for webhook in self.webhooks if not webhook.kinds or event in webhook.kinds]

    def passage(self, content: bytes, set_number: str, fault: Fault) -> str | None:
        """The segment of an interchange of ours that a fault is about: AK301 and AK302 count from ST as 1 (X12.20)."""
        if fault.segment is None or len(content) < 106 or not content.startswith(b"ISA"):
            return None
        element, terminator = (content[at : at + 1].decode("latin-1") for at in (3, 105))
        segments = [segment.strip("\r\n") for segment in content.decode("latin-1").split(terminator)]
        begins = next((at for at, said in enumerate(segments) if said.split(element)[:3:2] == ["ST", set_number]), None)
        if begins is None or not 0 < fault.segment <= len(segments) - begins:
            return None
        found = segments[begins + fault.segment - 1]
        return found if fault.tag in (None, found.partition(element)[0]) else None

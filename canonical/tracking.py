"""Where a shipment is (X12 214, carrier webhooks)."""

from canonical.document import Document
from canonical.model import Model, Moment, Text
from canonical.order import Carrier
from canonical.party import Address, Party, Reference


class TrackingEvent(Model):
    """One thing that happened. `status` is picked_up, in_transit, out_for_delivery, delivered, delayed, ..."""

    status: Text
    reason: Text | None = None
    at: Moment | None = None
    place: Address | None = None
    description: Text | None = None


class TrackingUpdate(Document):
    """What a carrier says of a shipment, oldest event first as the source orders them."""

    number: Text
    """The carrier's own number for the shipment (PRO, tracking number)."""
    shipment_number: Text | None = None
    carrier: Carrier | None = None
    tracking_numbers: tuple[Text, ...] = ()
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    events: tuple[TrackingEvent, ...] = ()
    expected_at: Moment | None = None

    @property
    def identity(self) -> str:
        """Carrier, number and the events told: each update of one shipment is its own document."""
        told = ",".join(f"{event.status}@{event.at.isoformat() if event.at else ''}" for event in self.events)
        return f"{self.carrier.scac if self.carrier else ''}/{self.number}/{told}"

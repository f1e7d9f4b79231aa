"""Where a shipment is (X12 214, carrier webhooks)."""

from canonical.document import Document
from canonical.model import Model, Moment, Text
from canonical.order import Carrier
from canonical.party import Address, Party, Reference

MILESTONES = frozenset({
    # before it is on its way
    "label_created", "shipment_acknowledged", "pickup_appointment", "arrived_at_pickup", "arrived_at_pickup_dock",
    "loading", "completed_loading", "loaded_on_truck", "trailer_closed", "paperwork", "picked_up",
    # on its way
    "in_transit", "expected_departure", "departed_terminal", "expected_arrival", "arrived_at_terminal", "in_gate",
    "out_gate", "rail_departed", "rail_arrived", "connecting_line", "delivered_to_connecting_line",
    "received_from_connecting_line", "in_customs", "held_by_customs", "inspection", "diverted", "reconsigned",
    "delayed", "held", "in_storage",
    # to the door
    "expected_at_delivery", "expected_delivery", "delivery_appointment", "available_for_delivery",
    "arrived_at_delivery", "arrived_at_delivery_dock", "trailer_spotted", "tendered_for_delivery", "out_for_delivery",
    "attempted_delivery", "available_for_pickup", "partly_delivered",
    # how it ended
    "delivered", "departed_delivery", "not_delivered", "refused", "returned_to_shipper", "cancelled", "damaged", "lost",
    "unknown",
})  # fmt: skip
"""What can become of a shipment, whoever carries it: parcels' milestones, and those of X12 1650 for freight."""


class TrackingEvent(Model):
    """One thing that happened. `status` is among `MILESTONES`; what no code list knows stays as `ups/status:099`."""

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

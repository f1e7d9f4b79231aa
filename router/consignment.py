"""What a node ships to one destination at once: how it was priced, its label, and where it is."""

from datetime import date, datetime
from typing import Literal

from canonical import Amount, Model, Moment, Money, Party, PricedPackage, ServiceRate, Text


class WeighedService(Model):
    """A service as it was weighed. `cost` is its price with the bias for or against it, in the company's currency."""

    carrier: Text
    service: Text
    price: Money
    cost: Amount
    arrives_on: date | None = None
    excluded: Text | None = None
    """Why it was not taken into account."""
    late: bool = False
    """Whether that is only because it breaks the promise."""


class Consignment(Model):
    """The carriage that the hub buys for one shipment."""

    number: Text
    """`node/destination/count`, and how often it had to be made anew. The carrier knows it by `reference`."""
    reference: Text
    """At most 22 characters, the same for the same goods, so that a carrier finds what it labelled before."""
    node: Text
    destination: int
    ship_to: Party
    packages: tuple[PricedPackage, ...]
    ships_on: date
    carrier: Text
    """The connection that was asked."""
    services: tuple[WeighedService, ...] = ()
    chosen: ServiceRate | None = None
    """None where no service would do: the node ships as it thinks best."""
    estimated: bool = False
    """Whether its prices are our own table's, since the carrier was silent."""
    rate_shipment: Text | None = None
    label: Text | None = None
    """The carrier's number of what was bought."""
    price: Money | None = None
    tracking_numbers: tuple[Text, ...] = ()
    fulfilment_order: Text | None = None
    shipment: Text | None = None
    """Our number of the shipment it left with."""
    left_at: datetime | None = None
    shipped_on: Moment | None = None
    """When its node says that it left."""
    heard_at: datetime | None = None
    """When the carrier last said something of it, or was asked."""
    status: Literal["rated", "labelled", "unlabelled", "superseded", "voided"] = "rated"
    milestone: Text | None = None
    """The last that the carrier said happened to it."""
    milestone_at: Moment | None = None
    tracked: tuple[Text, ...] = ()
    """Each thing it said, as `status@instant`."""
    delivered_at: Moment | None = None
    """When the last of what was delivered so far came."""

    @property
    def stands(self) -> bool:
        """Whether it is still what will be shipped."""
        return self.status in ("rated", "labelled", "unlabelled")

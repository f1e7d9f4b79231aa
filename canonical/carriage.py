"""What an order asks of carriers, and what they say: rates of their services, labels, where a package is."""

from typing import Literal

from canonical.model import Amount, Currency, Model, Moment, Text
from canonical.money import Money, Quantity
from canonical.order import Carrier
from canonical.party import Party, Reference
from canonical.question import Answer, Question


class PricedPackage(Model):
    """One package as a carrier prices it. Dimensions in one unit, outside."""

    number: Text
    weight: Quantity
    length: Amount | None = None
    width: Amount | None = None
    height: Amount | None = None
    dimension_unit: Text = "IN"
    packaging: Text | None = None
    value: Money | None = None
    """Declared for insurance."""
    references: tuple[Reference, ...] = ()
    sscc: Text | None = None


class RateRequest(Question):
    """What a shipment would cost, by all of a carrier's services or by those named."""

    shipper: Party
    ship_from: Party
    ship_to: Party
    packages: tuple[PricedPackage, ...]
    ship_on: Moment
    deliver_by: Moment | None = None
    services: tuple[Text, ...] = ()
    residential: bool | None = None
    currency: Currency = "USD"


class ServiceRate(Model):
    """One service's offer. `carrier` is its SCAC or the provider's name of it."""

    carrier: Text
    service: Text
    name: Text | None = None
    price: Money
    list_price: Money | None = None
    transit_days: int | None = None
    deliver_on: Moment | None = None
    guaranteed: bool = False
    reference: Text | None = None
    """The provider's number of this offer, by which it is bought."""


class RateQuote(Answer):
    """The offers, in the provider's sequence; none where the provider names its answer, or says why."""

    one_of = ("rates", "reference", "warnings", "estimated")
    rates: tuple[ServiceRate, ...] = ()
    shipment: Text | None = None
    """The provider's number of the shipment that was priced."""
    estimated: bool = False


class LabelRequest(Question):
    """Buys the carriage of a shipment, or with `void` gives it back."""

    purpose: Literal["buy", "void"] = "buy"
    shipment: Text
    """Our number of what is shipped: the fulfilment order's."""
    voids: Text | None = None
    """The provider's number of what is given back."""
    carrier: Carrier
    shipper: Party | None = None
    ship_from: Party
    ship_to: Party
    packages: tuple[PricedPackage, ...]
    ship_on: Moment
    format: Literal["pdf", "png", "zpl", "gif", "epl"] = "pdf"
    offer: Text | None = None
    """The offer that is taken, by its own number."""
    rate_shipment: Text | None = None
    """The provider's number of the shipment that was priced."""
    references: tuple[Reference, ...] = ()
    currency: Currency = "USD"

    @property
    def binds(self) -> bool:
        """A label costs money."""
        return True


class TrackingRequest(Question):
    """Where a package is, asked of a carrier that has not said so for a while. A `TrackingUpdate` answers it."""

    tracking_number: Text
    carrier: Carrier | None = None


class LabelImage(Model):
    """What is printed: base64 of the file as the carrier made it."""

    format: Literal["pdf", "png", "zpl", "epl", "gif"]
    content: Text
    kind: Text = "label"


class LabelledPackage(Model):
    """One package with its tracking number and label."""

    number: Text | None = None
    tracking_number: Text
    documents: tuple[LabelImage, ...] = ()
    price: Money | None = None
    url: Text | None = None
    """Where the provider keeps the label."""


class Label(Answer):
    """Carriage bought, or given back: known by the provider's number for it, or by the one to track it by."""

    one_of = ("reference", "tracking_number")
    status: Literal["bought", "voided"] = "bought"
    carrier: Carrier | None = None
    tracking_number: Text | None = None
    """Of the whole shipment."""
    packages: tuple[LabelledPackage, ...] = ()
    documents: tuple[LabelImage, ...] = ()
    price: Money | None = None
    billed_weight: Quantity | None = None

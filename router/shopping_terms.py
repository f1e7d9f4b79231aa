"""On what terms the hub buys carriage for the nodes that leave it to us (`shipping` in config/routing.yaml)."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from canonical import Amount, Text
from router.asking import Asking
from router.order_line import ZERO
from router.rule import Rule


class Parcel(Rule):
    """What goes into one package, in pounds and inches."""

    pounds: Amount = Field(default=Decimal(50), gt=0)
    """The most; what weighs more goes in several packages of equal weight."""
    length: Amount | None = Field(default=None, gt=0)
    width: Amount | None = Field(default=None, gt=0)
    height: Amount | None = Field(default=None, gt=0)


class Estimate(Rule):
    """A service that may be bought unasked: what it costs for each package is the zone's freight, times `times`."""

    carrier: Text
    service: Text
    times: Amount = Field(default=Decimal(1), gt=0)
    transit_days: int | None = Field(default=None, ge=0)
    """None takes the zone's."""


class Shopping(Asking):
    """Whom the hub asks for rates and labels, and what it prefers. Without rates in time it goes by the estimates."""

    silence: Literal["wait", "proceed", "escalate"] = "proceed"
    label_within: timedelta = Field(default=timedelta(minutes=1), gt=timedelta(0))
    label_silence: Literal["wait", "escalate"] = "wait"
    """Nothing is released without its label, unless a person says so."""
    label: Literal["pdf", "png", "zpl"] = "pdf"
    services: tuple[Text, ...] = ()
    """Those that may be taken; none listed is all."""
    bias: dict[Text, Amount] = Field(default_factory=dict)
    """By service or carrier, what is added to its price when it is weighed; below zero it is preferred."""
    most: Amount | None = Field(default=None, gt=0)
    """The dearest that is bought without a person."""
    parcel: Parcel = Parcel()
    estimates: tuple[Estimate, ...] = ()
    track_every: timedelta | None = Field(default=None, ge=timedelta(minutes=10))
    """After so long without a word of a shipment its carrier is asked where it is; None: it tells by itself."""

    @property
    def labelling(self) -> Asking:
        """Whom it asks for labels, and how long it waits."""
        return Asking(
            ask=self.ask, within=self.label_within, silence=self.label_silence, gate=self.gate, owner=self.owner
        )

    @property
    def questions(self) -> frozenset[str]:
        """The kinds of questions that it asks."""
        return frozenset({"RateRequest", "LabelRequest", *(["TrackingRequest"] if self.track_every else [])})

    def biased(self, carrier: str, service: str) -> Decimal:
        """What is added to the price of a carrier's service."""
        return self.bias.get(service, ZERO) + self.bias.get(carrier, ZERO)

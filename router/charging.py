"""On what terms we take the money that buyers authorized (`charging` of a channel in config/routing.yaml)."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from router.asking import Asking


class Charging(Asking):
    """The payment provider, when it captures, and who looks when it declines."""

    capture: Literal["release", "shipment"] = "release"
    """`release`: the whole order before anything is released. `shipment`: what each shipment was invoiced for."""
    silence: Literal["wait", "escalate"] = "wait"
    """Nothing is released without the money, unless a person says so."""
    mend_within: timedelta | None = Field(default=timedelta(days=3), gt=timedelta(0))
    """How long a buyer whose payment was declined has to mend it; None is as long as it takes."""
    unmended: Literal["cancel", "escalate", "wait"] = "cancel"
    """What follows then: what has not left is cancelled, a person must look, or it is waited for as long again."""

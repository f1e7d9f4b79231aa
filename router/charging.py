"""On what terms we take the money that buyers authorized (`charging` of a channel in config/routing.yaml)."""

from typing import Literal

from router.asking import Asking


class Charging(Asking):
    """The payment provider, when it captures, and who looks when it declines."""

    capture: Literal["release", "shipment"] = "release"
    """`release`: the whole order before anything is released. `shipment`: what each shipment was invoiced for."""
    silence: Literal["wait", "escalate"] = "wait"
    """Nothing is released without the money, unless a person says so."""

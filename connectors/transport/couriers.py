"""Which courier carries to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from canonical import Rejected
from canonical.exchange import Handed, Parcel


class Courier(Protocol):
    """One way of handing parcels over."""

    async def deliver(self, parcel: Parcel) -> Handed: ...


@dataclass(frozen=True, slots=True)
class CourierByDestination:
    """Hands each parcel to the courier of its destination: a partner's or a connection's."""

    couriers: Mapping[str, Courier]

    async def deliver(self, parcel: Parcel) -> Handed:
        """Raises `Rejected` for a destination without a courier, and what the courier raises."""
        courier = self.couriers.get(parcel.destination)
        if courier is None:
            raise Rejected(f"{parcel.destination} has no way out; give its profile transport.outbound")
        return await courier.deliver(parcel)

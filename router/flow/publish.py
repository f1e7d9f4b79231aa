"""Publishing: channels are told what they may sell, when that has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from router.catalogue import Catalogue
from router.routing import StockTerms


class Offers(Protocol):
    """What channels were told."""

    async def publish(self, channels: Mapping[str, StockTerms], catalogue: Catalogue) -> int:
        """Queue a report for each channel that was told otherwise; how many reports."""
        ...


@dataclass(frozen=True, slots=True)
class PublishStock:
    """Looks at every channel that takes inventory reports."""

    offers: Offers
    channels: Mapping[str, StockTerms]
    catalogue: Catalogue

    async def step(self) -> int:
        """Look once; how many reports were queued."""
        return await self.offers.publish(self.channels, self.catalogue)

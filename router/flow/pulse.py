"""A sign of life from each loop, so that one that hangs is seen."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pulse:
    """When each loop last began a round, by the event loop's own steady clock."""

    _beats: dict[str, float] = field(default_factory=dict)

    def beat(self, loop: str) -> None:
        """Note that a loop goes round."""
        self._beats[loop] = asyncio.get_running_loop().time()

    def silent(self) -> Mapping[str, float]:
        """For each loop that ever went round the seconds since it did."""
        now = asyncio.get_running_loop().time()
        return {loop: now - then for loop, then in self._beats.items()}

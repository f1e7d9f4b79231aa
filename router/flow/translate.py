"""Translation: kept bytes become canonical documents with their identities, places and answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from canonical import Rejected, Unavailable
from canonical.card_number import hide_cards, holds_card
from canonical.exchange import Arrival, Incoming, Reading
from router.effect import Effect, Nowhere
from router.flow.effects import effect_of
from router.flow.patience import patiently, patiently_all
from router.policy import Policy
from router.ports import Inbox, Stale, Translator, Transmission, Understood

SMALL = 64_000
"""Bytes that are read sooner than a thread is reached."""


@dataclass(frozen=True, slots=True)
class Translate:
    """One batch of transmissions at a time."""

    inbox: Inbox
    translator: Translator
    policy: Policy
    batch: int = 20

    async def step(self) -> int:
        """Translate what is due; how many transmissions that were."""
        return await self.work(await self.claim())

    async def claim(self, patience: float = 0) -> Sequence[Transmission]:
        """What is due, or comes within `patience` seconds."""
        return await self.inbox.claim(self.batch, patience=patience)

    async def work(self, claimed: Sequence[Transmission]) -> int:
        """Translate what was claimed; how many transmissions that were."""
        small = [one for one in claimed if len(one.arrival.content) <= SMALL]
        large = [one for one in claimed if len(one.arrival.content) > SMALL]
        await asyncio.gather(
            self._translated(small, [self._read(one) for one in small]), *(self._translate_large(one) for one in large)
        )
        return len(claimed)

    async def _translate_large(self, transmission: Transmission) -> None:
        """In a thread, so that nobody at the door waits for it."""
        await self._translated([transmission], [await asyncio.to_thread(self._read, transmission)])

    def _read(self, transmission: Transmission) -> Understood | Exception:
        try:
            return self.understand(transmission.arrival, transmission.received_at)
        except Exception as error:  # noqa: BLE001 - one transmission must never stop the others
            return error

    async def _translated(self, claimed: Sequence[Transmission], read: Sequence[Understood | Exception]) -> None:
        """Note what was understood of transmissions, and of which of them nothing was."""
        understood = [(one, said) for one, said in zip(claimed, read, strict=True) if not isinstance(said, Exception)]
        broken = [(one, said) for one, said in zip(claimed, read, strict=True) if isinstance(said, Exception)]
        noted = await patiently_all(self.inbox.translated, understood)
        broken += [(one, error) for (one, _), error in zip(understood, noted, strict=True) if error]
        await asyncio.gather(*(self._failed(one, error) for one, error in broken))

    async def _failed(self, transmission: Transmission, error: Exception) -> None:
        if not isinstance(error, Stale | Unavailable):
            await patiently(lambda: self.inbox.failed(transmission, _reason(error)))

    def understand(self, arrival: Arrival, at: datetime) -> Understood:
        """What an arrival says, without the card numbers that nobody should have sent, and where that takes effect."""
        reading = self.translator.read(arrival.content, arrival.source, arrival.facts, at)
        if holds_card(arrival.content):
            reading = hide_cards(reading)
        return Understood(reading, self._effects(reading, arrival.source), at)

    def _effects(self, reading: Reading, source: str | None) -> Sequence[Effect]:
        return [self._effect(incoming, source) for incoming in reading.documents]

    def _effect(self, incoming: Incoming, source: str | None) -> Effect:
        sender = incoming.sender or source
        if incoming.document is None or sender is None:
            return Nowhere("nobody proved to have sent it")
        return effect_of(incoming.document, sender, self.policy)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, Rejected) else f"{type(error).__name__}: {error}"

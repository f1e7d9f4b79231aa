"""Rendering: queued canonical documents become bytes in the language of whoever must hear them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from canonical import Unavailable
from router.flow.effects import stays_inside
from router.flow.patience import patiently
from router.ports import Outbox, QueuedDocument, Stale, Translator


@dataclass(frozen=True, slots=True)
class Render:
    """One batch of queued documents at a time."""

    outbox: Outbox
    translator: Translator
    batch: int = 50

    async def step(self) -> int:
        """Render what is queued; how many documents that were."""
        return await self.work(await self.claim())

    async def claim(self, patience: float = 0) -> Sequence[QueuedDocument]:
        """What is queued, or comes to be within `patience` seconds."""
        return await self.outbox.queued(self.batch, patience=patience)

    async def work(self, claimed: Sequence[QueuedDocument]) -> int:
        """Render what was claimed; how many documents that were."""
        await asyncio.gather(*(self._render(document) for document in claimed))
        return len(claimed)

    async def _render(self, queued: QueuedDocument) -> None:
        try:
            await self._close(queued)
        except (Stale, Unavailable):
            return
        except Exception as error:  # noqa: BLE001 - one document must never stop the others
            reason = f"{type(error).__name__}: {error}"
            await patiently(lambda: self.outbox.unwritable(queued, reason))

    async def _close(self, queued: QueuedDocument) -> None:
        if stays_inside(queued.document):
            await patiently(lambda: self.outbox.withheld(queued))
            return
        draft = self.translator.write(queued.document, queued.to)
        reason = None if draft else f"{queued.to} takes no {queued.document.kind}"
        await patiently(lambda: self.outbox.rendered(queued, draft, reason))

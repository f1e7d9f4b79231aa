"""Rendering: queued canonical documents become bytes in the language of whoever must hear them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from canonical import Question, Unavailable
from router.flow.effects import stays_inside
from router.flow.patience import patiently
from router.ports import Draft, Kept, Outbox, QueuedDocument, Stale, Translator


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
        """What is queued, or comes to be within `patience` seconds and is not rendered at once."""
        return await self.outbox.queued(self.batch, patience=patience, at_once=self.at_once)

    async def work(self, claimed: Sequence[QueuedDocument]) -> int:
        """Render what was claimed; how many documents that were."""
        await asyncio.gather(*(self._render(document) for document in claimed))
        return len(claimed)

    async def _render(self, queued: QueuedDocument) -> None:
        try:
            written = self.written(queued)
            await patiently(lambda: self.outbox.rendered(queued, written))
        except (Stale, Unavailable):
            return
        except Exception as error:  # noqa: BLE001 - one document must never stop the others
            reason = f"{type(error).__name__}: {error}"
            await patiently(lambda: self.outbox.unwritable(queued, reason))

    def at_once(self, queued: QueuedDocument) -> Draft | Kept | None:
        """A question in its receiver's language: its order waits for the answer. Nothing else is as urgent."""
        return self.written(queued) if isinstance(queued.document, Question) else None

    def written(self, queued: QueuedDocument) -> Draft | Kept:
        """A document in its receiver's language; a test may not leave, nor may what the receiver does not take."""
        if stays_inside(queued.document):
            return Kept("withheld")
        draft = self.translator.write(queued.document, queued.to)
        return draft or Kept("declined", f"{queued.to} takes no {queued.document.kind}")

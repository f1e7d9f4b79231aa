"""A warehouse's system: takes 940s from the directory we put them into, answers each with a 997 and a 945."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from canonical import Document, FulfilmentOrder, Rejected, has_errors
from canonical.exchange import Arrival, Draft, Parcel, Reading
from connectors.emulators.advice_945 import tree_of
from connectors.emulators.cartons import Conduct, advices
from connectors.emulators.counterpart import HUB, NumberFile, counterpart
from connectors.profile import Profile
from connectors.syntax import x12
from connectors.translator import Translator
from connectors.transport.directory import DirectoryCourier, DirectoryPickup
from connectors.transport.settings import Inbound, Outbound
from connectors.x12_draft import draft_set


@dataclass(frozen=True, slots=True)
class Answer:
    """One file the warehouse put into the hub's inbound directory."""

    kind: str
    about: str
    """The number of what it answers."""
    path: str


@dataclass
class Warehouse:
    """One stand-in. `conduct` says how it ships; `conducts` says so for single fulfilment orders, by number."""

    profile: Profile
    translator: Translator
    inbox: DirectoryPickup
    outbox: DirectoryCourier
    numbers: NumberFile
    now: Callable[[], datetime]
    gs1_prefix: str = "0614141"
    conduct: Conduct = "full"
    conducts: Mapping[str, Conduct] = field(default_factory=dict)

    async def work(self) -> list[Answer]:
        """Answer every file that waits, once."""
        return [answer async for arrival in self.inbox.collect() for answer in await self._answers(arrival)]

    async def _answers(self, arrival: Arrival) -> list[Answer]:
        at = self.now()
        reading = self.translator.read(arrival.content, HUB, {}, at)
        return [await self._send(document, draft, about, at) for document, draft, about in self._outgoing(reading, at)]

    def _outgoing(self, reading: Reading, at: datetime) -> Iterator[tuple[Document, Draft, str]]:
        for reply in reading.replies:
            yield reply.document, reply.draft, reply.document.identity
        for incoming in reading.documents:
            order = incoming.document
            if not isinstance(order, FulfilmentOrder) or not incoming.accepted:
                continue
            conduct = self.conducts.get(order.number, self.conduct)
            shipped_on = at.astimezone(self.profile.zone).date()
            for advice in advices(order, conduct, shipped_on, self.gs1_prefix):
                partners = self.translator.partners
                one = x12.OutgoingSet("945", tree_of(advice))
                yield advice, draft_set(one, advice.usage, partners.by_id[HUB], partners), order.number

    async def _send(self, document: Document, draft: Draft, about: str, at: datetime) -> Answer:
        if has_errors(draft.findings):
            raise Rejected(f"{self.profile.partner} cannot write its {document.kind}", draft.findings)
        numbers = await asyncio.to_thread(self.numbers.draw, draft)
        made = draft.render(numbers, at)
        name = f"{self.profile.partner}{made.filename.removeprefix(HUB)}"
        parcel = Parcel(name, name, HUB, document.kind, made.content, made.media_type, name, 1)
        handed = await self.outbox.deliver(parcel)
        return Answer(document.kind, about, str(handed.receipt["path"]))


def warehouse(
    profile: Profile, hub: Translator, data: Path, now: Callable[[], datetime], conduct: Conduct = "full"
) -> Warehouse:
    """The stand-in for a warehouse's profile, on the directories that the profile names below `data`."""
    inbound, outbound = profile.transport.inbound, profile.transport.outbound
    assert isinstance(inbound, Inbound), "a stand-in needs the directory the hub watches"
    assert isinstance(outbound, Outbound), "a stand-in needs the directory the hub delivers to"
    return Warehouse(
        profile=profile,
        translator=Translator(counterpart(profile, hub.partners, hub.library), hub.library),
        inbox=DirectoryPickup(profile.partner, HUB, data / outbound.directory, settle=0),
        outbox=DirectoryCourier(data / inbound.directory),
        numbers=NumberFile(data / outbound.directory / ".numbers.json"),
        now=now,
        conduct=conduct,
    )

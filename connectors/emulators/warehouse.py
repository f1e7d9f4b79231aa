"""A warehouse's system: takes 940s and 180s from the directory we put them into, answers with 997s, 945s and 944s."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from canonical import (
    Document,
    FulfilmentOrder,
    Rejected,
    ReturnAuthorization,
    ReturnLine,
    ReturnReceipt,
    ReturnReceiptLine,
    has_errors,
)
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
            if isinstance(order, ReturnAuthorization) and order.purpose == "authorization" and incoming.accepted:
                yield from self._received(order, at)
            if not isinstance(order, FulfilmentOrder) or not incoming.accepted:
                continue
            conduct = self.conducts.get(order.number, self.conduct)
            shipped_on = at.astimezone(self.profile.zone).date()
            for advice in advices(order, conduct, shipped_on, self.gs1_prefix):
                partners = self.translator.partners
                one = x12.OutgoingSet("945", tree_of(advice))
                yield advice, draft_set(one, advice.usage, partners.by_id[HUB], partners), order.number

    def _received(self, announced: ReturnAuthorization, at: datetime) -> Iterator[tuple[Document, Draft, str]]:
        """All that was announced, in good condition."""
        receipt = ReturnReceipt(
            number=hashlib.sha256(announced.number.encode()).hexdigest()[:12].upper(),
            node=self.profile.partner,
            received_on=at.astimezone(self.profile.zone).date(),
            order_number=announced.number,
            lines=tuple(map(_came_back, announced.lines)),
            usage=announced.usage,
        )
        if draft := self.translator.write(receipt, HUB):
            yield receipt, draft, announced.number

    async def _send(self, document: Document, draft: Draft, about: str, at: datetime) -> Answer:
        if has_errors(draft.findings):
            raise Rejected(f"{self.profile.partner} cannot write its {document.kind}", draft.findings)
        numbers = await asyncio.to_thread(self.numbers.draw, draft)
        made = draft.render(numbers, at)
        name = f"{self.profile.partner}{made.filename.removeprefix(HUB)}"
        parcel = Parcel(name, name, HUB, document.kind, made.content, made.media_type, name, 1)
        handed = await self.outbox.deliver(parcel)
        return Answer(document.kind, about, str(handed.receipt["path"]))


def _came_back(line: ReturnLine) -> ReturnReceiptLine:
    items = {scheme: value for scheme, value in line.items.items() if scheme in ("sku", "upc")}
    return ReturnReceiptLine(number=line.number, items=items, quantity=line.quantity)


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

"""The ERPs that are told, and the one way in which each is told of an event, so that it books nothing twice or half."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, Self, get_args

from pydantic import Field, model_validator

from canonical import Text
from router.rule import Rule
from router.summary import Summary

PostingEvent = Literal[
    "deposit", "capture", "shipment", "invoice", "return", "credit", "refund", "settlement", "tax_difference"
]
TellingEvent = Literal["order", PostingEvent]
"""An order posts nothing, but an ERP may keep it too, as a sale."""
PostingMode = Literal["journal", "documents", "none"]
"""An ERP is sent our entry, or the document from which it makes its own, or nothing."""

DOCUMENTS: Mapping[TellingEvent, tuple[str, ...]] = {
    "order": ("PurchaseOrder", "OrderChange"),
    "shipment": ("ShipmentNotice",),
    "invoice": ("Invoice",),
    "credit": ("CreditMemo",),
}
"""The documents from which an ERP can book an event itself."""


class Clash(NamedTuple):
    """Two ways of telling that would book something twice, or only one half of it."""

    code: str
    event: TellingEvent
    """What must be told otherwise."""
    message: str


class Destination(Rule):
    """An ERP, and how it is told of each event."""

    connection: Text
    mode: PostingMode = "journal"
    """How it is told of what `events` does not name. What has no document is told as an entry; an order is told only as
    documents; goods that come back are told of where they were when they left."""
    events: dict[TellingEvent, PostingMode] = Field(default_factory=dict)
    summary: Summary | None = None
    """How its entries are gathered by day; None: it is told of each by itself."""

    @model_validator(mode="after")
    def _documents_there_are(self) -> Self:
        for event, mode in self.events.items():
            if mode == "documents" and event not in DOCUMENTS:
                raise ValueError(f"a {event} has no document ({', '.join(DOCUMENTS)} have); say journal or none")
        if self.events.get("order") == "journal":
            raise ValueError("an order posts nothing; say documents, or none")
        return self

    @property
    def stock(self) -> str:
        """What reconciliation calls the ERP's stock, as its books are called by its connection."""
        return f"{self.connection} stock"

    def mode_of(self, event: TellingEvent) -> PostingMode:
        """How it is told of an event."""
        if event in self.events:
            return self.events[event]
        if event == "order":
            return "documents" if self.mode == "documents" else "none"
        if event == "return":
            return "journal" if self.mode_of("shipment") == "journal" else "none"
        return "journal" if self.mode == "documents" and event not in DOCUMENTS else self.mode

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of documents it is sent."""
        events: tuple[TellingEvent, ...] = ("order", *get_args(PostingEvent))
        modes = {event: self.mode_of(event) for event in events}
        documents = {kind for event, mode in modes.items() if mode == "documents" for kind in DOCUMENTS[event]}
        return frozenset(documents | ({"JournalEntry"} if "journal" in modes.values() else set()))

    @property
    def clashes(self) -> Iterator[Clash]:
        """What it would book twice, or one half of."""
        name = self.connection
        followed: tuple[TellingEvent, ...] = ("shipment", "invoice") if self.mode_of("order") == "documents" else ()
        for event in followed:
            if self.mode_of(event) == "journal":
                why = f"{name!r} has orders as sales, which are shipped and invoiced there: an entry for the {event}"
                yield Clash("booked-twice", event, f"{why} would book it again; say `{event}: documents`, or `none`")
        if (self.mode_of("shipment") == "journal") != (self.mode_of("return") == "journal"):
            message = f"{name!r} is told what goods cost on one of their two ways alone; tell it of both, or of neither"
            yield Clash("booked-half", "return", message)
        if (self.mode_of("invoice") == "none") != (self.mode_of("credit") == "none"):
            message = f"{name!r} is told of either invoices or credit memos alone; tell it of both, or of neither"
            yield Clash("booked-half", "credit", message)

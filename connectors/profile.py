"""Partner profiles: who a partner is, how bytes travel, which documents in which version with which map."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from canonical import Address, Currency, Document, Text
from connectors.grammar_changes import GrammarChanges
from connectors.settings import InterchangeIdentity
from connectors.syntax import x12
from connectors.time_zone import TimeZone
from connectors.transport.settings import Transport
from mappings.yaml_model import ConfigModel

Role = Literal["customer", "supplier", "node", "carrier"]

ACKNOWLEDGING_SETS = frozenset({"997", "999"})
"""What every partner may send unasked, since it answers us."""


class Delimiters(ConfigModel):
    """The separators we write with (ISA and its own positions tell what they wrote with). `newline` starts each
    segment on a line of its own where the terminator is not already a line end."""

    element: str = Field(default="*", min_length=1, max_length=1)
    component: str = Field(default=">", min_length=1, max_length=1)
    repetition: str = Field(default="^", min_length=1, max_length=1)
    terminator: str = Field(default="~", min_length=1, max_length=1)
    newline: bool = False

    def of_version(self, version: str) -> x12.Delimiters:
        """As the writer takes them: ISA11 separates repetitions from 004020 on, and before says `U`."""
        repetition = self.repetition if version >= "004020" else ""
        return x12.Delimiters(self.element, self.terminator, self.component, repetition)

    @property
    def line_ends(self) -> str:
        """What follows every terminator."""
        return "\n" if self.newline else ""

    @model_validator(mode="after")
    def _distinct(self) -> "Delimiters":
        used = (self.element, self.component, self.repetition, self.terminator)
        if len(set(used)) != len(used):
            raise ValueError("element, component, repetition and terminator must be four different characters")
        if any(character.isalnum() or character == " " for character in used):
            raise ValueError("a letter, digit or space cannot separate: it occurs in data")
        return self


class Acknowledging(ConfigModel):
    """What they get back at once. `functional` answers each group; `interchange` says when a TA1 goes out: when ISA14
    asks for one or the interchange is rejected (`requested`), always, or never."""

    functional: Literal["997", "999", "none"] = "997"
    interchange: Literal["never", "requested", "always"] = "requested"


class SentSet(ConfigModel):
    """A transaction set they send, the map that reads it, and where its grammar is not the standard's."""

    map: Text
    grammar: GrammarChanges = GrammarChanges()


class TakenDocument(ConfigModel):
    """A canonical document they take: as which transaction set, by which map, and where its grammar is not the
    standard's."""

    set: str = Field(pattern=r"^[0-9]{3}$")
    map: Text
    grammar: GrammarChanges = GrammarChanges()


class X12Terms(ConfigModel):
    """How X12 is exchanged with them."""

    theirs: InterchangeIdentity
    ours: InterchangeIdentity | None = None
    """How they address us, where it differs from the company's own identity."""
    version: str = Field(default="004010", pattern=r"^00[2-8][0-9]{3}[A-Z0-9]{0,6}$")
    delimiters: Delimiters = Delimiters()
    usage: Literal["production", "test"] = "production"
    """`test` while a partner is being set up: whatever they send, and all we send them, is marked as a test."""
    acknowledge: Acknowledging = Acknowledging()
    envelope: Literal["strict", "tolerant"] = "strict"
    """Whether a bad trailer or count forbids that the sets before it take effect."""
    duplicate_window: timedelta = timedelta(days=365)
    """How long the same control numbers, dates and times stand for one transmission: within it other content under
    them is a conflict, behind it a new transmission. What a document says is recognised for ever all the same."""
    request_acknowledgment: bool = False
    """ISA14 of what we send: whether we ask for a TA1."""

    @property
    def interchange_version(self) -> str:
        """ISA12: 00401 for 004010."""
        return self.version[:5]


class Location(ConfigModel):
    """A place of theirs that their documents name by a number only."""

    name: Text | None = None
    address: Address | None = None
    identifiers: dict[str, Text] = Field(default_factory=dict)


class CrossReferences(ConfigModel):
    """Their names for our things. `items` is identifier scheme -> their value -> our SKU; `locations` is identifier
    scheme -> their value -> the place; `codes` is code list -> native code -> canonical name."""

    items: dict[str, dict[str, Text]] = Field(default_factory=dict)
    locations: dict[str, dict[str, Location]] = Field(default_factory=dict)
    codes: dict[str, dict[str, Text]] = Field(default_factory=dict)


class ServiceLevels(ConfigModel):
    """Deadlines by canonical document: `due` for what we owe them, `expected` for what they owe us, each counted from
    the document that calls for it."""

    due: dict[str, timedelta] = Field(default_factory=dict)
    expected: dict[str, timedelta] = Field(default_factory=dict)

    @field_validator("due", "expected")
    @classmethod
    def _known(cls, deadlines: dict[str, timedelta]) -> dict[str, timedelta]:
        for kind in deadlines:
            known_kind(kind)
        return deadlines


class Profile(ConfigModel):
    """One trading partner, warehouse or carrier."""

    partner: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    name: Text
    roles: tuple[Role, ...] = Field(default=("customer",), min_length=1)
    identifiers: dict[str, Text] = Field(default_factory=dict)
    currency: Currency = "USD"
    time_zone: TimeZone = "UTC"
    x12: X12Terms | None = None
    sends: dict[str, SentSet] = Field(default_factory=dict)
    """Transaction set, or what an XML document is called (`OrderRequest`) -> how it is read."""
    takes: dict[str, TakenDocument] = Field(default_factory=dict)
    """Canonical document -> how it is written."""
    transport: Transport = Transport()
    brought_by: tuple[Text, ...] = ()
    """Other partners whose connection may bring this one's interchanges too: a network, a parent company."""
    cross_references: CrossReferences = CrossReferences()
    service_levels: ServiceLevels = ServiceLevels()

    @field_validator("sends", mode="before")
    @classmethod
    def _map_alone(cls, sends: object) -> object:
        """`850: x12/850` says the same as `850: {map: x12/850}`."""
        if not isinstance(sends, Mapping):
            return sends
        return {key: {"map": value} if isinstance(value, str) else value for key, value in sends.items()}

    @field_validator("takes")
    @classmethod
    def _known(cls, takes: dict[str, TakenDocument]) -> dict[str, TakenDocument]:
        for kind in takes:
            known_kind(kind)
        return takes

    @model_validator(mode="after")
    def _x12_said(self) -> "Profile":
        if (self.takes or any(name[:1].isdigit() for name in self.sends)) and self.x12 is None:
            raise ValueError(
                "'takes' and the sets under 'sends' speak of X12: add 'x12' with their interchange identity"
            )
        return self

    @property
    def reads(self) -> frozenset[str]:
        """The transaction sets they may send, acknowledgments among them."""
        return ACKNOWLEDGING_SETS | self.sends.keys()

    @property
    def zone(self) -> ZoneInfo:
        """The zone of their times that name none."""
        return ZoneInfo(self.time_zone)


def known_kind(kind: str) -> None:
    """`ValueError` unless it is the name of a canonical document."""
    if kind not in Document.kinds:
        raise ValueError(f"{kind!r} is no canonical document; known are {', '.join(sorted(Document.kinds))}")

"""The hub's own file, `config/hub.yaml`: who we are, where we listen, and which files say the rest."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, field_validator

from canonical import Currency, Text
from canonical.party import Address
from connectors.connection import SecretReference
from mappings.yaml_model import ConfigModel


class InterchangeIdentity(ConfigModel):
    """How we are named in an X12 envelope: ISA05/06 or 07/08, and GS02 or 03."""

    qualifier: str = Field(pattern=r"^[A-Z0-9]{2}$")
    id: str = Field(min_length=1, max_length=15)
    group: str = Field(min_length=2, max_length=15)


class Company(ConfigModel):
    """Who runs this hub. `gs1_prefix` is the GS1 company prefix that SSCC-18 are made from."""

    name: Text
    identifiers: dict[str, Text] = Field(default_factory=dict)
    address: Address
    gs1_prefix: str = Field(pattern=r"^[0-9]{7,10}$")
    x12: InterchangeIdentity
    currency: Currency = "USD"
    time_zone: Text = "UTC"


class Listen(ConfigModel):
    """Where the hub answers HTTP. Anything but a loopback address must be asked for with `beyond_loopback: true`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    beyond_loopback: bool = False
    largest_body: int = Field(default=20_000_000, ge=1_000)
    """Bytes."""

    @field_validator("host")
    @classmethod
    def _an_address(cls, host: str) -> str:
        ip_address("127.0.0.1" if host == "localhost" else host)
        return host

    @property
    def exposed(self) -> bool:
        """Whether others than this machine could reach it without that having been asked for."""
        return self.host != "localhost" and not ip_address(self.host).is_loopback and not self.beyond_loopback


class DeliveryPolicy(ConfigModel):
    """How often and how long a delivery is tried before a person must look."""

    tries: int = Field(default=12, ge=1)
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(hours=1)
    per_minute: dict[Text, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """How many deliveries a minute each process may make to a partner or connection that wants no more."""
    receipt: timedelta = timedelta(hours=4)
    """How long a delivery may go without its receipt, however often it was tried, before a person is told."""


class EventWebhook(ConfigModel):
    """Who is told of what happens to orders, as signed CloudEvents (Standard Webhooks). The secret is ours to share:
    `whsec_` and base64, or any text."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    url: str = Field(pattern=r"^https?://[^/?#]+")
    secret: SecretReference
    kinds: tuple[Text, ...] = ()
    """The kinds of events told, such as `line_allocated`; none names all."""


class Retention(ConfigModel):
    """How long what names people is kept once it is finished with; without a time, for ever."""

    personal_data: timedelta | None = None


class HubFile(ConfigModel):
    """The hub's own file. Paths are relative to it."""

    hub: Text
    company: Company
    listen: Listen = Listen()
    database: str | None = Field(default=None, pattern=r"^(postgresql|sqlite)://")
    """A database URL; without it, SQLite in the data directory."""
    partners: str = "partners"
    connections: str = "connections"
    nodes: str = "nodes.yaml"
    items: str = "items.csv"
    stock: str = "stock.csv"
    prices: str | None = None
    """Each partner's own prices; without it all pay the items' prices."""
    routing: str = "routing.yaml"
    posting: str = "posting.yaml"
    taxes: str | None = None
    """Who is taxed by us; without the file nobody is."""
    poll: timedelta = timedelta(seconds=2)
    """How often watched places are looked into."""
    publish_stock: timedelta = timedelta(seconds=30)
    """How often channels are told what has changed of the stock they may sell."""
    publish_prices: timedelta = timedelta(hours=1)
    """How often partners that take price lists are told what has changed of theirs."""
    delivery: DeliveryPolicy = DeliveryPolicy()
    events: tuple[EventWebhook, ...] = ()
    retention: Retention = Retention()
    anchors: str | None = None
    """A file, best on another machine's disk, in which each process notes the audit trail's head; without it,
    `anchors/blocks.jsonl` in the data directory."""

    @field_validator("events")
    @classmethod
    def _told_apart(cls, events: tuple[EventWebhook, ...]) -> tuple[EventWebhook, ...]:
        ids = [webhook.id for webhook in events]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"{', '.join(twice)} stands twice; each webhook needs an id of its own")
        return events

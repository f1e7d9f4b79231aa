"""Who we are and where we ship from: the company (config/hub.yaml) and its nodes (config/nodes.yaml)."""

from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from canonical import Address, Amount, Currency, Party, Text
from router.order_line import ZERO
from router.rule import WEEKDAYS, Rule, Weekday

_FURTHEST = 366


class Company(Rule):
    """Us: the seller on every document."""

    name: Text
    currency: Currency = "USD"
    time_zone: Text = "UTC"
    identifiers: dict[str, Text] = Field(default_factory=dict)
    address: Address | None = None
    gs1_prefix: str = Field(pattern=r"^[0-9]{6,11}$")
    """The GS1 company prefix from which SSCCs are made."""

    @property
    def country(self) -> str:
        """Where an address lies that names no country."""
        return (self.address.country if self.address else None) or "US"

    @cached_property
    def party(self) -> Party:
        """The company as the seller."""
        return Party(role="seller", name=self.name, identifiers=self.identifiers, address=self.address)


class Place(Rule):
    """A point on the earth in degrees."""

    latitude: Amount = Field(ge=-90, le=90)
    longitude: Amount = Field(ge=-180, le=180)


class Serves(Rule):
    """Which destinations a node ships to. No list means everywhere."""

    countries: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    except_regions: tuple[Text, ...] = ()

    def refuses(self, address: Address) -> str | None:
        """Why this address is not served; None when it is."""
        if self.countries and address.country not in self.countries:
            return f"does not ship to {address.country}"
        if self.regions and address.region not in self.regions:
            return f"does not serve {address.region}"
        if address.region in self.except_regions:
            return f"does not serve {address.region}"
        return None


class Capacity(Rule):
    """The most a node takes on for one day of departure; None is no limit."""

    orders: int | None = Field(default=None, ge=1)
    lines: int | None = Field(default=None, ge=1)
    units: Amount | None = Field(default=None, gt=0)

    @property
    def most(self) -> tuple[int | None, int | None, Amount | None]:
        """Orders, lines and units."""
        return self.orders, self.lines, self.units

    @cached_property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self.most != (None, None, None)


class Node(Rule):
    """A place that can ship. `operator` is the partner who is sent its fulfilment orders; without one a person is."""

    id: Text
    name: Text
    kind: Text = "dc"
    operator: Text | None = None
    address: Address
    place: Place
    time_zone: Text
    cut_off: time = time(14)
    """Local time until which an order still leaves the same day."""
    working_days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    closed_on: tuple[date, ...] = ()
    ships: Literal["operator", "hub"] = "operator"
    """Who buys its carriage: its operator, or the hub (`shipping` in config/routing.yaml)."""
    takes_back: bool = False
    """True when its operator honours the cancellation of a fulfilment order until the goods have left."""
    handling_days: int = Field(default=0, ge=0)
    """Working days between release and departure."""
    capacity: Capacity = Capacity()
    serves: Serves = Serves()
    shipment_cost: Amount = Field(default=ZERO, ge=0)
    """What one more shipment from here costs before freight."""
    unit_cost: Amount = Field(default=ZERO, ge=0)
    """What picking one unit costs here."""
    fee_percent: Amount = Field(default=ZERO, ge=0, le=100)
    """What of an item's price is lost where it ships, such as a drop-shipper's share."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {name!r}; use a name such as America/Chicago") from error
        return name

    @cached_property
    def calendar(self) -> "Calendar":
        """When it works."""
        return Calendar(self.working_days, self.closed_on)

    @cached_property
    def party(self) -> Party:
        """The node as where goods leave."""
        return Party(role="ship_from", name=self.name, identifiers={"node": self.id}, address=self.address)


class Calendar(NamedTuple):
    """When a node works."""

    working_days: tuple[Weekday, ...]
    closed_on: tuple[date, ...]

    def works_on(self, day: date) -> bool:
        """Whether it ships that day."""
        return WEEKDAYS[day.weekday()] in self.working_days and day not in self.closed_on

    def working_day(self, day: date) -> date:
        """The first day from `day` on when it ships; after a year without one, `day` itself."""
        days = (day + timedelta(days=ahead) for ahead in range(_FURTHEST))
        return next((candidate for candidate in days if self.works_on(candidate)), day)


class Network(Rule):
    """The nodes, as in `config/nodes.yaml`."""

    nodes: tuple[Node, ...] = Field(min_length=1)

    @cached_property
    def limited(self) -> bool:
        """Whether any node's capacity is."""
        return any(node.capacity.limited for node in self.nodes)

    @cached_property
    def bought(self) -> frozenset[str]:
        """The nodes whose carriage the hub buys."""
        return frozenset(node.id for node in self.nodes if node.ships == "hub")

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}

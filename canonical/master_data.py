"""Master data: what we sell, to whom and at what price. Items and customers as an ERP or shop keeps them, and price
lists (X12 832).

Each says of when it is (`as_of`): the latest that was said counts, in whatever sequence it comes.
"""

from pydantic import Field

from canonical.document import Document
from canonical.model import Amount, Currency, Model, Moment, Text
from canonical.money import Price, Quantity
from canonical.order import Pack, Purpose, Terms
from canonical.party import Note, Party, Reference


class Item(Document):
    """Something we sell. `sku` is ours; `items` are the identifiers others know it by. A field that is left out says
    nothing: what was known of it holds."""

    sku: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    unit: Text = "EA"
    """What it is counted in; it never changes."""
    packs: dict[str, Amount] = Field(default_factory=dict)
    """unit -> how many of `unit` are in it: `{"CA": 12}`."""
    weight: Quantity | None = None
    price: Price | None = None
    """What everybody pays who has no price of their own."""
    cost: Price | None = None
    classes: dict[str, Text] = Field(default_factory=dict)
    discontinued: bool | None = None
    """True: no new order of it is taken. False: it is sold again."""
    as_of: Moment | None = None
    """When it was so; None in what is configured."""

    @property
    def identity(self) -> str:
        """Our SKU, and of when it is."""
        return self.sku if self.as_of is None else f"{self.sku}/{self.as_of.isoformat()}"


class TaxExemption(Model):
    """Why a customer pays no tax: everywhere, or in some countries or regions (`US`, `US-CA`)."""

    regions: tuple[Text, ...] = ()
    certificate: Text | None = None
    reason: Text | None = None


class Customer(Document):
    """Somebody who buys, as the ERP keeps them. A field that is left out says nothing: what was known of it holds."""

    number: Text
    """The customer's number in our own books."""
    name: Text | None = None
    identifiers: dict[str, Text] = Field(default_factory=dict)
    """scheme -> id, as in `Party`."""
    blocked: bool | None = None
    """True: their orders wait for a person. False: no more."""
    parties: tuple[Party, ...] = ()
    """Their places, by role: `ship_to`, `bill_to`, ..."""
    terms: tuple[Terms, ...] = ()
    """Of payment, for orders that name none."""
    exemptions: tuple[TaxExemption, ...] = ()
    as_of: Moment

    @property
    def identity(self) -> str:
        """Number, and of when it is."""
        return f"{self.number}/{self.as_of.isoformat()}"


class PriceBreak(Model):
    """What one pays for an item, from a quantity on and between two days."""

    price: Price
    kind: Text | None = None
    """Which price of the item it is (X12 236): `net`, `contract`, `catalog`, ...; None: what is paid."""
    from_quantity: Quantity | None = None
    """The least a line must ask for."""
    starts: Moment | None = None
    ends: Moment | None = None
    """The last day. Both are the list's own where none is said."""


class PriceListLine(Model):
    """An item of a price list with all its prices: they take the place of those it had in the list."""

    number: Text | None = None
    change: Purpose | None = None
    """`cancel`: the list has no price of it any more; None: what the list's own purpose says."""
    items: dict[str, Text]
    description: Text | None = None
    pack: Pack | None = None
    prices: tuple[PriceBreak, ...] = ()


class PriceList(Document):
    """What a customer pays. `original` and `replace` are the whole list, `change` speaks of its lines alone, `cancel`
    takes its lines away, or all of it when it has none."""

    number: Text
    version: Text | None = None
    purpose: Purpose = "original"
    as_of: Moment
    currency: Currency
    customer: Text | None = None
    """Who pays: a trading partner or connection, or the customer's number in our own books. None: everybody whose
    prices the sender may say."""
    starts: Moment | None = None
    ends: Moment | None = None
    """The last day."""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[PriceListLine, ...] = ()

    @property
    def identity(self) -> str:
        """Number, version, purpose, and of when it is."""
        return "/".join((self.number, self.version or "", self.purpose, self.as_of.isoformat()))

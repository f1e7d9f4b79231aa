"""Who takes part: parties with all their identifiers, addresses and contacts."""

from pydantic import Field

from canonical.model import Model, Text


class Address(Model):
    """A postal address. `country` is ISO 3166-1 alpha-2 where the source says which."""

    lines: tuple[Text, ...] = ()
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


class Contact(Model):
    """A person or desk to reach, and how: `channels` maps `phone`, `email`, `fax`, ... to the number or address."""

    role: Text | None = None
    name: Text | None = None
    channels: dict[str, Text] = Field(default_factory=dict)


class Party(Model):
    """A party in one role: buyer, ship_to, bill_to, seller, ship_from, remit_to, mark_for, carrier, ..."""

    role: Text
    name: Text | None = None
    additional_names: tuple[Text, ...] = ()
    identifiers: dict[str, Text] = Field(default_factory=dict)
    """scheme -> id, e.g. `gln`, `duns`, `buyer_assigned`, `seller_assigned`."""
    address: Address | None = None
    contacts: tuple[Contact, ...] = ()
    references: tuple["Reference", ...] = ()


class Reference(Model):
    """A number by which somebody else knows this document, line or party."""

    kind: Text
    value: Text | None = None
    description: Text | None = None


class Note(Model):
    """Free text meant for people; `kind` says for whom or about what."""

    text: Text
    kind: Text | None = None

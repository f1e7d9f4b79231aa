"""Who is taxed by us, who says how much, and the company's own table (`config/taxes.yaml`)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from canonical import Address, Customer, Exemption, Item, Text
from router.asking import Asking
from router.order import Silence
from router.rule import Rule
from router.taxation import Rate, Rounding


class InvoiceTax(Rule):
    """That an invoice waits until the provider has said what tax is on it, and what it does without an answer."""

    within: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0))
    silence: Silence = "proceed"
    """`proceed`: our own table's tax is charged, and the difference posted when the provider has recorded it."""
    owner: Text = "finance"


class Taxed(Rule):
    """Orders that we tax. An empty list takes any."""

    channels: tuple[Text, ...] = ()
    countries: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    """Such as `US-CA`: where we must collect tax."""
    provider: Asking | None = None
    """Who is asked. Without one our own table decides."""
    invoice: InvoiceTax | None = None
    """Without it an invoice goes out at once, with the tax the order was quoted."""
    voids: bool = False
    """Whether a sale that is given back whole in the month of its one invoice is voided at the provider; else every
    credit memo is recorded as a refund."""
    rounding: Rounding = "line"
    included: bool = False
    """Whether prices contain the tax."""

    @model_validator(mode="after")
    def _somebody_to_wait_for(self) -> Self:
        if self.invoice and self.provider is None:
            raise ValueError("an invoice waits for a provider: name one under `provider`, or leave `invoice` out")
        return self

    def takes(self, channel: str, to: Address) -> bool:
        """Whether an order of this channel that goes there falls under it."""
        region = f"{to.country}-{to.region}"
        named = ((channel, self.channels), (to.country, self.countries), (region, self.regions))
        return all(not names or value in names for value, names in named)


class Exempted(Rule):
    """A customer who pays no tax, everywhere or in some regions. Customers are channels, or parties by identifier."""

    customer: Text
    regions: tuple[Text, ...] = ()
    certificate: Text | None = None
    reason: Text | None = None

    def takes(self, names: frozenset[str], to: Address) -> bool:
        """Whether one of these names, buying to there, is exempt."""
        here = {to.country or "", f"{to.country}-{to.region}"}
        return self.customer in names and (not self.regions or bool(here & set(self.regions)))

    @property
    def exemption(self) -> Exemption:
        """As requests say it."""
        return Exemption(certificate=self.certificate, reason=self.reason)


class Taxes(Rule):
    """The whole of `config/taxes.yaml`. What no row of `taxed` takes is not taxed by us."""

    taxed: tuple[Taxed, ...] = ()
    exempted: tuple[Exempted, ...] = ()
    codes: dict[Text, Text] = Field(default_factory=dict)
    """SKU, or `class:value` of an item's classes -> tax code."""
    freight_code: Text | None = None
    rates: tuple[Rate, ...] = ()

    def rule_for(self, channel: str, to: Address) -> Taxed | None:
        """The first row that takes an order."""
        return next((rule for rule in self.taxed if rule.takes(channel, to)), None)

    def exemption(self, names: frozenset[str], to: Address) -> Exemption | None:
        """Why a customer pays nothing there, if so."""
        found = next((one for one in self.exempted if one.takes(names, to)), None)
        return found.exemption if found else None

    def told(self, customer: Customer | None, channel: str) -> "Taxes":
        """The same with the exemptions that are told of a channel's customer before those that are configured."""
        if customer is None or not customer.exemptions:
            return self
        exempted = [Exempted(customer=channel, **one.model_dump()) for one in customer.exemptions]
        return self.model_copy(update={"exempted": (*exempted, *self.exempted)})

    def code(self, item: Item) -> str | None:
        """An item's tax code: by its SKU, else by the first of its classes that has one."""
        classes: Mapping[str, str] = item.classes
        names = (item.sku, *(f"{name}:{value}" for name, value in classes.items()))
        return next((self.codes[name] for name in names if name in self.codes), None)

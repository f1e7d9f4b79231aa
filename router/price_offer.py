"""What a partner is told of prices: everything it may order today, and what it pays for it (X12 832)."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from canonical import Item, Price, PriceBreak, PriceList, PriceListLine, Quantity
from router.policy import Policy
from router.promise import day_of

_ONE = Decimal(1)
NUMBER = "PRICES"
"""Of the list that each partner is told: a later one takes the place of those before it."""


def price_list_for(channel: str, policy: Policy, now: datetime) -> PriceList:
    """A channel's prices as they hold at an instant, by our SKUs; what is discontinued or has no price is left out."""
    today, lines = day_of(now, policy.company.time_zone), list[PriceListLine]()
    for item in policy.catalogue.every():
        prices = tuple(_breaks(item, channel, policy, today))
        if prices and not item.discontinued:
            named = {"sku": item.sku, **item.items}
            number = str(len(lines) + 1)
            lines.append(PriceListLine(number=number, items=named, description=item.description, prices=prices))
    return PriceList(
        number=NUMBER,
        purpose="replace",
        as_of=now,
        currency=policy.company.currency,
        customer=policy.channel(channel).customer or channel,
        lines=tuple(lines),
    )


def _breaks(item: Item, channel: str, policy: Policy, today: date) -> Iterator[PriceBreak]:
    """A price for each quantity, from one unit on, from which it is another one."""
    listed = policy.prices.listed_for(channel, item.sku)
    before: Price | None = None
    for units in sorted({_ONE, *(max(one.from_quantity, _ONE) for one in listed)}):
        own = policy.prices.price_for(channel, item.sku, units, today)
        price = own.price if own else item.price
        if price and price != before and price.currency == policy.company.currency:
            kind = "contract" if own else "catalog"
            least = Quantity(value=units, unit=item.unit)
            yield PriceBreak(price=_per_unit(price, item), kind=kind, from_quantity=least)
        before = price


def _per_unit(price: Price, item: Item) -> Price:
    """A price that says what it is for."""
    return price if price.per else price.model_copy(update={"per": Quantity(value=_ONE, unit=item.unit)})

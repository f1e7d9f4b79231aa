"""An order as it comes in: its destinations collected, each line identified, counted in its own unit, or refused."""

import hashlib
from decimal import Decimal
from typing import NamedTuple

from canonical import Item, OrderLine, Party, Price, PurchaseOrder, Quantity, canonical_json, made
from canonical.erasure import without_personal_data
from router.catalogue import units_in
from router.lifecycle import move
from router.number import order_id
from router.order import Order
from router.order_line import ZERO, Ledger, LineState
from router.policy import Policy

_EMPTY = Ledger()
_ONE = Decimal(1)


class Refusal(NamedTuple):
    """Why a line is refused: for programs and for people."""

    code: str
    reason: str


def open_order(document: PurchaseOrder, sender: str, policy: Policy) -> Order:
    """The order as it stands before anything is decided: sound lines open, the others refused."""
    opening = Opening(document, policy, sender)
    lines = [state for position, line in enumerate(document.lines) for state in opening.states(line, position)]
    return made(
        Order,
        id=order_id(document, sender),
        number=document.number,
        channel=sender,
        priority=policy.channel(sender).priority,
        document=document,
        destinations=tuple(opening.destinations),
        lines=tuple(lines),
    )


def fingerprint(document: PurchaseOrder) -> str:
    """A digest of what an order asks for, whatever its purpose and envelope say."""
    said = canonical_json(document.model_dump(mode="json", exclude={"purpose", "extensions"}))
    return hashlib.sha256(said.encode()).hexdigest()


def asks_the_same(document: PurchaseOrder, order: Order) -> bool:
    """Whether a document asks for what an order asked for when it came. What was erased since is not missed."""
    known = order.fingerprint or fingerprint(order.document)
    erased = PurchaseOrder.model_validate(without_personal_data(document.model_dump(mode="json")))
    return known in (fingerprint(document), fingerprint(erased))


def has_address(party: Party) -> bool:
    """Whether goods can be sent there."""
    return party.address is not None and bool(party.address.region or party.address.postal_code)


class Opening:
    """Opens an order's lines, and collects the destinations they name."""

    def __init__(self, document: PurchaseOrder, policy: Policy, channel: str, known: Order | None = None) -> None:
        """For a new order; or for lines that a change adds to a `known` one."""
        self.document, self.policy, self.channel = document, policy, channel
        header = document.party("ship_to") or document.party("buyer")
        self.destinations = list(known.destinations) if known else [header] if header else []
        self._numbers = {line.number for line in known.document.lines} if known else set()

    def states(self, line: OrderLine, position: int) -> list[LineState]:
        """One state for each destination of a line, or one that is refused."""
        known, fault = self.policy.catalogue.match(line.items)
        item = self.policy.item_for(self.channel, known, line.quantity, self.document) if known else None
        if line.number in self._numbers:
            twice = Refusal("line-number-twice", f"line number {line.number} is given twice")
            return [_refused(line, position, f"{line.number}~{position}", twice, item)]
        self._numbers.add(line.number)
        if item is None:
            return [_refused(line, position, line.number, Refusal("item-unknown", fault or "item unknown"), None)]
        if refusal := _discontinued(item) or refusal_of(line, item, self.document):
            return [_refused(line, position, line.number, refusal, item)]
        factor, price = units_in(item, line.quantity.unit) or _ONE, own_unit_price(line, item)
        return [
            made(
                LineState,
                number=f"{line.number}@{destination}" if line.destinations else line.number,
                position=position,
                destination=destination,
                sku=item.sku,
                quantity=quantity,
                factor=factor,
                price=price,
                ledger=move(_EMPTY, "order", quantity.value * factor),
            )
            for destination, quantity in self._goes_to(line)
        ]

    def _goes_to(self, line: OrderLine) -> list[tuple[int, Quantity]]:
        """(index into the order's destinations, quantity) for each place a line goes to."""
        if not line.destinations:
            return [(0, line.quantity)]
        for place in line.destinations:
            if place.party not in self.destinations:
                self.destinations.append(place.party)
        return [(self.destinations.index(place.party), place.quantity) for place in line.destinations]


def _refused(line: OrderLine, position: int, number: str, refusal: Refusal, item: Item | None) -> LineState:
    factor = (units_in(item, line.quantity.unit) if item else None) or _ONE
    return LineState(
        number=number, position=position, sku=item.sku if item else None, quantity=line.quantity, factor=factor,
        ledger=move(_EMPTY, "refuse", max(line.quantity.value * factor, ZERO)),
        fault=refusal.reason, fault_code=refusal.code,
    )  # fmt: skip


def _discontinued(item: Item) -> Refusal | None:
    """Why no new line may ask for an item."""
    return Refusal("item-discontinued", f"{item.sku} is discontinued") if item.discontinued else None


def refusal_of(line: OrderLine, item: Item, document: PurchaseOrder) -> Refusal | None:
    """Why a line that asks for `item` can't be taken as it is."""
    return _quantity_refusal(line, item) or _price_refusal(line, item, document)


def _quantity_refusal(line: OrderLine, item: Item) -> Refusal | None:
    value, unit = line.quantity.value, line.quantity.unit
    factor = units_in(item, unit)
    if value <= 0:
        return Refusal("quantity-not-positive", f"{value} {unit} is no quantity to ship")
    if factor is None:
        sold = ", ".join((item.unit, *item.packs))
        return Refusal("unit-unknown", f"{item.sku} is not sold by {unit}; it is sold by {sold}")
    if item.unit == "EA" and (value * factor) % 1:
        return Refusal("quantity-not-whole", f"{value} {unit} is not a whole number of {item.unit}")
    return _destinations_refusal(line) if line.destinations else None


def _destinations_refusal(line: OrderLine) -> Refusal | None:
    value, unit = line.quantity.value, line.quantity.unit
    named = [place.quantity.value for place in line.destinations]
    if sum(named) == value and min(named) > 0 and all(place.quantity.unit == unit for place in line.destinations):
        return None
    return Refusal("destinations-differ", f"its destinations hold {sum(named)} of {value} {unit}")


def _price_refusal(line: OrderLine, item: Item, document: PurchaseOrder) -> Refusal | None:
    price = line.price or item.price
    if price is None or price.amount < 0:
        return Refusal("price-unknown", f"no price for {item.sku}")
    if price.currency != document.currency:
        return Refusal("price-currency", f"priced in {price.currency} on an order in {document.currency}")
    if price.per and (price.per.value <= 0 or units_in(item, price.per.unit) is None):
        return Refusal("price-unit-unknown", f"priced per {price.per.value} {price.per.unit}, which {item.sku} has not")
    return None


def own_unit_price(line: OrderLine, item: Item) -> Price | None:
    """The line's price, or ours, per so many of the item's own unit: exact whatever the pack sizes are."""
    price = line.price or item.price
    if price is None:
        return None
    unit = price.per.unit if price.per else line.quantity.unit if line.price else item.unit
    if unit == item.unit and price.per is None:
        return price
    count = (price.per.value if price.per else _ONE) * (units_in(item, unit) or _ONE)
    if count == 1 and price.per is None:
        return price
    return price.model_copy(update={"per": None if count == 1 else Quantity(value=count, unit=item.unit)})

"""Prices below ours, beyond what a channel's terms tolerate: held for a person, corrected to ours, or refused."""

from decimal import Decimal

from canonical import Price
from router.acceptance import own_unit_price
from router.hold import place_hold
from router.line_view import document_line
from router.order import Hold
from router.order_line import ZERO, LineState
from router.price_list import ListedPrice
from router.sourcing import terms_rule
from router.workings import Workings

_PLACES = 6
"""Decimals of a price that had to be divided: what an X12 unit price has room for."""


def check_prices(work: Workings) -> None:
    """Judge every open line's price by the terms of its channel."""
    terms = work.terms
    if terms.price_tolerance_percent is None:
        return
    for state in list(work.lines.values()):
        shortfall = price_shortfall(work, state, state.price) if state.ledger.open else None
        if shortfall is None:
            continue
        if terms.price_below == "refuse":
            work.move(state.number, "cancel_open", state.ledger.open, rule=terms_rule(work, "price_below"))
            fault = {"fault": shortfall, "fault_code": "price-below-ours"}
            work.lines[state.number] = work.lines[state.number].model_copy(update=fault)
        elif terms.price_below == "correct":
            _correct(work, state, shortfall)
        else:
            place_hold(work, Hold(kind="price", reason=shortfall, placed_at=work.world.now, owner="sales desk"))
            work.worry("price-below-ours", shortfall, line=state.number)


def price_shortfall(work: Workings, state: LineState, price: Price | None) -> str | None:
    """How a price (of the item's own unit) lies below ours by more than is tolerated; None when it does not."""
    tolerance = work.terms.price_tolerance_percent
    ours = our_price(work, state) if tolerance is not None else None
    if tolerance is None or ours is None or price is None:
        return None
    if price.per == ours.per and price.amount >= ours.amount:
        return None
    theirs, least = each(price), each(ours) * (100 - tolerance) / 100
    if theirs >= least:
        return None
    return f"{state.sku} is priced {theirs.normalize():f}, ours is {each(ours):f} and {tolerance} % is tolerated"


def our_price(work: Workings, state: LineState) -> Price | None:
    """What we ask this channel for the line's item in its quantity, per so many of the item's own unit."""
    if state.sku is None:
        return None
    return work.policy.item_for(work.order.channel, work.item(state.sku), state.quantity, work.order.document).price


def price_in_words(work: Workings, state: LineState) -> str | None:
    """Our price of a line's item, and where it is listed."""
    if state.sku is None or (price := our_price(work, state)) is None:
        return None
    order = work.order
    listed = work.policy.listed_price(order.channel, work.item(state.sku), state.quantity, order.document)
    per = f" per {price.per.value:f} {price.per.unit}" if price.per else ""
    return f"{price.amount:f} {price.currency}{per}, {_listed_in(work, listed, state.sku)}"


def _listed_in(work: Workings, listed: ListedPrice | None, sku: str) -> str:
    if listed:
        return listed.listed_in or f"{work.order.channel}'s own in the price file"
    told = work.world.master_data
    item = next((item for item in told.items if item.sku == sku and item.price), None) if told else None
    return f"everybody's since {item.as_of}" if item else "everybody's in the items' file"


def each(price: Price) -> Decimal:
    """What one unit costs, to six places."""
    amount = price.amount / (price.per.value if price.per else 1) if price.amount else ZERO
    return amount if amount == round(amount, _PLACES) else round(amount, _PLACES)


def _correct(work: Workings, state: LineState, shortfall: str) -> None:
    """Our price takes the place of the order's: the acknowledgment says so (X12 ACK01 IP)."""
    shown = _shown(our_price(work, state), state)
    document, line = work.order.document, document_line(work, state).model_copy(update={"price": shown})
    lines = (*document.lines[: state.position], line, *document.lines[state.position + 1 :])
    work.amend(document=document.changed(lines=lines))
    own = own_unit_price(line, work.item(state.sku or ""))
    work.lines[state.number] = state.model_copy(update={"price": own, "repriced": True})
    work.tell("line_repriced", line=state.number, because=shortfall, rule=terms_rule(work, "price_below"))


def _shown(price: Price | None, state: LineState) -> Price | None:
    """A price of one of the unit ordered in."""
    if price is None:
        return None
    exact = price.amount * state.factor / (price.per.value if price.per else 1)
    return Price(amount=round(exact, _PLACES).normalize() + 0, currency=price.currency)

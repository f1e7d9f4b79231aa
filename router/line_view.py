"""An order's lines as documents show them: the buyer's own numbers and units, with our identifiers beside them."""

from collections.abc import Iterable
from decimal import Decimal

from canonical import OrderLine, Price, Quantity, made
from router.order_line import LineState
from router.workings import ShownItems, Workings

Reasons = dict[str, str]


def document_line(work: Workings, state: LineState) -> OrderLine:
    """The line as ordered."""
    return work.order.document.lines[state.position]


def shown_items(work: Workings, state: LineState) -> dict[str, str]:
    """Every identifier of a line's item: as ordered, then ours; of a substitute none of the other item's."""
    return _shown(work, state).items


_OF_THE_ITEM = ("sku", "vendor", "gtin", "upc", "ean")


def item_reasons(work: Workings, state: LineState, path: str, source: str) -> Reasons:
    """Where the identifiers at `path` came from; `source` is the order line's path with its origin."""
    reasons = {path: f"{source}.items"}
    for scheme in _shown(work, state).added:
        reasons[f"{path}.{scheme}"] = f"rule:catalogue.{state.sku}"
    return reasons


def _shown(work: Workings, state: LineState) -> ShownItems:
    """Worked out once a decision: every document shows the line alike."""
    key = state.position, state.sku, state.instead_of
    shown = work.shown.get(key)
    if shown is None:
        shown = work.shown[key] = _shown_anew(work, state)
    return shown


def _shown_anew(work: Workings, state: LineState) -> ShownItems:
    ordered, own = document_line(work, state).items, own_items(work, state.sku) if state.sku else {}
    if state.instead_of:
        kept = {scheme: value for scheme, value in ordered.items() if scheme not in _OF_THE_ITEM}
        return ShownItems({**kept, **own}, tuple(own))
    return ShownItems({**ordered, **own, **ordered}, tuple([scheme for scheme in own if scheme not in ordered]))


def own_items(work: Workings, sku: str) -> dict[str, str]:
    """The identifiers that all share of an item of ours."""
    return {"sku": sku, **work.item(sku).items}


def asked_items(work: Workings, state: LineState) -> dict[str, str]:
    """Every identifier of the item that the line asks for, whatever ships in its place."""
    if state.instead_of:
        state = state.model_copy(update={"sku": state.instead_of, "instead_of": None})
    return shown_items(work, state)


def shown_quantity(work: Workings, state: LineState, own_units: Decimal) -> Quantity:
    """A quantity in the unit ordered in, or in the item's own where it fills no whole pack."""
    if own_units == state.quantity.value * state.factor:
        return state.quantity
    if state.factor == 1 or own_units % state.factor == 0:
        return made(Quantity, value=(own_units / state.factor).normalize() + 0, unit=state.quantity.unit)
    return made(Quantity, value=own_units, unit=work.item(state.sku).unit if state.sku else state.quantity.unit)


def priced(work: Workings, state: LineState, own_units: Decimal) -> tuple[Quantity, Price | None]:
    """A quantity and its price, one unit for both: as ordered where that was priced, else the item's own."""
    ordered, quantity = document_line(work, state).price, shown_quantity(work, state, own_units)
    per = (ordered.per.unit if ordered.per else state.quantity.unit) if ordered else None
    if per == quantity.unit == state.quantity.unit:
        return quantity, ordered
    unit = work.item(state.sku).unit if state.sku else state.quantity.unit
    return made(Quantity, value=own_units, unit=unit), state.price


def by_position(states: Iterable[LineState]) -> dict[int, list[LineState]]:
    """The states of each line of the document: several where it goes to several destinations."""
    grouped: dict[int, list[LineState]] = {}
    for state in states:
        grouped.setdefault(state.position, []).append(state)
    return grouped

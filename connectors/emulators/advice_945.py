"""A shipment advice as a warehouse's own system writes its 945: one LX loop a carton, with its label and contents."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from canonical import AdviceLine, Package, PackageLine, ShipmentAdvice, plain_decimal
from connectors.syntax.x12 import Node

PARTIES = {"ship_to": "ST", "ship_from": "SF"}
STATUS = {"complete": "CC", "partial": "CP"}
ITEM_QUALIFIERS = {"sku": "VN", "upc": "UP", "buyer": "IN"}


def tree_of(advice: ShipmentAdvice) -> Node:
    """The set's tree, ST at its root."""
    children: dict[str, list[Node]] = {
        "W06": [_node("W06", "F", advice.fulfilment_order, f"{advice.shipped_on:%Y%m%d}", advice.number, "",
                      advice.order_number or "")],
        "N1": list(_parties(advice)),
        "N9": list(_references(advice)),
        "G62": [_node("G62", "11", f"{advice.shipped_on:%Y%m%d}")],
        "LX": [*_cartons(advice), *_unshipped(advice)],
        "W03": [_totals(advice)],
    }  # fmt: skip
    if advice.carrier:
        children["W27"] = [_node("W27", "M", advice.carrier.scac or "")]
    return Node(["ST"], children)


def _node(tag: str, *elements: str, children: Mapping[str, Sequence[Node]] | None = None) -> Node:
    return Node([tag, *elements], children or {})


def _parties(advice: ShipmentAdvice) -> Iterator[Node]:
    for party in advice.parties:
        address = party.address
        under: dict[str, list[Node]] = {}
        if address:
            under["N3"] = [_node("N3", *address.lines[:2])]
            places = (address.city, address.region, address.postal_code, address.country)
            under["N4"] = [_node("N4", *(place or "" for place in places))]
        number = party.identifiers.get("buyer_assigned")
        identity = ("92", number) if number else ()
        yield _node("N1", PARTIES[party.role], party.name or "", *identity, children=under)


def _references(advice: ShipmentAdvice) -> Iterator[Node]:
    for reference in advice.references:
        if reference.kind == "bill_of_lading":
            yield _node("N9", "BM", reference.value or "")
    if not any(carton.tracking_number for carton in advice.packages):
        yield from (_node("N9", "CN", number) for number in advice.tracking_numbers)


def _cartons(advice: ShipmentAdvice) -> Iterator[Node]:
    lines = {line.line_number: line for line in advice.lines}
    for number, carton in enumerate(advice.packages, start=1):
        items = [_item(inside, lines[inside.line_number]) for inside in carton.lines]
        yield _node("LX", str(number), children={"MAN": list(_labels(carton)), "W12": items})


def _labels(carton: Package) -> Iterator[Node]:
    yield _node("MAN", "GM", carton.sscc or "")
    if carton.tracking_number:
        yield _node("MAN", "CP", carton.tracking_number)


def _unshipped(advice: ShipmentAdvice) -> Iterator[Node]:
    """Lines of which nothing left: said, so that nobody waits for them."""
    number = len(advice.packages)
    for line in advice.lines:
        if not line.quantity.value:
            number += 1
            yield _node("LX", str(number), children={"W12": [_item(line, line)]})


def _item(inside: PackageLine, line: AdviceLine) -> Node:
    named = [(ITEM_QUALIFIERS[scheme], value) for scheme, value in line.items.items() if scheme in ITEM_QUALIFIERS]
    elements = ["W12", STATUS[line.status or "complete"], *_quantities(inside, line), "", *(named[0] if named else ())]
    if len(named) > 1:
        elements += [""] * (17 - len(elements)) + list(named[1])
    under = {"N9": [_node("N9", "LI", line.line_number or line.number)]}
    if line.description:
        under["G69"] = [_node("G69", line.description[:45])]
    return Node(elements, under)


def _quantities(inside: PackageLine, line: AdviceLine) -> tuple[str, str, str, str]:
    """W1202 to W1205: ordered, shipped, their difference (a carton cannot say), unit."""
    ordered = plain_decimal(line.ordered.value) if line.ordered else ""
    return ordered, plain_decimal(inside.quantity.value), "", inside.quantity.unit


def _totals(advice: ShipmentAdvice) -> Node:
    shipped = sum((line.quantity.value for line in advice.lines), Decimal(0))
    weight = (plain_decimal(advice.weight.value), advice.weight.unit) if advice.weight else ()
    return _node("W03", plain_decimal(shipped), *weight)

"""Which facts of the world a decision reads: the flow fetches them first."""

from canonical import Document, OrderChange, PurchaseOrder, ShipmentAdvice
from router.decision import Needs
from router.order import Order
from router.policy import Policy
from router.substitution import substitutes_of


def needs(order: Order | None, document: Document, policy: Policy) -> Needs:
    """The facts `decide` will read of the same document."""
    asked = document.lines if isinstance(document, PurchaseOrder | OrderChange) else ()
    found = (policy.catalogue.match(line.items).item for line in asked)
    skus = {item.sku for item in found if item}
    skus |= (
        {line.sku for line in order.lines if line.sku and line.ledger.shipped < line.ledger.ordered} if order else set()
    )
    coming_back = [part for one in (order.returns if order else ()) for part in one.lines if part.outstanding]
    skus |= {part.exchange for part in coming_back if part.exchange} | substitutes_of(policy, skus)
    packages = document.packages if isinstance(document, ShipmentAdvice) else ()
    regions = regions_of(order, document, policy) if policy.routing.carriers.learn else ()
    return Needs(skus=tuple(sorted(skus)), serials=sum(package.sscc is None for package in packages), regions=regions)


def regions_of(order: Order | None, document: Document, policy: Policy) -> tuple[str, ...]:
    """Where an order goes, or is to go by the document."""
    asked = document if isinstance(document, PurchaseOrder | OrderChange) else None
    parties = [*(order.destinations if order else ()), *(asked.parties if asked else ())]
    parties += [one.party for line in (asked.lines if asked else ()) for one in line.destinations]
    places = (party.address for party in parties if party.address)
    return tuple(sorted({policy.region_of(address) for address in places}))

"""What the flow's benchmark trades in: the example's partners and rules, five nodes, 10,000 items, ten-line orders."""

import csv
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from canonical import Address, Item, OrderLine, Party, PurchaseOrder, Quantity
from canonical.exchange import Arrival
from connectors.configuration import ConfigurationFolder, read_trade
from connectors.translator import Translator
from mappings.yaml_model import load_model
from router.catalogue import Catalogue, read_items
from router.network import Company, Network
from router.policy import Policy
from router.posting import Posting
from router.routing import Routing

CONFIG = Path(__file__).resolve().parent.parent / "config"
SKUS = 10_000
LINES = 10
_PLACES = ("US-CA", "US-IL", "US-NJ", "US-GA", "US-CO")


@dataclass(frozen=True, slots=True)
class Trade:
    """Who reads the bytes, and the rules that decide."""

    translator: Translator
    policy: Policy


def example() -> Trade:
    """The example hub's partners and rules over five nodes and 10,000 items."""
    read = read_trade(ConfigurationFolder(CONFIG / "hub.yaml"), Path("data"), {})
    network, routing, posting = (
        load_model(CONFIG / name, model)[0]
        for name, model in (("nodes.yaml", Network), ("routing.yaml", Routing), ("posting.yaml", Posting))
    )
    assert isinstance(network, Network)
    assert isinstance(routing, Routing)
    assert isinstance(posting, Posting)
    nodes = tuple(
        network.nodes[1].model_copy(update={"id": f"dc-{name[3:].lower()}", "place": routing.places[name]})
        for name in _PLACES
    )
    company = Company.model_validate(read.settings.company.model_dump(exclude={"x12"}))
    catalogue = Catalogue(items=tuple(_items()))
    policy = Policy(
        company=company, network=Network(nodes=nodes), routing=routing, posting=posting, catalogue=catalogue
    )
    return Trade(read.translator, policy)


def _items() -> list[Item]:
    with (CONFIG / "items.csv").open() as rows:
        known, _ = read_items(csv.DictReader(rows), "USD", "items.csv")
    return [
        model.model_copy(update={"sku": f"{model.sku}-{number:05}", "items": {"vendor": f"{model.sku}-{number:05}"}})
        for number, model in zip(range(SKUS), list(known.items) * SKUS, strict=False)
    ]


class Orders:
    """Orders without end, of ten lines unless it is said otherwise, none like another."""

    def __init__(self, policy: Policy, source: random.Random, name: str | None = None, lines: int = LINES) -> None:
        """`name` is what their numbers begin with."""
        self._items = policy.catalogue.items
        self._source = source
        self._numbers = count(1)
        self._name = name or f"B{source.randrange(16**6):06x}"
        self._lines = lines

    def canonical(self, orders: int) -> Sequence[Arrival]:
        """As canonical JSON, as `POST /v1/orders` takes it."""
        return [self._canonical(self._order()) for _ in range(orders)]

    def x12(self, orders: int, after: int = 0) -> Sequence[Arrival]:
        """As interchanges of one 850 each, whose control numbers follow on `after`."""
        return [self._interchange(number, self._order()) for number in range(after + 1, after + orders + 1)]

    def _order(self) -> PurchaseOrder:
        address = Address(lines=("880 Lake Street",), city="Evanston", region="IL", postal_code="60201", country="US")
        lines = tuple(
            OrderLine(
                number=str(number),
                items={"vendor": item.items["vendor"]},
                quantity=Quantity(value=Decimal(self._source.randint(1, 4))),
                price=item.price,
            )
            for number, item in enumerate(self._source.sample(self._items, self._lines), 1)
        )
        party = Party(role="ship_to", name="Store 42", identifiers={"buyer_assigned": "0042"}, address=address)
        return PurchaseOrder(
            number=f"{self._name}{next(self._numbers):06}",
            ordered_on=date(2026, 11, 16), currency="USD", parties=(party,), lines=lines,
        )  # fmt: skip

    def _canonical(self, order: PurchaseOrder) -> Arrival:
        content = json.dumps(order.as_json()).encode()
        return Arrival("northwind", "http", content, f"key-{order.number}", {"kind": "PurchaseOrder"})

    def _interchange(self, number: int, order: PurchaseOrder) -> Arrival:
        body = [
            "ST*850*0001",
            f"BEG*00*SA*{order.number}**20261116",
            "CUR*BY*USD",
            "N1*ST*Store 42*92*0042",
            "N3*880 Lake Street",
            "N4*Evanston*IL*60201*US",
            *(
                f"PO1*{line.number}*{line.quantity.value}*EA*{line.price.amount}**VN*{line.items['vendor']}"
                for line in order.lines
                if line.price
            ),
            f"CTT*{len(order.lines)}",
        ]
        sides = "*ZZ*NORTHWIND      *ZZ*CEDARSLATE     "
        isa = f"ISA*00*          *00*          {sides}*261116*0900*U*00401*{number:09}*0*P*>"
        group = f"GS*PO*NORTHWIND*CEDARSLATE*20261116*0900*{number}*X*004010"
        lines = [isa, group, *body, f"SE*{len(body) + 1}*0001", f"GE*1*{number}", f"IEA*1*{number:09}"]
        return Arrival("northwind", "as2", "".join(f"{line}~" for line in lines).encode(), None, {})

"""Whatever channel an order or a return comes from: the warehouse's X12 of it keeps the standard."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import Document, FulfilmentOrder, OrderLine, PurchaseOrder, Quantity, ReturnAuthorization, has_errors
from connectors.translator import Translator
from hub import Configuration, read_configuration
from mappings.library import MapLibrary
from router.decide import decide
from router.decision import StockRow, World

ROOT = Path(__file__).parents[2]
LIBRARY = MapLibrary()
WAREHOUSES = ("cedar-wms", "swiftline")
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def golden(kind: type[Document]) -> Iterator[Any]:
    """What the golden cases of every map but X12's say of one kind, named for map and case."""
    for name in LIBRARY.names:
        if LIBRARY.get(name).document is kind and not name.startswith("x12/"):
            for path in sorted((ROOT / "mappings" / "maps" / f"{name}.cases").glob("*.in.*")):
                said = path.with_name(f"{path.name.partition('.')[0]}.json")
                if said.exists() and not said.with_suffix(".findings.json").exists():
                    yield pytest.param(kind.model_validate_json(said.read_bytes()), id=f"{name} {said.stem}")


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return read_configuration(ROOT / "config" / "hub.yaml", Path("data"), {})


@pytest.fixture(scope="module")
def world(configuration: Configuration) -> World:
    """Plenty of everything at every node."""
    policy = configuration.policy
    stock = [
        StockRow(item.sku, node.id, Decimal(1000)) for item in policy.catalogue.items for node in policy.network.nodes
    ]
    return World(now=NOW, configuration=policy.digest, stock=tuple(stock), first_serial=1)


def ours(line: OrderLine, sku: str) -> OrderLine:
    """The line for an item that the example sells."""
    return line.model_copy(update={"items": {"sku": sku}, "quantity": Quantity(value=Decimal(1))})


def expect_sound(translator: Translator, document: Document, warehouse: str) -> None:
    draft = translator.write(document, warehouse)
    assert draft
    assert not has_errors(draft.findings), [one.message for one in draft.findings if one.severity == "error"]


@pytest.mark.parametrize("order", list(golden(PurchaseOrder)))
def test_an_order_reaches_a_warehouse(configuration: Configuration, world: World, order: PurchaseOrder) -> None:
    skus = [item.sku for item in configuration.policy.catalogue.items]
    lines = tuple(ours(line, sku) for line, sku in zip(order.lines, skus, strict=False))
    asked = order.model_copy(update={"lines": lines, "currency": "USD"})
    decision = decide(None, asked, world, configuration.policy, sender="trailhead")
    orders = [one.document for one in decision.send if isinstance(one.document, FulfilmentOrder)]
    assert orders or (decision.order and decision.order.holds)
    for document in orders:
        for warehouse in WAREHOUSES:
            expect_sound(configuration.trade.translator, document, warehouse)


@pytest.mark.parametrize("asked", list(golden(ReturnAuthorization)))
def test_a_return_is_announced_to_a_warehouse(configuration: Configuration, asked: ReturnAuthorization) -> None:
    authorized = asked.model_copy(update={"purpose": "authorization"})
    expect_sound(configuration.trade.translator, authorized, "cedar-wms")

"""The example hub's policy, and the documents the router's tests are made of."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from mappings.yaml_model import load_model
from router.catalogue import StockLevel, read_items, read_stock
from router.decision import StockRow, World
from router.network import Company, Network
from router.policy import Policy
from router.posting import Posting
from router.routing import Routing
from router.rule import Rule

CONFIG = Path(__file__).parents[2] / "config"
M = TypeVar("M", bound=Rule)


def _loaded(name: str, model: type[M]) -> M:
    loaded, findings = load_model(CONFIG / name, model)
    assert loaded, findings
    return loaded


@pytest.fixture(scope="session")
def policy() -> Policy:
    company = Company(name="Cedar & Slate Supply", time_zone="America/Los_Angeles", gs1_prefix="0850012")
    with (CONFIG / "items.csv").open() as rows:
        catalogue, findings = read_items(csv.DictReader(rows), company.currency, "items.csv")
    assert not findings
    return Policy(
        company=company,
        network=_loaded("nodes.yaml", Network),
        routing=_any_price(_loaded("routing.yaml", Routing)),
        posting=_loaded("posting.yaml", Posting),
        catalogue=catalogue,
    )


def _any_price(routing: Routing) -> Routing:
    """The example's routing, taking whatever price a test's order names."""
    taking = {
        name: terms.model_copy(update={"price_tolerance_percent": None}) for name, terms in routing.channels.items()
    }
    return routing.model_copy(update={"channels": taking})


@pytest.fixture(scope="session")
def stock() -> tuple[StockRow, ...]:
    with (CONFIG / "stock.csv").open() as rows:
        levels, findings = read_stock(csv.DictReader(rows), "stock.csv")
    assert not findings
    return tuple(_row(level) for level in levels)


def _row(level: StockLevel) -> StockRow:
    return StockRow(sku=level.sku, node=level.node, on_hand=level.on_hand, safety=level.safety or Decimal(0), version=1)


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def world(policy: Policy, stock: tuple[StockRow, ...], now: datetime) -> World:
    return World(now=now, configuration=policy.digest, stock=stock)

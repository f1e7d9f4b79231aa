"""What an ERP says of products, customers and stock reaches the hub's catalogue and stock, from the ERP's own door."""

import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.emulators.loopback import serving
from connectors.emulators.odoo import Odoo
from hub import Crossdock

ROOT = Path(__file__).parents[2]
NODE = """\
nodes:
  - id: WH
    name: The ERP's own warehouse
    kind: dc
    operator: books
    address: {lines: [1 Yard Street], city: Reno, region: NV, postal_code: "89502", country: US}
    place: {latitude: 39.50, longitude: -119.75}
    time_zone: America/Los_Angeles
"""
KEEPER = "master_data:\n  books: {items: true, customers: true}\n"
SETTINGS = {"items": '"true"', "customers": '"true"', "stock_node": "WH"}

SOLD_SHORT = {"stock-below-promises"}
"""In the ERP that all tests share others ship what never came."""


def configured(place: Path, connector: str, base_url: str, settings: dict[str, str]) -> Path:
    """The example hub whose ERP keeps the catalogue, and a warehouse of its own."""
    shutil.copytree(ROOT / "config", place / "config")
    config, said = place / "config", "".join(f"  {name}: {value}\n" for name, value in {**settings, **SETTINGS}.items())
    (config / "connections" / "books.yaml").write_text(
        f"connection: books\nconnector: {connector}\nname: Books\nbase_url: {base_url}\n"
        f"settings:\n{said}currency: USD\ntime_zone: America/Los_Angeles\n"
    )
    nodes, routing = config / "nodes.yaml", config / "routing.yaml"
    nodes.write_text(nodes.read_text().replace("nodes:\n", NODE, 1))
    routing.write_text(routing.read_text() + KEEPER)
    return config / "hub.yaml"


@pytest.fixture(params=["tryton", "odoo"])
async def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path]:
    """A hub beside an ERP that knows of a product that the hub does not, and has 31 of it."""
    secret = tmp_path / "secret"
    if request.param == "tryton":
        tryton: Any = request.getfixturevalue("tryton")
        tryton.receive("NEW-1", "31", "12.50")
        secret.write_text(tryton.password)
        given = {"host": "erp.example", "database": "books", "user": tryton.user, "password": f"{{file: {secret}}}"}
        yield configured(tmp_path, "tryton", tryton.url.rstrip("/"), given)
        return
    odoo = Odoo()
    odoo.add_partner("northwind")
    odoo.sales.add_product("NEW-1", "31", "12.50")
    secret.write_text(odoo.api_key)
    async with serving(odoo):
        given = {"host": "erp.example", "database": odoo.database, "api_key": f"{{file: {secret}}}"}
        yield configured(tmp_path, "odoo", odoo.base_url, given)


async def test_an_erps_products_customers_and_stock_become_the_hubs(keeping: Path, tmp_path: Path) -> None:
    async with Crossdock().open(keeping, tmp_path / "data") as hub:
        for _ in range(2):
            await hub.look()
            await hub.drain()
        rows = {row.node: row.on_hand for row in await hub.stock.availability("NEW-1")}
        told = await hub.archive.documents(partner="books")
        exceptions = await hub.archive.exceptions(status="open")
    assert rows == {"WH": Decimal(31)}
    kinds = {(row["kind"], row["identity"].partition("/")[0]) for row in told}
    assert {("Item", "NEW-1"), ("Customer", "northwind")} <= kinds
    assert {one["code"] for one in exceptions} <= SOLD_SHORT

"""Every marketplace has a stand-in that an integrator runs by name, with orders whose parts make their totals."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical import Misconfigured, PurchaseOrder, Unavailable
from connectors.catalogue import load_catalogue
from connectors.connection import Connections, load_connections
from connectors.courier import callers
from connectors.emulators.stand_in import NAMES, StandIn, standing_in
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.pickup import pickups
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MARKETPLACES = ["adobe-commerce", "amazon", "ebay", "shopify", "walmart", "woocommerce"]


def connected(told: StandIn, directory: Path) -> Connections:
    """The connection as an integrator would write it from what is told."""
    (directory / "one.yaml").write_text(yaml.safe_dump(dict(told.connection)))
    return load_connections(directory, load_catalogue().manifests, told.environment, directory)


def test_every_one_plays_a_connector_there_is():
    assert {*MARKETPLACES} <= {*NAMES} <= {*load_catalogue().manifests}


@pytest.mark.parametrize("name", MARKETPLACES)
async def test_its_orders_are_fetched_through_the_connection_it_tells(
    name: str, tmp_path: Path, wire: HttpWire, clock: Any
):
    async with standing_in(name, AT, orders=5) as told:
        connections = connected(told, tmp_path)
        assert connections.findings == ()
        calling = callers(connections.by_id, wire, clock)
        arrivals = [one for pickup in pickups(calling, MemoryCursors()) async for one in pickup.collect()]
    translator = Translator(
        Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US")), MapLibrary(), connections.by_id
    )
    read = [translator.read(one.content, one.source, one.facts, AT).documents[0] for one in arrivals]
    assert len(read) == 5
    assert [finding for one in read for finding in one.findings] == []
    assert all(isinstance(one.document, PurchaseOrder) and len(one.document.lines) == 2 for one in read)


async def test_its_next_requests_meet_the_faults_asked_for(tmp_path: Path, wire: HttpWire, clock: Any):
    async with standing_in("walmart", AT, faults=["server_error"]) as told:
        pickup = pickups(callers(connected(told, tmp_path).by_id, wire, clock), MemoryCursors())[0]
        with pytest.raises(Unavailable):
            [one async for one in pickup.collect()]


async def test_a_name_nobody_plays_is_told_with_those_there_are():
    with pytest.raises(Misconfigured, match=r"there are adobe-commerce, .*ebay"):
        async with standing_in("nobody", AT):
            pass

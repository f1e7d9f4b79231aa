"""The stand-in warehouse: what it is handed as a 940 comes back as a 997 and a 945 that our own Translator reads."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from canonical import (
    Acknowledgment,
    Address,
    Carrier,
    Document,
    Freight,
    FulfilmentLine,
    FulfilmentOrder,
    Party,
    Quantity,
    ShipmentAdvice,
)
from canonical.exchange import Incoming, Parcel
from connectors.emulators.cartons import Conduct
from connectors.emulators.warehouse import Warehouse, warehouse
from connectors.partners import partners_of
from connectors.profile import Profile
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from connectors.transport.directory import DirectoryCourier, DirectoryPickup
from mappings.library import MapLibrary

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")
PROFILE = Profile.model_validate(
    {
        "partner": "swiftline",
        "name": "Swiftline",
        "roles": ["node"],
        "time_zone": "America/Los_Angeles",
        "x12": {"theirs": {"qualifier": "ZZ", "id": "SWIFTLINE", "group": "SWIFTLINE"}},
        "sends": {"945": "x12/945"},
        "takes": {"FulfilmentOrder": {"set": "940", "map": "x12/940"}},
        "transport": {"inbound": {"directory": "in"}, "outbound": {"directory": "out"}},
    }
)


@pytest.fixture(scope="module")
def hub() -> Translator:
    return Translator(partners_of([PROFILE], OURS), MapLibrary())


@pytest.fixture
def open_warehouse(tmp_path: Path, hub: Translator) -> Callable[[Conduct], Warehouse]:
    return lambda conduct: warehouse(PROFILE, hub, tmp_path, lambda: NOW, conduct)


def asked(number: str = "F-1", scac: str = "FDEG") -> FulfilmentOrder:
    address = Address(lines=("880 Lake Street",), city="Evanston", region="IL", postal_code="60201", country="US")
    return FulfilmentOrder(
        number=number,
        order_number="PO-1",
        node="dc-reno",
        ordered_on=date(2026, 11, 21),
        parties=(Party(role="ship_to", name="Store 42", identifiers={"buyer_assigned": "0042"}, address=address),),
        freight=Freight(payment="prepaid", carrier=Carrier(scac=scac, mode="motor")),
        lines=(
            FulfilmentLine(number="1", order_line="1", items={"sku": "CS-1001"}, quantity=Quantity(value=Decimal(24))),
            FulfilmentLine(number="2", order_line="2", items={"sku": "CS-1002"}, quantity=Quantity(value=Decimal(1))),
        ),
    )


async def hand_over(hub: Translator, directory: Path, order: FulfilmentOrder, number: int = 5) -> None:
    draft = hub.write(order, "swiftline")
    assert draft is not None
    assert [finding for finding in draft.findings if finding.severity == "error"] == []
    made = draft.render(dict.fromkeys(draft.counters, number), NOW)
    parcel = Parcel("1", made.filename, "swiftline", order.kind, made.content, made.media_type, made.filename, 1)
    await DirectoryCourier(directory).deliver(parcel)


async def heard(hub: Translator, directory: Path) -> list[Incoming]:
    pickup = DirectoryPickup("inbound", "swiftline", directory, settle=0)
    found: list[Incoming] = []
    async for arrival in pickup.collect():
        reading = hub.read(arrival.content, arrival.source, arrival.facts, NOW)
        assert reading.findings == ()
        found.extend(reading.documents)
    return found


def documents(found: list[Incoming]) -> list[Document]:
    for one in found:
        assert [finding for finding in one.findings if finding.severity == "error"] == []
        assert one.accepted
    return [one.document for one in found if one.document]


@pytest.mark.parametrize(
    ("conduct", "expected"),
    [("full", ({"1": 24, "2": 1}, 1)), ("short", ({"1": 23, "2": 0}, 1)), ("split", ({"1": 24, "2": 1}, 2))],
)
async def test_an_order_comes_back_acknowledged_and_shipped(
    hub: Translator,
    open_warehouse: Callable[[Conduct], Warehouse],
    tmp_path: Path,
    conduct: Conduct,
    expected: tuple[dict[str, int], int],
) -> None:
    await hand_over(hub, tmp_path / "out", asked())
    await open_warehouse(conduct).work()
    acknowledgment, *advices = documents(await heard(hub, tmp_path / "in"))
    assert isinstance(acknowledgment, Acknowledgment)
    assert (acknowledgment.functional_id, acknowledgment.number, acknowledgment.verdict) == ("OW", "5", "accepted")
    total: dict[str, Decimal] = {}
    for advice in advices:
        assert isinstance(advice, ShipmentAdvice)
        assert (advice.fulfilment_order, advice.order_number) == ("F-1", "PO-1")
        for line in advice.lines:
            total[line.number] = total.get(line.number, Decimal(0)) + line.quantity.value
    assert (total, len(advices)) == expected


async def test_its_cartons_carry_labels_and_tracking_numbers(
    hub: Translator, open_warehouse: Callable[[Conduct], Warehouse], tmp_path: Path
) -> None:
    await hand_over(hub, tmp_path / "out", asked())
    await open_warehouse("full").work()
    advice = documents(await heard(hub, tmp_path / "in"))[1]
    assert isinstance(advice, ShipmentAdvice)
    assert len(advice.packages) == 3
    assert all(package.sscc and len(package.sscc) == 18 and package.tracking_number for package in advice.packages)


async def test_freight_carries_a_pro_number(
    hub: Translator, open_warehouse: Callable[[Conduct], Warehouse], tmp_path: Path
) -> None:
    await hand_over(hub, tmp_path / "out", asked(scac="ODFL"))
    await open_warehouse("full").work()
    advice = documents(await heard(hub, tmp_path / "in"))[1]
    assert isinstance(advice, ShipmentAdvice)
    assert len(advice.tracking_numbers) == 1
    assert advice.carrier is not None
    assert advice.carrier.scac == "ODFL"


async def test_one_that_never_ships_still_acknowledges(
    hub: Translator, open_warehouse: Callable[[Conduct], Warehouse], tmp_path: Path
) -> None:
    await hand_over(hub, tmp_path / "out", asked())
    [answer] = await open_warehouse("never").work()
    assert answer.kind == "Acknowledgment"


async def test_it_answers_each_file_once_and_never_repeats_a_control_number(
    hub: Translator, open_warehouse: Callable[[Conduct], Warehouse], tmp_path: Path
) -> None:
    await hand_over(hub, tmp_path / "out", asked("F-1"), 5)
    first = await open_warehouse("full").work()
    assert await open_warehouse("full").work() == []
    await hand_over(hub, tmp_path / "out", asked("F-2"), 6)
    second = await open_warehouse("full").work()
    names = [Path(answer.path).name for answer in (*first, *second)]
    assert len(set(names)) == 4
    found = await heard(hub, tmp_path / "in")
    assert len({one.place["interchange"] for one in found}) == 4


async def test_a_file_that_is_not_for_it_is_not_answered(
    open_warehouse: Callable[[Conduct], Warehouse], tmp_path: Path
) -> None:
    await asyncio.to_thread((tmp_path / "out").mkdir)
    (tmp_path / "out" / "junk.edi").write_bytes(b"hello")
    assert await open_warehouse("full").work() == []

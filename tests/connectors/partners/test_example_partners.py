"""The example hub's partners and sample files: they load without a fault and say what their names promise."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from canonical import PurchaseOrder
from canonical.exchange import Reading
from connectors.partners import Partners, load_partners
from connectors.settings import HubFile
from connectors.syntax.x12 import find_grammar
from connectors.translator import Translator
from mappings.library import MapLibrary
from mappings.yaml_model import load_model

CONFIG = Path(__file__).parents[3] / "config"
AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def library() -> MapLibrary:
    return MapLibrary()


@pytest.fixture(scope="module")
def partners(library: MapLibrary, tmp_path_factory: pytest.TempPathFactory) -> Partners:
    hub, faults = load_model(CONFIG / "hub.yaml", HubFile)
    assert hub is not None, faults
    loaded, findings = load_partners(
        CONFIG / hub.partners,
        hub.company.x12,
        library.names,
        lambda version, name: find_grammar(version, name) is not None,
        tmp_path_factory.mktemp("data"),
    )
    assert findings == []
    return loaded


@pytest.fixture(scope="module")
def translator(partners: Partners, library: MapLibrary) -> Translator:
    return Translator(partners, library)


def read(translator: Translator, name: str, source: str) -> Reading:
    return translator.read((CONFIG / "demo" / f"{name}.edi").read_bytes(), source, {}, AT)


def orders(reading: Reading) -> list[PurchaseOrder]:
    for incoming in reading.documents:
        codes = {finding.code for finding in incoming.findings if incoming.accepted}
        assert codes <= {"cross-reference-missing"}, codes
    return [one.document for one in reading.documents if one.accepted and isinstance(one.document, PurchaseOrder)]


def test_every_partner_has_a_way_in_and_a_way_out(partners: Partners) -> None:
    for profile in partners.by_id.values():
        assert profile.transport.inbound is not None
        assert profile.transport.outbound is not None


def test_two_partners_differ_in_version_separators_and_qualifier(partners: Partners) -> None:
    one, other = partners.by_id["northwind"].x12, partners.by_id["harbor-grocers"].x12
    assert one is not None
    assert other is not None
    assert one.version != other.version
    assert one.delimiters.element != other.delimiters.element
    assert one.theirs.qualifier != other.theirs.qualifier


def test_northwinds_orders_are_read_with_our_skus_and_its_stores_address(translator: Translator) -> None:
    first, second = orders(read(translator, "northwind-po", "northwind"))
    assert len(first.lines) == 4
    assert [line.items.get("sku") for line in second.lines] == ["CS-1002", "CS-1005", None]
    store = second.party("ship_to")
    assert store is not None
    assert store.address is not None
    assert store.address.city == "Evanston"


def test_harbors_file_holds_two_interchanges_with_different_separators(translator: Translator) -> None:
    reading = read(translator, "harbor-two-interchanges", "harbor-grocers")
    assert [order.number for order in orders(reading)] == ["60-22871", "60-22872", "60-22873"]
    assert len({incoming.place["interchange"] for incoming in reading.documents}) == 2


def test_the_resend_is_the_same_order_under_new_control_numbers(translator: Translator) -> None:
    first = read(translator, "northwind-po", "northwind")
    again = read(translator, "northwind-resend", "northwind")
    assert orders(again)[0] == orders(first)[0]
    assert again.documents[0].transport_key != first.documents[0].transport_key


def test_the_broken_file_loses_only_its_broken_order(translator: Translator) -> None:
    reading = read(translator, "northwind-broken", "northwind")
    assert [incoming.accepted for incoming in reading.documents] == [True, False]
    codes = {finding.code for finding in reading.documents[1].findings}
    assert codes == {"element-date", "element-character", "set-count"}


def test_the_test_file_is_a_test(translator: Translator) -> None:
    assert [order.usage for order in orders(read(translator, "northwind-test", "northwind"))] == ["test"]


def test_a_stranger_in_northwinds_directory_is_not_answered(translator: Translator) -> None:
    reading = read(translator, "stranger-po", "northwind")
    assert (reading.documents, reading.replies) == ((), ())
    assert [finding.code for finding in reading.findings] == ["unknown-sender"]

"""docs/connectors.md teaches a connector that works."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from canonical import ShipmentNotice
from connectors.case_run import run_cases
from connectors.cases import CaseFile
from connectors.catalogue import Catalogue, load_catalogue
from connectors.connection import load_connections
from connectors.manifest import Manifest, Operation
from mappings.library import MapLibrary
from mappings.strict_yaml import read_yaml
from mappings.yaml_model import load_model

PAGE = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text()


def block(name: str) -> str:
    found = re.search(rf"^```yaml {re.escape(name)}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the page has no block {name!r}"
    return found[1]


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    files = {
        "connectors/acme.yaml": block("manifest"),
        "connectors/acme.cases/orders.yaml": block("cases"),
        "mappings/acme/order.yaml": block("map acme/order"),
        "mappings/acme/shipment.yaml": block("map acme/shipment"),
        "connections/acme-us.yaml": block("connection"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def catalogue(lesson: Path) -> Catalogue:
    return load_catalogue(lesson / "connectors")


@pytest.fixture
def maps(lesson: Path) -> MapLibrary:
    return MapLibrary(lesson / "mappings")


def test_its_files_have_no_faults(lesson: Path, catalogue: Catalogue, maps: MapLibrary):
    connections = load_connections(lesson / "connections", catalogue.manifests, {"ACME_TOKEN": "t"}, lesson)
    assert [*catalogue.findings, *catalogue.check(maps.names), *connections.findings] == []
    assert [*maps.get("acme/order").check(), *maps.get("acme/shipment").check()] == []
    assert connections.by_id["acme-us"].base_url == "https://shop.acme.example/v1"


async def test_its_cases_hold(catalogue: Catalogue, maps: MapLibrary):
    results, findings = await run_cases(catalogue, "acme", maps)
    assert findings == []
    assert {result.case: result.faults for result in results if result.faults} == {}
    assert len(results) == 4


def test_its_shipment_map_writes_what_its_operation_names(maps: MapLibrary):
    notice = ShipmentNotice(number="S", shipped_on=date(2026, 1, 1), order_numbers=("A-1",), tracking_numbers=("T1",))
    case = next(case for case in load_model(block("cases"), CaseFile)[0].cases if case.operation == "push_shipment")
    assert maps.get("acme/shipment").write(notice).tree == case.request


@pytest.mark.parametrize("name", re.findall(r"^```yaml operation (\w+)$", PAGE, flags=re.MULTILINE))
def test_each_operation_shown_is_one(name: str):
    said = read_yaml(block(f"operation {name}"))[0]
    assert said is not None
    assert isinstance(said.content, dict)
    assert Operation.model_validate(said.content[name])


def kinds(part: Any) -> set[str]:
    """Every `kind` there is in a JSON Schema."""
    if isinstance(part, list):
        return {kind for one in part for kind in kinds(one)}
    if not isinstance(part, dict):
        return set()
    own = part.get("properties", {}).get("kind", {})
    return {*own.get("enum", ()), *({own["const"]} if "const" in own else ())}.union(*map(kinds, part.values()))


SYSTEMS = {"marketplace", "carrier", "tax", "erp", "warehouse", "supplier", "payment", "other"}


@pytest.mark.parametrize("kind", sorted(kinds(Manifest.model_json_schema()) - SYSTEMS))
def test_every_kind_in_the_schema_is_taught(kind: str):
    assert f"kind: {kind}" in PAGE or f"`{kind}`" in PAGE

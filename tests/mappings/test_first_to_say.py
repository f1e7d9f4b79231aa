"""What a format has no code or no room for is written where it has, or left out and told."""

from pathlib import Path
from typing import Any

import pytest

from canonical import Address, Carrier, Document, Freight, Reference
from mappings.library import MapLibrary

CASES = Path(__file__).parent / "cases"


def written(library: MapLibrary, name: str, **changes: Any) -> tuple[Any, list[str]]:
    """The tree of a golden document with these values, and the paths that are lost with it."""
    compiled = library.get(f"x12/{name}")
    document = compiled.document.model_validate_json((CASES / f"{name}.json").read_bytes())
    rendition = compiled.write(changed(document, **changes))
    assert [one for one in rendition.findings if one.severity == "error"] == []
    return rendition.tree, [one.facts["path"] for one in rendition.findings if one.code == "lost-on-write"]


def changed(document: Document, **changes: Any) -> Document:
    return type(document).model_validate({**document.model_dump(), **changes})


def elements(tree: Any, tag: str) -> list[list[str]]:
    return [list(node.elements[1:]) for node in tree.children.get(tag, ())]


@pytest.mark.parametrize(
    ("region", "element"), [("IL", ["Lyon", "IL", "69001"]), ("Rhone", ["Lyon", "", "69001", "", "SP", "Rhone"])]
)
def test_a_region_in_words_stands_where_words_may(library: MapLibrary, region: str, element: list[str]) -> None:
    address = Address(lines=("1 rue",), city="Lyon", region=region, postal_code="69001").model_dump()
    party = {"role": "ship_to", "name": "Ada", "address": address}
    tree, lost = written(library, "180", parties=[party])
    [ship_to] = tree.children["N1"]
    assert elements(ship_to, "N4") == [element]
    assert lost == []


@pytest.mark.parametrize(("service", "place"), [("2nd_day_air", (12, "SC")), ("by bicycle", (5, "by bicycle"))])
def test_a_service_is_told_by_its_code_or_in_words(library: MapLibrary, service: str, place: tuple[int, str]) -> None:
    freight = Freight(carrier=Carrier(scac="UPSN", service=service)).model_dump()
    tree, _ = written(library, "850", freight=freight)
    [carrier] = elements(tree, "TD5")
    assert carrier[place[0] - 1] == place[1]


def test_a_warehouse_is_told_the_service_in_words(library: MapLibrary) -> None:
    tree, _ = written(library, "940", freight=Freight(carrier=Carrier(service="express")).model_dump())
    assert elements(tree, "W66")[0][4] == "express"


def test_a_reference_of_no_standard_kind_is_mutually_defined(library: MapLibrary) -> None:
    tree, lost = written(library, "180", references=[Reference(kind="rma", value="R-7").model_dump()])
    assert elements(tree, "N9") == [["ZZ", "R-7"]]
    assert lost == ["references.0.kind"]


def test_a_tax_of_no_standard_kind_is_mutually_defined(library: MapLibrary) -> None:
    tree, lost = written(library, "810", taxes=[{"code": "state_levy", "amount": "1.20"}])
    assert [tax[:2] for tax in elements(tree, "TXI")] == [["ZZ", "1.20"]]
    assert "taxes.0.code" in lost


def test_a_date_without_a_code_is_left_out_and_told(library: MapLibrary) -> None:
    tree, lost = written(library, "180", dates={"whenever": "2026-01-02", "requested_ship": "2026-01-03"})
    assert elements(tree, "DTM") == [["010", "20260103"]]
    assert lost == ["dates.whenever"]


def test_a_reason_without_a_code_is_told_in_words(library: MapLibrary) -> None:
    tree, lost = written(library, "180", reason="too small")
    assert elements(tree, "RDR")[0][3] == "too small"
    assert lost == []

"""Each X12 map: a golden set read into its exact document and written back, and what happens to faulty twins."""

import json
from pathlib import Path
from typing import Any

import pytest

from canonical import Document, Finding, Quantity, document_of
from mappings.compiled import CompiledMap, read_values
from mappings.context import Context
from mappings.library import MapLibrary
from mappings.paths.navigation import Run

CASES = Path(__file__).parent / "cases"
SETS = sorted(path.stem for path in CASES.glob("*.x12") if not path.stem.endswith(".back"))


def case(set_id: str) -> tuple[str, dict[str, Any], str]:
    """The set as received, its document, and the set as we write it."""
    text = (CASES / f"{set_id}.x12").read_text()
    back = CASES / f"{set_id}.back.x12"
    return text, json.loads((CASES / f"{set_id}.json").read_text()), back.read_text() if back.exists() else text


def name_of(case_name: str) -> str:
    """The map of a case: `856-items-over-packages` is one of x12/856."""
    return f"x12/{case_name.partition('-')[0]}"


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\n", "").split("~")]


def told(findings: tuple[Finding, ...]) -> list[tuple[str, dict[str, Any]]]:
    return [(finding.code, dict(finding.where)) for finding in findings]


def golden(library: MapLibrary, set_id: str, document: dict[str, Any]) -> Document:
    return document_of(library.get(name_of(set_id)).document.__name__, json.dumps(document))


@pytest.mark.parametrize("set_id", SETS)
def test_a_set_reads_into_its_document_without_a_finding(library: MapLibrary, x12_tree: Any, set_id: str) -> None:
    text, expected, _ = case(set_id)
    translation = library.get(name_of(set_id)).read(x12_tree(text))
    assert told(translation.findings) == []
    assert translation.document
    assert translation.document.as_json() == expected


@pytest.mark.parametrize("set_id", SETS)
def test_a_document_is_written_as_its_set_and_loses_nothing_untold(
    library: MapLibrary, x12_text: Any, set_id: str
) -> None:
    _, document, expected = case(set_id)
    mapping = library.get(name_of(set_id))
    if mapping.head.direction == "read":
        return
    rendition = mapping.write(golden(library, set_id, document))
    assert told(rendition.findings) == []
    assert lines(x12_text(set_id[:3], rendition.tree)) == lines(expected)


@pytest.mark.parametrize("set_id", SETS)
def test_every_canonical_value_has_its_place(library: MapLibrary, x12_tree: Any, set_id: str) -> None:
    text, expected, _ = case(set_id)
    origins = library.get(name_of(set_id)).where(x12_tree(text))

    def leaves(value: Any, path: str) -> list[str]:
        if isinstance(value, dict):
            return [leaf for name, part in value.items() for leaf in leaves(part, f"{path}.{name}" if path else name)]
        if isinstance(value, list):
            return [path] if value and not isinstance(value[0], dict) else [
                leaf for number, part in enumerate(value) for leaf in leaves(part, f"{path}.{number}")
            ]  # fmt: skip
        return [path]

    made_elsewhere = ("schema_version", "usage", "order_numbers")
    untold = [leaf for leaf in leaves(expected, "") if leaf not in origins and not leaf.startswith(made_elsewhere)]
    by_the_hub = (".parent", ".id", ".kind", "per.value", "per.unit", ".included", "purpose", ".settlement")
    assert [leaf for leaf in untold if not leaf.endswith(by_the_hub)] == []


@pytest.mark.parametrize("set_id", SETS)
def test_the_fast_build_and_the_tracing_build_read_the_same(library: MapLibrary, x12_tree: Any, set_id: str) -> None:
    """Objects of the fast build are read by functions written for them; odd or missing elements change neither."""
    mapping = library.get(name_of(set_id))
    segments = [segment for segment in lines(case(set_id)[0]) if segment]
    for number in range(2, len(segments) - 1):
        elements = segments[number].split("*")
        padded, headless = [elements[0], *(f" {one} " for one in elements[1:])], [elements[0], "", *elements[2:]]
        for changed in (elements[:2], [*elements[:-1], " ? "], [*elements, "", "X"], padded, headless):
            text = "~".join([*segments[:number], "*".join(changed), *segments[number + 1 :]]) + "~"
            assert_same_values(mapping, x12_tree(text), Context())
        assert_same_values(mapping, x12_tree("~".join([*segments[: number + 1], *segments[number:]]) + "~"), Context())
    partner = Context(codes={"x12/355": {"EA": "PC", "QQ": "CA"}, "x12/98": {"ST": "store"}, "x12/235": {"VN": "own"}})
    assert_same_values(mapping, x12_tree("~".join(segments) + "~"), partner)


def assert_same_values(mapping: CompiledMap, tree: Any, context: Context) -> None:
    fast, tracing = Run(tree, context), Run(tree, context)
    assert as_plain(read_values(mapping.fast, tree, fast)) == as_plain(read_values(mapping.tracing, tree, tracing))
    assert [one.code for one in fast.findings] == [one.code for one in tracing.findings]


def as_plain(value: Any) -> Any:
    if isinstance(value, Quantity):
        value = value.model_dump()
    if isinstance(value, dict):
        return {name: as_plain(part) for name, part in value.items()}
    return [as_plain(part) for part in value] if isinstance(value, list) else value


def test_an_unknown_qualifier_is_kept_and_comes_back(library: MapLibrary, x12_tree: Any) -> None:
    text = case("850")[0].replace("UP*012345678905", "Y9*012345678905")
    mapping = library.get("x12/850")
    translation = mapping.read(x12_tree(text))
    assert told(translation.findings) == [("code-unmapped", {"segment": 29, "tag": "PO1", "element": 6})]
    assert translation.document
    assert translation.document.as_json()["lines"][0]["items"]["x12/235:Y9"] == "012345678905"
    line = mapping.write(translation.document).tree.children["PO1"][0]
    assert "Y9" in line.elements


def test_a_partners_own_meaning_comes_before_the_lists(library: MapLibrary, x12_tree: Any) -> None:
    context = Context(codes={"x12/235": {"ZZ": "season", "IN": "buyer_item"}})
    text = case("850")[0]
    mapping = library.get("x12/850")
    translation = mapping.read(x12_tree(text), context)
    assert translation.document
    assert translation.document.as_json()["lines"][0]["items"]["buyer_item"] == "B1"
    assert "IN" in mapping.write(translation.document, context).tree.children["PO1"][0].elements


def test_a_test_interchange_makes_test_documents(library: MapLibrary, x12_tree: Any) -> None:
    document = library.get("x12/850").read(x12_tree(case("850")[0]), Context(usage="test")).document
    assert document
    assert document.usage == "test"


def test_an_item_above_its_packages_is_split_over_them(library: MapLibrary, x12_tree: Any) -> None:
    """Pick and pack the other way round: S-O-I-P, each package saying how much of the item it holds."""
    text = """ST*856*1~BSN*00*S1*20260920*1430*0002~HL*1**S~DTM*011*20260920~HL*2*1*O~PRF*PO1~HL*3*2*I~
        LIN*1*VN*A~SN1**10*EA~HL*4*3*P~SN1**6*EA~MAN*GM*001~HL*5*3*P~SN1**4*EA~MAN*GM*002~CTT*5*10~SE*16*1~"""
    document = library.get("x12/856").read(x12_tree(text)).document
    assert document
    packages = document.as_json()["packages"]
    assert [(one["sscc"], one["lines"][0]["quantity"]["value"]) for one in packages] == [("001", "6"), ("002", "4")]


def test_packages_that_do_not_say_share_equally_and_it_is_told(library: MapLibrary, x12_tree: Any) -> None:
    text = """ST*856*1~BSN*00*S1*20260920*1430*0002~HL*1**S~DTM*011*20260920~HL*2*1*O~PRF*PO1~HL*3*2*I~
        LIN*1*VN*A~SN1**10*EA~HL*4*3*P~MAN*GM*001~HL*5*3*P~MAN*GM*002~CTT*5*10~SE*14*1~"""
    translation = library.get("x12/856").read(x12_tree(text))
    assert translation.document
    packages = translation.document.as_json()["packages"]
    assert [one["lines"][0]["quantity"]["value"] for one in packages] == ["5", "5"]
    assert [finding.code for finding in translation.findings] == ["package-quantity-assumed"]


def test_each_stores_quantity_passes_from_order_through_answer_notice_and_invoice(
    library: MapLibrary, x12_tree: Any, x12_text: Any
) -> None:
    """A store distribution (SDQ): what the order says of each store is what every answer says of it."""
    order = library.get("x12/850").read(x12_tree(case("850")[0])).document
    assert order
    [line, _] = order.as_json()["lines"]
    wanted = {one["party"]["identifiers"]["buyer_assigned"]: one["quantity"]["value"] for one in line["destinations"]}
    assert wanted == {"0001": "4", "0002": "6"}
    for set_id in ("855", "810"):
        answer = golden(library, set_id, case(set_id)[1])
        first = answer.as_json()["lines"][0] | {"destinations": line["destinations"]}
        answer = golden(library, set_id, answer.as_json() | {"lines": [first, *answer.as_json()["lines"][1:]]})
        written = x12_text(set_id, library.get(f"x12/{set_id}").write(answer).tree)
        assert "SDQ*EA*92*0001*4*0002*6~" in written
        again = library.get(f"x12/{set_id}").read(x12_tree(written)).document
        assert again
        assert again.as_json()["lines"][0]["destinations"] == line["destinations"]
    parts = [
        {"order_number": "PO1", "line_number": "1", "items": {"sku": "A"}, "quantity": one["quantity"],
         "destination": one["party"]}
        for one in line["destinations"]
    ]  # fmt: skip
    notice = golden(library, "856", case("856")[1] | {"packages": [], "lines": parts, "order_numbers": ["PO1"]})
    rendition = library.get("x12/856").write(notice)
    assert told(rendition.findings) == []
    again = library.get("x12/856").read(x12_tree(x12_text("856", rendition.tree))).document
    assert again
    assert {
        one["destination"]["identifiers"]["buyer_assigned"]: one["quantity"]["value"]
        for one in again.as_json()["lines"]
    } == wanted

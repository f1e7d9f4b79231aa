"""Maps are found by name, overridden, extended, and their faults told with file, line, column and mend."""

import json
from pathlib import Path
from typing import Any

import pytest

from canonical import Misconfigured
from mappings.language.schema import map_schema
from mappings.library import MapLibrary

MAPPINGS = Path(__file__).parents[2] / "mappings"


def test_the_built_in_maps_and_code_lists_have_no_fault(library: MapLibrary) -> None:
    assert library.check(shipped=True) == []


def test_every_map_names_the_published_schema_in_its_first_line() -> None:
    for path in [*MAPPINGS.glob("maps/**/*.yaml"), *MAPPINGS.glob("parts/*.yaml")]:
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema="), path
        assert (path.parent / first.partition("=")[2]).resolve() == MAPPINGS / "map.schema.json", path


def test_the_published_schema_is_that_of_the_language() -> None:
    assert json.loads((MAPPINGS / "map.schema.json").read_text()) == json.loads(json.dumps(map_schema()))


def write(directory: Path, name: str, text: str) -> MapLibrary:
    path = directory / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return MapLibrary(directory)


def test_a_users_map_takes_the_place_of_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    library = write(
        tmp_path,
        "x12/850",
        "map: x12/850\ndocument: PurchaseOrder\nsyntax: x12\nfields: {number: BEG03, ordered_on: BEG05}\n",
    )
    assert library.get("x12/850").head.where["file"] == str(tmp_path / "x12" / "850.yaml")


def test_a_users_code_list_takes_the_place_of_the_built_in_one(tmp_path: Path, x12_tree: Any) -> None:
    write(tmp_path, "codes/x12/353", "codes: x12/353\ntitle: t\nvalues: {00: duplicate}\n")
    document = MapLibrary(tmp_path).get("x12/850").read(
        x12_tree("ST*850*1~BEG*00*SA*1**20260915~PO1*1*1*EA~SE*4*1~")
    ).document  # fmt: skip
    assert document
    assert document.as_json()["purpose"] == "duplicate"


HEAD = "map: my/850\ndocument: PurchaseOrder\nsyntax: x12\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "mend"),
    [
        (HEAD + "fields:\n  numbr: BEG03\n", "map-unknown-field", 5, 3, "there is no field 'numbr'"),
        (HEAD + "fields:\n  number: BEG3\n", "map-path", 5, 3, "two digits"),
        (HEAD + "fields:\n  number: {at: BEG03, coeds: x}\n", "map-verb", 5, 23, "does not go with 'at'"),
        (HEAD + "fields:\n  number: {path: BEG03}\n", "map-verb", 5, 3, "no verb"),
        (HEAD + "fields:\n  purpose: {at: BEG01, codes: x12/nope}\n", "map-unknown-codes", 5, 24, "no code list"),
        (HEAD + "fields:\n  lines: PO1\n", "map-path", 5, 3, "two digits"),
        (HEAD + "fields:\n  lines: PO101\n", "map-shape", 5, 3, "use fields:, each:, all: or pairs:"),
        (HEAD + "fields:\n  number: ../BEG03\n", "map-path", 5, 3, "no loop around"),
        (
            HEAD + "fields:\n  parties: {each: N1, use: nobody}\n",
            "map-unknown-part",
            5,
            23,
            "no part is called 'nobody'",
        ),
        (HEAD + "fields:\n  total: {call: nope, with: [BEG03]}\n", "map-unknown-function", 5, 11, "no function"),
        (HEAD + "fields:\n  number: BEG03\n  number: BEG04\n", "yaml-duplicate-key", 6, 3, "keep one"),
        (HEAD + "feilds: {}\n", "config-unknown-name", 4, 1, "did you mean 'fields'?"),
        ("map: other\ndocument: PurchaseOrder\nsyntax: x12\n", "map-name", 1, 6, "rename one"),
        ("map: my/850\ndocument: Order\nsyntax: x12\n", "map-document", 2, 1, "no document 'Order'"),
        ("map: my/850\ndocument: PurchaseOrder\nsyntax: x13\n", "map-syntax", 3, 1, "no syntax 'x13'"),
        ("map: my/850\nextends: x12/851\n", "map-unknown", 2, 1, "there is no map 'x12/851'"),
        ("map: my/850\nextends: x12/850\nfields: {nothing: null}\n", "map-extends", 3, 10, "no 'nothing' to remove"),
    ],
)
def test_a_fault_of_a_map_is_told_with_its_place_and_mend(
    tmp_path: Path, text: str, code: str, line: int, column: int, mend: str
) -> None:
    found = write(tmp_path, "my/850", text).check()
    assert [(fault.code, fault.where["line"], fault.where["column"]) for fault in found] == [(code, line, column)]
    assert found[0].where["file"] == str(tmp_path / "my" / "850.yaml")
    assert mend in found[0].message


def test_all_faults_of_a_map_are_told_at_once(tmp_path: Path) -> None:
    library = write(tmp_path, "my/850", HEAD + "fields:\n  numbr: BEG03\n  purpose: BEG\n  total: {oops: 1}\n")
    assert sorted(fault.where["line"] for fault in library.check()) == [5, 6, 7]


def test_a_faulty_map_cannot_be_used(tmp_path: Path) -> None:
    library = write(tmp_path, "my/850", HEAD + "fields:\n  numbr: BEG03\n")
    with pytest.raises(Misconfigured) as caught:
        library.get("my/850").read(None)
    assert caught.value.findings


def test_parts_that_use_each_other_in_a_circle_are_a_fault(tmp_path: Path) -> None:
    text = HEAD + "fields: {freight: {use: a}}\nparts: {a: {use: b}, b: {use: a}}\n"
    assert [fault.code for fault in write(tmp_path, "my/850", text).check()] == ["map-unknown-part"]

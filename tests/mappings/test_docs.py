"""Every example of docs/mapping.md is run."""

import csv
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mappings.language.verbs import VERBS
from mappings.library import MapLibrary

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[Any]:
    blocks = BLOCK.findall(PAGE.read_text())
    for number, (language, text) in enumerate(blocks):
        if language == "yaml" and text.startswith("map: lesson/"):
            source, expected = blocks[number + 1 : number + 3]
            yield pytest.param(text, source, json.loads(expected[1]), id=text.split()[1])


def holds(expected: Any, found: Any) -> bool:
    """Whether `found` says all that `expected` says."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(holds(value, found.get(name)) for name, value in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(holds, expected, found))
    return bool(expected == found)


def own(tmp_path: Path, text: str) -> tuple[MapLibrary, str]:
    name = text.split()[1]
    path = tmp_path / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return MapLibrary(tmp_path), name


def parsed(syntax: str, source: str, x12_tree: Any) -> Any:
    if syntax == "x12":
        return x12_tree(source)
    return list(csv.DictReader(source.splitlines())) if syntax == "csv" else json.loads(source, parse_float=Decimal)


@pytest.mark.parametrize(("text", "source", "expected"), list(examples()))
def test_an_example_reads_as_the_page_says(
    tmp_path: Path, x12_tree: Any, text: str, source: tuple[str, str], expected: dict[str, Any]
) -> None:
    library, name = own(tmp_path, text)
    assert library.get(name).check() == []
    translation = library.get(name).read(parsed(*source, x12_tree))
    assert translation.document
    assert holds(expected, translation.document.as_json()), translation.document.as_json()


@pytest.mark.parametrize(("text", "source", "expected"), [one for one in examples() if one.values[1][0] == "x12"])
def test_an_x12_example_writes_what_it_read(
    tmp_path: Path, x12_tree: Any, text: str, source: tuple[str, str], expected: dict[str, Any]
) -> None:
    library, name = own(tmp_path, text)
    document = library.get(name).read(x12_tree(source[1])).document
    assert document
    rendition = library.get(name).write(document)
    assert rendition.findings == ()


@pytest.mark.parametrize(("text", "source", "expected"), [one for one in examples() if one.values[1][0] == "csv"])
def test_a_csv_example_writes_the_rows_it_read(
    tmp_path: Path, text: str, source: tuple[str, str], expected: dict[str, Any]
) -> None:
    library, name = own(tmp_path, text)
    rows = list(csv.DictReader(source[1].splitlines()))
    document = library.get(name).read(rows).document
    assert document
    rendition = library.get(name).write(document)
    assert rendition.findings == ()
    assert [{column: row.get(column, "") for column in rows[0]} for row in rendition.tree] == rows


def test_the_partner_example_extends_the_built_in_map(tmp_path: Path, x12_tree: Any) -> None:
    [text] = [text for language, text in BLOCK.findall(PAGE.read_text()) if text.startswith("map: acme/850")]
    library, name = own(tmp_path, text)
    tree = x12_tree("ST*850*1~BEG*00*SA*1*R9*20260915~PO1*1*1*EA~PID*F*08***Blue~PID*F*09***Large~SE*6*1~")
    document = library.get(name).read(tree).document
    assert document
    read = document.as_json()
    assert read["lines"][0]["description"] == "Blue"
    assert "release" not in read


def test_every_verb_is_taught() -> None:
    page = PAGE.read_text()
    assert [verb for verb in VERBS if f"`{verb}:" not in page and f"{verb}: " not in page] == []

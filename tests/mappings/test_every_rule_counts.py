"""Deleting any one rule of a built-in two-way map makes a finding appear."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from canonical import document_of
from mappings.context import Context
from mappings.library import MapLibrary

ROOT = Path(__file__).parents[2] / "mappings"
CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.x12") if not path.stem.endswith(".back"))
SETS = sorted({name.partition("-")[0] for name in NAMES} - {"824", "997"})
"""The two-way maps; those left out only read."""

Trail = tuple[Any, ...]


def rules(value: Any, trail: Trail) -> Iterator[Trail]:
    """Where each named two-way rule stands: under fields, also and levels. What says `read:` or `write:` is one-way."""
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, dict) and part.keys() & {"read", "write"}:
                continue
            if trail and trail[-1] in ("fields", "also"):
                yield (*trail, name)
            yield from rules(part, (*trail, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from rules(part, (*trail, number))


def without(content: Any, trail: Trail) -> Any:
    name, *rest = trail
    copy = dict(content) if isinstance(content, dict) else list(content)
    if rest:
        copy[name] = without(copy[name], tuple(rest))
    else:
        del copy[name]
    return copy


def is_noticed(library: MapLibrary, set_id: str, cases: list[tuple[Any, Any]]) -> bool:
    """Whether either direction, or the map itself, says that something is amiss with any case."""
    mapping = library.get(f"x12/{set_id}")
    if mapping.check():
        return True
    for tree, document in cases:
        if mapping.read(tree).findings:
            return True
        if mapping.head.direction != "read" and mapping.write(document).findings:
            return True
    return False


def load(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


@pytest.mark.parametrize("set_id", SETS)
def test_deleting_any_rule_of_a_map_is_noticed(tmp_path: Path, x12_tree: Any, set_id: str) -> None:
    path = ROOT / "maps" / "x12" / f"{set_id}.yaml"
    content = load(path)
    kind = MapLibrary().get(f"x12/{set_id}").document.__name__
    cases = [
        (x12_tree((CASES / f"{name}.x12").read_text()), document_of(kind, (CASES / f"{name}.json").read_text()))
        for name in NAMES
        if name.startswith(set_id)
    ]
    twin = tmp_path / "x12" / f"{set_id}.yaml"
    twin.parent.mkdir()
    unnoticed = []
    for trail in rules(content, ()):
        if "parts" in trail[:1]:
            continue
        twin.write_text(json.dumps(without(content, trail)))
        if not is_noticed(MapLibrary(tmp_path), set_id, cases):
            unnoticed.append(".".join(map(str, trail)))
    assert unnoticed == []


def golden_trees(name: str) -> list[Any]:
    """The trees of the golden cases in the folder beside a map, and what it writes of a document made for it."""
    folder = ROOT / "maps" / f"{name}.cases"
    given = sorted(folder.glob("*.in.*")) if folder.is_dir() else []
    golden = [path for path in given if not (folder / f"{path.name.partition('.')[0]}.findings.json").exists()]
    return [*map(parsed, golden), *([WRITTEN[name]] if name in WRITTEN else [])]


def parsed(path: Path) -> Any:
    if path.suffix == ".xml":
        return etree.fromstring(path.read_bytes())
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text().splitlines()))
    return json.loads(path.read_text(), parse_float=Decimal)


WRITTEN = json.loads((CASES / "shop-answers.json").read_text())
RECEIVED = Context(facts={"received_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})
TWO_WAY = [
    name
    for name in MapLibrary().names
    if not name.startswith("x12/") and MapLibrary().get(name).head.direction is None and golden_trees(name)
]
"""Of JSON, CSV and XML, those with golden cases that are read and written."""
SAMPLE = [name for name in TWO_WAY if name in ("cxml/confirmation-request", "woocommerce/order")]


def is_noticed_beside(library: MapLibrary, name: str, cases: list[Any]) -> bool:
    """Whether the map says that something is amiss, or reads or writes something else than it should."""
    mapping = library.get(name)
    if mapping.check():
        return True
    original = MapLibrary().get(name)
    for tree in cases:
        document, translation = original.read(tree, RECEIVED).document, mapping.read(tree, RECEIVED)
        assert document
        rendition = mapping.write(document)
        if translation.findings or rendition.findings or translation.document != document:
            return True
        if plain(rendition.tree) != plain(original.write(document).tree):
            return True
    return False


def plain(tree: Any) -> Any:
    return etree.tostring(tree) if isinstance(tree, etree._Element) else tree


@pytest.mark.parametrize("name", TWO_WAY if os.environ.get("CROSSDOCK_EVERY_RULE") else SAMPLE)
def test_deleting_any_rule_of_a_map_of_another_syntax_is_noticed(tmp_path: Path, name: str) -> None:
    """All of them with `make every-rule`; a sample otherwise."""
    content, cases = load(ROOT / "maps" / f"{name}.yaml"), golden_trees(name)
    twin = tmp_path / f"{name}.yaml"
    twin.parent.mkdir(parents=True)
    unnoticed = []
    for trail in rules(content, ()):
        twin.write_text(json.dumps(without(content, trail)))
        if not is_noticed_beside(MapLibrary(tmp_path), name, cases):
            unnoticed.append(".".join(map(str, trail)))
    assert unnoticed == []

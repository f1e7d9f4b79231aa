"""Deleting any one rule of a built-in two-way map makes a finding appear."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical import Finding, document_of
from mappings.library import MapLibrary

ROOT = Path(__file__).parents[2] / "mappings"
CASES = Path(__file__).parent / "cases"
SETS = sorted(path.stem for path in CASES.glob("*.x12") if not path.stem.endswith(".back"))

Trail = tuple[Any, ...]


def rules(value: Any, trail: Trail) -> Iterator[Trail]:
    """Where each named rule stands: under fields, also and levels."""
    if isinstance(value, dict):
        for name, part in value.items():
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


def findings(library: MapLibrary, set_id: str, tree: Any, document: Any) -> list[tuple[str, str]]:
    """What both directions say."""
    mapping = library.get(f"x12/{set_id}")
    faults: list[Finding] = mapping.check()
    if faults:
        return [(fault.code, fault.message) for fault in faults]
    found = [*mapping.read(tree).findings]
    if mapping.head.direction != "read":
        found.extend(mapping.write(document).findings)
    return [(finding.code, finding.message) for finding in found]


def load(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts only


@pytest.mark.parametrize("set_id", SETS)
def test_deleting_any_rule_of_a_map_is_noticed(tmp_path: Path, x12_tree: Any, set_id: str) -> None:
    path = ROOT / "maps" / "x12" / f"{set_id}.yaml"
    content = load(path)
    tree = x12_tree((CASES / f"{set_id}.x12").read_text())
    kind = MapLibrary().get(f"x12/{set_id}").document.__name__
    document = document_of(kind, (CASES / f"{set_id}.json").read_text())
    unnoticed = []
    twin = tmp_path / "x12" / f"{set_id}.yaml"
    twin.parent.mkdir()
    for trail in rules(content, ()):
        if "parts" in trail[:1]:
            continue
        twin.write_text(json.dumps(without(content, trail)))
        if not findings(MapLibrary(tmp_path), set_id, tree, document):
            unnoticed.append(".".join(map(str, trail)))
    assert unnoticed == []

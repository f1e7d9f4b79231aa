"""Deleting any one rule of a built-in two-way map makes a finding appear."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical import document_of
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

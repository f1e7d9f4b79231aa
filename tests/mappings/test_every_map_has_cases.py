"""No built-in map without a golden case and, where it reads, a twin with a fault that is found."""

import json
from pathlib import Path
from typing import Any

import pytest

from canonical import Misconfigured
from mappings.library import MapLibrary

HERE = Path(__file__).parent / "cases"
BESIDE = Path(__file__).parents[2] / "mappings" / "maps"
WRITTEN = json.loads((HERE / "shop-answers.json").read_text())
NAMES = MapLibrary().names
WRITE_ONLY = [name for name in NAMES if MapLibrary().get(name).head.direction == "write"]


def beside(name: str) -> tuple[list[Path], list[Path]]:
    """The golden cases in the folder beside a map, and the faulty twins: those with findings."""
    folder = BESIDE / f"{name}.cases"
    given = sorted(folder.glob("*.in.*")) if folder.is_dir() else []
    faulty = [path for path in given if (folder / f"{path.name.partition('.')[0]}.findings.json").exists()]
    return [path for path in given if path not in faulty], faulty


def golden(name: str) -> list[Any]:
    sets = list(HERE.glob(f"{name.removeprefix('x12/')}.x12")) if name.startswith("x12/") else []
    return [*sets, *beside(name)[0], *([name] if name in WRITTEN else [])]


@pytest.mark.parametrize("name", NAMES)
def test_every_map_has_a_golden_case(name: str) -> None:
    assert golden(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WRITE_ONLY and not name.startswith("x12/")])
def test_every_map_that_reads_has_a_faulty_twin(name: str) -> None:
    """Those of X12 are counted in test_faulty_twins, those of what a shop is told in test_shop_answers."""
    assert beside(name)[1] or name in WRITTEN


@pytest.mark.parametrize("name", WRITE_ONLY)
def test_a_map_that_only_writes_refuses_to_read(library: MapLibrary, name: str) -> None:
    with pytest.raises(Misconfigured, match="only serves to write"):
        library.get(name).read({})

"""The schemas that editors complete configuration by are those of the models, and every file names one."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "config" / "schemas"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    crossdock = Path(sys.executable).with_name("crossdock")
    printed = subprocess.run([crossdock, "schema", "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_published_schema_is_the_models(path: Path, schemas: dict[str, Any]) -> None:
    assert json.loads(path.read_text()) == schemas[path.name.removesuffix(".schema.json")], "run `make schemas`"


@pytest.mark.parametrize("path", sorted((ROOT / "config").rglob("*.yaml")), ids=lambda path: path.name)
def test_every_configuration_file_names_its_schema(path: Path) -> None:
    named = re.match(r"# yaml-language-server: \$schema=(\S+)", path.read_text())
    assert named, "its first line names no schema"
    assert (path.parent / named[1]).exists(), f"{named[1]} is not there"

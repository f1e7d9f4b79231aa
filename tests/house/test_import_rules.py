"""The rooms import each other only as the design allows."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_rule_holds_without_exceptions() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text()


def test_nobody_imports_the_composition_root() -> None:
    rooms = ("canonical", "mappings", "connectors", "router", "store", "console")
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert sources
    guilty = [path for path in sources if "import hub" in path.read_text() or "from hub" in path.read_text()]
    assert guilty == []

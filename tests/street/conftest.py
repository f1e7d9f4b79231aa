"""The example hub, played once for all who look at what it left."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CROSSDOCK = Path(sys.executable).with_name("crossdock")


class Played(NamedTuple):
    """The demo's own summary, and where its data and configuration lie."""

    summary: dict[str, Any]
    data: Path
    config: Path


def crossdock(*words: str | Path, place: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [str(CROSSDOCK), *map(str, words)],
        cwd=place, capture_output=True, text=True, check=False, timeout=180, env=env,
    )  # fmt: skip


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`crossdock` with the words given, in a directory of its own."""
    return partial(crossdock, place=tmp_path_factory.mktemp("anywhere"))


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    place = tmp_path_factory.mktemp("played")
    shutil.copytree(ROOT / "config", place / "config")
    done = crossdock("demo", "--no-serve", "--json", "--data", place / "data", place=place)
    assert done.returncode == 0, done.stderr[-3000:]
    return Played(json.loads(done.stdout), place / "data", place / "config" / "hub.yaml")


@pytest.fixture(scope="session")
def auditor() -> ModuleType:
    """The outside auditor; tests are no package, so it is loaded from its file."""
    spec = spec_from_file_location("auditor", Path(__file__).with_name("auditor.py"))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""A real Tryton, started once for all who post into it."""

import csv
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def tryton_server() -> ModuleType:
    """The module beside this one; tests are no package, so it is loaded from its file."""
    spec = spec_from_file_location("tryton_server", Path(__file__).with_name("tryton_server.py"))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tryton_database(tryton_server: ModuleType, pytestconfig: pytest.Config) -> Path:
    """A database with the example hub's chart of accounts and its items."""
    accounts = yaml.safe_load((CONFIG / "posting.yaml").read_text())["accounts"]
    with (CONFIG / "items.csv").open() as rows:
        items = list(csv.DictReader(rows))
    assert pytestconfig.cache
    prepared: Path = tryton_server.prepared(pytestconfig.cache.mkdir("tryton"), accounts, items)
    return prepared


@pytest.fixture(scope="session")
def tryton(tryton_server: ModuleType, tryton_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that all share: a hub's story posts in the journals XDOCK and XSALE, all others in XDRILL and XBILL."""
    with tryton_server.serving(tryton_database, tmp_path_factory.mktemp("tryton")) as server:
        server.find("account.invoice")  # the first call loads everything
        yield server

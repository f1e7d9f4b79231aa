"""What `crossdock doctor` asks of this machine and this installation."""

import importlib.util
import sqlite3
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path
from typing import Any

ROOMS = ("canonical", "mappings", "connectors", "router", "store", "console")
_OLDEST_PYTHON = (3, 11)
_OLDEST_SQLITE = (3, 35)
"""RETURNING came with SQLite 3.35."""


def examine_installation() -> list[Mapping[str, Any]]:
    """`{name, ok, detail, mend}` each."""
    return [_python(), _sqlite(), _time_zones(), _names(), _distribution()]


def _check(name: str, *, ok: bool, detail: str, mend: str) -> Mapping[str, Any]:
    return {"name": name, "ok": ok, "detail": detail, "mend": mend}


def _python() -> Mapping[str, Any]:
    found = ".".join(map(str, sys.version_info[:3]))
    return _check("Python", ok=sys.version_info >= _OLDEST_PYTHON, detail=found, mend="install Python 3.11 or newer")


def _sqlite() -> Mapping[str, Any]:
    fine = sqlite3.sqlite_version_info >= _OLDEST_SQLITE
    return _check("SQLite", ok=fine, detail=sqlite3.sqlite_version, mend="use a Python built with SQLite 3.35 or newer")


def _time_zones() -> Mapping[str, Any]:
    from zoneinfo import available_timezones

    count = len(available_timezones())
    return _check("time zones", ok=count > 0, detail=f"{count} known", mend="install the package tzdata")


def _names() -> Mapping[str, Any]:
    """The rooms' names are plain words: something else installed here may have taken one."""
    home = Path(__file__).parents[1]
    taken = [room for room in ROOMS if not _is_ours(room, home)]
    mend = "install Crossdock into an environment of its own"
    detail = f"taken by other packages: {', '.join(taken)}" if taken else "ours"
    return _check("package names", ok=not taken, detail=detail, mend=mend)


def _is_ours(room: str, home: Path) -> bool:
    found = importlib.util.find_spec(room)
    return found is not None and found.origin is not None and Path(found.origin).is_relative_to(home)


def _distribution() -> Mapping[str, Any]:
    try:
        detail, fine = version("crossdock"), files("crossdock") is not None
    except PackageNotFoundError:
        detail, fine = "not installed", False
    return _check("distribution", ok=fine, detail=detail, mend="run `make run` once, or pip install the wheel")

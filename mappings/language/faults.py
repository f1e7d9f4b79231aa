"""Findings of a translation: both places, the source's and the canonical path with its rule."""

from typing import Any

from canonical import Severity, Where
from mappings.language.written import Written
from mappings.paths.navigation import Run


def fault(run: Run, code: str, severity: Severity, where: Where, message: str, at: Written, **facts: Any) -> None:
    """Record a finding; the canonical path is exact in the tracing build, which explains every fault."""
    path = ".".join(map(str, run.path))
    run.fault(code, severity, where, message, {"path": path, "rule": dict(at.where), **facts})

"""A finding: one located fault in a document or a configuration file. Partner mistakes are data, not exceptions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]

Where = Mapping[str, int | str]
"""X12: `{segment, tag, element, component, ...}`; JSON: `{pointer}`; XML: `{xpath}`; YAML and CSV: `{line, column}`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One located fault.

    `code` is stable and kebab-case; `ack` holds the acknowledgment codes it earns, such as `{"AK403": "7"}`.
    """

    code: str
    severity: Severity
    where: Where
    message: str
    ack: Mapping[str, str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """More about it for programs: the bad value, what was expected, the canonical path."""

    def as_json(self) -> dict[str, Any]:
        """The finding as outsiders read it."""
        known: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "where": dict(self.where),
            "message": self.message,
        }
        if self.ack:
            known["ack"] = dict(self.ack)
        if self.facts:
            known["facts"] = dict(self.facts)
        return known


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding forbids going on."""
    return any(finding.severity == "error" for finding in findings)

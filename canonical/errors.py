"""Errors answer one question: what to do now.

CrossdockError
├── Unavailable    retry: the same call may succeed later
│   └── Unfinished  look again: it was taken, and the other side is still at work on it
├── Misconfigured  fix the configuration: file, line and mend are in the findings
└── Rejected       tell the sender: located findings say what is wrong
"""

from collections.abc import Iterable

from canonical.finding import Finding


class CrossdockError(Exception):
    """What Crossdock raises; `findings` say where."""

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.findings: tuple[Finding, ...] = tuple(findings)


class Unavailable(CrossdockError):  # noqa: N818 - it names what is so, not a mistake of ours
    """Somebody else cannot answer now; retry, not before `retry_after` seconds where given."""

    def __init__(self, message: str, *, retry_after: float | None = None, ambiguous: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        """True when the other side may have acted although we saw no answer."""


class Unfinished(Unavailable):
    """The other side took it and is still at work: no failure, look again after `retry_after` seconds."""


class Misconfigured(CrossdockError):  # noqa: N818
    """The configuration forbids going on."""


class Rejected(CrossdockError):  # noqa: N818
    """What came in, or what the other side said of what we sent, is final: it will not pass as it is."""

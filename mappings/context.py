"""What a translation knows besides the tree, and what it yields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from canonical import Document, Finding, Usage, Where, has_errors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """Facts of the partner and the envelope. All have harmless defaults."""

    zone: str = "UTC"
    """The IANA zone of times that name none."""
    usage: Usage = "production"
    currency: str = "USD"
    """The currency of documents that name none."""
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """A partner's own meanings: code list -> native code -> canonical name. They come before the list's own."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a map may read with `fact:`, e.g. `received_at` (ISO 8601), `control_number`, `sender`."""
    component: str = ">"
    repetition: str = "^"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a canonical value comes from: its place in the source (empty for a constant) and its rule in the map."""

    source: Where
    rule: Where


@dataclass(frozen=True, slots=True)
class Translation:
    """A document, or None with error findings that say why."""

    document: Document | None
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is a document and nothing forbids its use."""
        return self.document is not None and not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class Rendition(Generic[T]):
    """The native tree of a document, and what it could not say."""

    tree: T
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing forbids sending it."""
        return not has_errors(self.findings)

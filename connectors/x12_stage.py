"""One interchange while it streams: what it says is staged, and released when its trailers have been judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from canonical import Finding, Usage, has_errors
from canonical.exchange import Incoming
from connectors.profile import Profile
from connectors.syntax.x12.events import GroupEnd, InterchangeEnd, InterchangeStart

TOLERABLE = frozenset(
    {
        "set-count",
        "set-control-mismatch",
        "group-count",
        "group-control-mismatch",
        "interchange-count",
        "interchange-control-mismatch",
    }
)
"""What a tolerant profile lets pass: trailers that count or name wrongly. A missing trailer means lost data, never."""

ACKNOWLEDGING_GROUP = "FA"
"""The functional identifier of 997 and 999: their groups are never acknowledged."""


@dataclass(slots=True)
class Stage:
    """One interchange whose sender is known and proved."""

    start: InterchangeStart
    profile: Profile
    usage: Usage
    refusal: Finding | None = None
    """Why nothing of it may take effect all the same: it is not for us."""
    documents: list[Incoming] = field(default_factory=list)
    groups: list[GroupEnd] = field(default_factory=list)
    _group_begins: int = 0

    def begin_group(self) -> None:
        """What follows belongs to another group."""
        self._group_begins = len(self.documents)

    def end_group(self, end: GroupEnd) -> GroupEnd:
        """Judge a group: one at fault takes its sets with it."""
        judged = replace(end, findings=self._tolerated(end.findings))
        if has_errors(judged.findings):
            self._withhold(self._group_begins)
        self.groups.append(judged)
        return judged

    def end(self, end: InterchangeEnd) -> InterchangeEnd:
        """Judge the interchange: one at fault takes everything with it."""
        refusals = [self.refusal] if self.refusal else []
        judged = replace(end, groups=tuple(self.groups), findings=[*refusals, *self._tolerated(end.findings)])
        if not judged.accepted:
            self._withhold(0)
        return judged

    def _tolerated(self, findings: Iterable[Finding]) -> list[Finding]:
        if not self.profile.x12 or self.profile.x12.envelope == "strict":
            return list(findings)
        return [replace(one, severity="warning") if one.code in TOLERABLE else one for one in findings]

    def _withhold(self, begin: int) -> None:
        self.documents[begin:] = [replace(one, accepted=False) for one in self.documents[begin:]]

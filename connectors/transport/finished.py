"""Which files of a watched directory are wanted, and which of those their sender has finished."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

Look = TypeVar("Look")

UNFINISHED = (".part", ".tmp", ".filepart", ".partial", ".crdownload")
"""Endings that senders give to a file while they write it."""


def wanted(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name matches, does not begin with a dot and does not end like an unfinished file's; in any case."""
    lower = name.lower()
    if lower.startswith(".") or lower.endswith(UNFINISHED):
        return False
    return any(fnmatchcase(lower, pattern.lower()) for pattern in patterns)


@dataclass(slots=True)
class Standstill(Generic[Look]):
    """Remembers how each file looked (size, time of change) and since when it looks so."""

    settle: float
    """Seconds that a finished file has stood still; 0 says that the sender renames finished files into place."""
    steady_clock: Callable[[], float]
    _seen: dict[str, tuple[Look, float]] = field(default_factory=dict, init=False)

    def finished(self, found: Mapping[str, Look]) -> list[str]:
        """The names, of all that were found now, that have stood still for long enough."""
        now = self.steady_clock()
        self._seen = {
            name: seen if (seen := self._seen.get(name)) and seen[0] == look else (look, now)
            for name, look in found.items()
        }
        return [name for name, (_, since) in self._seen.items() if now - since >= self.settle]

"""What two maps make of the same documents, and where they differ: value by value, finding by finding."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Leaf: TypeAlias = tuple[str, Any]
"""A path and the scalar that stands there."""
What: TypeAlias = Literal["added", "removed", "changed"]
Sign: TypeAlias = tuple[str, str]
"""A finding's code and its place, by which it is known again."""

MOST_EXAMPLES = 3

_INDEX = re.compile(r"(?<![^./])[0-9]+(?![^./])")


@dataclass(frozen=True, slots=True)
class Read:
    """One document as a map reads it: where it stands, what it says as JSON (None: unreadable), and the findings."""

    source: str
    document: Mapping[str, Any] | None
    findings: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. `before` or `after` is None where there is none."""

    path: str
    before: Any
    after: Any

    @property
    def what(self) -> What:
        """How it differs."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(slots=True)
class Tally:
    """How often something differs at places alike, and the first examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[Mapping[str, Any]] = field(default_factory=list)

    def note(self, what: str, example: Mapping[str, Any]) -> None:
        """Count one."""
        self.counts[what] += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Comparison:
    """What differs over any number of documents, grouped by place: `lines.*.price.amount`."""

    documents: int = 0
    differing: int = 0
    fields: dict[str, Tally] = field(default_factory=dict)
    findings: dict[Sign, Tally] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        return not self.fields and not self.findings

    def take(self, old: Read | None, new: Read | None) -> None:
        """Compare one document as both maps read it; None where a map finds no such document."""
        self.documents += 1
        source = (old or new or Read("", None)).source
        changed = list(changes(old.document if old else None, new.document if new else None))
        for change in changed:
            example = {"source": source, "path": change.path, "before": change.before, "after": change.after}
            self.fields.setdefault(pattern(change.path), Tally()).note(change.what, example)
        turned = list(_turned(old.findings if old else (), new.findings if new else ()))
        for what, finding in turned:
            code, place = str(finding["code"]), place_of(finding)
            example = {"source": source, "where": finding.get("where"), "message": finding.get("message")}
            self.findings.setdefault((code, pattern(place)), Tally()).note(what, example)
        self.differing += bool(changed or turned)

    def as_json(self) -> dict[str, Any]:
        """As outsiders read it."""
        return {
            "ok": self.same,
            "documents": self.documents,
            "differing": self.differing,
            "fields": [
                {"path": path, **_counted(tally, ("added", "removed", "changed"))}
                for path, tally in sorted(self.fields.items())
            ],
            "findings": [
                {"code": code, "place": place, **_counted(tally, ("gained", "lost"))}
                for (code, place), tally in sorted(self.findings.items())
            ],
        }


def compare(pairs: Iterable[tuple[Read | None, Read | None]]) -> Comparison:
    """Compare documents as an old and a new map read them."""
    comparison = Comparison()
    for old, new in pairs:
        comparison.take(old, new)
    return comparison


def changes(before: Any, after: Any) -> Iterator[Change]:
    """Every scalar that one JSON value has and the other has not, or says otherwise. Lists compare by position."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            yield Change(path, old.get(path), new.get(path))


def leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    """Every scalar of a JSON value with its path; nothing of what is empty."""
    parts: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    else:
        if value is not None:
            yield path, value
        return
    for name, part in parts:
        yield from leaves(part, f"{path}.{name}" if path else str(name))


def pattern(path: str) -> str:
    """A path with a star for each number: `lines.*.price`, `/line_items/*/sku`."""
    return _INDEX.sub("*", path)


def place_of(finding: Mapping[str, Any]) -> str:
    """Where a finding is, in the words of the document if they are known: its canonical path, pointer or element."""
    facts, where = finding.get("facts") or {}, finding.get("where") or {}
    named = facts.get("path") or where.get("pointer") or where.get("xpath")
    if named:
        return str(named)
    tag = f"{where.get('tag', '')}{where['element']:02}" if "element" in where else where.get("tag")
    return str(tag or where.get("line") or "")


def _turned(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The findings lost and gained. A finding is known again by its code and its place, not by its words."""
    before, after = Counter(map(_sign, old)), Counter(map(_sign, new))
    for what, findings, surplus in (("lost", old, before - after), ("gained", new, after - before)):
        for finding in findings:
            sign = _sign(finding)
            if surplus[sign]:
                surplus[sign] -= 1
                yield what, finding


def _sign(finding: Mapping[str, Any]) -> Sign:
    place = {"where": finding.get("where"), "path": (finding.get("facts") or {}).get("path")}
    return str(finding["code"]), json.dumps(place, sort_keys=True, default=str)


def _counted(tally: Tally, names: Sequence[str]) -> dict[str, Any]:
    return {**{name: tally.counts[name] for name in names}, "examples": tally.examples}

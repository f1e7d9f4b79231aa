"""What a document lost on its way through a native tree and back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from canonical import Document

Difference = tuple[str, Any, Any]


def differences(before: Document, after: Document, loses: Sequence[str]) -> list[Difference]:
    """(path, before, after) of every value that changed, except those a `loses:` pattern covers.

    Packages are compared by what they are, not by the ids that tie them together.
    """
    if before == after:
        return []
    first, second = (_settled(document.model_dump(exclude_none=True)) for document in (before, after))
    return [found for found in _compare("", first, second) if not any(_covers(pattern, found) for pattern in loses)]


def _covers(pattern: str, found: Difference) -> bool:
    """`+path` covers only what is gained: a value written where the document has none. `@path` covers an instant that
    becomes its day, or loses parts of a second."""
    path, before, after = found
    if pattern.startswith("+") and not _empty(before):
        return False
    if pattern.startswith("@") and not _coarser(before, after):
        return False
    pattern = pattern.lstrip("+@")
    return fnmatchcase(path, pattern) or fnmatchcase(path, pattern + ".*")


def _coarser(before: Any, after: Any) -> bool:
    """Whether a moment is the same, less exactly said. Which day an instant is depends on the zone: one off is near."""
    if not isinstance(before, datetime) or not isinstance(after, date):
        return False
    if isinstance(after, datetime):
        return abs(before - after) < timedelta(seconds=1)
    return abs(before.date() - after) <= timedelta(days=1)


def _settled(document: dict[str, Any]) -> dict[str, Any]:
    packages = document.get("packages")
    if not packages or "id" not in packages[0]:
        return document
    by_id = {package["id"]: package for package in packages}

    def name(package: Mapping[str, Any] | None, depth: int = 8) -> str:
        if package is None or not depth:
            return ""
        own = {key: value for key, value in package.items() if key not in ("id", "parent")}
        return f"{name(by_id.get(package.get('parent', '')), depth - 1)}>{own!r}"

    settled = [
        {**package, "id": "", **({"parent": name(by_id.get(package["parent"]))} if "parent" in package else {})}
        for package in packages
    ]
    return {**document, "packages": sorted(settled, key=repr)}


def _compare(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if (isinstance(before, dict) and isinstance(after, dict | None)) or (isinstance(after, dict) and before is None):
        before, after = before or {}, after or {}
        for name in dict.fromkeys((*before, *after)):
            yield from _compare(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for index in range(max(len(before), len(after))):
            yield from _compare(f"{path}.{index}", _at(before, index), _at(after, index))
    elif not (_empty(before) and _empty(after)):
        yield path, before, after


def _at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _empty(value: Any) -> bool:
    return value in (None, (), {}, [], "")

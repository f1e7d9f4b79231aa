"""Where the values of a kept document come from: recomputed from its bytes, never stored.

A received document is read again by its sender's map; one we sent is read back by the map that wrote it, where that map
serves both ways. Only the one transaction set in question is traced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from canonical import Rejected
from connectors.profile import Profile
from connectors.syntax import x12
from connectors.syntax.json_text import read_json
from connectors.translator import READERS, Translator
from connectors.x12_documents import context_of, reader_profile
from mappings.compiled import CompiledMap
from mappings.context import Context

Values = dict[str, Any]
"""Canonical path -> `{source, rule}`: a place in the bytes (empty for what stands in none), and a place in a map."""


@dataclass(frozen=True, slots=True)
class Traced:
    """The lineage of one document. No map: it came as canonical JSON, or nobody reads it any more."""

    map: str | None = None
    values: Values = field(default_factory=dict)
    read: Mapping[str, Any] | None = None
    """The document as its bytes read today."""


def told_lineage(row: Mapping[str, Any], content: bytes | None, translator: Translator) -> dict[str, Any]:
    """The lineage of a document as outsiders read it, with the reasons for what we decided.

    `differs` are values that read otherwise today, since the map or profile has changed: nothing is claimed of them.
    """
    traced = Traced() if content is None else lineage_of(row, content, translator)
    differs = [path for path in traced.values if _differs(path, traced.read, row.get("document"))]
    return {
        "document": row["id"],
        "map": traced.map,
        "values": {path: origin for path, origin in traced.values.items() if path not in differs},
        "differs": differs,
        "reasons": row.get("reasons") or {},
        "source_document": row.get("source_document"),
    }


def lineage_of(row: Mapping[str, Any], content: bytes, translator: Translator) -> Traced:
    """The lineage of the document that an archive's `row` describes, in the bytes it travelled as."""
    source = str(row["partner"] or "")
    incoming = row["direction"] == "in"
    at = datetime.fromisoformat(str(row["received_at"]))
    place = row.get("place") or {}
    profile = translator.partners.by_id.get(source)
    if profile and (not incoming or "set_id" in place):
        return _of_set(row, content, translator, profile, at)
    name = place.get("map") if incoming else _written_by(translator, source, row["kind"])
    if name in translator.library.names:
        return _of_tree(translator, translator.library.get(str(name)), content, source, at)
    return Traced(values=_as_it_is(content)) if incoming and not place else Traced()


def _of_set(row: Mapping[str, Any], content: bytes, translator: Translator, profile: Profile, at: datetime) -> Traced:
    """Of an X12 document: the set at its place, or (of ours) the first of its kind."""
    if row["direction"] == "in":
        sent = profile.sends.get(row["place"]["set_id"])
        name, wanted, reading = sent.map if sent else None, row["place"].get("span"), reader_profile(profile)
    else:
        taken = profile.takes.get(row["kind"])
        name, wanted, reading = taken.map if taken else None, None, x12.Profile()
    if name is None:
        return Traced()
    compiled = translator.library.get(name)
    for one in _sets(content, reading):
        if wanted is None or list(one.span) == list(wanted):
            return _traced(compiled, one.root, context_of(one, profile, at))
    return Traced(name)


def _sets(content: bytes, profile: x12.Profile) -> Iterator[x12.TransactionSet]:
    return (event for event in x12.read(content, profile) if isinstance(event, x12.TransactionSet))


def _of_tree(translator: Translator, compiled: CompiledMap, content: bytes, source: str, at: datetime) -> Traced:
    reader = READERS.get(compiled.head.syntax)
    if reader is None:
        return Traced(compiled.name)
    try:
        tree = reader(content)
    except Rejected:
        return Traced(compiled.name)
    return _traced(compiled, tree, translator.context(source, at))


def _traced(compiled: CompiledMap, tree: Any, context: Context) -> Traced:
    if compiled.head.direction == "write":
        return Traced(compiled.name)
    document = compiled.read(tree, context).document
    return Traced(compiled.name, compiled.lineage(tree, context), document.as_json() if document else None)


def _differs(path: str, read: Mapping[str, Any] | None, kept: Mapping[str, Any] | None) -> bool:
    if read is None or kept is None:
        return False
    now, then = _at(read, path), _at(kept, path)
    return bool(now != then) and not _same_day(now, then)


def _same_day(one: Any, other: Any) -> bool:
    """Whether two moments can be one of which a format kept the day alone, in its own zone."""
    try:
        days = date.fromisoformat(str(one)[:10]) - date.fromisoformat(str(other)[:10])
    except ValueError:
        return False
    return abs(days.days) <= 1 and 10 in (len(str(one)), len(str(other)))


def _at(document: Any, path: str) -> Any:
    """The value at a canonical path; None where there is none. A key may itself have dots in it."""
    if isinstance(document, list):
        number, _, rest = path.partition(".")
        found = document[int(number)] if number.isdigit() and int(number) < len(document) else None
        return _at(found, rest) if rest else found
    if not isinstance(document, Mapping):
        return None
    if path in document:
        return document[path]
    keys = [key for key in document if path.startswith(f"{key}.")]
    return _at(document[max(keys, key=len)], path[len(max(keys, key=len)) + 1 :]) if keys else None


def _written_by(translator: Translator, connection: str, kind: str) -> str | None:
    known = translator.connections.get(connection)
    take = known.manifest.takes.get(kind) if known else None
    return take.map if take else None


def _as_it_is(content: bytes) -> Values:
    """Of canonical JSON each value stands where its own path says."""
    try:
        tree = read_json(content)
    except Rejected:
        return {}
    return {path: {"source": {"pointer": pointer}, "rule": {}} for path, pointer in _pointers(tree, "", "")}


def _pointers(value: Any, path: str, pointer: str) -> Iterator[tuple[str, str]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield path, pointer
        return
    for name, part in parts:
        step = str(name).replace("~", "~0").replace("/", "~1")
        yield from _pointers(part, f"{path}.{name}" if path else str(name), f"{pointer}/{step}")

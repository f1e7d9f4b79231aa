"""Files of a connector's system: recognised by the manifest's `payloads`, each part read by its map.

What no row knows is a finding, as is an answer that only tells of an error.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from canonical import Finding, Rejected
from canonical.exchange import Incoming, Reading
from connectors.engine.condition import holds
from connectors.engine.encoding import decode
from connectors.engine.judgement import said_error
from connectors.engine.template import expand
from connectors.manifest import Manifest, Payload
from connectors.translator import Translator, is_xml

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Payloads:
    """The reader of one connector's files. Looks only: nothing is proved, and nothing may take effect."""

    manifest: Manifest
    translator: Translator

    def read(self, content: bytes, received_at: datetime, *, trace: bool = False) -> Reading:
        """The documents of JSON or XML bytes. Every place in them is one of the whole file."""
        syntax = "xml" if is_xml(content) else "json"
        try:
            tree = decode(syntax, content)
        except Rejected as rejected:
            return Reading(findings=rejected.findings, syntax=syntax)
        for payload in self.manifest.payloads:
            if parts := list(_parts(payload, tree)):
                return Reading(
                    tuple(self._part(payload, *part, received_at, trace=trace) for part in parts), (), (), syntax
                )
        return Reading(findings=(self._unread(tree),), syntax=syntax)

    def _part(self, payload: Payload, pointer: str, tree: Any, received_at: datetime, *, trace: bool) -> Incoming:
        if payload.shape is not None:
            return self._shaped(payload, pointer, tree, received_at)
        read = self.translator.examine_tree(tree, payload.map, None, received_at, trace=trace)
        return replace(
            read,
            place={**read.place, "pointer": pointer},
            findings=tuple(replace(one, where=_within(pointer, one.where)) for one in read.findings),
            lineage=read.lineage and {path: _origin_within(pointer, told) for path, told in read.lineage.items()},
        )

    def _shaped(self, payload: Payload, pointer: str, tree: Any, received_at: datetime) -> Incoming:
        """A document of another form than its map reads. Places within the shape are none in the file."""
        place = {"map": payload.map, "pointer": pointer}
        try:
            shaped = expand(payload.shape, {"item": tree})
        except Rejected as rejected:
            findings = tuple(replace(one, where={"pointer": pointer}) for one in rejected.findings)
            return Incoming(self.translator.library.get(payload.map).document.__name__, None, place, findings)
        read = self.translator.examine_tree(shaped, payload.map, None, received_at)
        return replace(
            read, place=place, findings=tuple(replace(one, where={"pointer": pointer}) for one in read.findings)
        )

    def _unread(self, tree: Any) -> Finding:
        if said := said_error(tree, self.manifest.defaults.errors):
            path, message = said
            where = {"pointer": _pointer(path.partition("[")[0])}
            return Finding("other-side-refused", "error", where, message or "an error, without a word of why")
        held = ", ".join(list(tree)[:_MOST_NAMED]) if isinstance(tree, Mapping) else type(tree).__name__
        known = ", ".join(dict.fromkeys(payload.at or "the whole" for payload in self.manifest.payloads)) or "nothing"
        message = f"no payload of {self.manifest.connector} is like this: it holds {held or 'nothing'}; read is {known}"
        return Finding("payload-unknown", "error", {"pointer": ""}, message)


def _parts(payload: Payload, tree: Any) -> Iterator[tuple[str, Any]]:
    """Where in the tree the payload's documents stand, and what they are."""
    found, pointer = tree, _pointer(payload.at)
    for name in payload.at.split(".") if payload.at else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    many = isinstance(found, list)
    for index, item in enumerate(found if many else [found]):
        if isinstance(item, Mapping) and item and holds(payload.when, {"item": item}):
            yield (f"{pointer}/{index}" if many else pointer), item


def _pointer(path: str) -> str:
    return "".join(f"/{name}" for name in path.split(".")) if path else ""


def _within(pointer: str, where: Mapping[str, Any]) -> dict[str, Any]:
    return {**where, "pointer": pointer + where["pointer"]} if "pointer" in where else dict(where)


def _origin_within(pointer: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "source": _within(pointer, told.get("source") or {})}

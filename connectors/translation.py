"""Between a connection's language and the canonical one, by the maps its manifest names. Pure: no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from canonical import Document, Finding, Rejected
from canonical.exchange import Incoming, Numbers, Reading, Rendered
from connectors.connection import Connection
from connectors.engine.place import file_name
from connectors.engine.template import expand_text
from connectors.syntax.csv_text import read_csv, write_csv
from connectors.syntax.json_text import read_json, write_json, write_json_lines
from mappings.context import Context, Rendition, Translation


class Map(Protocol):
    """A compiled map."""

    def read(self, tree: Any, context: Context) -> Translation: ...

    def write(self, document: Document, context: Context) -> Rendition[Any]: ...


class Maps(Protocol):
    """Maps by name, such as `shopify/order`."""

    def get(self, name: str) -> Map: ...


_READERS: Mapping[str, Callable[[bytes], Any]] = {"json": read_json, "csv": read_csv}
_WRITERS: Mapping[str, Callable[[Any], bytes]] = {"json": write_json, "json_lines": write_json_lines, "csv": write_csv}
_MEDIA = {"json": "application/json", "json_lines": "application/x-ndjson", "csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class NativeDraft:
    """A document in a connection's language. It draws no control numbers."""

    tree: Any
    syntax: str
    filename: str
    findings: Sequence[Finding] = ()
    counters: Sequence[str] = ()

    def render(self, numbers: Numbers, at: datetime) -> Rendered:  # noqa: ARG002 - other languages number and date
        """The bytes."""
        return Rendered(_WRITERS[self.syntax](self.tree), _MEDIA[self.syntax], self.filename)


class ConnectionTranslator:
    """Reads what connections push or hand out, and writes what they take."""

    def __init__(self, connections: Mapping[str, Connection], maps: Maps) -> None:
        self._connections, self._maps = connections, maps

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        """The documents of one payload. `facts` name its `map` and `kind` (from its topic), and its `syntax`."""
        connection = self._connections[source or ""]
        syntax, topic = facts.get("syntax", "json"), facts.get("topic", "")
        if "map" not in facts:
            message = f"{connection.manifest.connector} has no map for the topic {topic!r}; it is kept and left alone"
            return Reading(findings=[Finding("topic-not-mapped", "info", {"topic": topic}, message)], syntax=syntax)
        try:
            tree = _READERS[syntax](content)
        except Rejected as error:
            return Reading(findings=error.findings, syntax=syntax)
        context = _context(connection, {**facts, "received_at": received_at.isoformat()})
        translation = self._maps.get(facts["map"]).read(tree, context)
        incoming = Incoming(
            kind=facts["kind"],
            document=translation.document,
            place={"pointer": ""},
            findings=translation.findings,
            sender=connection.id,
            accepted=translation.ok,
        )
        return Reading(documents=[incoming], syntax=syntax)

    def write(self, document: Document, to: str) -> NativeDraft | None:
        """The draft for a connection; None when it does not take this kind of document."""
        connection = self._connections[to]
        take = connection.manifest.takes.get(document.kind)
        if take is None:
            return None
        rendition = self._maps.get(take.map).write(document, _context(connection, {}))
        scope = {"settings": connection.settings, "key": document.identity}
        return NativeDraft(
            tree=rendition.tree,
            syntax=expand_text(take.syntax, scope),
            filename=file_name(expand_text(take.filename, scope)),
            findings=rendition.findings,
        )


def _context(connection: Connection, facts: Mapping[str, str]) -> Context:
    return Context(zone=connection.time_zone, usage=connection.usage, currency=connection.currency, facts=facts)

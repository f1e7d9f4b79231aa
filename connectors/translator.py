"""The Translator: native bytes to canonical documents and back, for every partner and connection. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from canonical import Document, Finding, Rejected
from canonical.exchange import Draft, Incoming, Numbers, Reading, Rendered
from connectors.canonical_json import read_canonical
from connectors.connection import Connection
from connectors.engine.template import expand_text
from connectors.manifest import Take
from connectors.partners import Partners
from connectors.profile import Profile, SentSet, TakenDocument, X12Terms
from connectors.settings import InterchangeIdentity
from connectors.syntax import x12
from connectors.syntax.csv_text import read_csv_rows, write_csv_rows
from connectors.syntax.json_text import read_json, write_json, write_json_lines
from connectors.syntax.xml_text import read_xml, write_xml
from connectors.x12_documents import X12Transmission, admit_partners, named, translated
from connectors.x12_draft import draft_document
from mappings.compiled import CompiledMap
from mappings.context import Context, Translation
from mappings.library import MapLibrary

READERS: Mapping[str, Callable[[bytes], Any]] = {"json": read_json, "csv": read_csv_rows, "xml": read_xml}
"""How bytes become the tree that a map of this syntax walks. Each raises `Rejected`."""

WRITERS: Mapping[str, tuple[Callable[[Any], bytes], str]] = {
    "json": (write_json, "application/json"),
    "json_lines": (write_json_lines, "application/jsonl"),
    "csv": (write_csv_rows, "text/csv"),
    "xml": (write_xml, "application/xml"),
}
"""Syntax -> how its tree becomes bytes, and their media type."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class WholeDraft:
    """A document already written: it wants no control number."""

    content: bytes
    media_type: str
    filename: str
    findings: Sequence[Finding] = ()
    counters: Sequence[str] = ()

    def render(self, _numbers: Numbers, _at: datetime) -> Rendered:
        """The bytes, always the same."""
        return Rendered(self.content, self.media_type, self.filename)


@dataclass(frozen=True)
class Translator:
    """Reads by what the transport knows of an arrival and what the bytes are; writes by whom a document is for."""

    partners: Partners
    library: MapLibrary
    connections: Mapping[str, Connection] = field(default_factory=dict)

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        """What a transmission says.

        `source` is the partner or connection that the transport proved. `facts` may name the `map` that reads the
        bytes, and the `question` they answer, or say by `kind` that they are one canonical document in JSON. XML is
        read by that one of the partner's maps which recognises it; all else is X12. Faults are findings.
        """
        if "map" in facts:
            compiled, question = self.library.get(facts["map"]), facts.get("question")
            return self._read_by_map(content, source, compiled, received_at, question=question)
        if "kind" in facts:
            return _read_canonical(content, source, facts["kind"])
        if source in self.connections:
            return Reading(syntax=facts.get("syntax", ""), left_alone=True)
        if is_xml(content):
            partner = self.partners.by_id.get(source or "")
            sent = [one.map for one in partner.sends.values()] if partner else []
            return self._read_xml(content, source, sent, received_at)
        admit = admit_partners(self.partners, source)
        return X12Transmission(self.library, admit, received_at, self.partners).read(content)

    def examine(self, content: bytes, partner: str | None, received_at: datetime, *, trace: bool = False) -> Reading:
        """What X12 bytes would say if `partner` had sent them; without one, read by the standard's own maps.

        For tools that only look: nothing is proved, and nothing of it may take effect.
        """
        profile = self.profile(partner)
        return X12Transmission(self.library, lambda _: profile, received_at, trace=trace).read(content)

    def examine_by_map(
        self, content: bytes, map_name: str, source: str | None, received_at: datetime, *, trace: bool = False
    ) -> Reading:
        """What bytes of any syntax would say, read by a named map."""
        compiled = self.library.get(map_name)
        if not compiled.syntax.x12:
            return self._read_by_map(content, source, compiled, received_at, trace=trace)
        profile = self._reading_by(compiled, content, self.profile(source))
        return X12Transmission(self.library, lambda _: profile, received_at, trace=trace).read(content)

    def examine_tree(
        self, tree: Any, map_name: str, source: str | None, received_at: datetime, *, trace: bool = False
    ) -> Incoming:
        """What a tree says that is already taken out of its bytes, read by a named map."""
        return self._read_tree(tree, source, self.library.get(map_name), received_at, trace=trace)

    def examine_xml(self, content: bytes, source: str | None, received_at: datetime, *, trace: bool = False) -> Reading:
        """What XML bytes would say, read by the first map that recognises them."""
        return self._read_xml(content, source, self.library.names, received_at, trace=trace)

    def profile(self, partner: str | None) -> Profile:
        """A partner's profile; without one, that of a sender who may send every set there is a map for."""
        return self.partners.by_id[partner] if partner else self._anyone()

    def write(self, document: Document, to: str) -> Draft | None:
        """The draft for `to`; None when it does not take this kind of document, or is nobody we know."""
        profile = self.partners.by_id.get(to)
        taken = profile.takes.get(document.kind) if profile else None
        if profile and taken:
            return draft_document(document, taken, self.library.get(taken.map), profile, self.partners)
        connection = self.connections.get(to)
        take = connection.manifest.takes.get(document.kind) if connection else None
        return self._draft_for(document, take, connection) if connection and take else None

    def translate_set(self, one: x12.TransactionSet, profile: Profile, received_at: datetime) -> Translation | None:
        """One transaction set alone, for tools that go through a file too large to keep; None when nobody reads it."""
        sound = one.verdict != "R" and one.set_id in profile.reads
        return translated(self.library, one, profile, received_at) if sound else None

    def draft(self, document: Document, map_name: str, partner: str | None) -> Draft:
        """A document written by a named map, in the envelope of `partner` or of nobody in particular."""
        compiled = self.library.get(map_name)
        if compiled.syntax.x12:
            taken = TakenDocument(set=map_name.rpartition("/")[2], map=map_name)
            return draft_document(document, taken, compiled, self.profile(partner), self.partners)
        rendition = compiled.write(document, self.context(partner, _NO_TIME))
        write, media_type = WRITERS[compiled.head.syntax]
        return WholeDraft(write(rendition.tree), media_type, f"{document.identity}.txt", rendition.findings)

    def _read_by_map(
        self, content: bytes, source: str | None, compiled: CompiledMap, received_at: datetime, *, trace: bool = False,
        question: str | None = None,
    ) -> Reading:  # fmt: skip
        syntax = compiled.head.syntax
        try:
            tree = READERS[syntax](content)
        except Rejected as rejected:
            return Reading(findings=rejected.findings, syntax=syntax)
        read = self._read_tree(tree, source, compiled, received_at, trace=trace, question=question)
        return Reading((read,), syntax=syntax)

    def _read_tree(
        self, tree: Any, source: str | None, compiled: CompiledMap, received_at: datetime, *, trace: bool,
        question: str | None = None,
    ) -> Incoming:  # fmt: skip
        context = self.context(source, received_at)
        if question:
            context = replace(context, facts={**context.facts, "question": question})
        translation = compiled.read(tree, context)
        if translation.document and (partner := self.partners.by_id.get(source or "")):
            translation = named(translation, translation.document, partner)
        return Incoming(
            kind=compiled.document.__name__,
            document=translation.document,
            place={"map": compiled.name},
            findings=translation.findings,
            sender=source,
            lineage=compiled.lineage(tree, context) if trace else None,
        )

    def _read_xml(
        self, content: bytes, source: str | None, maps: Sequence[str], received_at: datetime, *, trace: bool = False
    ) -> Reading:
        """XML by the one of the maps that recognises it."""
        try:
            tree = read_xml(content)
        except Rejected as rejected:
            return Reading(findings=rejected.findings, syntax="xml")
        compiled = self.library.recognising("xml", tree, maps)
        if compiled:
            return self._read_by_map(content, source, compiled, received_at, trace=trace)
        held = ", ".join(_parts(tree)) or "nothing"
        message = f"none of the maps in use reads this {tree.tag}; there is {held} in it"
        unread = Finding("document-other", "error", {"xpath": f"/{tree.tag}"}, message)
        return Reading(findings=(unread,), syntax="xml")

    def context(self, source: str | None, received_at: datetime) -> Context:
        """What a map may know of the sender besides the bytes."""
        facts = {"received_at": received_at.isoformat(), "sender": source or ""}
        known = self.connections.get(source or "") or self.partners.by_id.get(source or "")
        if known is None:
            return Context(facts=facts)
        context = Context(zone=known.time_zone, currency=known.currency, facts=facts)
        if isinstance(known, Connection):
            return replace(context, usage=known.usage)
        return replace(context, codes=known.cross_references.codes)

    def _draft_for(self, document: Document, take: Take, connection: Connection) -> Draft:
        """A document for a connection, as its manifest says."""
        compiled = self.library.get(take.map)
        facts = {"received_at": _NO_TIME.isoformat()}
        context = Context(connection.time_zone, document.usage, connection.currency, facts=facts)
        rendition = compiled.write(document, context)
        scope = {"settings": connection.settings, "key": document.identity}
        syntax = expand_text(take.syntax, scope)
        write, media_type = WRITERS[syntax]
        filename = expand_text(take.filename, scope)
        return WholeDraft(write(rendition.tree), media_type, filename, rendition.findings)

    def _reading_by(self, compiled: CompiledMap, content: bytes, profile: Profile) -> Profile:
        """The profile of one who sends nothing but what the map reads: the set that it or one it extends is named for,
        else every set there is."""
        names = [name.rpartition("/")[2] for name in (compiled.name, *self.library.bases(compiled.name))]
        named = [name for name in names if name.isdecimal()][:1]
        sent = named or {one.set_id for one in x12.read(content) if isinstance(one, x12.TransactionSet)}
        return profile.model_copy(update={"sends": {set_id: SentSet(map=compiled.name) for set_id in sent}})

    def _anyone(self) -> Profile:
        """A sender who may send every set there is a map for."""
        identity = InterchangeIdentity(qualifier="ZZ", id="ANYONE", group="ANYONE")
        maps = {name.removeprefix("x12/"): name for name in self.library.names if name.startswith("x12/")}
        return Profile(
            partner="anyone",
            name="Anyone",
            x12=X12Terms(theirs=identity, ours=identity),
            sends={set_id: SentSet(map=name) for set_id, name in maps.items() if set_id.isdecimal()},
        )


def is_xml(content: bytes) -> bool:
    """Whether bytes are XML rather than X12."""
    return content[:100].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _parts(tree: Any) -> list[str]:
    return [f"{part.tag}/{one.tag}" for part in tree.iterchildren("*") for one in part.iterchildren("*")][:9]


def _read_canonical(content: bytes, source: str | None, kind: str) -> Reading:
    document, findings = read_canonical(kind, content)
    incoming = Incoming(kind, document, {}, tuple(findings), sender=source, accepted=document is not None)
    return Reading((incoming,), syntax="json")

"""The tools that look and do not act: translate, inspect. Each answers with plain JSON values.

Nothing here needs a store: no document takes effect, no control number is used up.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from canonical import Document, Finding, Misconfigured, Rejected, document_of, has_errors
from canonical.exchange import Incoming, Reading
from connectors import inspection
from connectors.canonical_json import read_canonical
from connectors.configuration import Trade
from connectors.manifest import Manifest
from connectors.payloads import Payloads
from connectors.profile import Profile
from connectors.syntax import x12
from connectors.syntax.json_text import read_json, write_json
from connectors.syntax.x12.window import Source
from connectors.translator import Translator, is_xml
from connectors.x12_answers import policy_of
from connectors.x12_documents import reader_profile


class Reader(Protocol):
    """Who or what says how bytes are read."""

    @property
    def partner(self) -> str | None: ...

    @property
    def connector(self) -> str | None: ...

    @property
    def map(self) -> str | None: ...


@dataclass(frozen=True)
class Written:
    """Native bytes, and what `--json` tells of them."""

    content: bytes
    told: dict[str, Any]


@dataclass(frozen=True)
class Workbench:
    """The tools over one configuration's partners, connections and maps."""

    trade: Trade

    @property
    def translator(self) -> Translator:
        return self.trade.translator

    # --- translate ------------------------------------------------------------------------------------------------

    def translate(self, content: bytes, at: datetime, by: Reader, *, lineage: bool) -> list[dict[str, Any]]:
        """Native bytes as `{kind, document, source, findings}` each; faults of the file itself stand alone."""
        return list(_told(self._read(content, at, by, lineage=lineage)))

    def _read(self, content: bytes, at: datetime, by: Reader, *, lineage: bool) -> Reading:
        """What the bytes say, by a named map, else by a connector's payloads, else as our own JSON, else as XML that
        some map recognises, else as X12."""
        partner = by.partner
        self._known(partner)
        if by.map:
            return self.translator.examine_by_map(content, by.map, partner, at, trace=lineage)
        if by.connector:
            return Payloads(self._manifest(by.connector), self.translator).read(content, at, trace=lineage)
        if content.lstrip()[:1] in (b"{", b"["):
            return _own_json(content)
        if is_xml(content):
            return self.translator.examine_xml(content, partner, at, trace=lineage)
        return self.translator.examine(content, partner, at, trace=lineage)

    def summarize_translation(self, source: Source, partner: str | None, at: datetime) -> inspection.Tally:
        """Counts only, one set at a time: a file of any size is read in the memory of its largest set."""
        self._known(partner)
        profile = self.translator.profile(partner)
        tally = inspection.Tally()
        for event in x12.read(source, reader_profile(profile)):
            tally.take(event)
            if isinstance(event, x12.TransactionSet) and (found := self.translator.translate_set(event, profile, at)):
                tally.counts["documents"] += found.document is not None
                tally.note(found.findings)
        return tally

    def write(
        self, told: Iterable[Mapping[str, Any]], to: str, partner: str | None, at: datetime, control: int
    ) -> Written:
        """What `translate` told, in another language: `to` is a map's name, or an X12 set of the partner's.

        Raises `Misconfigured` when there is no such map.
        """
        map_name = f"x12/{to}" if to.isdecimal() else to
        content, findings = b"", []
        for number, one in enumerate((one for one in told if one["document"]), control):
            document = document_of(one["kind"], write_json(one["document"]))
            draft = self.translator.draft(document, map_name, partner)
            findings += [finding.as_json() for finding in draft.findings]
            content += draft.render(dict.fromkeys(draft.counters, number), at).content
        findings += [finding for one in told if not one["document"] for finding in one["findings"]]
        return Written(content, {"to": map_name, "content": content.decode("utf-8", "replace"), "findings": findings})

    def _manifest(self, connector: str) -> Manifest:
        """Raises `Misconfigured` when there is no such connector."""
        known = self.trade.catalogue.manifests
        if connector not in known:
            raise Misconfigured(f"no connector is called {connector}; there are {', '.join(known)}")
        return known[connector]

    # --- lists ----------------------------------------------------------------------------------------------------

    def partners(self) -> list[dict[str, Any]]:
        """`{id, name, roles, identifiers, sends, takes, documents}` each."""
        return [
            {
                "id": one.partner,
                "name": one.name,
                "roles": list(one.roles),
                "identifiers": one.identifiers,
                "sends": list(one.sends),
                "takes": list(one.takes),
                "documents": [*one.sends, *(taken.set for taken in one.takes.values())],
            }
            for one in self.trade.partners.by_id.values()
        ]

    def connectors(self) -> list[dict[str, Any]]:
        """`{name, title, kind, version, documents, connections, origin}` each."""
        connections = self.trade.connections.by_id.values()
        return [
            {
                "name": name,
                "title": manifest.title,
                "kind": manifest.kind,
                "version": manifest.version,
                "documents": list(manifest.takes),
                "connections": [one.id for one in connections if one.manifest is manifest],
                "origin": self.trade.catalogue.origins[name].file.name,
                "docs": manifest.docs,
            }
            for name, manifest in sorted(self.trade.catalogue.manifests.items())
        ]

    # --- inspect --------------------------------------------------------------------------------------------------

    def inspect(
        self, content: bytes, at: datetime, partner: str | None, control: int, *, referee: bool
    ) -> dict[str, Any]:
        """The annotated file, the acknowledgments its senders would get, and on request the referee's verdict."""
        self._known(partner)
        told = inspection.inspect(content, self._profiles(partner), self._policies(partner), at, control)
        return {**told, "referee": _refereed(content, self._profiles(partner))} if referee else told

    def summarize(self, source: Source, partner: str | None) -> inspection.Tally:
        """Counts only, in the memory of the largest set."""
        self._known(partner)
        return inspection.summarize(source, self._profiles(partner))

    def _known(self, partner: str | None) -> None:
        """Raise `Misconfigured` for a partner whom nobody describes."""
        known = self.trade.partners.by_id
        if partner and partner not in known:
            raise Misconfigured(f"no partner is called {partner}; there are {', '.join(known)}")

    def _profiles(self, partner: str | None) -> inspection.Profiles:
        def choose(start: x12.InterchangeStart) -> x12.Profile:
            known = self._sender(start, partner)
            return reader_profile(known) if known else x12.Profile()

        return choose

    def _policies(self, partner: str | None) -> inspection.Policies:
        def choose(start: x12.InterchangeStart) -> x12.AcknowledgmentPolicy:
            known = self._sender(start, partner)
            return policy_of(known.x12) if known and known.x12 else x12.AcknowledgmentPolicy()

        return choose

    def _sender(self, start: x12.InterchangeStart, partner: str | None) -> Profile | None:
        partners = self.trade.partners
        return partners.by_id[partner] if partner else partners.sender(*start.sender)


def _refereed(content: bytes, profiles: inspection.Profiles) -> dict[str, Any]:
    """pyx12's verdicts beside ours: `{refused}` where it cannot judge, else `{sets, differences}`."""
    from connectors.syntax.x12.referee import compare, judge

    theirs = judge(content)
    if theirs.refused:
        return {"refused": theirs.refused}
    ours = [event for event in x12.read(content, profiles) if isinstance(event, x12.TransactionSet)]
    return {
        "sets": [
            {"control": one.control, "accepted": one.accepted, "notes": [asdict(note) for note in sorted(one.notes)]}
            for one in theirs.sets
        ],
        "differences": [asdict(one) for one in compare(ours, theirs)],
    }


def _told(reading: Reading) -> Iterator[dict[str, Any]]:
    for incoming in reading.documents:
        yield _told_document(incoming)
    if reading.findings:
        yield {"kind": None, "document": None, "source": {}, "findings": [one.as_json() for one in reading.findings]}


def _told_document(incoming: Incoming) -> dict[str, Any]:
    told = {
        "kind": incoming.kind,
        "document": incoming.document.as_json() if incoming.document else None,
        "source": dict(incoming.place),
        "accepted": incoming.accepted,
        "findings": [one.as_json() for one in incoming.findings],
    }
    return told if incoming.lineage is None else {**told, "lineage": incoming.lineage}


def _own_json(content: bytes) -> Reading:
    """What `translate --json` printed, or one such object, as documents again."""
    try:
        given = read_json(content)
    except Rejected as rejected:
        return Reading(findings=rejected.findings, syntax="json")
    rows = given if isinstance(given, list) else [given]
    return Reading(tuple(_own(number, row) for number, row in enumerate(rows)), syntax="json")


def _own(number: int, row: Any) -> Incoming:
    kind = str(row.get("kind", "")) if isinstance(row, dict) else ""
    place = {"pointer": f"/{number}"}
    if kind not in Document.kinds or not isinstance(row, dict) or not isinstance(row.get("document"), dict):
        message = 'JSON is read by a map (name one with --map), or as {"kind": ..., "document": ...}'
        return Incoming(
            kind or "unknown", None, place, (Finding("map-needed", "error", place, message),), accepted=False
        )
    document, found = read_canonical(kind, write_json(row["document"]))
    findings = [replace(one, where={"pointer": f"/{number}/document{one.where['pointer']}"}) for one in found]
    return Incoming(kind, document, place, tuple(findings), accepted=not has_errors(findings))

"""The tools that look and do not act: translate, inspect. Each answers with plain JSON values.

Nothing here needs a store: no document takes effect, no control number is used up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from canonical import Document, Finding, Rejected, has_errors
from canonical.exchange import Incoming, Reading
from connectors import inspection
from connectors.canonical_json import read_canonical
from connectors.profile import Profile
from connectors.syntax import x12
from connectors.syntax.json_text import read_json, write_json
from connectors.syntax.x12.window import Source
from connectors.translator import Translator
from connectors.x12_answers import policy_of
from connectors.x12_documents import reader_profile


@dataclass(frozen=True)
class Workbench:
    """The tools over one configuration's partners, connections and maps."""

    translator: Translator

    # --- translate ------------------------------------------------------------------------------------------------

    def translate(
        self, content: bytes, at: datetime, *, partner: str | None, map_name: str | None, lineage: bool
    ) -> list[dict[str, Any]]:
        """Native bytes as `{kind, document, source, findings}` each; faults of the file itself stand alone."""
        return list(_told(self.read(content, at, partner=partner, map_name=map_name, lineage=lineage)))

    def read(
        self, content: bytes, at: datetime, *, partner: str | None, map_name: str | None, lineage: bool = False
    ) -> Reading:
        """What the bytes say, by a named map, else as our own JSON, else as X12."""
        if map_name and not map_name.startswith("x12/"):
            return self.translator.examine_by_map(content, map_name, partner, at, trace=lineage)
        if content.lstrip()[:1] in (b"{", b"["):
            return _own_json(content)
        return self.translator.examine(content, partner, at, trace=lineage)

    def summarize_translation(self, source: Source, partner: str | None, at: datetime) -> dict[str, Any]:
        """Counts only, one set at a time: a file of any size is read in the memory of its largest set."""
        profile = self.translator.profile(partner)
        counts: Counter[str] = Counter()
        codes: Counter[str] = Counter()
        for event in x12.read(source, reader_profile(profile)):
            inspection.count(event, counts, codes)
            if isinstance(event, x12.TransactionSet) and (found := self.translator.translate_set(event, profile, at)):
                counts["documents"] += found.document is not None
                codes.update(finding.code for finding in found.findings)
        return inspection.summary(counts, codes)

    def write(
        self, documents: Iterable[Document], to: str, partner: str | None, at: datetime, control: int
    ) -> tuple[bytes, list[Finding]]:
        """Canonical documents in another language: a map's name, or the partner's own set for the kind.

        Raises `Rejected` when nothing can write them.
        """
        written: list[bytes] = []
        findings: list[Finding] = []
        for number, document in enumerate(documents, control):
            draft = self.translator.draft(document, to, partner)
            findings.extend(draft.findings)
            written.append(draft.render(dict.fromkeys(draft.counters, number), at).content)
        return b"".join(written), findings

    # --- inspect --------------------------------------------------------------------------------------------------

    def inspect(self, content: bytes, at: datetime, *, partner: str | None, control: int) -> dict[str, Any]:
        """The annotated file, and the acknowledgments its senders would get."""
        return inspection.inspect(content, self._profiles(partner), self._policies(partner), at, control)

    def summarize(self, source: Source, partner: str | None) -> dict[str, Any]:
        """Counts only, in the memory of the largest set."""
        return inspection.summarize(source, self._profiles(partner))

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
        partners = self.translator.partners
        return partners.by_id[partner] if partner else partners.sender(*start.sender)


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


def faulty(told: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any of it has an error finding."""
    return any(finding["severity"] == "error" for one in told for finding in one["findings"])


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

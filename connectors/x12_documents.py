"""X12 in: a transmission's interchanges, held against their senders, become canonical documents and answers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from canonical import Acknowledgment, Document, Finding, Usage, Where
from canonical.exchange import Incoming, Reading
from connectors.acknowledgments import of_interchange_response, of_response
from connectors.cross_reference import looked_up_in_vain, with_our_names
from connectors.partners import Partners
from connectors.profile import ACKNOWLEDGING_SETS, Profile
from connectors.syntax import x12
from connectors.x12_answers import Answered, answers
from connectors.x12_stage import TOLERABLE, Stage
from mappings.context import Context, Translation
from mappings.library import MapLibrary

Admission = Callable[[x12.InterchangeStart], Profile | Finding]
"""Who sent an interchange, or why nobody is answered."""


def admit_partners(partners: Partners, source: str | None) -> Admission:
    """Only partners may send, and only over a connection that proved (`source`) to be theirs or their carrier's."""

    def admit(start: x12.InterchangeStart) -> Profile | Finding:
        qualifier, identity = start.sender
        named = f"{qualifier}/{identity}"
        where: Where = {"interchange": start.control, "segment": 1, "tag": "ISA", "element": 6}
        facts = {"sender": named, "source": source or ""}
        profile = partners.sender(qualifier, identity)
        if profile is None:
            message = f"no partner sends as {named}; nobody is answered, and nothing of it takes effect"
            return Finding("unknown-sender", "error", where, message, facts=facts)
        if source not in (profile.partner, *profile.brought_by):
            proved = f"it came from {source}" if source else "nobody proved to be its sender"
            message = f"the interchange says {named}, who is {profile.partner}, but {proved}; nothing takes effect"
            return Finding("forged-sender", "error", where, message, facts=facts)
        return profile

    return admit


@dataclass
class X12Transmission:
    """One transmission being read. Feed it every event, then ask for its `reading`."""

    library: MapLibrary
    admit: Admission
    received_at: datetime
    partners: Partners | None = None
    """Who must be addressed by whom; without them any receiver will do."""
    trace: bool = False
    """Whether each document says where its values come from."""
    _stage: Stage | None = None
    _documents: list[Incoming] = field(default_factory=list)
    _answered: list[Answered] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)
    _interchanges: int = 0

    def read(self, content: bytes) -> Reading:
        """Everything the bytes say."""
        for event in x12.read(content, self._reader_profile):
            self._take(event)
        replies = answers(self._answered, self.received_at)
        return Reading(tuple(self._documents), tuple(replies), tuple(self._findings), "x12")

    def _reader_profile(self, start: x12.InterchangeStart) -> x12.Profile:
        """The grammars of the sets its sender may send. Asked once at each ISA; a file that lacks one never asks."""
        admitted = self.admit(start)
        if isinstance(admitted, Finding):
            self._stage = None
            self._findings.append(admitted)
            return x12.Profile()
        self._stage = Stage(start, admitted, usage_of(start, admitted), self._refusal(start, admitted))
        return reader_profile(admitted)

    def _refusal(self, start: x12.InterchangeStart, profile: Profile) -> Finding | None:
        if self.partners is None:
            return None
        ours = self.partners.ours_towards(profile)
        if start.receiver == (ours.qualifier, ours.id):
            return None
        where: Where = {"interchange": start.control, "segment": 1, "tag": "ISA", "element": 8}
        message = f"it is addressed to {'/'.join(start.receiver)}, and {profile.partner} knows us as "
        message += f"{ours.qualifier}/{ours.id}"
        return Finding("wrong-receiver", "error", where, message, {"TA105": "009"})

    def _take(self, event: x12.Event) -> None:
        stage = self._stage
        match event:
            case x12.InterchangeStart():
                self._interchanges += 1
                if len(event.elements) < 2:
                    self._reader_profile(event)
            case x12.Stray():
                self._findings.append(event.finding)
            case x12.InterchangeEnd() if stage is None:
                self._findings.extend(event.findings)
            case _ if stage is None:
                return
            case x12.TransactionSet():
                stage.documents.append(self._incoming(stage, event))
            case x12.GroupEnd():
                self._findings.extend(stage.end_group(event).findings)
            case x12.InterchangeAcknowledged():
                stage.documents.append(acknowledged_interchange(stage, event, self.received_at))
            case x12.InterchangeEnd():
                self._release(stage, event)
            case _:
                stage.begin_group()

    def _release(self, stage: Stage, event: x12.InterchangeEnd) -> None:
        judged = stage.end(event)
        self._findings.extend(judged.findings)
        self._documents.extend(stage.documents)
        self._answered.append(Answered(stage.profile, judged, stage.usage))
        self._stage = None

    def _incoming(self, stage: Stage, one: x12.TransactionSet) -> Incoming:
        profile = stage.profile
        sound = one.verdict != "R"
        translation = translated(self.library, one, profile, self.received_at) if sound else Translation(None)
        return Incoming(
            kind=kind_of(self.library, one.set_id, profile),
            document=translation.document,
            place=self._place(one),
            findings=(*one.findings, *translation.findings),
            transport_key=transport_key(one),
            window=profile.x12.duplicate_window if profile.x12 else None,
            sender=profile.partner,
            accepted=sound,
            lineage=self._lineage(profile, one) if self.trace and translation.document else None,
        )

    def _lineage(self, profile: Profile, one: x12.TransactionSet) -> dict[str, Any] | None:
        sent = profile.sends.get(one.set_id)
        context = context_of(one, profile, self.received_at)
        return self.library.get(sent.map).lineage(one.root, context) if sent else None

    def _place(self, one: x12.TransactionSet) -> dict[str, object]:
        """Where the set stands: its control numbers, and its first byte and the one after its last."""
        return {
            "interchange": one.interchange.control,
            "number": self._interchanges,
            "group": one.group.control,
            "set": one.control,
            "set_id": one.set_id,
            "version": one.version,
            "span": list(one.span),
        }


def reader_profile(profile: Profile) -> x12.Profile:
    """The grammars of the sets a partner may send, and the faults its profile lets pass."""
    known, sends = profile.reads, profile.sends

    def judge(version: str, set_id: str) -> x12.Judge | None:
        if set_id not in known:
            return None
        return sends[set_id].grammar.judge(version, set_id) if set_id in sends else x12.find_judge(version, set_id)

    tolerant = profile.x12 is not None and profile.x12.envelope == "tolerant"
    return x12.Profile(judge, TOLERABLE if tolerant else frozenset())


def usage_of(start: x12.InterchangeStart, profile: Profile) -> Usage:
    """Test unless ISA15 says production and the partner is no longer being set up."""
    live = start.usage == "P" and profile.x12 is not None and profile.x12.usage == "production"
    return "production" if live else "test"


def kind_of(library: MapLibrary, set_id: str, profile: Profile) -> str:
    """The canonical document a set becomes; of one they may not send, only its own name."""
    if set_id in ACKNOWLEDGING_SETS:
        return Acknowledgment.__name__
    sent = profile.sends.get(set_id)
    return library.get(sent.map).document.__name__ if sent else f"x12/{set_id}"


def translated(library: MapLibrary, one: x12.TransactionSet, profile: Profile, received_at: datetime) -> Translation:
    """A sound set as a canonical document, with our names beside the partner's; nothing of one they may not send."""
    if one.set_id in ACKNOWLEDGING_SETS:
        usage = usage_of(one.interchange, profile)
        return Translation(of_response(one.root, one.set_id, received_at, usage))
    sent = profile.sends.get(one.set_id)
    if sent is None:
        return Translation(None)
    found = library.get(sent.map).read(one.root, context_of(one, profile, received_at))
    if found.document is None:
        return found
    return named(found, found.document, profile)


def named(found: Translation, document: Document, profile: Profile) -> Translation:
    """The translation with our names beside the partner's, and what could not be named."""
    ours = with_our_names(document, profile.cross_references)
    return replace(found, document=ours, findings=(*found.findings, *looked_up_in_vain(ours, profile.cross_references)))


def context_of(one: x12.TransactionSet, profile: Profile, received_at: datetime) -> Context:
    """What a map may know besides the set."""
    return Context(
        zone=profile.time_zone,
        usage=usage_of(one.interchange, profile),
        currency=profile.currency,
        codes=profile.cross_references.codes,
        facts={
            "received_at": received_at.isoformat(),
            "sender": profile.partner,
            "receiver": one.interchange.receiver[1],
            "control_number": one.control,
            "interchange": one.interchange.control,
            "group": one.group.control,
        },
        component=one.delimiters.component,
        repetition=one.delimiters.repetition,
    )


def transport_key(one: x12.TransactionSet) -> str:
    """What makes a set the same transmission when it comes again.

    Sender, receiver, ISA13, ISA09, ISA10, GS06, ST02.
    """
    start = one.interchange
    envelope = (*start.sender, *start.receiver, start.control, _at(start, 9), _at(start, 10))
    return "/".join(("x12", *envelope, one.group.control, one.control))


def _at(start: x12.InterchangeStart, place: int) -> str:
    return start.elements[place].strip() if place < len(start.elements) else ""


def acknowledged_interchange(stage: Stage, event: x12.InterchangeAcknowledged, received_at: datetime) -> Incoming:
    """A partner's TA1: what it says of an interchange of ours."""
    document = of_interchange_response(event.elements, received_at, stage.usage)
    start = stage.start
    return Incoming(
        kind=document.kind,
        document=document,
        place={"interchange": start.control, "set_id": "TA1"},
        transport_key="/".join(("x12", *start.sender, *start.receiver, start.control, "TA1", document.number)),
        sender=stage.profile.partner,
    )

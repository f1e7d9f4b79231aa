"""X12 out: an interchange that wants only its control numbers, and how a document becomes one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from canonical import Document, Finding, Usage
from canonical.exchange import Numbers, Rendered
from connectors.cross_reference import with_their_names
from connectors.grammar_changes import GrammarChanges
from connectors.partners import Partners
from connectors.profile import Profile, TakenDocument
from connectors.syntax import x12
from mappings.compiled import CompiledMap
from mappings.context import Context
from mappings.tree import SegmentNode

MEDIA_TYPE = "application/edi-x12"
"""RFC 1767."""

_AS_STANDARD = GrammarChanges()
_TRIAL_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class X12Draft:
    """One interchange with one group at most, all but its numbers and time. Satisfies `canonical.exchange.Draft`."""

    partner: str
    name: str
    """What it holds, for its file name: 855, 997, TA1."""
    interchange: x12.OutgoingInterchange
    zone: ZoneInfo
    grammar: x12.Grammar | None = None
    """The order of their segments, where it is not the standard's."""
    findings: Sequence[Finding] = ()

    @property
    def counters(self) -> Sequence[str]:
        """One for each level of the pair: the interchange, and the group where there is one."""
        levels = ("interchange", "group") if self.interchange.groups else ("interchange",)
        return tuple(f"{self.partner}/{level}" for level in levels)

    def render(self, numbers: Numbers, at: datetime) -> Rendered:
        """The bytes; the same numbers and time always give the same ones. Sets are numbered from 1 in their group."""
        number = numbers[f"{self.partner}/interchange"]
        group = numbers.get(f"{self.partner}/group", 0)
        made = self.written(at.astimezone(self.zone), x12.ControlNumbers(number, group))
        control: dict[str, Any] = {"interchange": f"{number:09}", "set_id": self.name}
        for one in self.interchange.groups:
            sets = [f"{position:04}" for position in range(1, len(one.sets) + 1)]
            control |= {"group": str(group), "functional_id": one.functional_id, "set": sets[0], "sets": sets}
        return Rendered(made.content, MEDIA_TYPE, f"{self.partner}_{self.name}_{number:09}.edi", control)

    def written(self, at: datetime, control: x12.ControlNumbers) -> x12.Rendered:
        """The interchange, and what had to be changed to write it."""
        grammars = {self.grammar.set_id: self.grammar} if self.grammar else {}
        return x12.render(self.interchange, at=at, control=control, grammars=grammars)


def draft_document(
    document: Document, taken: TakenDocument, compiled: CompiledMap, profile: Profile, partners: Partners
) -> X12Draft:
    """The draft of a document for a partner; faults that the partner would find in it are among its findings."""
    context = Context(
        zone=profile.time_zone,
        usage=document.usage,
        currency=profile.currency,
        codes=profile.cross_references.codes,
    )
    rendition = compiled.write(with_their_names(document, profile.cross_references), context)
    one = x12.OutgoingSet(
        taken.set, node_of(rendition.tree), component=context.component, repetition=context.repetition
    )
    draft = draft_set(one, document.usage, profile, partners, taken.grammar)
    return replace(draft, findings=(*rendition.findings, *draft.findings))


def draft_set(
    one: x12.OutgoingSet, usage: Usage, profile: Profile, partners: Partners, changes: GrammarChanges = _AS_STANDARD
) -> X12Draft:
    """The draft of one transaction set, addressed and separated as the profile says, by their own grammar."""
    terms = profile.x12
    assert terms is not None, "a profile that takes documents has X12 terms"
    ours = partners.ours_towards(profile)
    judge = changes.judge(terms.version, one.set_id)
    grammar = judge.grammar if judge else None
    functional_id = grammar.functional_id if grammar else ""
    interchange = x12.OutgoingInterchange(
        (ours.qualifier, ours.id),
        (terms.theirs.qualifier, terms.theirs.id),
        [x12.OutgoingGroup(functional_id, ours.group, terms.theirs.group, terms.version, [one])],
        "T" if "test" in (usage, terms.usage) else "P",
        terms.delimiters.of_version(terms.version),
        terms.interchange_version,
        terms.request_acknowledgment,
        terms.delimiters.line_ends,
    )
    draft = X12Draft(profile.partner, one.set_id, interchange, profile.zone, grammar)
    return replace(draft, findings=tuple(_faults(draft, judge)))


def node_of(tree: SegmentNode) -> x12.Node:
    """A map's tree as the writer takes it."""
    children = {tag: [node_of(child) for child in nodes] for tag, nodes in tree.children.items()}
    return x12.Node(list(tree.elements), children)


def _faults(draft: X12Draft, judge: x12.Judge | None) -> list[Finding]:
    """What the partner's own validation would say: a trial copy is written and read with their grammar."""
    made = draft.written(_TRIAL_TIME, x12.ControlNumbers(1, 1))
    found = list(made.findings)
    for event in x12.read(made.content, x12.Profile(lambda *_: judge)):
        if isinstance(event, x12.TransactionSet):
            found.extend(event.findings)
    return found

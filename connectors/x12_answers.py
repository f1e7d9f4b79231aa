"""What is answered at once: for every sender of a transmission one interchange with a 997 or 999 a group, and TA1s."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from canonical import Acknowledgment, Usage
from canonical.exchange import Reply
from connectors.acknowledgments import of_group, of_interchange
from connectors.profile import Profile, X12Terms
from connectors.syntax import x12
from connectors.syntax.x12.acknowledgment import is_acknowledgment
from connectors.x12_draft import X12Draft


@dataclass(frozen=True)
class Answered:
    """A judged interchange whose sender may be answered."""

    profile: Profile
    end: x12.InterchangeEnd
    usage: Usage


@dataclass
class _Letter:
    """One interchange of answers to one sender, growing."""

    answered: Answered
    interchange: x12.OutgoingInterchange
    documents: list[Acknowledgment] = field(default_factory=list)


def answers(answered: Sequence[Answered], received_at: datetime) -> Iterator[Reply]:
    """The replies to a transmission, one a sender; answers to groups of another version need another interchange."""
    letters: dict[tuple[object, ...], _Letter] = {}
    for one in answered:
        for outgoing, documents in _answer(one, received_at):
            letter = letters.get(key := _address(one, outgoing))
            if letter is None:
                letters[key] = _Letter(one, outgoing, list(documents))
            else:
                letter.interchange = _joined(letter.interchange, outgoing)
                letter.documents.extend(documents)
    yield from map(_reply, letters.values())


def _answer(one: Answered, received_at: datetime) -> Iterator[tuple[x12.OutgoingInterchange, list[Acknowledgment]]]:
    """The answer to one interchange, cut so that each part has one group at most. TA1s go with the first part."""
    terms = one.profile.x12
    assert terms is not None, "an X12 sender has X12 terms"
    outgoing = x12.acknowledge(one.end, policy_of(terms))
    if outgoing is None:
        return
    documents = [of_interchange(one.end, received_at, one.usage)] if outgoing.notes else []
    form = terms.acknowledge.functional
    groups = list(outgoing.groups) if form != "none" else []
    ends = [end for end in one.end.groups if not is_acknowledgment(end.start.functional_id)]
    if documents and not groups:
        yield replace(outgoing, groups=[]), documents
    for group, end in zip(groups, ends, strict=False):
        yield replace(outgoing, groups=[group]), [*documents, of_group(end, form, received_at, one.usage)]
        outgoing, documents = replace(outgoing, notes=[]), []


def policy_of(terms: X12Terms) -> x12.AcknowledgmentPolicy:
    """How a partner wants to be answered."""
    wanted = terms.acknowledge
    return x12.AcknowledgmentPolicy(
        kind="999" if wanted.functional == "999" else "997",
        technical="asked" if wanted.interchange == "requested" else wanted.interchange,
        delimiters=terms.delimiters.of_version(terms.version),
        line_ends=terms.delimiters.line_ends,
    )


def _address(one: Answered, outgoing: x12.OutgoingInterchange) -> tuple[object, ...]:
    """What answers must share to travel in one interchange and group."""
    versions = [(group.sender, group.receiver, group.version) for group in outgoing.groups]
    return (one.profile.partner, outgoing.sender, outgoing.usage, outgoing.version, *versions)


def _joined(first: x12.OutgoingInterchange, second: x12.OutgoingInterchange) -> x12.OutgoingInterchange:
    groups = [
        replace(mine, sets=[*mine.sets, *theirs.sets]) for mine, theirs in zip(first.groups, second.groups, strict=True)
    ]
    return replace(first, groups=groups, notes=[*first.notes, *second.notes])


def _reply(letter: _Letter) -> Reply:
    profile = letter.answered.profile
    name = letter.documents[-1].type
    draft = X12Draft(profile.partner, name, letter.interchange, profile.zone)
    first, *rest = letter.documents
    return Reply(first, profile.partner, draft, tuple(rest))

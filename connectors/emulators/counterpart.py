"""The other end of a partner profile: the hub as that partner sees it, so that a stand-in uses our own rooms."""

from dataclasses import dataclass
from pathlib import Path

from canonical.exchange import Draft, Numbers
from connectors.partners import Partners, partners_of
from connectors.profile import Profile, SentSet, TakenDocument
from connectors.syntax.json_text import read_json, write_json
from connectors.transport.directory import write_flushed
from mappings.library import MapLibrary

HUB = "hub"
"""What a stand-in calls us."""


def counterpart(profile: Profile, partners: Partners, library: MapLibrary) -> Partners:
    """What the partner's own list of partners would say: one entry, ourselves, with sending and taking exchanged."""
    assert profile.x12 is not None, "a stand-in speaks X12"
    theirs = partners.ours_towards(profile)
    ours = profile.x12.theirs
    sends = {taken.set: SentSet(map=taken.map, grammar=taken.grammar) for taken in profile.takes.values()}
    takes = {
        library.get(sent.map).document.__name__: TakenDocument(set=set_id, map=sent.map, grammar=sent.grammar)
        for set_id, sent in profile.sends.items()
    }
    hub = Profile(
        partner=HUB,
        name="The hub",
        time_zone=profile.time_zone,
        currency=profile.currency,
        x12=profile.x12.model_copy(update={"theirs": theirs, "ours": ours}),
        sends=sends,
        takes=takes,
    )
    return partners_of([hub], ours)


@dataclass(frozen=True, slots=True)
class NumberFile:
    """A stand-in's control numbers, kept in one small file."""

    path: Path

    def draw(self, draft: Draft) -> Numbers:
        """The next number of every counter the draft wants, noted before it is used."""
        known = read_json(self.path.read_bytes()) if self.path.exists() else {}
        last = {name: int(str(number)) for name, number in known.items()} if isinstance(known, dict) else {}
        drawn = {name: last.get(name, 0) + 1 for name in draft.counters}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        hidden = self.path.with_suffix(".part")
        write_flushed(hidden, write_json({**last, **drawn}))
        hidden.replace(self.path)
        return drawn

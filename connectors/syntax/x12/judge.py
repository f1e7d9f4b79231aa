"""One transaction set against its grammar: the fast path asks where a fault is, the exact path says what it is."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from canonical.finding import Finding
from connectors.syntax.x12.check import SegmentCheck
from connectors.syntax.x12.delimiters import ELEMENT, SEGMENT
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Grammar, find_grammar, known_tags, nearest_release
from connectors.syntax.x12.pattern import segments_pattern, structure_pattern
from connectors.syntax.x12.structure import OrderCheck, Structure

Where = Mapping[str, int | str]


class Judge:
    """A grammar made ready to judge sets. Compiling takes tens of milliseconds; keep it (see `find_judge`)."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._segments = segments_pattern(grammar)
        self._order = structure_pattern(grammar.root)
        self._checks: dict[str, SegmentCheck] = {}

    @cached_property
    def structure(self) -> Structure:
        """The set's automaton, for trees and for the exact check of order."""
        return Structure(self.grammar.root)

    def accepts(self, text: str) -> bool:
        """Whether the set is beyond doubt right. `text` is ST to SE in canonical delimiters, each segment terminated.

        False means only that the exact check must look.
        """
        return self._stop(text, 0) == len(text) and self._order.fullmatch(text) is not None

    def accepts_segment(self, text: str) -> bool:
        """Whether one segment, terminated, is beyond doubt right."""
        return self._stop(text, 0) == len(text)

    def findings(self, text: str, segments: list[list[str]], where: Where) -> list[Finding]:
        """All faults of a set; `segments` is its text split into elements."""
        found: list[Finding] = []
        if not self._order.fullmatch(text):
            order = OrderCheck(self.structure, where, known_tags(self.grammar.release), self.grammar.set_id)
            found += order.run([one[0] for one in segments])
        for number in self._stops(text):
            elements = segments[number]
            if check := self._check(elements[0]):
                found += check.findings(elements, {**where, "segment": number + 1, "tag": elements[0]})
        if len(found) > 1:
            found.sort(key=_position)
        return found

    def _check(self, tag: str) -> SegmentCheck | None:
        """The exact check of a segment, made when first needed; None for a tag the set does not have.

        ST and SE are not asked: the envelope judges them.
        """
        if tag not in self._checks and tag in self.grammar.segments and tag not in ("ST", "SE"):
            self._checks[tag] = SegmentCheck(self.grammar.segments[tag], self.grammar)
        return self._checks.get(tag)

    def _stop(self, text: str, start: int) -> int:
        """Where the first segment from `start` on begins that the fast path rejects."""
        match = self._segments.match(text, start)
        return match.end() if match else start

    def _stops(self, text: str) -> Iterator[int]:
        """The numbers, from 0, of the segments the fast path rejects."""
        number, counted, end = 0, 0, self._stop(text, 0)
        while end < len(text):
            number += text.count(SEGMENT, counted, end)
            yield number
            counted = end
            end = self._stop(text, text.index(SEGMENT, end) + 1)


def _position(finding: Finding) -> int:
    return int(finding.where["segment"])


@lru_cache(maxsize=256)
def find_judge(version: str, set_id: str) -> Judge | None:
    """The judge of a set by the standard's grammar nearest to `version`; None when no release knows the set."""
    return _judge(nearest_release(version).name, set_id)


@lru_cache(maxsize=256)
def _judge(release: str, set_id: str) -> Judge | None:
    """Versions that resolve to one release share one judge."""
    grammar = find_grammar(release, set_id)
    return Judge(grammar) if grammar else None


def split(text: str) -> list[list[str]]:
    """A set's text as lists of elements; `text` ends with a terminator."""
    return [one.split(ELEMENT) for one in text[:-1].split(SEGMENT)]


def tidy(text: str, where: Where) -> tuple[str, list[Finding]]:
    """The text without empty segments and without blanks before tags, and a finding for each segment dropped."""
    kept: list[str] = []
    found = []
    for one in text[:-1].split(SEGMENT):
        bare = one.lstrip(" \t\x00")
        if bare:
            kept.append(bare)
        else:
            found.append(fault("segment-empty", {**where, "segment": len(kept) + 1}))
    return SEGMENT.join(kept) + SEGMENT, found

"""One transaction set against its grammar: the fast path asks where a fault is, the exact path says what it is."""

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from canonical.finding import Finding
from connectors.syntax.x12.check import SegmentCheck
from connectors.syntax.x12.delimiters import ELEMENT, SEGMENT
from connectors.syntax.x12.faults import fault
from connectors.syntax.x12.grammar import Grammar, find_grammar, known_tags, nearest_release
from connectors.syntax.x12.pattern import changed_pattern, segments_pattern, structure_pattern
from connectors.syntax.x12.structure import OrderCheck, Structure

Where = Mapping[str, int | str]

_BOUND = f"{SEGMENT}LS{ELEMENT}"
_TAGS = re.compile(r"([^\x1d\x1e]*)[^\x1e]*\x1e")
_UNTIDY = re.compile(r"\x1e[ \t\x00\x1e]")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection, which finds nothing in the tree of an expression and takes half of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class FastPath:
    """The compiled expressions of a grammar. `changed` finds the terminator before a segment that another accepts."""

    segments: re.Pattern[str]
    order: re.Pattern[str]
    changed: re.Pattern[str] | None = None

    @classmethod
    def compile(cls, grammar: Grammar) -> "FastPath":
        """Of a grammar alone, in tens of milliseconds."""
        with _uncollected():
            return cls(segments_pattern(grammar), structure_pattern(grammar.root))

    def adjusted(self, before: Grammar, after: Grammar) -> "FastPath":
        """Of a grammar that differs little: only what differs is compiled, and what is wider is left to be doubted."""
        order = self.order if before.root == after.root else structure_pattern(after.root)
        return FastPath(self.segments, order, changed_pattern(before, after))

    def first_doubt(self, text: str, start: int) -> int:
        """Where the first segment from `start` on begins that is not right at sight; the text's length if none."""
        match = self.segments.match(text, start)
        end = match.end() if match else start
        if self.changed and start < end and (match := self.changed.search(text, max(start - 1, 0), end)):
            return match.start() + 1
        return end


class Judge:
    """A grammar made ready to judge sets. Compiling takes tens of milliseconds; keep it (see `find_judge`)."""

    def __init__(self, grammar: Grammar, fast: FastPath | None = None) -> None:
        self.grammar = grammar
        self.fast = fast or FastPath.compile(grammar)
        self._checks: dict[str, SegmentCheck] = {}

    def adjusted(self, grammar: Grammar) -> "Judge":
        """The judge of a grammar that differs little from this one, made in a few milliseconds."""
        return Judge(grammar, self.fast.adjusted(self.grammar, grammar))

    @cached_property
    def structure(self) -> Structure:
        """The set's automaton, for trees and for the exact check of order."""
        return Structure(self.grammar.root)

    def accepts(self, text: str) -> bool:
        """Whether the set is beyond doubt right. `text` is ST to SE in canonical delimiters, each segment terminated.

        False means only that the exact check must look.
        """
        return self.fast.first_doubt(text, 0) == len(text) and self.fast.order.fullmatch(text) is not None

    def accepts_segment(self, text: str) -> bool:
        """Whether one segment, terminated, is beyond doubt right."""
        return self.fast.first_doubt(text, 0) == len(text)

    def findings(self, text: str, where: Where) -> list[Finding]:
        """All faults of a set in canonical delimiters, each with the loop it stands in."""
        found: list[Finding] = []
        tags = _TAGS.findall(text)
        if not self.fast.order.fullmatch(text):
            order = OrderCheck(self.structure, where, known_tags(self.grammar.release), self.grammar)
            found += order.run(tags)
        loops: Sequence[str] = ()
        for number, start, end in self._doubtful(text):
            tag = tags[number]
            if check := self._check(tag):
                loops = loops or self.structure.paths(tags)
                at = {**where, "segment": number + 1, "tag": tag}
                if loops[number]:
                    at["loop"] = loops[number]
                found += check.findings(text[start:end], at)
        if len(found) > 1:
            found.sort(key=_position)
        return _within_bounds(found, text) if found and _BOUND in text else found

    def _check(self, tag: str) -> SegmentCheck | None:
        """The exact check of a segment, made when first needed; None for a tag the set does not have.

        ST and SE are not asked: the envelope judges them.
        """
        if tag not in self._checks and tag in self.grammar.segments and tag not in ("ST", "SE"):
            self._checks[tag] = SegmentCheck(self.grammar.segments[tag], self.grammar)
        return self._checks.get(tag)

    def _doubtful(self, text: str) -> Iterator[tuple[int, int, int]]:
        """The number, from 0, the start and the end of each segment the fast path rejects."""
        first_doubt, count, index, length = self.fast.first_doubt, text.count, text.index, len(text)
        number, end, start = 0, 0, first_doubt(text, 0)
        while start < length:
            number += count(SEGMENT, end, start)
            end = index(SEGMENT, start) + 1
            yield number, start, end
            number += 1
            start = first_doubt(text, end)


def _within_bounds(found: list[Finding], text: str) -> list[Finding]:
    """The findings, those between an LS and its LE with the loop identifier that both say (AK303)."""
    bounds: list[str] = []
    said: list[str] = []
    for segment in text.split(SEGMENT):
        tag, _, rest = segment.partition(ELEMENT)
        if tag == "LS":
            bounds.append(rest.partition(ELEMENT)[0])
        said.append(bounds[-1] if bounds else "")
        if tag == "LE" and bounds:
            bounds.pop()
    inside = ((one, said[min(_position(one), len(said)) - 1]) for one in found)
    return [replace(one, facts={**one.facts, "loop_identifier": loop}) if loop else one for one, loop in inside]


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


def untidy(text: str) -> bool:
    """Whether a set's text has empty segments, or blanks before tags; it begins with ST."""
    return _UNTIDY.search(text) is not None


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

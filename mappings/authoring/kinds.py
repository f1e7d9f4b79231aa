"""What kind of document a sample is, its rules, and what they leave."""

from collections.abc import Iterable, Sequence

from canonical import Document
from mappings.authoring.draft import Block, shown
from mappings.authoring.fields import SPECIAL
from mappings.authoring.guesser import Guesser, absolute
from mappings.authoring.sample import Part, Sample
from mappings.authoring.vocabulary import Vocabulary
from mappings.code_lists import CodeList


def guess(
    sample: Sample, kinds: Sequence[type[Document]], vocabulary: Vocabulary, unit_lists: Sequence[CodeList]
) -> tuple[type[Document], Block]:
    """The kind of document that a sample is surest to be, and its rules."""
    tried = []
    for kind in kinds:
        guesser = Guesser(sample, vocabulary, SPECIAL, unit_lists)
        body = guesser.document(kind)
        tried.append((guesser.weight + _evidence(sample, kind, vocabulary) - 2 * guesser.lacking, kind, body))
    _, kind, body = max(tried, key=lambda one: one[0])
    return kind, body


def _evidence(sample: Sample, kind: type[Document], vocabulary: Vocabulary) -> float:
    names = {part.words for part in _every(sample.parts)}
    told = [
        phrase for phrase in vocabulary.evidence.get(kind.__name__, ()) if any(_begins(name, phrase) for name in names)
    ]
    return 2.0 * len(told)


def _begins(name: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return name[: len(phrase)] == phrase


def _every(parts: Sequence[Part]) -> Iterable[Part]:
    for part in parts:
        yield part
        yield from _every(part.parts)


def unread(sample: Sample, used: set[str]) -> dict[str, str]:
    """The paths from the top of all that no rule reads, each with what stands there."""
    found: dict[str, str] = {}
    for part in sample.parts:
        if not (sample.syntax == "csv" and part.many):
            _unread(sample.syntax, part, "", used, found)
    return found


def _unread(syntax: str, part: Part, prefix: str, used: set[str], found: dict[str, str]) -> None:
    path = absolute(syntax, prefix, part.path)
    below = prefix if not part.many else path
    if path in used and not part.parts:
        return
    if not part.reachable or not _reads_any(syntax, part, prefix, used):
        if part.reachable and (part.values or part.parts):
            found[path] = shown(part.values) or "all below it"
        return
    for inner in part.parts:
        _unread(syntax, inner, below, used, found)


def _reads_any(syntax: str, part: Part, prefix: str, used: set[str]) -> bool:
    path = absolute(syntax, prefix, part.path)
    return path in used or any(_reads_any(syntax, inner, path if part.many else prefix, used) for inner in part.parts)

"""How well a part's name says what a canonical field holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mappings.authoring.sample import words_of
from mappings.yaml_model import ConfigModel, load_model

Words = tuple[str, ...]

LEAST = 0.6
"""A score below this is no guess at all."""


class VocabularyFile(ConfigModel):
    """`vocabulary.yaml` as written."""

    evidence: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    generic: tuple[str, ...]
    neutral: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The words of every canonical field, and the words that tell one document from another."""

    phrases: Mapping[str, Sequence[Words]]
    evidence: Mapping[str, Sequence[Words]]
    generic: frozenset[str]
    neutral: frozenset[str]

    def score(self, key: str, name: Words, above: Words) -> float:
        """From 0 to 1: how surely a part of this name, below parts of those names, is what `key` holds."""
        best = 0.0
        foreign = [word for word in (*above, *name) if word not in self.neutral]
        for rank, phrase in enumerate(self.phrases.get(key, ())):
            best = max(best, self._fit(phrase, name, above, foreign) - rank * 0.02)
        return best

    def _fit(self, phrase: Words, name: Words, above: Words, foreign: Sequence[str]) -> float:
        around = [word for word in foreign if word not in phrase]
        if "".join(name) == "".join(phrase):
            return (0.0 if set(phrase) <= self.generic else 0.8) if around else 1.0
        if (*above, *name)[-len(phrase) :] == phrase:
            return 0.95 if not around else 0.0 if set(phrase) <= self.generic else 0.75
        if set(phrase) <= set(name) and not set(phrase) <= self.generic:
            return 0.9 - 0.1 * (len(name) - len(phrase)) - 0.1 * len(around)
        return 0.0

    def slots(self, prefix: str) -> list[str]:
        """The names under a key: `parties` has ship_to, bill_to, ..."""
        return [key[len(prefix) + 1 :] for key in self.phrases if key.startswith(f"{prefix}.")]


@cache
def vocabulary() -> Vocabulary:
    """The built-in vocabulary."""
    found, findings = load_model(files("mappings.authoring") / "vocabulary.yaml", VocabularyFile)
    assert found, findings
    return Vocabulary(
        {key: [words_of(phrase) for phrase in phrases] for key, phrases in found.words.items()},
        {kind: [words_of(phrase) for phrase in phrases] for kind, phrases in found.evidence.items()},
        frozenset(found.generic),
        frozenset(found.neutral),
    )

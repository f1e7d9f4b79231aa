"""Guesses what a sample's parts are: each field of a document takes the part that is surest what it holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel

from canonical import Document
from mappings.authoring.draft import Block, Entry, Rule, shown
from mappings.authoring.sample import Part, Sample, scalars
from mappings.authoring.values import fits
from mappings.authoring.vocabulary import LEAST, Vocabulary
from mappings.code_lists import CodeList
from mappings.language.shape import TEXT, Shape, shape_of

NOTHING = "nothing in the sample looks like it, and it must be there"


@dataclass(frozen=True, slots=True)
class Scope:
    """The parts a rule may read, and where they are addressed from. `owner` is whose fields are guessed."""

    parts: Sequence[Part]
    owner: str
    prefix: str = ""
    """The path from the top to what these parts are addressed from."""


Looks: TypeAlias = Callable[[Sequence[str]], bool]
"""Whether all values look like those of a field, beyond being of its kind."""
Special: TypeAlias = "Callable[[Guesser, Scope], Entry | None]"


@dataclass
class Guesser:
    """One attempt to see a sample as one kind of document. A part is given to one field only."""

    sample: Sample
    vocabulary: Vocabulary
    special: Mapping[str, Special]
    """How fields are guessed that are more than one value, by name."""
    unit_lists: Sequence[CodeList] = ()
    """Code lists of units, by which foreign units are known."""
    used: set[str] = field(default_factory=set)
    weight: float = 0.0
    """How sure all its guesses are together."""
    lacking: int = 0
    """How many required fields it had to make up."""

    def document(self, kind: type[Document]) -> Block:
        """The rules of a whole document."""
        top = Scope(self.sample.parts, kind.__name__)
        lines = {"lines": self.special["lines"](self, top)} if "lines" in kind.model_fields else {}
        found = self.fields(kind, top, skip={"lines", "usage", "schema_version"})
        return Block({**found, **{name: entry for name, entry in lines.items() if entry}})

    # --- objects ----------------------------------------------------------------------------------------------------

    def fields(self, model: type[BaseModel], scope: Scope, skip: Iterable[str] = ()) -> dict[str, Entry]:
        """The rules of an object; what it must have and nothing gives is made up, and marked so."""
        found: dict[str, Entry] = {}
        for name, info in model.model_fields.items():
            if name in skip:
                continue
            shape = shape_of(info.annotation)
            entry = self._field(name, shape, scope)
            if entry is None and info.is_required():
                entry = self._made_up(name, shape)
            if entry is not None:
                found[name] = entry
        return found

    def _field(self, name: str, shape: Shape, scope: Scope) -> Entry | None:
        special = self.special.get(name)
        if special:
            return special(self, scope)
        if shape.kind in ("text", "moment", "instant", "decimal", "int"):
            return self.scalar((f"{scope.owner}.{name}", name), shape, scope)
        if shape.kind == "list" and shape.item and shape.item.kind == "text":
            part = self.take((f"{scope.owner}.{name}", name), TEXT, scope)
            return self.rule(part, scope, {"all": part.path}) if part else None
        return None

    def scalar(self, keys: Sequence[str], shape: Shape, scope: Scope) -> Rule | None:
        """The rule of one value."""
        part = self.take(keys, shape, scope)
        if part is None:
            return None
        form = fits(shape, part.values)[1]
        return self.rule(part, scope, {"at": part.path, "as": form} if form else None)

    def rule(self, part: Part, scope: Scope, body: Any = None) -> Rule:
        """The rule that reads a part."""
        return Rule(body or part.path, shown(part.values), (self.absolute(scope, part),))

    def _made_up(self, name: str, shape: Shape) -> Rule:
        self.lacking += 1
        if shape.kind in ("moment", "instant"):
            return Rule({"fact": "received_at"}, NOTHING)
        if shape.kind in ("decimal", "int"):
            return Rule({"const": "0"}, NOTHING)
        if shape.kind == "text":
            return Rule({"const": shape.choices[0] if shape.choices else f"no {name}"}, NOTHING)
        return Rule({"const": [] if shape.kind == "list" else {}}, NOTHING)

    # --- choosing a part --------------------------------------------------------------------------------------------

    def take(
        self, keys: Sequence[str], shape: Shape, scope: Scope, looks: Looks | None = None, rivals: Sequence[str] = ()
    ) -> Part | None:
        """The part that is surest what the first key with a candidate holds, and can be by its values and their look.

        One whose name says a rival more surely is left to that.
        """
        for key in keys:
            best, found = LEAST, None
            for part, above in scalars(scope.parts):
                if self.absolute(scope, part) in self.used or not fits(shape, part.values)[0]:
                    continue
                score = self.vocabulary.score(key, part.words, above)
                if any(self.vocabulary.score(rival, part.words, above) > score for rival in rivals):
                    continue
                if score > best and (looks is None or looks(part.values)):
                    best, found = score, part
            if found:
                self.weight += best
                self.used.add(self.absolute(scope, found))
                return found
        return None

    def absolute(self, scope: Scope, part: Part) -> str:
        """A part's path from the top."""
        return absolute(self.sample.syntax, scope.prefix, part.path)


def absolute(syntax: str, prefix: str, path: str) -> str:
    """A path from the top, of one from a part at `prefix`."""
    if path == ".":
        return prefix or "."
    if prefix in ("", "."):
        return path
    return f"{prefix}/{path}" if syntax == "xml" else f"{prefix}.{path}"

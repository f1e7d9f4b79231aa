"""The manifests there are: the built-in ones, overridden by name by those in `config/connectors/`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from canonical import Document, Finding
from connectors.manifest import Manifest
from mappings.strict_yaml import Trail, YamlFile, read_yaml
from mappings.yaml_model import validate


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a manifest stands, and the folder `NAME.cases` beside it."""

    file: YamlFile
    cases: Traversable


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Manifests by name, where each stands, and what was wrong with their files."""

    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def check(self, maps: Collection[str]) -> list[Finding]:
        """Maps and canonical kinds that a manifest names and nobody has, each at its place."""
        findings: list[Finding] = []
        for name, manifest in self.manifests.items():
            for trail, kind, used in _uses(manifest):
                if used not in maps:
                    findings.append(_unknown(self.origins[name].file, (*trail, "map"), "map", used, maps))
                if kind not in Document.kinds:
                    findings.append(_unknown(self.origins[name].file, trail, "document", kind, Document.kinds))
        return findings


def load_catalogue(own: Path | None = None) -> Catalogue:
    """Every built-in manifest, then those in `own`."""
    found: dict[str, Manifest] = {}
    origins: dict[str, Origin] = {}
    findings: list[Finding] = []
    for place in _places(own):
        for path in sorted(_yaml_files(place), key=lambda path: path.name):
            file, faults = read_yaml(path, str(path))
            manifest, more = validate(file, Manifest) if file else (None, [])
            findings += [*faults, *more]
            if file and manifest:
                found[manifest.connector] = manifest
                origins[manifest.connector] = Origin(file, place / f"{manifest.connector}.cases")
    return Catalogue(found, tuple(findings), origins)


def _places(own: Path | None) -> Iterable[Traversable]:
    yield files("connectors") / "manifests"
    if own and own.is_dir():
        yield own


def _yaml_files(place: Traversable) -> Iterable[Traversable]:
    return (file for file in place.iterdir() if file.name.endswith(".yaml"))


def _uses(manifest: Manifest) -> Iterator[tuple[Trail, str, str]]:
    """Where a manifest names a canonical kind and the map for it."""
    for kind, take in manifest.takes.items():
        yield ("takes", kind), kind, take.map
        if take.answer:
            yield ("takes", kind, "answer"), take.answer.kind, take.answer.map
    for name, operation in manifest.operations.items():
        if operation.pull:
            yield ("operations", name, "pull"), operation.pull.kind, operation.pull.map
    for name, topic in manifest.webhooks.topics.items() if manifest.webhooks else ():
        if topic.kind and topic.map:
            yield ("webhooks", "topics", name), topic.kind, topic.map


def _unknown(file: YamlFile, trail: Trail, what: str, name: str, known: Collection[str]) -> Finding:
    close = get_close_matches(name, known, 1)
    mend = f"did you mean {close[0]!r}?" if close else "there is none like it"
    return file.finding(f"{what}-unknown", trail, f"no {what} is called {name!r}; {mend}")

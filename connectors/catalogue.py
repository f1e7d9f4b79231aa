"""The manifests there are: the built-in ones, those of installed Python files, and those in `config/connectors/`, which
override the others by name."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from canonical import Document, Finding
from connectors.manifest import Manifest
from mappings.strict_yaml import Trail, YamlFile, read_yaml
from mappings.yaml_model import validate

GROUP = "crossdock.connectors"
"""The entry points that name connectors in Python (`connectors.engine.reach`)."""


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


def load_catalogue(own: Path | None = None, installed: Iterable[EntryPoint] | None = None) -> Catalogue:
    """Every built-in manifest, then the installed ones in Python (or those `installed`), then those in `own`."""
    found: dict[str, Manifest] = {}
    origins: dict[str, Origin] = {}
    findings: list[Finding] = []
    for file, manifest, faults, cases in _files(own, entry_points(group=GROUP) if installed is None else installed):
        findings += faults
        if file and manifest:
            found[manifest.connector] = manifest
            origins[manifest.connector] = Origin(file, cases / f"{manifest.connector}.cases")
    return Catalogue(found, tuple(findings), origins)


_Read = tuple[YamlFile | None, Manifest | None, Sequence[Finding], Traversable]


def _files(own: Path | None, installed: Iterable[EntryPoint]) -> Iterator[_Read]:
    """What is declared, and what is wrong with it, and the folder beside it."""
    yield from _shipped()
    yield from (_declared(*_python(entry)) for entry in installed)
    if own and own.is_dir():
        yield from _yaml(own)


@cache
def _shipped() -> Sequence[_Read]:
    """The built-in ones, which do not change while the program runs."""
    return tuple(_yaml(files("connectors") / "manifests"))


def _yaml(place: Traversable) -> Iterator[_Read]:
    for path in sorted(_yaml_files(place), key=lambda path: path.name):
        yield _declared(*read_yaml(path, str(path)), place)


def _declared(file: YamlFile | None, faults: Sequence[Finding], place: Traversable) -> _Read:
    manifest, more = validate(file, Manifest) if file else (None, [])
    return file, manifest, [*faults, *more], place


def _python(entry: EntryPoint) -> tuple[YamlFile | None, Sequence[Finding], Traversable]:
    """A connector in Python: the object its entry point names declares itself as a manifest does."""
    place = Path()
    try:
        declared = entry.load()
        spec = find_spec(entry.module)
        place = Path(spec.origin).parent if spec and spec.origin else place
    except Exception as error:  # noqa: BLE001 - somebody else's code
        message = f"the connector {entry.name} can't be loaded: {type(error).__name__}: {error}"
        where: dict[str, int | str] = {"file": entry.value, "line": 1, "column": 1}
        return None, [Finding("connector-unloadable", "error", where, message)], place
    return YamlFile(entry.value, declared), [], place


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

"""The manifests there are: the built-in ones, overridden by name by those in `config/connectors/`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from canonical import Finding
from connectors.manifest import Manifest
from mappings.yaml_model import load_model


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Manifests by name, and what was wrong with their files."""

    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def load_catalogue(own: Path | None = None) -> Catalogue:
    """Every built-in manifest, then those in `own`."""
    found: dict[str, Manifest] = {}
    findings: list[Finding] = []
    for place in _places(own):
        for file in sorted(_yaml_files(place), key=lambda file: file.name):
            manifest, faults = load_model(file, Manifest, str(file))
            findings += faults
            if manifest:
                found[manifest.connector] = manifest
    return Catalogue(found, tuple(findings))


def _places(own: Path | None) -> Iterable[Traversable]:
    yield files("connectors") / "manifests"
    if own and own.is_dir():
        yield own


def _yaml_files(place: Traversable) -> Iterable[Traversable]:
    return (file for file in place.iterdir() if file.name.endswith(".yaml"))

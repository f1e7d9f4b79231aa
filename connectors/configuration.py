"""What the configuration says of the world outside: the hub's own file, maps, connectors, partners, connections."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from canonical import Finding, Misconfigured, Rejected
from connectors.catalogue import Catalogue, load_catalogue
from connectors.connection import Connections, load_connections
from connectors.event_webhooks import event_secrets
from connectors.partners import Partners, load_partners
from connectors.secret import Secret
from connectors.settings import HubFile
from connectors.syntax.csv_text import Row, read_csv
from connectors.syntax.x12 import find_grammar
from connectors.translator import Translator
from connectors.transport.login import Login, login_of
from mappings.library import MapLibrary
from mappings.strict_yaml import read_yaml
from mappings.yaml_model import load_model, validate

M = TypeVar("M", bound=BaseModel)


class ConfigurationFolder:
    """One configuration folder, read file by file. Findings gather, so that one run tells all of them.

    `origins` says of each value read where it stands: `routing.costs.split` -> `config/routing.yaml:12`.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.path = file, file.parent
        self.findings: list[Finding] = []
        self.origins: dict[str, str] = {}

    def model(self, name: str, model: type[M], prefix: str) -> M | None:
        """A YAML file as its model; None where findings say why not."""
        path = self.path / name
        file, findings = read_yaml(path, str(path))
        self.findings += findings
        if file is None:
            return None
        for trail, (line, _) in file.values.items():
            self.origins[".".join(map(str, (prefix, *trail)))] = f"{path}:{line}"
        built, findings = validate(file, model)
        self.findings += findings
        return built

    def rows(self, name: str) -> list[Row]:
        """A CSV file's rows; none where findings say why not."""
        path = self.path / name
        try:
            return read_csv(path.read_bytes())
        except OSError as error:
            message = f"cannot read it: {error.strerror}; create it, or name another in {self.file.name}"
            self.findings.append(Finding("config-unreadable", "error", self._where(name, 1), message))
        except Rejected as error:
            line = next((int(found.where["line"]) for found in error.findings if "line" in found.where), 1)
            self.findings.append(Finding("config-unreadable", "error", self._where(name, line), error.message))
        return []

    def _where(self, name: str, line: int) -> Mapping[str, int | str]:
        return {"file": str(self.path / name), "line": line, "column": 1}


def read_alone(file: Path, model: type[M]) -> M:
    """A configuration file by itself, such as one that is only being thought about. Raises `Misconfigured`."""
    if not file.is_file():
        raise Misconfigured(f"there is no file {file}")
    built, findings = load_model(file, model)
    if built is None:
        raise Misconfigured(f"{file} has faults", findings)
    return built


@dataclass(frozen=True)
class Trade:
    """The world outside, as configured."""

    settings: HubFile
    library: MapLibrary
    catalogue: Catalogue
    partners: Partners
    connections: Connections
    logins: Mapping[str, Login]
    """How we log in to the SFTP servers of partners who have one, by partner."""
    event_secrets: Mapping[str, Secret] = field(default_factory=dict)
    """What events are signed with, by webhook."""

    @property
    def translator(self) -> Translator:
        """Between their languages and ours."""
        return Translator(self.partners, self.library, self.connections.by_id)

    def at(self, urls: Mapping[str, str]) -> "Trade":
        """The same, with stand-ins at these addresses in the place of some connections."""
        played = {name: one.at(urls[name]) if name in urls else one for name, one in self.connections.by_id.items()}
        return replace(self, connections=replace(self.connections, by_id=played))


def read_trade(folder: ConfigurationFolder, data: Path, secrets: Mapping[str, str]) -> Trade:
    """Read it; `secrets` is the environment.

    Raises `Misconfigured` when the hub's own file cannot be used; all else is told by the folder's findings.
    """
    settings = folder.model(folder.file.name, HubFile, "hub")
    if settings is None:
        raise Misconfigured(f"{folder.file} cannot be used", folder.findings)
    own_maps = folder.path / "mappings"
    library = MapLibrary(*([own_maps] if own_maps.is_dir() else []))
    catalogue = load_catalogue(folder.path / "connectors")
    partners, found = load_partners(
        folder.path / settings.partners, settings.company.x12, library.names, _knows_set, data, secrets
    )
    connections = load_connections(folder.path / settings.connections, catalogue.manifests, secrets, data)
    folder.findings += [
        *library.check(),
        *catalogue.findings,
        *catalogue.check(library.names),
        *found,
        *connections.findings,
    ]
    if settings.listen.exposed:
        message = "others could reach this address; write 127.0.0.1, or ask for it with 'beyond_loopback: true'"
        line = int(folder.origins.get("hub.listen.host", ":1").rpartition(":")[2])
        where: dict[str, int | str] = {"file": str(folder.file), "line": line, "column": 1}
        folder.findings.append(Finding("listen-exposed", "error", where, message))
    servers = {name: one.transport.sftp for name, one in partners.by_id.items()}
    logins = {name: login_of(server, secrets) for name, server in servers.items() if server}
    return Trade(settings, library, catalogue, partners, connections, logins, event_secrets(settings.events, secrets))


def _knows_set(version: str, set_id: str) -> bool:
    return find_grammar(version, set_id) is not None

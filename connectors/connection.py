"""Connections: one shop, account or system reached through a connector (`config/connections/*.yaml`).

Secrets are given by reference only (`{env: NAME}`, `{file: PATH}`), resolved once, and never shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from canonical import Currency, Finding, Misconfigured, Text, Usage, exact_decimal
from connectors.engine.template import expand_text
from connectors.manifest import Manifest, Setting
from connectors.secret import Redaction, Secret
from connectors.time_zone import TimeZone
from mappings.strict_yaml import YamlFile, read_yaml
from mappings.yaml_model import UNSHOWN, ConfigModel, validate

Value = str | int | bool | Decimal | Secret
"""A setting's value, of the type its manifest gives it."""

_TYPES: Mapping[str, Callable[[str], Value]] = {
    "text": str,
    "integer": int,
    "decimal": exact_decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
    "directory": str,
}


def typed(setting: Setting, text: str) -> Value:
    """A setting's value as it was written. Raises `ValueError` or `KeyError` when it isn't of its type."""
    return _TYPES[setting.type](text)


class SecretReference(ConfigModel):
    """Where a secret lies: a variable of the environment, or a file (its trailing newline is not part of it)."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_reference(cls, written: object) -> object:
        if isinstance(written, str | int | Decimal):
            raise PydanticCustomError(UNSHOWN, "a secret is {{env: NAME}} or {{file: PATH}}, never the secret itself")
        return written

    @model_validator(mode="after")
    def _one(self) -> "SecretReference":
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is {env: NAME} or {file: PATH}")
        return self

    def resolve(self, environment: Mapping[str, str]) -> Secret | None:
        """The secret; None when it is not there."""
        try:
            value = environment.get(self.env) if self.env else Path(str(self.file)).read_text("utf-8").rstrip("\r\n")
        except OSError:
            return None
        return Secret(value) if value else None

    def __str__(self) -> str:
        return f"the environment variable {self.env}" if self.env else f"the file {self.file}"


class ConnectionFile(ConfigModel):
    """One connection as it is written."""

    connection: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    connector: Text
    name: Text | None = None
    settings: dict[str, SecretReference | str] = Field(default_factory=dict)
    environment: str | None = None
    """One of the connector's other worlds, such as its sandbox; documents from there are tests unless `usage` says."""
    base_url: str | None = None
    """In the place of the manifest's own address: a sandbox, a stand-in, a proxy."""
    allow_hosts: tuple[str, ...] = ()
    """Further hosts that calls may go to, such as one that hands out tokens."""
    currency: Currency = "USD"
    time_zone: TimeZone = "UTC"
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection ready for use."""

    id: str
    name: str
    manifest: Manifest
    settings: Mapping[str, Value]
    base_url: str = ""
    granted_hosts: frozenset[str] = frozenset()
    """Hosts the configuration itself names, which may lie in a private network."""
    currency: str = "USD"
    time_zone: str = "UTC"
    usage: Usage = "production"
    missing: Mapping[str, str] = field(default_factory=dict)
    """Settings without a value, and where it was looked for."""

    @property
    def redaction(self) -> Redaction:
        """Hides this connection's secrets."""
        return Redaction(value for value in self.settings.values() if isinstance(value, Secret))

    @property
    def hosts(self) -> frozenset[str]:
        """Every host calls may go to, `*.` before one that stands for all below it."""
        return self.granted_hosts | {host_of(self.base_url), *map(_with_port, self.manifest.hosts)}

    def at(self, url: str) -> "Connection":
        """The same, with a stand-in at this address in the place of the world."""
        return replace(self, base_url=url, granted_hosts=self.granted_hosts | {host_of(url)})

    def require(self) -> None:
        """Raise `Misconfigured` unless every setting has its value."""
        for name, place in self.missing.items():
            raise Misconfigured(f"connection {self.id}: {name} has no value; set {place}")


def host_of(url: str) -> str:
    """`host:port` of a URL, the port always written."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or (80 if parts.scheme == 'http' else 443)}"


@dataclass(frozen=True, slots=True)
class Connections:
    """All connections by id, and what was wrong with their files."""

    by_id: Mapping[str, Connection] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def load_connections(
    directory: Path,
    manifests: Mapping[str, Manifest],
    environment: Mapping[str, str],
    data: Path,
) -> Connections:
    """Read every connection in `directory`.

    Directories they name are relative to `data`. A secret that is not there is a warning here, and `Misconfigured` once
    the connection is used.
    """
    found: dict[str, Connection] = {}
    findings: list[Finding] = []
    for path in sorted(directory.glob("*.yaml")):
        file, faults = read_yaml(path, str(path))
        written, more = validate(file, ConnectionFile) if file else (None, [])
        findings += [*faults, *more]
        if file is None or written is None:
            continue
        reader = _Reader(file, written, environment, data)
        connection = reader.read(manifests.get(written.connector))
        findings += reader.findings
        if written.connection in found:
            message = f"another file is called {written.connection!r} too; rename one"
            findings.append(file.finding("connection-duplicate", ("connection",), message))
        elif connection:
            found[written.connection] = connection
    return Connections(found, tuple(findings))


class _Reader:
    """Turns one file into a connection, collecting located findings."""

    def __init__(self, file: YamlFile, written: ConnectionFile, environment: Mapping[str, str], data: Path) -> None:
        self._file, self._written, self._environment, self._data = file, written, environment, data
        self.findings: list[Finding] = []
        self._missing: dict[str, str] = {}

    def read(self, manifest: Manifest | None) -> Connection | None:
        written = self._written
        if manifest is None:
            self._fault("connector-unknown", ("connector",), f"no connector is called {written.connector!r}")
            return None
        for name in sorted(set(written.settings) - set(manifest.settings)):
            self._fault("config-unknown-name", ("settings", name), f"{written.connector} has no setting {name!r}")
        if written.environment and written.environment not in manifest.environments:
            known = ", ".join(manifest.environments) or "none"
            message = f"{written.connector} has no environment {written.environment!r}; there are {known}"
            self._fault("config-value", ("environment",), message)
        settings = dict(self._settings(manifest))
        if any(finding.severity == "error" for finding in self.findings):
            return None
        given_url = written.base_url
        granted = {*map(_with_port, written.allow_hosts), *([host_of(given_url)] if given_url else [])}
        return Connection(
            id=written.connection,
            name=written.name or written.connection,
            manifest=manifest,
            settings=settings,
            base_url=given_url or self._own_url(manifest, settings),
            granted_hosts=frozenset(granted),
            currency=written.currency,
            time_zone=written.time_zone,
            usage=written.usage or ("test" if written.environment else "production"),
            missing=self._missing,
        )

    def _own_url(self, manifest: Manifest, settings: Mapping[str, Value]) -> str:
        usable = manifest.base_url and not self._missing
        return expand_text(manifest.base_url or "", {"settings": settings}) if usable else ""

    def _settings(self, manifest: Manifest) -> Iterator[tuple[str, Value]]:
        there = manifest.environments.get(self._written.environment or "", {})
        for name, setting in manifest.settings.items():
            given = self._written.settings.get(name, there.get(name, setting.default))
            if given is None:
                self._fault("config-missing", ("settings",), f"the setting {name!r} is missing; add it")
            elif isinstance(given, SecretReference):
                yield from self._resolved(name, given)
            elif setting.secret and given:  # an empty default is that of a secret that need not be there
                message = f"{name} is a secret; write {{env: NAME}} in its place"
                self._fault("secret-in-file", ("settings", name), message)
            else:
                yield from self._plain(name, setting, given)

    def _resolved(self, name: str, reference: SecretReference) -> Iterator[tuple[str, Value]]:
        secret = reference.resolve(self._environment)
        if secret:
            yield name, secret
            return
        self._missing[name] = str(reference)
        trail = ("settings", name)
        message = f"{name} has no value yet; set {reference}"
        self.findings.append(self._file.finding("secret-missing", trail, message, severity="warning"))

    def _plain(self, name: str, setting: Setting, given: str) -> Iterator[tuple[str, Value]]:
        if setting.choices and given not in setting.choices:
            self._fault("config-value", ("settings", name), f"{name} must be one of {', '.join(setting.choices)}")
        try:
            value = typed(setting, given)
            yield name, str(self._data / given) if setting.type == "directory" else value
        except (ValueError, KeyError):
            self._fault("config-value", ("settings", name), f"{name} must be a {setting.type}, not {given!r}")

    def _fault(self, code: str, trail: tuple[str, ...], message: str) -> None:
        self.findings.append(self._file.finding(code, trail, message))


def _with_port(host: str) -> str:
    return host_of(f"https://{host}")

"""A connector's manifest: what a system is, how it is spoken to, and which maps translate its documents.

Data only. The engine (`connectors.engine`) runs it; `connectors/manifest.schema.json` lets editors complete it.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from canonical import Text
from connectors.engine.template import paths_of
from connectors.manifest_auth import Auth, NoAuth
from connectors.manifest_calls import Defaults, Idempotency, Name, Step, When
from connectors.manifest_limits import Limit, Path, Template, TextTemplate
from connectors.manifest_lists import Pull
from connectors.manifest_reads import Reads
from connectors.manifest_webhooks import Webhooks
from mappings.yaml_model import ConfigModel


class Setting(ConfigModel):
    """What a connection must say. A secret is given only by reference to the environment or a file."""

    type: Literal["text", "integer", "decimal", "boolean", "directory"] = "text"
    secret: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    description: str = ""

    @model_validator(mode="after")
    def _stays_in(self) -> Self:
        parts = PurePath(self.default or "").parts
        if self.type == "directory" and (".." in parts or PurePath(self.default or "").is_absolute()):
            raise ValueError("a directory's default lies within the data directory; the connection may name any other")
        return self


class Place(ConfigModel):
    """Puts the rendered file into a directory that the connection names, or below it, once for each name."""

    directory: str = Field(pattern=r"^\{settings\.[a-z][a-z0-9_]*\}(/[A-Za-z0-9_-]+)*$")


class Operation(ConfigModel):
    """A verb of the hub: steps over HTTP, or a file put in place.

    The first step of a `pull` (or the one it names as its `list`, after those that make the list ready) asks for a
    list, page after page; each further one, for every `{item}`, for what the list leaves out, which the item then holds
    under the step's name.
    """

    docs: str = ""
    when: When = Field(default_factory=dict)
    """Over the settings: without it, a connection has no such operation."""
    idempotency: Idempotency | None = None
    steps: tuple[Step, ...] = ()
    place: Place | None = None
    function: SkipJsonSchema[Callable[..., Any] | None] = Field(default=None, exclude=True, repr=False)
    """What a connector in Python does in the place of steps (`connectors.engine.reach`); YAML has no word for it."""
    pull: Pull | None = None
    every: timedelta | None = Field(default=None, ge=timedelta(minutes=1))
    """It runs by itself this often, such as to renew a subscription that ends."""
    answer: Template = None
    """What answers a question, in the form its map reads, where no single step tells it."""
    receipt: dict[str, Path] = Field(default_factory=dict)
    """What to keep of the answers as proof, by name."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(map(bool, (self.steps, self.place, self.function))) != 1:
            raise ValueError("an operation has either steps or a place")
        if self.every and (self.pull or self.place):
            raise ValueError("what runs by itself has steps of its own; a pull has its own `every`")
        if self.pull and self.place:
            raise ValueError("a pull has a step that asks for its list")
        if self.pull and self.pull.list and self.pull.list not in [step.name for step in self.steps]:
            raise ValueError(f"no step is called {self.pull.list!r}, which is to ask for the list")
        searched = any(step.already_done for step in self.steps)
        if self.idempotency and self.idempotency.kind == "search" and not searched:
            raise ValueError("idempotency by search needs a step with already_done")
        return self


class TakenAnswer(ConfigModel):
    """What is answered at once, and the map that reads it; its rule `{fact: question}` is the question's number."""

    kind: Text
    map: Text


class Take(ConfigModel):
    """How a canonical document goes out: the map that writes it, the operation that hands it over."""

    operation: Name
    map: Text
    syntax: TextTemplate = "json"
    """json, json_lines or csv."""
    filename: TextTemplate = "{key}"
    answer: TakenAnswer | None = None
    """For a question: how the answer of the operation's last step is read."""


class Payload(ConfigModel):
    """What a file of the system may hold: at `at` a document, or a list of them, each read by `map`.

    `when` holds over each `{item}`. The first row that finds anything says how the whole file is read.
    """

    at: str = Field(default="", pattern=r"^([^.\[\]]+(\.[^.\[\]]+)*)?$")
    when: When = Field(default_factory=dict)
    map: Text
    shape: Template = None
    """The `{item}` in the form its map reads, as a pull's `shape`; findings then name the document, no place within."""


class Manifest(ConfigModel):
    """One system, declared."""

    connector: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    kind: Literal["marketplace", "carrier", "tax", "erp", "warehouse", "supplier", "payment", "other"]
    title: Text
    docs: Text
    settings: dict[Name, Setting] = Field(default_factory=dict)
    environments: dict[Name, dict[Name, str]] = Field(default_factory=dict)
    """Other worlds than the usual one, such as a sandbox: the defaults of settings there."""
    base_url: TextTemplate | None = None
    hosts: tuple[Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...] = ()
    """Further public hosts of the system: one that hands out tokens, `*.example.com` where its files lie."""
    auth: Auth = NoAuth()
    rate_limits: tuple[Limit, ...] = ()
    """All of them are kept."""
    defaults: Defaults = Defaults()
    operations: dict[Name, Operation] = Field(default_factory=dict)
    takes: dict[str, Take] = Field(default_factory=dict)
    """By canonical kind."""
    reads: Reads = Reads()
    webhooks: Webhooks | None = None
    freshness: dict[Annotated[str, Field(pattern="^(orders|stock|tracking)$")], timedelta] = Field(default_factory=dict)
    """How old each may be before the channel counts as stale."""
    exempt: dict[str, Text] = Field(default_factory=dict)
    """Rules of `crossdock connector check` that can't apply, and why."""
    payloads: tuple[Payload, ...] = ()
    """How files of the system are read that come by themselves: its examples, exports, recordings."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for kind, take in self.takes.items():
            if take.operation not in self.operations:
                raise ValueError(f"{kind} is handed over by {take.operation!r}, which is not among the operations")
        self._check_reading()
        elsewhere = [name for given in self.environments.values() for name in given]
        unknown = sorted({*self._settings_named(), *elsewhere} - set(self.settings))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not among the settings")
        for name, operation in self.operations.items():
            setting = operation.place and self.settings[operation.place.directory[10:].partition("}")[0]]
            if setting and setting.type != "directory":
                raise ValueError(f"{name} puts files where no setting of the type directory says")
        if self.base_url is None and any(operation.steps for operation in self.operations.values()):
            raise ValueError("operations over HTTP need a base_url")
        return self

    def _check_reading(self) -> None:
        moved = self.reads.shipments
        if moved and not (moved.operation in self.operations and self.operations[moved.operation].steps):
            raise ValueError(f"shipments are read by {moved.operation!r}, which is no operation with steps")
        if (reading := self.reads.ledger) is None:
            return
        operation = self.operations.get(reading.operation)
        if operation is None:
            raise ValueError(f"the ledger is read by {reading.operation!r}, which is not among the operations")
        if (operation.place is None) != (reading.files is None):
            raise ValueError("a ledger is read from `files` where its operation puts them, else from a list at `items`")

    def _settings_named(self) -> list[str]:
        parts = self.model_dump(mode="python", exclude={"settings"}, exclude_none=True)
        return [path.split(".")[1] for path in paths_of(_without_queries(parts)) if path.startswith("settings.")]


def _without_queries(part: Any) -> Any:
    """GraphQL texts have braces of their own."""
    if isinstance(part, dict):
        kept = (key for key, value in part.items() if key != "query" or isinstance(value, dict))
        return {key: _without_queries(part[key]) for key in kept}
    if isinstance(part, list | tuple):
        return [_without_queries(value) for value in part]
    return part

"""A connector's manifest: what a system is, how it is spoken to, and which maps translate its documents.

Data only. The engine (`connectors.engine`) runs it; `connectors/manifest.schema.json` lets editors complete it.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from canonical import Text
from connectors.engine.template import paths_of
from connectors.manifest_auth import Auth, NoAuth
from connectors.manifest_limits import Limit, Path, Pull, Template, TextTemplate
from connectors.manifest_webhooks import Webhooks
from mappings.yaml_model import ConfigModel

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Beside(ConfigModel):
    """A condition on the value at a path: `not` one of these, or `present` at all."""

    unlike: tuple[TextTemplate, ...] = Field(default=(), alias="not")
    present: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.unlike) == (self.present is not None):
            raise ValueError("a condition is a value, a list of values, {not: [...]} or {present: true}")
        return self


When = dict[Path, Beside | tuple[TextTemplate, ...] | TextTemplate]
"""Holds when every path's value is this text, one of these, or as `Beside` says."""


class Setting(ConfigModel):
    """What a connection must say. A secret is given only by reference to the environment or a file."""

    type: Literal["text", "integer", "decimal", "boolean", "directory"] = "text"
    secret: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    description: str = ""


class GraphQL(ConfigModel):
    """A GraphQL request: the query as its vendor's explorer takes it (braces are its own), and its variables."""

    query: Text
    variables: Template = Field(default_factory=dict)


class Call(ConfigModel):
    """One HTTP request. What it leaves out it takes from the manifest's `defaults`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: TextTemplate | None = None
    query: dict[str, TextTemplate] = Field(default_factory=dict)
    headers: dict[str, TextTemplate] = Field(default_factory=dict)
    body: Template = None
    graphql: GraphQL | None = None
    encoding: Literal["json", "form", "xml", "csv", "tsv", "multipart"] | None = None
    answer: Literal["json", "xml", "csv", "tsv", "text"] | None = None
    lists: tuple[str, ...] = ()
    """Elements of an XML answer that are lists even where one stands alone."""
    effect: bool | None = None
    """Whether it changes something over there: every method but GET does, unless it says otherwise."""

    @property
    def effects(self) -> bool:
        """Whether a lost answer leaves us in doubt."""
        return self.effect if self.effect is not None else self.method != "GET"


Then = Literal["retry", "rate_limited", "fail", "ignore", "already_done", "refresh_auth"]


class ErrorRule(ConfigModel):
    """One row of the error table: the first row that fits an answer says what to do.

    A row fits when every condition it states holds: the status (`429`, `4xx`), something at `body` that is neither
    empty nor false, and `contains` in the text at `message` (or in the whole body).
    """

    status: tuple[str, ...] = ()
    body: Path | None = None
    contains: str | None = None
    then: Then
    fault: Literal["transient", "config", "data"] = Field(default="data", alias="class")
    message: Path | None = None
    wait: timedelta | None = None
    """For `retry` and `rate_limited`, when the answer doesn't say how long."""

    @field_validator("status", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value is not None else ()

    @field_validator("status")
    @classmethod
    def _statuses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for status in value:
            if len(status) != 3 or not (status.isdecimal() or (status[0].isdecimal() and status[1:] == "xx")):
                raise ValueError(f"{status!r} is not a status; write 429 or 4xx")
        return value


class Defaults(Call):
    """What every call inherits, and the error rules tried after its own."""

    timeout: timedelta = timedelta(seconds=20)
    errors: tuple[ErrorRule, ...] = ()


class Match(ConfigModel):
    """Spreads wanted quantities over the other side's open lines that have the same key, in their order.

    Yields `{group, rows: [{wanted, line, quantity}]}`, one for each item of `groups` that got any.
    """

    wanted: tuple[Path, ...]
    groups: Path
    lines: Path
    """Within a group."""
    key: TextTemplate
    """Of a `{wanted...}` item, as `line_key` has it."""
    line_key: Path
    """Within a line."""
    quantity: Path
    """Within a wanted item."""
    open: Path
    """How much of a line is still open."""


class AlreadyDone(ConfigModel):
    """Search before create: when the value `has` is among those at `at`, the effect is there and the operation ends."""

    at: Path
    has: TextTemplate


class Each(ConfigModel):
    """Repeats a step for every value at `path`, or for `batch` of them at a time, which it then knows as a list."""

    path: Path
    name: Name = Field(alias="as")
    batch: int | None = Field(default=None, ge=1)


class Step(ConfigModel):
    """One step of an operation: a call, or a match. Its outcome is named by `name` in what follows."""

    name: Name
    when: When = Field(default_factory=dict)
    """Without it the step is left out; of a repeated step, each part for itself."""
    each: Each | None = None
    call: Call | None = None
    match: Match | None = None
    need: Path | None = None
    """What the answer must hold; without it the other side doesn't know what we speak of."""
    already_done: AlreadyDone | None = None
    keep: dict[str, Path] = Field(default_factory=dict)
    """What remains of the answer, by name, where it is not the whole; a path may also name what was known before."""
    errors: tuple[ErrorRule, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.call is None) == (self.match is None):
            raise ValueError("a step is either a call or a match")
        return self


class Idempotency(ConfigModel):
    """How the other side knows a repeated request: by a key we send, by its own natural key, or by our searching."""

    kind: Literal["header", "query", "natural_key", "search"]
    name: str | None = None
    value: TextTemplate = "{key}"

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.kind in ("header", "query") and not self.name:
            raise ValueError(f"idempotency by {self.kind} needs its name")
        return self


class Place(ConfigModel):
    """Puts the rendered file into a directory, once for each name."""

    directory: TextTemplate


class Operation(ConfigModel):
    """A verb of the hub: steps over HTTP, or a file put in place.

    The first step of a `pull` asks for a list, page after page; each further one, for every `{item}`, for what the list
    leaves out, which the item then holds under the step's name.
    """

    docs: str = ""
    when: When = Field(default_factory=dict)
    """Over the settings: without it, a connection has no such operation."""
    idempotency: Idempotency | None = None
    steps: tuple[Step, ...] = ()
    place: Place | None = None
    pull: Pull | None = None
    receipt: dict[str, Path] = Field(default_factory=dict)
    """What to keep of the answers as proof, by name."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.steps) == bool(self.place):
            raise ValueError("an operation has either steps or a place")
        if self.pull and not self.steps:
            raise ValueError("a pull has a step that asks for its list")
        searched = any(step.already_done for step in self.steps)
        if self.idempotency and self.idempotency.kind == "search" and not searched:
            raise ValueError("idempotency by search needs a step with already_done")
        return self


class Take(ConfigModel):
    """How a canonical document goes out: the map that writes it, the operation that hands it over."""

    operation: Name
    map: Text
    syntax: TextTemplate = "json"
    """json, json_lines or csv."""
    filename: TextTemplate = "{key}"


class Manifest(ConfigModel):
    """One system, declared."""

    connector: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    kind: Literal["marketplace", "carrier", "tax", "erp", "warehouse", "supplier", "payment", "other"]
    title: Text
    docs: Text
    settings: dict[Name, Setting] = Field(default_factory=dict)
    base_url: TextTemplate | None = None
    auth: Auth = NoAuth()
    rate_limits: tuple[Limit, ...] = ()
    """All of them are kept."""
    defaults: Defaults = Defaults()
    operations: dict[Name, Operation] = Field(default_factory=dict)
    takes: dict[str, Take] = Field(default_factory=dict)
    """By canonical kind."""
    webhooks: Webhooks | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for kind, take in self.takes.items():
            if take.operation not in self.operations:
                raise ValueError(f"{kind} is handed over by {take.operation!r}, which is not among the operations")
        unknown = sorted(set(self._settings_named()) - set(self.settings))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not among the settings")
        if self.base_url is None and any(operation.steps for operation in self.operations.values()):
            raise ValueError("operations over HTTP need a base_url")
        return self

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

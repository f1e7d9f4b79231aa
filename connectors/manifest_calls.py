"""What a manifest says of its calls: what is asked, in which steps, and what an answer means."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from canonical import Text
from connectors.manifest_limits import Path, Template, TextTemplate
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


class GraphQL(ConfigModel):
    """A GraphQL request: the query as its vendor's explorer takes it (braces are its own), and its variables."""

    query: Text
    variables: Template = Field(default_factory=dict)


class Call(ConfigModel):
    """One HTTP request. What it leaves out it takes from the manifest's `defaults`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: TextTemplate | None = None
    url: TextTemplate | None = None
    """A whole address in the place of base URL and path, such as one an answer named; its host is among `hosts`.
    It goes without our proof and the defaults' headers: what is at such an address is nobody's but its holder's."""
    query: dict[str, TextTemplate] = Field(default_factory=dict)
    headers: dict[str, TextTemplate] = Field(default_factory=dict)
    body: Template = None
    graphql: GraphQL | None = None
    encoding: Literal["json", "form", "xml", "csv", "tsv", "multipart"] | None = None
    answer: Literal["json", "json_lines", "xml", "csv", "tsv", "text", "base64"] | None = None
    """`base64` is any bytes at all, such as a picture, said in base64."""
    lists: tuple[str, ...] = ()
    """Elements of an XML answer that are lists even where one stands alone."""
    parent: str | None = None
    """The member of JSON lines that names the `id` of the line they belong to, and under which they are `children`."""
    effect: bool | None = None
    """Whether it changes something over there: every method but GET does, unless it says otherwise."""

    @property
    def effects(self) -> bool:
        """Whether a lost answer leaves us in doubt."""
        return self.effect if self.effect is not None else self.method != "GET"


Then = Literal["retry", "rate_limited", "fail", "ignore", "already_done", "refresh_auth", "start_over"]


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

    timeout: timedelta = Field(default=timedelta(seconds=20), gt=timedelta(), le=timedelta(minutes=2))
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


class Until(ConfigModel):
    """Asks again, `every` so often, until `when` holds over what is known; after `most` times it has failed.

    What the steps before answered is remembered meanwhile, so that a restart goes on from there.
    """

    when: When
    every: timedelta = timedelta(seconds=30)
    most: int = Field(default=100, ge=1, le=10_000)


class Verdicts(ConfigModel):
    """The lines of a report: each item `at` is a fault of what was sent, and makes a finding."""

    at: Path
    where: dict[str, Path] = Field(default_factory=dict)
    """What tells the line apart, by name: `{sku: sku, line: messageId}`."""
    code: Path | None = None
    message: Path


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
    until: Until | None = None
    faults: Verdicts | None = None
    keep: dict[str, Path] = Field(default_factory=dict)
    """What remains of the answer, by name, where it is not the whole; a path may also name what was known before."""
    errors: tuple[ErrorRule, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.call is None) == (self.match is None):
            raise ValueError("a step is either a call or a match")
        if self.until and (self.each or self.match):
            raise ValueError("what is asked until something holds is one call, not repeated")
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

"""What a manifest says of limits: how much may be asked; and how its paths and templates are written."""

from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from connectors.engine.path import compiled
from connectors.engine.template import refuse_bad_paths
from mappings.yaml_model import ConfigModel


def _readable(template: Any) -> Any:
    refuse_bad_paths(template)
    return template


def readable_path(path: str) -> str:
    """The path; raises `ValueError` when it can't be read."""
    compiled(path)
    return path


Template = Annotated[Any, AfterValidator(_readable)]
"""A tree whose texts name values in braces (`connectors.engine.template`)."""
TextTemplate = Annotated[str, AfterValidator(_readable)]
Path = Annotated[str, AfterValidator(readable_path)]


class _Limit(ConfigModel):
    """What every limit says: which calls it counts, and whose they are."""

    of: tuple[str, ...] = ()
    """Patterns of the calls it counts, such as `POST /orders/*/shipping`; none: every call."""
    scope: Literal["connection", "connector"] = "connection"
    """Whether each connection has its own allowance, or all of one connector share it."""
    remaining: str | None = None
    """The header that says how many calls are left; at none, nobody calls before `reset`."""
    reset: str | None = None
    """The header that says when there are more: seconds from now, or an epoch instant."""

    def counts(self, call: str) -> bool:
        """Whether it counts a call, named by its method and path, such as `GET /orders`."""
        return not self.of or any(fnmatchcase(call, pattern) for pattern in self.of)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.remaining is None) != (self.reset is None):
            raise ValueError("remaining and reset are two headers of one limit; name both")
        return self


class Bucket(_Limit):
    """`calls` in every `per` in the long run, `burst` at once."""

    kind: Literal["bucket"]
    calls: Decimal = Field(gt=0)
    per: timedelta = timedelta(seconds=1)
    burst: int = Field(default=1, ge=1)
    learn: str | None = None
    """The header that says how many calls a second there really are."""


class Window(_Limit):
    """At most `calls` within any span of `per`."""

    kind: Literal["window"]
    calls: int = Field(ge=1)
    per: timedelta


class Daily(_Limit):
    """At most `calls` a day, which begins at midnight UTC."""

    kind: Literal["daily"]
    calls: int = Field(ge=1)


class Concurrency(_Limit):
    """At most `calls` at the same time."""

    kind: Literal["concurrency"]
    calls: int = Field(ge=1)


class Cost(_Limit):
    """Points that calls cost, `most` at once, `restore` of them back every second. Answers tell the true numbers."""

    kind: Literal["cost"]
    most: int = Field(ge=1)
    restore: Decimal = Field(gt=0)
    requested: Path
    """Where an answer says what its call was reckoned at."""
    available: Path
    """Where it says how many points are left."""
    rate: Path | None = None
    """Where it says how many come back every second."""


Limit = Annotated[Bucket | Window | Daily | Concurrency | Cost, Field(discriminator="kind")]

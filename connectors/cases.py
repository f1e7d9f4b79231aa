"""A connector's cases: what it does, said in YAML and checked offline (`crossdock connector test NAME`).

They lie beside the manifest, in `NAME.cases/`. A case gives the native request of an operation and the exchanges that
follow, or a webhook, and the outcome. Expected trees say only what matters; lists are compared whole.
"""

from datetime import timedelta
from importlib.resources.abc import Traversable
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from canonical import Finding
from connectors.syntax.json_text import write_json
from mappings.yaml_model import ConfigModel, load_model


class ExpectedRequest(ConfigModel):
    """What must be asked for. `path` is everything after the base URL."""

    method: str = "POST"
    path: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    text: str | None = None
    """The body where it is not JSON."""


class GivenAnswer(ConfigModel):
    """What comes back: a tree, a text, or nothing at all (`silent`)."""

    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    text: str | None = None
    silent: bool = False

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        return self.text.encode() if self.text is not None else b"" if self.body is None else write_json(self.body)


class Exchange(ConfigModel):
    """One request, and the answer it gets."""

    expect: ExpectedRequest
    answer: GivenAnswer


class GivenWebhook(ConfigModel):
    """An event pushed. `signed: false` spoils its signature."""

    topic: str
    body: Any
    signed: bool = True
    sent: timedelta = timedelta()
    """How long ago, for events that say when they were sent."""


class GivenChallenge(ConfigModel):
    """The query by which an address is to prove that it is ours."""

    query: dict[str, str]


class Outcome(ConfigModel):
    """What comes of it: `done` with a receipt, an error, a webhook `arrived` or `refused`, a challenge `answered`.

    What a ledger's reading brings has `arrived` too, each line as `{key, account, amount}`.
    """

    then: Literal["done", "unavailable", "rejected", "misconfigured", "arrived", "refused", "answered"]
    receipt: Any = None
    already: bool = False
    ambiguous: bool = False
    retry_after: float | None = None
    code: str | None = None
    documents: list[Any] | None = None
    answer: str | None = None


class Case(ConfigModel):
    """One case."""

    case: str
    at: AwareDatetime | None = None
    """When it happens, where that matters, as in a recording."""
    settings: dict[str, str] = Field(default_factory=dict)
    operation: str | None = None
    request: Any = None
    exchanges: tuple[Exchange, ...] = ()
    webhook: GivenWebhook | None = None
    challenge: GivenChallenge | None = None
    outcome: Outcome

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(part is not None for part in (self.operation, self.webhook, self.challenge)) != 1:
            raise ValueError("a case is about an operation, a webhook or a challenge")
        return self


class CaseFile(ConfigModel):
    """A file of cases."""

    cases: tuple[Case, ...] = Field(min_length=1)


def load_cases(folder: Traversable) -> tuple[list[Case], list[Finding]]:
    """The cases of every YAML file in a folder, in the order of their names."""
    cases: list[Case] = []
    findings: list[Finding] = []
    for file in sorted(folder.iterdir() if folder.is_dir() else (), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            loaded, faults = load_model(file, CaseFile, str(file))
            findings += faults
            cases += loaded.cases if loaded else ()
    return cases, findings

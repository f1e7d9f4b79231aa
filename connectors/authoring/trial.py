"""One live call of an operation, shown without its secrets, or recorded as a case that replays it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from canonical import Misconfigured, Rejected
from connectors.authoring.connector_draft import flow_json
from connectors.authoring.scrubbing import Scrubber, shown_headers
from connectors.case_run import played, replayed
from connectors.cases import Case, Outcome
from connectors.connection import Connection
from connectors.engine.caller import Caller
from connectors.engine.path import text_of
from connectors.engine.recording import Passed, RecordingWire
from connectors.engine.tokens import Tokens
from connectors.engine.wire import Answer, Request, Wire
from connectors.manifest import Operation
from connectors.secret import Redaction, Secret
from connectors.syntax.json_text import read_json
from mappings.library import MapLibrary

LONGEST_SHOWN = 20_000
"""Characters of a body that people are shown."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A clock that stands still, so that a recording says when it was made."""

    at: datetime

    def now(self) -> datetime:
        """The instant."""
        return self.at


@dataclass(frozen=True, slots=True)
class Trial:
    """What passed, and what came of it."""

    connection: Connection
    operation: str
    request: Any
    at: datetime
    passed: Sequence[Passed]
    came: Outcome
    redaction: Redaction


@dataclass(frozen=True, slots=True)
class Bench:
    """What calls need beside their connection."""

    wire: Wire
    tokens: Tokens
    maps: MapLibrary
    at: datetime


async def attempt(bench: Bench, connection: Connection, operation: str, request: Any, *, whole: bool) -> Trial:
    """Run an operation of a connection once; of a list its first page, or the `whole`.

    Raises `Misconfigured` for an operation there isn't.
    """
    known = connection.manifest.operations
    if operation not in known:
        raise Misconfigured(f"{connection.id} has no operation {operation}; there are {', '.join(known)}")
    narrowed = connection if whole else _first_page(connection, operation, known[operation])
    recording = RecordingWire(bench.wire)
    caller = Caller(narrowed, recording, Instant(bench.at), bench.tokens)
    came = await played(caller, operation, request, bench.maps)
    return Trial(connection, operation, request, bench.at, recording.passed, came, caller.redaction)


def shown(trial: Trial) -> dict[str, Any]:
    """`{connection, operation, exchanges: [{request, answer}], outcome, ok}`, secrets starred."""
    return {
        "ok": trial.came.then in ("done", "arrived"),
        "connection": trial.connection.id,
        "operation": trial.operation,
        "exchanges": [_shown(one, trial.redaction) for one in trial.passed],
        "outcome": trial.came.model_dump(exclude_none=True, exclude_defaults=True),
    }


async def recorded(trial: Trial, maps: MapLibrary) -> dict[str, Any]:
    """The text of a case file that replays what passed, secrets and persons taken out: `{text, faults, ok}`."""
    scrubber = Scrubber(trial.redaction)
    said = {
        "case": f"{trial.operation} as recorded {trial.at.date().isoformat()}",
        "at": trial.at.isoformat(),
        "settings": {name: text_of(value) for name, value in _plain_settings(trial.connection).items()},
        "operation": trial.operation,
        **({"request": scrubber.tree(trial.request)} if trial.request is not None else {}),
        "exchanges": [_exchange(one, trial.connection, scrubber) for one in trial.passed],
    }
    case = Case.model_validate({**said, "outcome": {"then": "done"}})
    came, faults = await replayed(trial.connection.manifest, case, maps)
    outcome = came.model_dump(exclude_none=True, exclude_defaults=True)
    head = "# yaml-language-server: $schema=../../schemas/cases.schema.json\n"
    return {
        "ok": not faults,
        "faults": faults,
        "text": f"{head}{flow_json({'cases': [{**said, 'outcome': outcome}]}, 0)}\n",
    }


def _first_page(connection: Connection, name: str, operation: Operation) -> Connection:
    if operation.pull is None or operation.pull.pages is None:
        return connection
    one = operation.pull.pages.model_copy(update={"most": 1})
    narrowed = operation.model_copy(update={"pull": operation.pull.model_copy(update={"pages": one})})
    manifest = connection.manifest
    operations = {**manifest.operations, name: narrowed}
    return replace(connection, manifest=manifest.model_copy(update={"operations": operations}))


def _shown(one: Passed, redaction: Redaction) -> dict[str, Any]:
    request, answer = one.request, one.answer
    told: dict[str, Any] = {
        "request": {
            "method": request.method,
            "url": redaction(request.url),
            "headers": shown_headers(request.headers, redaction),
            "body": _text(request.content, redaction),
        },
        "answer": None,
    }
    if answer:
        headers = shown_headers(answer.headers, redaction)
        told["answer"] = {"status": answer.status, "headers": headers, "body": _text(answer.content, redaction)}
    return told


def _text(content: bytes | None, redaction: Redaction) -> str | None:
    return None if content is None else redaction(content.decode("utf-8", "replace"))[:LONGEST_SHOWN]


def _plain_settings(connection: Connection) -> Mapping[str, Any]:
    return {name: value for name, value in connection.settings.items() if not isinstance(value, Secret)}


def _exchange(one: Passed, connection: Connection, scrubber: Scrubber) -> dict[str, Any]:
    return {"expect": _expected(one.request, connection, scrubber), "answer": _given(one.answer, scrubber)}


def _expected(request: Request, connection: Connection, scrubber: Scrubber) -> dict[str, Any]:
    """What must be asked for again: bodies as trees only, since a form holds what proves us."""
    expected: dict[str, Any] = {"method": request.method, "path": _path(request, connection)}
    if tree := _tree(request.content):
        expected["body"] = scrubber.tree(tree)
    return expected


def _path(request: Request, connection: Connection) -> str:
    """Below the base URL, or at an address that a setting names; each secret as a case writes it."""
    own = [value for value in _plain_settings(connection).values() if value and request.url.startswith(str(value))]
    path = request.url if own else request.url.removeprefix(connection.base_url)
    for name, value in connection.settings.items():
        if isinstance(value, Secret):
            path = path.replace(value.reveal(), f"test-{name.replace('_', '-')}")
    return path


def _given(answer: Answer | None, scrubber: Scrubber) -> dict[str, Any]:
    if answer is None:
        return {"silent": True}
    kept = {
        name: scrubber.text(value, name) for name, value in answer.headers.items() if name in ("link", "retry-after")
    }
    told: dict[str, Any] = {"status": answer.status, **({"headers": kept} if kept else {})}
    tree = _tree(answer.content)
    if tree is not None:
        return {**told, "body": scrubber.tree(tree)}
    return {**told, "text": scrubber.text(answer.content.decode("utf-8", "replace"))} if answer.content else told


def _tree(content: bytes | None) -> Any:
    try:
        return read_json(content) if content else None
    except Rejected:
        return None

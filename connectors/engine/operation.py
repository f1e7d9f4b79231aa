"""Runs an operation of a manifest over HTTP: step after step, each answer judged, until its effect is there once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from canonical import CrossdockError, Finding, Misconfigured, Rejected, Unavailable, Where
from connectors.connection import Connection
from connectors.engine.authorization import Authorization, Clock
from connectors.engine.judgement import Judgement, error_of, judge
from connectors.engine.match import spread
from connectors.engine.path import all_at, first_at
from connectors.engine.request import build, repeat_key, with_defaults
from connectors.engine.template import expand_text
from connectors.engine.wire import Answer, Request, Wire
from connectors.manifest import Call, Idempotency, Operation, Step
from connectors.secret import Redaction
from connectors.syntax.json_text import read_json


@dataclass(slots=True)
class Outcome:
    """What an operation came to."""

    receipt: dict[str, Any]
    already: bool = False


@dataclass(frozen=True, slots=True)
class _Answered:
    tree: Any
    judgement: Judgement | None
    status: int


@dataclass(slots=True)
class Runner:
    """Runs operations on one connection. Nothing it raises holds a secret."""

    connection: Connection
    wire: Wire
    clock: Clock
    redaction: Redaction = field(init=False)
    authorization: Authorization = field(init=False)

    def __post_init__(self) -> None:
        self.redaction = self.connection.redaction
        self.authorization = Authorization(self.connection, self.clock, self.redaction.add)

    async def run(self, operation: Operation, request: Any, key: str) -> Outcome:
        """Run it for `request` (a native tree); `key` is the same at every try.

        Raises `Unavailable`, `ambiguous` when its effect may be there, `Rejected` or `Misconfigured`.
        """
        try:
            self.connection.require()
            return await self._run(operation, request, key)
        except CrossdockError as error:
            raise self._redacted(error) from None

    async def _run(self, operation: Operation, request: Any, key: str) -> Outcome:
        scope: dict[str, Any] = {"request": request, "settings": self.connection.settings, "key": key}
        already = False
        for step in operation.steps:
            already = await self._step(step, operation.idempotency, scope)
            if already:
                break
        found = {name: first_at(scope, path) for name, path in operation.receipt.items()}
        return Outcome({name: value for name, value in found.items() if value is not None}, already)

    async def _step(self, step: Step, idempotency: Idempotency | None, scope: dict[str, Any]) -> bool:
        """Adds the step's outcome to the scope; true when it shows that the effect is there already."""
        if step.match:
            scope[step.name] = spread(step.match, scope)
            return False
        call = with_defaults(step.call or Call(), self.connection.manifest.defaults)
        answered = await self._call(step, call, idempotency, scope)
        scope[step.name] = answered.tree
        if answered.judgement and answered.judgement.rule.then == "already_done":
            return True
        if step.need and first_at(answered.tree, step.need) is None:
            message = f"{step.name}: the other side doesn't know what this is about (nothing at {step.need})"
            raise Rejected(message, [Finding("other-side-unknown", "error", {"step": step.name}, message)])
        return bool(step.already_done) and _is_there(step, answered.tree, scope)

    async def _call(
        self, step: Step, call: Call, idempotency: Idempotency | None, scope: Mapping[str, Any]
    ) -> _Answered:
        answered = await self._once(step, call, idempotency, scope)
        if answered.judgement and self._stale_token(answered):
            self.authorization.forget()
            answered = await self._once(step, call, idempotency, scope)
        judgement = answered.judgement
        if judgement and judgement.rule.then not in ("ignore", "already_done"):
            raise error_of(judgement, step.name, effects=call.effects)
        return answered

    def _stale_token(self, answered: _Answered) -> bool:
        refused = answered.judgement is not None and answered.judgement.rule.then == "refresh_auth"
        return self.authorization.renewable and (refused or answered.status == 401)

    async def _once(
        self, step: Step, call: Call, idempotency: Idempotency | None, scope: Mapping[str, Any]
    ) -> _Answered:
        manifest = self.connection.manifest
        carried = await self.authorization.proof(self._send) | repeat_key(idempotency, call, scope)
        seconds = manifest.defaults.timeout.total_seconds()
        request = build(call, self.connection.base_url, scope, carried, seconds)
        answer = await self._send_for(call, request)
        tree = _tree(call, answer)
        judgement = judge(answer, tree, (*step.errors, *manifest.defaults.errors))
        if tree is None and judgement is None and call.answer == "json" and answer.content:
            message = f"{step.name}: an answer that is not JSON (HTTP {answer.status})"
            raise Unavailable(message, ambiguous=call.effects)
        return _Answered(tree, judgement, answer.status)

    async def _send_for(self, call: Call, request: Request) -> Answer:
        try:
            return await self._send(request)
        except Unavailable as error:
            error.ambiguous = error.ambiguous and call.effects
            raise

    async def _send(self, request: Request) -> Answer:
        return await self.wire.send(request, self.connection.hosts, self.connection.granted_hosts)

    def _redacted(self, error: CrossdockError) -> CrossdockError:
        message = self.redaction(f"{self.connection.id}: {error.message}")
        findings = [_redacted_finding(finding, self.redaction) for finding in error.findings]
        match error:
            case Unavailable():
                return Unavailable(message, retry_after=error.retry_after, ambiguous=error.ambiguous)
            case Misconfigured():
                return Misconfigured(message, findings)
        return Rejected(message, findings)


def _tree(call: Call, answer: Answer) -> Any:
    if call.answer == "text":
        return answer.content.decode("utf-8", "replace")
    try:
        return read_json(answer.content) if answer.content else None
    except Rejected:
        return None


def _is_there(step: Step, tree: Any, scope: Mapping[str, Any]) -> bool:
    if step.already_done is None:
        return False
    wanted = expand_text(step.already_done.has, scope)
    return bool(wanted) and wanted in all_at(tree, step.already_done.at)


def _redacted_finding(finding: Finding, redaction: Redaction) -> Finding:
    where: Where = {key: redaction(value) if isinstance(value, str) else value for key, value in finding.where.items()}
    return Finding(finding.code, finding.severity, where, redaction(finding.message))

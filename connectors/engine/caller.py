"""Calls on one connection: in turn, with proof of who we are, each answer judged. Nothing it raises holds a secret."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from canonical import CrossdockError, Finding, Misconfigured, Rejected, Unavailable, Where
from connectors.connection import Connection
from connectors.engine.authorization import Authorization, Carried, Clock
from connectors.engine.consent import Consent
from connectors.engine.encoding import decode
from connectors.engine.judgement import Judgement, error_of, judge
from connectors.engine.meters import MemoryMeters, Meters
from connectors.engine.pace import Pace
from connectors.engine.progress import MemoryProgress, Progress
from connectors.engine.request import build
from connectors.engine.tokens import MemoryTokens, Tokens
from connectors.engine.wire import Answer, Request, Wire
from connectors.manifest_calls import Call, Step
from connectors.secret import Redaction


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that lets the operation go on."""

    tree: Any
    headers: Mapping[str, str]
    already_done: bool = False
    """The error table says that the effect is there already."""
    content: bytes = b""
    """As it came."""


@dataclass(slots=True)
class Caller:
    """Everything calls on one connection share: its pool, its token, its turn."""

    connection: Connection
    wire: Wire
    clock: Clock
    tokens: Tokens = field(default_factory=MemoryTokens)
    meters: Meters = field(default_factory=MemoryMeters)
    progress: Progress = field(default_factory=MemoryProgress)
    redaction: Redaction = field(init=False)
    authorization: Authorization = field(init=False)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.redaction = self.connection.redaction
        manifest = self.connection.manifest
        self.authorization = Authorization(self.connection, self.clock, self.redaction.add, self.tokens)
        names = {"connection": self.connection.id, "connector": f"connector-{manifest.connector}"}
        self.pace = Pace(manifest.rate_limits, self.meters, names)

    async def ask(
        self, step: Step, call: Call, scope: Mapping[str, Any], extra: Carried | None = None, url: str | None = None
    ) -> Answered:
        """Make a call that has its defaults; `url` in the place of its own.

        Raises `Unavailable`, `ambiguous` when it may have taken effect, `Rejected` or `Misconfigured`.
        """
        answered, judgement = await self._once(step, call, scope, extra, url)
        if judgement and not call.url and self._token_refused(judgement):
            self.authorization.forget()
            answered, judgement = await self._once(step, call, scope, extra, url)
        if judgement and judgement.rule.then == "already_done":
            return replace(answered, already_done=True)
        if judgement and judgement.rule.then != "ignore":
            raise self._error(judgement, step, call)
        return answered

    async def log_in(self, consent: Consent, code: str) -> None:
        """Change the code of a person's consent into tokens, and keep them. Raises as `ask` does."""
        try:
            await self.authorization.log_in(consent, code, self._send)
        except CrossdockError as error:
            raise self.redacted(error) from None

    def redacted(self, error: CrossdockError) -> CrossdockError:
        """The same error, naming the connection and no secret."""
        message = self.redaction(f"{self.connection.id}: {error.message}")
        findings = [_redacted(finding, self.redaction) for finding in error.findings]
        match error:
            case Unavailable():
                return type(error)(message, retry_after=error.retry_after, ambiguous=error.ambiguous)
            case Misconfigured():
                return Misconfigured(message, findings)
        return Rejected(message, findings)

    async def _once(
        self, step: Step, call: Call, scope: Mapping[str, Any], extra: Carried | None, url: str | None
    ) -> tuple[Answered, Judgement | None]:
        defaults = self.connection.manifest.defaults
        carried = extra or Carried()
        if not call.url:
            carried = await self.authorization.proof(self._send, call.path or "") | carried
        scope = {**scope, "call": {"id": str(uuid.uuid4())}}
        request = build(call, url or self.connection.base_url, scope, carried, defaults.timeout.total_seconds())
        named = self._name_of(request)
        async with self.pace.turn(named, step.name):
            answer = await self._send_for(call, request if call.url else self.authorization.signed(request))
        tree = _tree(call, answer)
        self.pace.learn(named, step.name, answer.headers, tree)
        judgement = judge(answer, tree, (*step.errors, *defaults.errors))
        if tree is None and judgement is None and answer.content:
            message = f"{step.name}: an answer that is not {str(call.answer).upper()} (HTTP {answer.status})"
            raise Unavailable(message, ambiguous=call.effects)
        return Answered(tree, answer.headers, content=answer.content), judgement

    def _token_refused(self, judgement: Judgement) -> bool:
        return self.authorization.renewable and (judgement.rule.then == "refresh_auth" or judgement.status == 401)

    def _error(self, judgement: Judgement, step: Step, call: Call) -> CrossdockError:
        error = error_of(judgement, step.name, effects=call.effects)
        if judgement.rule.then == "rate_limited" and judgement.retry_after:
            self.pace.hold(judgement.retry_after)
        return error

    async def _send_for(self, call: Call, request: Request) -> Answer:
        try:
            return await self._send(request)
        except Unavailable as error:
            error.ambiguous = error.ambiguous and call.effects
            raise

    async def _send(self, request: Request) -> Answer:
        return await self.wire.send(request, self.connection.hosts, self.connection.granted_hosts)

    def _name_of(self, request: Request) -> str:
        """How limits know a call: its method, and its path below the base URL."""
        root = urlsplit(self.connection.base_url).path.rstrip("/")
        return f"{request.method} {urlsplit(request.url).path.removeprefix(root)}"


def _tree(call: Call, answer: Answer) -> Any:
    if not answer.content and call.answer != "text":
        return None
    try:
        return decode(call.answer or "json", answer.content, call.lists, call.parent)
    except Rejected:
        return None


def _redacted(finding: Finding, redaction: Redaction) -> Finding:
    where: Where = {key: redaction(value) if isinstance(value, str) else value for key, value in finding.where.items()}
    return Finding(finding.code, finding.severity, where, redaction(finding.message))

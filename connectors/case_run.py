"""Runs a connector's cases: the real engine against a script, so that nothing leaves the machine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from canonical import CrossdockError, Finding, Misconfigured, Rejected, Unavailable, plain_decimal
from canonical.exchange import Arrival
from connectors.case_webhook import sent
from connectors.cases import Case, Exchange, ExpectedRequest, Outcome, load_cases
from connectors.catalogue import Catalogue
from connectors.connection import Connection, typed
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.grant import digest_of_credentials
from connectors.engine.operation import Outcome as Done
from connectors.engine.operation import run
from connectors.engine.template import expand_text
from connectors.engine.tokens import MemoryTokens, Token
from connectors.engine.wire import Answer, Request
from connectors.ledger import HeldLine, read_ledger, read_shipments
from connectors.manifest import Manifest
from connectors.manifest_auth import OAuth2
from connectors.partners import Partners
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret
from connectors.settings import InterchangeIdentity
from connectors.syntax.json_text import read_json
from connectors.translator import Translator
from connectors.webhooks import Webhooks
from mappings.library import MapLibrary

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When every case happens."""

_NOBODY = InterchangeIdentity(qualifier="ZZ", id="NOBODY", group="NOBODY")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case went; no faults: it holds."""

    connector: str
    case: str
    faults: Sequence[str] = ()


async def run_cases(catalogue: Catalogue, name: str, maps: MapLibrary) -> tuple[list[CaseResult], list[Finding]]:
    """All cases of one connector, and what is wrong with their files. Raises `KeyError` for an unknown connector."""
    cases, findings = load_cases(catalogue.origins[name].cases)
    return [await run_case(catalogue.manifests[name], case, maps) for case in cases], findings


async def run_case(manifest: Manifest, case: Case, maps: MapLibrary) -> CaseResult:
    """Run one case against its script; nothing leaves the machine."""
    if case.webhook or case.challenge:
        faults = await _webhook_faults(_connection(manifest, case.settings), case, maps)
    else:
        faults = await _operation_faults(manifest, case, maps)
    return CaseResult(manifest.connector, case.case, tuple(faults))


def differences(expected: Any, actual: Any, at: str = "") -> Iterator[str]:
    """What `actual` lacks or says otherwise. Mappings may hold more than expected; lists may not."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key, value in expected.items():
            yield from differences(value, actual.get(key), f"{at}.{key}" if at else str(key))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for position, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{at}[{position}]")
    elif expected != actual:
        yield f"{at or 'it'} is {actual!r}, not {expected!r}"


@dataclass(frozen=True, slots=True)
class _StillClock:
    at: datetime = AT

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class ScriptedWire:
    """Plays a case's exchanges and notes where the requests differ from them."""

    base_url: str
    exchanges: Sequence[Exchange]
    faults: list[str] = field(default_factory=list)
    played: int = 0
    instead: Answer | None = None
    """What every request gets when there is no script."""

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:  # noqa: ARG002
        """The next answer of the script."""
        if self.instead and not self.exchanges:
            return self.instead
        if self.played == len(self.exchanges):
            self.faults.append(f"a request too many: {request.method} {request.url}")
            raise Unavailable("the script has ended")
        exchange = self.exchanges[self.played]
        self.played += 1
        self.faults += (f"request {self.played}: {fault}" for fault in self._compare(exchange.expect, request))
        answer = exchange.answer
        if answer.silent:
            raise Unavailable("no answer", ambiguous=True)
        return Answer(answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.content)

    def _compare(self, expected: ExpectedRequest, request: Request) -> Iterator[str]:
        if expected.method != request.method:
            yield f"{request.method}, not {expected.method}"
        path = request.url.removeprefix(self.base_url)
        if expected.path is not None and expected.path != path:
            yield f"to {path}, not {expected.path}"
        yield from differences(expected.headers, dict(request.headers), "headers")
        if expected.body is not None:
            yield from differences(expected.body, read_json(request.content or b"null"), "body")
        if expected.text is not None and expected.text != (request.content or b"").decode():
            yield f"the body is {(request.content or b'').decode()!r}, not {expected.text!r}"


def _connection(manifest: Manifest, given: Mapping[str, str]) -> Connection:
    """A connection that has every setting: the case's value, the default, or `test-NAME`."""
    values = {
        name: given.get(name, setting.default if setting.default is not None else f"test-{name.replace('_', '-')}")
        for name, setting in manifest.settings.items()
    }
    settings = {
        name: Secret(values[name]) if setting.secret else typed(setting, values[name])
        for name, setting in manifest.settings.items()
    }
    base_url = expand_text(manifest.base_url or "", {"settings": settings})
    return Connection("test", "test", manifest, settings, base_url)


async def replayed(manifest: Manifest, case: Case, maps: MapLibrary) -> tuple[Outcome, list[str]]:
    """What comes of a case about an operation, and where it departs from its script."""
    connection = _connection(manifest, case.settings)
    wire = ScriptedWire(connection.base_url, case.exchanges)
    at = case.at or AT
    caller = Caller(connection, wire, _StillClock(at), await _tokens(connection, at))
    came = await played(caller, case.operation or "", case.request, maps)
    unasked = len(case.exchanges) - wire.played
    more = [f"{unasked} exchanges of the script were not asked for"] if unasked else []
    return came, [*wire.faults, *more]


async def _tokens(connection: Connection, at: datetime) -> MemoryTokens:
    """What is kept when a case begins: where a person logs in, they have, and the token is `test-token`."""
    tokens, auth = MemoryTokens(), connection.manifest.auth
    if isinstance(auth, OAuth2) and auth.grant == "authorization_code":
        token = Token(Secret("test-token"), at + timedelta(days=1), digest_of_credentials(auth, connection))
        await tokens.set(connection.id, token)
    return tokens


async def played(caller: Caller, name: str, request: Any, maps: MapLibrary) -> Outcome:
    """Run an operation; what comes of it, errors too."""
    operation = caller.connection.manifest.operations[name]
    try:
        if operation.pull:
            arrivals = [arrival async for arrival in ConnectionPickup(caller, name, MemoryCursors()).collect()]
            documents = [document for arrival in arrivals for document in _documents(caller.connection, arrival, maps)]
            return Outcome(then="arrived", documents=documents)
        reads = caller.connection.manifest.reads
        if name in reads.operations:
            read = read_ledger if reads.ledger and reads.ledger.operation == name else read_shipments
            return Outcome(then="arrived", documents=[_held(line) async for line in read(caller)])
        done = await run(caller, operation, request, "test-key")
    except CrossdockError as error:
        return _outcome_of(error)
    return Outcome(then="done", receipt=done.receipt, already=done.already, documents=_told(caller, name, done, maps))


def _held(line: HeldLine) -> dict[str, str]:
    return {"key": line.key, "account": line.account, "amount": plain_decimal(line.amount)}


def _told(caller: Caller, name: str, done: Done, maps: MapLibrary) -> list[Any] | None:
    """What was answered to the question that an operation puts; None where it puts none."""
    takes = caller.connection.manifest.takes.values()
    answer = next((take.answer for take in takes if take.operation == name and take.answer), None)
    if answer is None:
        return None
    facts = {"map": answer.map, "question": "test-question"}
    return _documents(caller.connection, Arrival(caller.connection.id, "answer", done.content, None, facts), maps)


async def _operation_faults(manifest: Manifest, case: Case, maps: MapLibrary) -> list[str]:
    if case.operation not in manifest.operations:
        return [f"there is no operation {case.operation!r}"]
    came, faults = await replayed(manifest, case, maps)
    return [*faults, *_outcome_faults(case.outcome, came)]


def _documents(connection: Connection, arrival: Arrival, maps: MapLibrary) -> list[Any]:
    """What an arrival says: each document as JSON with its kind, or null."""
    translator = Translator(Partners({}, {}, _NOBODY), maps, {connection.id: connection})
    reading = translator.read(arrival.content, connection.id, arrival.facts, AT)
    return [
        {"kind": incoming.kind, **incoming.document.as_json()} if incoming.document else None
        for incoming in reading.documents
    ]


def _outcome_of(error: CrossdockError) -> Outcome:
    code = error.findings[0].code if error.findings else None
    match error:
        case Unavailable():
            return Outcome(then="unavailable", ambiguous=error.ambiguous, retry_after=error.retry_after)
        case Misconfigured():
            return Outcome(then="misconfigured", code=code)
        case Rejected():
            return Outcome(then="rejected", code=code)
    raise error


def _outcome_faults(expected: Outcome, came: Outcome) -> Iterable[str]:
    said = {name: getattr(expected, name) for name in expected.model_fields_set}
    return differences(said, came.model_dump(), "outcome")


async def _webhook_faults(connection: Connection, case: Case, maps: MapLibrary) -> list[str]:
    terms = connection.manifest.webhooks
    if terms is None:
        return [f"{connection.manifest.connector} has no webhooks"]
    wire = ScriptedWire(connection.base_url, case.exchanges)
    caller = Caller(connection, wire, _StillClock())
    webhooks = Webhooks({connection.id: connection}, {connection.id: caller}, _StillClock())
    came = Outcome(then="refused")
    if case.challenge:
        answer = webhooks.challenge(connection.id, case.challenge.query)
        came = Outcome(then="answered", answer=answer[0].decode()) if answer else came
    elif case.webhook:
        event = sent(terms, connection, case.webhook, AT)
        wire.instead = event.key_answer
        told = event.method, event.path, event.remote
        arrival = await webhooks.verify(connection.id, event.headers, event.body, *told)
        if arrival:
            came = Outcome(then="arrived", documents=_documents(connection, arrival, maps))
    return [*wire.faults, *_outcome_faults(case.outcome, came)]

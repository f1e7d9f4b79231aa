"""How good a connector is (`crossdock connector check`): rules with levels, each kept, broken or exempt with a reason.

A connector has the level up to which it keeps every rule. A manifest says `exempt: {RULE: reason}` where one can't
apply.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.cases import Case
from connectors.engine.operation import has_effect
from connectors.manifest import Manifest, Operation

LEVELS = ("none", "bronze", "silver", "gold")
_SECRET = re.compile(r"token|secret|password|key$|credential")
_NOT_SECRET = re.compile(r"url|host|endpoint|header|public")

Missing = Iterator[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `missing` names what breaks it."""

    name: str
    level: str
    says: str
    missing: Callable[[Manifest, Sequence[Case]], Missing]


def assess(manifest: Manifest, cases: Sequence[Case]) -> dict[str, Any]:
    """`{connector, level, rules: [{rule, level, says, state, why}], ok}`; `ok` is bronze and no broken promise."""
    rules = [_judged(rule, manifest, cases) for rule in RULES]
    known = {rule.name for rule in RULES}
    strange = [
        {"rule": name, "level": "bronze", "says": "", "state": "missing", "why": "exempt from a rule there isn't"}
        for name in manifest.exempt
        if name not in known
    ]
    rules += strange
    broken = {row["level"] for row in rules if row["state"] == "missing"}
    reached = next((number for number, level in enumerate(LEVELS[1:]) if level in broken), len(LEVELS) - 1)
    return {"ok": reached > 0, "connector": manifest.connector, "level": LEVELS[reached], "rules": rules}


def _judged(rule: Rule, manifest: Manifest, cases: Sequence[Case]) -> dict[str, str]:
    why = "; ".join(sorted(set(rule.missing(manifest, cases))))
    state = "kept" if not why else "missing"
    if why and rule.name in manifest.exempt:
        state, why = "exempt", manifest.exempt[rule.name]
    return {"rule": rule.name, "level": rule.level, "says": rule.says, "state": state, "why": why}


# --- what is declared -----------------------------------------------------------------------------------------------


def _undescribed_settings(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    known = {"client_id", "client_secret", "username", "password"}
    return (name for name, one in manifest.settings.items() if not one.description and name not in known)


def _open_secrets(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    for name, one in manifest.settings.items():
        if _SECRET.search(name) and not _NOT_SECRET.search(name) and not one.secret:
            yield f"{name} is not marked as a secret"


def _undocumented(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    return (name for name, one in manifest.operations.items() if one.steps and not one.docs)


def _no_error_table(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    if _over_http(manifest) and not manifest.defaults.errors:
        yield "defaults.errors has no row"


def _no_limits(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    if _over_http(manifest) and not manifest.rate_limits:
        yield "rate_limits has no row"


def _not_repeatable(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    return (name for name, one in _pushes(manifest) if one.idempotency is None)


def _unguarded_lists(manifest: Manifest, _cases: Sequence[Case]) -> Missing:
    return (name for name, one in manifest.operations.items() if one.pull and one.pull.cursor is None)


# --- what is tested -------------------------------------------------------------------------------------------------


def _untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    called = (name for name, one in manifest.operations.items() if one.steps)
    return (name for name in called if not _outcomes(cases, name) & {"done", "arrived"})


def _refusals_untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    refused = {"rejected", "misconfigured", "unavailable"}
    return (name for name, one in manifest.operations.items() if one.steps and not _outcomes(cases, name) & refused)


def _doubt_untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    doubted = {case.operation for case in cases if case.outcome.ambiguous}
    return (name for name, one in _pushes(manifest) if one.steps and name not in doubted)


def _repeats_untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    again = {case.operation for case in cases if case.outcome.already}
    searched = (name for name, one in _pushes(manifest) if one.idempotency and one.idempotency.kind == "search")
    return (name for name in searched if name not in again)


def _pages_untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    paged = (name for name, one in manifest.operations.items() if one.pull and one.pull.pages)
    return (name for name in paged if not any(_turns(case) for case in cases if case.operation == name))


def _turns(case: Case) -> bool:
    return sum(exchange.expect.method in ("GET", "POST") for exchange in case.exchanges) > 1


def _webhooks_untested(manifest: Manifest, cases: Sequence[Case]) -> Missing:
    if not manifest.webhooks:
        return
    pushed = [case for case in cases if case.webhook]
    for then in ("arrived", "refused"):
        if not any(case.outcome.then == then for case in pushed):
            yield f"no event that is {then}"
    tested = {case.webhook.topic for case in pushed if case.webhook}
    yield from (f"topic {name}" for name, topic in manifest.webhooks.topics.items() if topic.map and name not in tested)
    if manifest.webhooks.challenge and not any(case.challenge for case in cases):
        yield "no challenge"


RULES: Sequence[Rule] = (
    Rule("secrets-marked", "bronze", "settings that are secrets say so", _open_secrets),
    Rule("operations-tested", "bronze", "each operation has a case that succeeds", _untested),
    Rule(
        "webhooks-tested",
        "bronze",
        "events are taken and refused, and challenges answered, in cases",
        _webhooks_untested,
    ),
    Rule("error-table", "silver", "the system's own errors are told apart", _no_error_table),
    Rule("repeatable", "silver", "each push says how a second try is known as the same", _not_repeatable),
    Rule("refusals-tested", "silver", "each operation has a case that is refused", _refusals_untested),
    Rule("lists-go-on", "silver", "each list goes on where it ended", _unguarded_lists),
    Rule("operations-documented", "silver", "each operation names its page of the vendor's", _undocumented),
    Rule("settings-described", "gold", "each setting says what it is", _undescribed_settings),
    Rule("limits-declared", "gold", "the system's limits are kept before they are hit", _no_limits),
    Rule("doubt-tested", "gold", "each push has a case in which the answer is lost", _doubt_untested),
    Rule("repeats-tested", "gold", "each search before create has a case that finds", _repeats_untested),
    Rule("pages-tested", "gold", "each list in pages has a case of more than one call", _pages_untested),
)


def _over_http(manifest: Manifest) -> bool:
    return any(operation.steps for operation in manifest.operations.values())


def _pushes(manifest: Manifest) -> Iterator[tuple[str, Operation]]:
    """What changes something over there when it is asked to: neither lists, nor what only asks."""
    for name, one in manifest.operations.items():
        if not one.pull and not one.every and has_effect(manifest, one):
            yield name, one


def _outcomes(cases: Sequence[Case], operation: str) -> set[str]:
    return {case.outcome.then for case in cases if case.operation == operation}

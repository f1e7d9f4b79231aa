"""What an answer means: the manifest's error table, its defaults, then HTTP's own rules (RFC 9110, section 15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from canonical import CrossdockError, Finding, Misconfigured, Rejected, Unavailable
from connectors.engine.path import all_at, text_of
from connectors.engine.wire import Answer
from connectors.manifest_calls import ErrorRule

LONGEST_MESSAGE = 300


class StartOver(Unavailable):
    """What was got so far is void: a list begins at its first page, an operation at its first step."""


HTTP_RULES: tuple[ErrorRule, ...] = tuple(
    ErrorRule.model_validate(rule)
    for rule in (
        {"status": "429", "then": "rate_limited", "class": "transient"},
        {"status": ["408", "425", "5xx"], "then": "retry", "class": "transient"},
        {"status": ["3xx", "401", "402", "403", "407"], "then": "fail", "class": "config"},
        {"status": "4xx", "then": "fail", "class": "data"},
    )
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The row that fitted, and what the other side said."""

    rule: ErrorRule
    message: str
    retry_after: float | None
    status: int


def judge(answer: Answer, tree: Any, rules: Sequence[ErrorRule]) -> Judgement | None:
    """The first row that fits, or None when all is well. `tree` is None when the body was no tree."""
    for rule in (*rules, *HTTP_RULES):
        if _fits(rule, answer, tree):
            return Judgement(rule, _message(rule, answer, tree), retry_after(answer.headers, rule.wait), answer.status)
    return None


def said_error(tree: Any, rules: Sequence[ErrorRule]) -> tuple[str, str] | None:
    """Where a body by itself says that it is an error, and what it says; None when no row knows it."""
    for rule in rules:
        found = [value for value in all_at(tree, rule.body) if _says_something(value)] if rule.body else []
        if rule.body and found:
            return rule.body, " ".join(_parts(tree, rule.message or rule.body).split())[:LONGEST_MESSAGE]
    return None


def error_of(judgement: Judgement, step: str, *, effects: bool) -> CrossdockError:
    """The error that says what to do now. `effects`: the step may have changed something before it failed."""
    message = f"{step}: {judgement.message}"
    rule = judgement.rule
    if rule.then == "rate_limited":
        return Unavailable(message, retry_after=judgement.retry_after)
    if rule.then == "start_over":
        return StartOver(message, retry_after=judgement.retry_after)
    if rule.then == "retry":
        return Unavailable(message, retry_after=judgement.retry_after, ambiguous=effects)
    if rule.fault == "config" or rule.then == "refresh_auth":
        return Misconfigured(message)
    return Rejected(message, [Finding("other-side-refused", "error", {"step": step}, message)])


def _fits(rule: ErrorRule, answer: Answer, tree: Any) -> bool:
    if rule.status and not any(_is_status(answer.status, status) for status in rule.status):
        return False
    if rule.body and not any(_says_something(value) for value in all_at(tree, rule.body)):
        return False
    if rule.contains and rule.contains not in _text(rule, answer, tree):
        return False
    return bool(rule.status or rule.body or rule.contains)


def _is_status(status: int, pattern: str) -> bool:
    return str(status) == pattern or (pattern.endswith("xx") and str(status)[0] == pattern[0])


def _says_something(value: Any) -> bool:
    return value not in ("", False, [], {})


def _text(rule: ErrorRule, answer: Answer, tree: Any) -> str:
    if rule.message:
        return _parts(tree, rule.message)
    return answer.content.decode("utf-8", "replace")


def _parts(tree: Any, path: str) -> str:
    return "; ".join(text_of(part) for part in all_at(tree, path) if not isinstance(part, Mapping | list))


def _message(rule: ErrorRule, answer: Answer, tree: Any) -> str:
    said = " ".join(_text(rule, answer, tree).split())[:LONGEST_MESSAGE]
    return f"HTTP {answer.status}{': ' + said if said else ''}"


def retry_after(headers: Mapping[str, str], otherwise: timedelta | None = None) -> float | None:
    """Seconds from Retry-After (RFC 9110, section 10.2.3): a number, or a date held against the answer's own."""
    said = headers.get("retry-after", "")
    if said.replace(".", "", 1).isdecimal():
        return float(said)
    try:
        late = parsedate_to_datetime(said) - parsedate_to_datetime(headers["date"])
    except (ValueError, KeyError):
        return otherwise.total_seconds() if otherwise else None
    return max(late.total_seconds(), 0.0)

"""Runs an operation of a manifest over HTTP, step after step, until its effect is there once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from canonical import CrossdockError, Finding, Rejected
from connectors.engine.caller import Answered, Caller
from connectors.engine.condition import holds
from connectors.engine.judgement import StartOver
from connectors.engine.match import spread
from connectors.engine.path import all_at, first_at, text_of
from connectors.engine.progress import Course, course_name
from connectors.engine.reach import receipt_of
from connectors.engine.request import repeat_key, with_defaults
from connectors.engine.template import expand, expand_text
from connectors.manifest import Manifest, Operation
from connectors.manifest_calls import AlreadyDone, Call, Idempotency, Step, Verdicts
from connectors.syntax.json_text import write_json

_CONTENT = "(content)"
"""What the scope calls the last answer's bytes: no template can name it."""
MOST_SHOWN = 10
"""Refused lines that an error's message names; its findings hold all of them."""


@dataclass(slots=True)
class Outcome:
    """What an operation came to."""

    receipt: dict[str, Any]
    already: bool = False
    content: bytes = b""
    """The last answer, as it came, or what the operation makes of all of them."""


def has_effect(manifest: Manifest, operation: Operation) -> bool:
    """Whether it changes something over there: what only asks does not."""
    calls = [step.call for step in operation.steps if step.call]
    return not calls or any(with_defaults(call, manifest.defaults).effects for call in calls)


async def run(caller: Caller, operation: Operation, request: Any, key: str) -> Outcome:
    """Run it for `request` (a native tree); `key` is the same at every try.

    Raises `Unavailable`, `ambiguous` when its effect may be there, `Unfinished` while the other side is at work,
    `Rejected` or `Misconfigured`.
    """
    scope: dict[str, Any] = {"request": request, "settings": caller.connection.settings, "key": key}
    course = Course(caller.progress, course_name(caller.connection.id, key), operation.steps)
    try:
        caller.connection.require()
        if operation.function:
            return Outcome(await receipt_of(operation, caller, request, key))
        already = await take_steps(caller, operation.steps, scope, course, operation.idempotency)
    except CrossdockError as error:
        raise caller.redacted(error) from None
    found = {name: first_at(scope, path) for name, path in operation.receipt.items()}
    receipt = {name: value for name, value in found.items() if value is not None}
    content = write_json(expand(operation.answer, scope)) if operation.answer else scope.get(_CONTENT, b"")
    return Outcome(receipt, already, content)


async def take_steps(
    caller: Caller, steps: Sequence[Step], scope: dict[str, Any], course: Course, idempotency: Idempotency | None = None
) -> bool:
    """Take the steps that are not taken yet; true when one shows that the effect is there already."""
    await course.resume(scope)
    try:
        for step in steps:
            if step.name in scope:
                continue
            if await _step(caller, step, idempotency, scope):
                await course.end()
                return True
            if step.until and step.name in scope and not holds(step.until.when, scope):
                await course.wait(step, step.until, scope)
            await course.note(step, scope)
    except (StartOver, Rejected):
        await course.end()
        raise
    await course.end()
    return False


async def _step(caller: Caller, step: Step, idempotency: Idempotency | None, scope: dict[str, Any]) -> bool:
    """Adds the step's outcome to the scope; true when it shows that the effect is there already."""
    if step.each:
        scopes = [known for part in _parts(step, scope) if holds(step.when, known := {**scope, step.each.name: part})]
        answers = [await ask_step(caller, step, known, idempotency) for known in scopes]
        scope[step.name] = [tree for tree, _ in answers]
        return bool(answers) and all(already for _, already in answers)
    if not holds(step.when, scope):
        return False
    if step.match:
        scope[step.name] = spread(step.match, scope)
        return False
    answered = await _ask(caller, step, scope, idempotency)
    scope[step.name], scope[_CONTENT] = answered.tree, answered.content
    return answered.already_done


async def ask_step(
    caller: Caller, step: Step, scope: Mapping[str, Any], idempotency: Idempotency | None = None
) -> tuple[Any, bool]:
    """Make a step's call: its answer, and whether that shows that the effect is there already."""
    answered = await _ask(caller, step, scope, idempotency)
    return answered.tree, answered.already_done


async def _ask(caller: Caller, step: Step, scope: Mapping[str, Any], idempotency: Idempotency | None) -> Answered:
    call = with_defaults(step.call or Call(), caller.connection.manifest.defaults)
    answered = await caller.ask(step, call, scope, repeat_key(idempotency, call, scope))
    if answered.already_done:
        return answered
    if step.need and first_at(answered.tree, step.need) is None:
        message = f"{step.name}: the other side doesn't know what this is about (nothing at {step.need})"
        raise Rejected(message, [Finding("other-side-unknown", "error", {"step": step.name}, message)])
    if step.faults:
        refuse_faulty(step.name, step.faults, answered.tree)
    known = {**scope, step.name: answered.tree}
    tree = _kept(step, known) if step.keep else answered.tree
    there = step.already_done is not None and _is_there(step.already_done, answered.tree, known)
    return replace(answered, tree=tree, already_done=there)


def refuse_faulty(step: str, faults: Verdicts, tree: Any) -> None:
    """Raise `Rejected` when a report tells of faults, each a finding at its line."""
    findings = [_finding(faults, item) for item in all_at(tree, faults.at + "[]")]
    if findings:
        shown = "; ".join(f"{_told(finding)}{finding.message}" for finding in findings[:MOST_SHOWN])
        more = f"; and {len(findings) - MOST_SHOWN} more" if len(findings) > MOST_SHOWN else ""
        raise Rejected(f"{step}: refused: {shown}{more}", findings)


def _finding(faults: Verdicts, item: Any) -> Finding:
    where = {name: text_of(found) for name, path in faults.where.items() if (found := first_at(item, path)) is not None}
    message = " ".join(text_of(first_at(item, faults.message) or "").split())
    said = text_of(first_at(item, faults.code) or "") if faults.code else ""
    return Finding("line-refused", "error", where, f"{said}: {message}" if said else message)


def _told(finding: Finding) -> str:
    told = ", ".join(f"{name} {value}" for name, value in finding.where.items())
    return f"{told}: " if told else ""


def _kept(step: Step, known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: first_at(known, path) for name, path in step.keep.items()}


def _parts(step: Step, scope: Mapping[str, Any]) -> list[Any]:
    """What a repeated step is repeated for: each value, or lists of so many."""
    assert step.each
    values = all_at(scope, step.each.path)
    size = step.each.batch
    return values if size is None else [values[start : start + size] for start in range(0, len(values), size)]


def _is_there(search: AlreadyDone, tree: Any, scope: Mapping[str, Any]) -> bool:
    wanted = expand_text(search.has, scope)
    return bool(wanted) and wanted in all_at(tree, search.at)

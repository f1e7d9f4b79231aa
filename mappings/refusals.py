"""Why a document is not valid, told with the place in the source where each value was found or looked for in vain."""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import ValidationError

from canonical import Finding
from mappings.context import Origin
from mappings.paths.navigation import Run
from mappings.strict_yaml import path_text

Path = tuple[str | int, ...]


def with_refusals(findings: list[Finding], error: ValidationError, run: Run, top: Origin) -> list[Finding]:
    """The findings of a tracing run, and those of what the document refuses.

    Where a finding says already why a value is not there, that one becomes an error, and nothing is said twice. `top`
    is the place of what has no place of its own.
    """
    told = [str(finding.facts.get("path")) for finding in findings]
    found = list(findings)
    for fault in error.errors(include_url=False):
        path = path_text([step for step in fault["loc"] if step not in ("date", "datetime")])
        why = [number for number, known in enumerate(told) if known == path or known.startswith(f"{path}.")]
        for number in why:
            found[number] = replace(found[number], severity="error")
        if not why:
            told.append(path)
            found.append(_refusal(path, fault["type"], fault["msg"], run, top))
    return found


def _refusal(path: str, kind: str, message: str, run: Run, top: Origin) -> Finding:
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    origin = next(_near(steps, run), top)
    code = "value-missing" if kind == "missing" else "value-invalid"
    said = "is required and not given" if kind == "missing" else message
    return Finding(code, "error", origin.source, f"{path}: {said}", facts={"path": path, "rule": dict(origin.rule)})


def _near(steps: Path, run: Run) -> Iterator[Origin]:
    """The places at a path, then those below it, then those beside it: what was looked for in vain comes first."""
    if steps in run.asked:
        yield run.asked[steps]
    while steps:
        for origins in (run.lineage, run.asked):
            yield from (one for known, one in origins.items() if known[: len(steps)] == steps and one.source)
        steps = steps[:-1]

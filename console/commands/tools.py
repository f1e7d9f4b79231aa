"""Commands that need the configuration but no store: check, translate, inspect, schema, doctor, and the lists."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from canonical import Misconfigured, has_errors
from console.desk import Answer, InspectRequest, TranslateRequest
from console.invocation import Invocation, Usage
from console.json_text import json_text
from console.terminal import print_findings, table, text
from console.tree import print_inspection, print_summary


async def check(call: Invocation) -> int:
    """Every fault of the configuration, with file, line and mend."""
    try:
        findings = list(call.workbench().check())
    except Misconfigured as error:
        if not error.findings:
            raise
        findings = list(error.findings)
    failed = has_errors(findings)
    if not call.tell({"ok": not failed, "findings": findings}):
        print_findings(call.out, findings)
        faults = sum(finding.severity != "info" for finding in findings)
        call.out.print(f"{call.config}: {_count(faults, 'finding')}" if faults else f"{call.config}: no faults")
    return 1 if failed else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


async def translate(call: Invocation) -> int:
    """Native bytes to canonical documents, or canonical documents to native bytes."""
    given = call.arguments
    with call.file() as file:
        request = TranslateRequest(
            file, call.filename, given.partner, given.connector, given.map, given.to,
            lineage=given.lineage, summary=given.summary, at=given.at, control=given.control,
        )  # fmt: skip
        answer = call.workbench().translate(request)
    if not call.tell(answer.value):
        _print_translation(call, answer, summary=given.summary)
    return 0 if answer.ok else 1


def _print_translation(call: Invocation, answer: Answer, *, summary: bool) -> None:
    if answer.content is not None:
        sys.stdout.buffer.write(answer.content)
        sys.stdout.buffer.flush()
        return
    if summary:
        print_summary(call.out, answer.value)
        return
    documents = answer.value if isinstance(answer.value, list) else [answer.value]
    for document in documents:
        call.out.print(text(document.get("kind"), "bold"), text(_source(document)), soft_wrap=True)
        if document.get("document") is not None:
            call.out.print_json(json_text(document["document"]))
        print_findings(call.out, document.get("findings") or ())


def _source(document: dict[str, object]) -> str:
    source = document.get("source")
    if not isinstance(source, dict):
        return str(source or "")
    return " ".join(f"{name} {value}" for name, value in source.items() if not isinstance(value, dict | list))


async def inspect(call: Invocation) -> int:
    """The annotated tree, its findings, and the acknowledgment it would get."""
    given = call.arguments
    with call.file() as file:
        request = InspectRequest(
            file, call.filename, given.partner,
            referee=given.referee, summary=given.summary, at=given.at, control=given.control,
        )  # fmt: skip
        answer = call.workbench().inspect(request)
    if not call.tell(answer.value):
        (print_summary if given.summary else print_inspection)(call.out, answer.value)
    return 0 if answer.ok else 1


async def schema(call: Invocation) -> int:
    """JSON Schemas of the canonical documents and the configuration files."""
    schemas = call.workbench().schema()
    name, folder = call.arguments.name, call.arguments.out
    if name is not None and name not in schemas:
        raise Usage(f"there is no schema {name}; there are {', '.join(sorted(schemas))}")
    if folder is not None:
        _write_schemas({name: schemas[name]} if name else dict(schemas), Path(folder))
        call.err.print(f"wrote to {folder}")
        return 0
    sys.stdout.write(json_text(schemas[name] if name else schemas, indent=2) + "\n")
    return 0


def _write_schemas(schemas: dict[str, object], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in schemas.items():
            (folder / f"{name}.schema.json").write_text(json_text(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Usage(f"cannot write to {folder}: {error.strerror}") from error


async def doctor(call: Invocation) -> int:
    """Checks of this machine and installation."""
    checks = list(call.workbench().doctor())
    if not call.tell(checks):
        shown = table("", "check", "found", "mend")
        for row in checks:
            mark = text("ok", "green") if row["ok"] else text("no", "bold red")
            shown.add_row(mark, text(row["name"]), text(row["detail"]), text("" if row["ok"] else row.get("mend")))
        call.out.print(shown)
    return 0 if all(row["ok"] for row in checks) else 1


async def partner_list(call: Invocation) -> int:
    """The trading partners."""
    rows = list(call.workbench().partners())
    if not call.tell(rows):
        shown = table("partner", "name", "identifiers", "documents")
        for row in rows:
            known = ", ".join(f"{scheme} {value}" for scheme, value in (row.get("identifiers") or {}).items())
            shown.add_row(text(row["id"], "bold"), text(row.get("name")), text(known), text(_joined(row)))
        call.out.print(shown)
    return 0


async def connector_list(call: Invocation) -> int:
    """The connectors at hand, and how stale each channel is against its limits."""
    stale = call.authoring().staleness()
    rows = [
        {**row, "freshness": [one for one in stale if one["connection"] in row["connections"]]}
        for row in call.workbench().connectors()
    ]
    if not call.tell(rows):
        shown = table("connector", "title", "documents", "channels", "origin")
        for row in rows:
            shown.add_row(
                text(row["name"], "bold"), text(row.get("title")), text(_joined(row)), _freshness(row["freshness"]),
                text(row.get("origin")),
            )  # fmt: skip
        call.out.print(shown)
    return 0


def _freshness(rows: Sequence[Mapping[str, Any]]) -> Text:
    """Each channel's ages, a line each: `trailhead orders 40 s of 360 s`."""
    lines = [
        text(
            f"{row['connection']} {row['what']} {_age(row['seconds'])} of {row['limit']:.0f} s",
            "green" if row["fresh"] else "yellow",
        )
        for row in rows
    ]
    return Text("\n").join(lines)


def _age(seconds: float | None) -> str:
    return "never asked" if seconds is None else f"{seconds:.0f} s"


def _joined(row: object) -> str:
    documents = row.get("documents", ()) if isinstance(row, dict) else ()
    return ", ".join(map(str, documents))

"""A map's cases: what it is given, and what it must make of it.

They lie in `NAME.cases/` beside the map. A case is a few files that begin with its name: `usual.in.edi` is read,
`usual.json` is the canonical document it must give (a list where the file holds several; null where none),
`usual.findings.json` the findings it must have (none where the file is missing; each says what matters of one), and
`usual.out.edi` what the map must write of the documents, where it serves that way.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from canonical import Finding
from mappings.authoring.comparison import Read, changes, place_of

MOST_TOLD = 20
"""Faults told of one case."""


class Folder(Protocol):
    """A directory on disk or in a package."""

    @property
    def name(self) -> str: ...
    def is_dir(self) -> bool: ...
    def iterdir(self) -> Iterable["Folder"]: ...
    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class MapCase:
    """One case. `documents` is None where its file is missing."""

    name: str
    place: str
    content: bytes
    documents: Sequence[Any] | None = None
    findings: Sequence[Mapping[str, Any]] = ()
    written: bytes | None = None


@dataclass(slots=True)
class CaseFiles:
    """The files of one case as they are found."""

    given: bytes | None = None
    written: bytes | None = None
    expected: dict[str, bytes] = field(default_factory=dict)


def load_map_cases(folder: Folder, place: str) -> tuple[list[MapCase], list[Finding]]:
    """The cases in a folder in the order of their names, and what is wrong with their files."""
    files: dict[str, CaseFiles] = {}
    for file in sorted(folder.iterdir() if folder.is_dir() else (), key=lambda file: file.name):
        _sort_in(file, files)
    cases: list[MapCase] = []
    findings: list[Finding] = []
    for name, found in files.items():
        try:
            cases.append(_case(name, place, found))
        except ValueError as error:
            findings.append(Finding("case-unreadable", "error", {"file": f"{place}/{name}"}, str(error)))
    return cases, findings


def _sort_in(file: Folder, files: dict[str, CaseFiles]) -> None:
    name, _, kind = file.name.partition(".")
    found = files.setdefault(name, CaseFiles())
    role = kind.partition(".")[0]
    if kind in ("json", "findings.json"):
        found.expected[kind] = file.read_bytes()
    elif role == "in":
        found.given = file.read_bytes()
    elif role == "out":
        found.written = file.read_bytes()


def _case(name: str, place: str, found: CaseFiles) -> MapCase:
    if found.given is None:
        raise ValueError(f"there is no {name}.in.* to read; add it, or remove the other files of the case")
    documents = _json(f"{name}.json", found.expected["json"]) if "json" in found.expected else None
    findings = _json(f"{name}.findings.json", found.expected.get("findings.json", b"[]"))
    listed = documents if isinstance(documents, list) else [documents]
    return MapCase(name, place, found.given, listed if "json" in found.expected else None, findings, found.written)


def _json(name: str, content: bytes) -> Any:
    try:
        return json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def expectation(case: MapCase, reads: Sequence[Read]) -> dict[str, str]:
    """What a map makes of a case now, as the files that would expect it, by name."""
    documents = [read.document for read in reads]
    findings = [_essence(finding) for read in reads for finding in read.findings]
    told: dict[str, Any] = {f"{case.name}.json": documents[0] if len(documents) == 1 else documents}
    if findings:
        told[f"{case.name}.findings.json"] = findings
    return {name: json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n" for name, value in told.items()}


def _essence(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in ("code", "severity", "where")}


def case_faults(case: MapCase, reads: Sequence[Read]) -> list[str]:
    """What a map made of a case that it should not have, in words; nothing where it holds."""
    if case.documents is None:
        return [f"{case.name}.json is missing: the canonical document it must give"]
    faults = [*_document_faults(case.documents, reads), *_finding_faults(case.findings, reads)]
    more = len(faults) - MOST_TOLD
    return [*faults[:MOST_TOLD], f"and {more} more"] if more > 0 else faults


def _document_faults(expected: Sequence[Any], reads: Sequence[Read]) -> Iterator[str]:
    if len(expected) != len(reads):
        yield f"it gives {len(reads)} documents, not {len(expected)}"
        return
    for number, (wanted, read) in enumerate(zip(expected, reads, strict=True)):
        at = f"{number}: " if len(expected) > 1 else ""
        if wanted is None or read.document is None:
            if wanted is not read.document:
                yield f"{at}it gives {'no document' if read.document is None else 'a document'}"
            continue
        for change in changes(wanted, read.document):
            yield f"{at}{change.path} is {_shown(change.after)}, not {_shown(change.before)}"


def _finding_faults(expected: Sequence[Mapping[str, Any]], reads: Sequence[Read]) -> Iterator[str]:
    found = [finding for read in reads for finding in read.findings]
    for wanted in expected:
        match = next((one for one in found if _says(one, wanted)), None)
        if match is None:
            yield f"no finding is {json.dumps(wanted, default=str)}"
        else:
            found.remove(match)
    for finding in found:
        yield f"unexpected {finding['severity']} {finding['code']} at {place_of(finding)}: {finding['message']}"


def _says(found: Any, wanted: Any) -> bool:
    """Whether a finding says all that is expected of it."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_says(found.get(name), part) for name, part in wanted.items())
    return bool(found == wanted)


def _shown(value: Any) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False, default=str)

"""The tools an integrator asks for by name: list, test and compare maps, test connectors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from canonical import Finding, Misconfigured, has_errors
from connectors.authoring.connector_draft import draft_connector
from connectors.authoring.drafts import draft_map
from connectors.authoring.login import Paste, Show, log_in
from connectors.authoring.map_cases import run_map_case
from connectors.authoring.openapi import read_openapi
from connectors.authoring.openapi_draft import draft_from_openapi
from connectors.authoring.quality import assess
from connectors.authoring.reading import paired, read_by
from connectors.authoring.trial import Bench, Trial, attempt, recorded, shown
from connectors.case_run import run_cases
from connectors.cases import load_cases
from connectors.configuration import Trade
from connectors.connection import Connection
from connectors.engine.caller import Caller
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.freshness import FileAges, staleness
from connectors.surroundings import SystemClock
from connectors.syntax.json_text import read_json
from connectors.translator import Translator
from mappings.authoring.cases import load_map_cases
from mappings.authoring.comparison import compare
from mappings.compiled import CompiledMap
from mappings.library import MapLibrary
from mappings.strict_yaml import read_yaml

Told = dict[str, Any]
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class NamedFile(Protocol):
    """A file that was read."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True)
class AuthoringBench:
    """The tools over one configuration. Satisfies `console.authoring.Authoring`."""

    trade: Trade
    config: Path
    """The configuration's folder."""
    data: Path
    """Where tokens are kept."""

    def maps(self) -> list[Told]:
        """The maps there are, each with the directions it serves and where it stands."""
        return [_told_map(self.trade.library, name) for name in self.trade.library.names]

    def draft_map(self, sample: NamedFile, name: str | None, kind: str | None) -> Told:
        """A first map for a sample, proved on it."""
        proved = draft_map(self.trade.translator, sample.content, sample.name, name, kind)
        draft = proved.draft
        return {
            "ok": not any(has_fault(read.findings) for read in proved.reads),
            "name": draft.name,
            "document": proved.document,
            "syntax": proved.syntax,
            "text": draft.text(),
            "guesses": len(draft.rules),
            "ignored": list(draft.ignore),
            "findings": [finding for read in proved.reads for finding in read.findings],
        }

    def test_map(self, name: str, partner: str | None) -> Told:
        """A map's cases. One without any fails: nothing was tested."""
        translator, name = self._resolved(name)
        compiled = translator.library.get(name)
        findings, results, looked = compiled.check(), list[Told](), list[str]()
        for folder in self._case_folders(compiled):
            place = str(folder)
            looked.append(place)
            cases, found = load_map_cases(folder, place)
            findings += found
            for case in cases:
                results.append({"case": case.name, "place": place, **run_map_case(translator, compiled, case, partner)})
        sound = bool(results) and not has_errors(findings) and not any(one["faults"] for one in results)
        return {"ok": sound, "map": name, "places": looked, "cases": results, "findings": _as_json(findings)}

    def compare_maps(self, old: str, new: str, files: Sequence[NamedFile], partner: str | None) -> Told:
        """What the new map would make of the files that the old one does not."""
        before, old_name = self._resolved(old)
        after, new_name = self._resolved(new)
        pairs = [
            pair
            for file in files
            for pair in paired(
                read_by(before, old_name, file.content, file.name, partner),
                read_by(after, new_name, file.content, file.name, partner),
            )
        ]
        return {"old": old, "new": new, "files": len(files), **compare(pairs).as_json()}

    def draft_connector(self, name: str, sample: NamedFile) -> Told:
        """A first connector for a sample or an OpenAPI file: its files by path within the configuration."""
        if not _NAME.fullmatch(name):
            raise Misconfigured(f"{name!r} is no name for a connector: small letters, digits and dashes")
        if name in self.trade.catalogue.manifests:
            raise Misconfigured(f"there is a connector {name} already")
        if api := read_openapi(sample.content, sample.name):
            return draft_from_openapi(self.trade.translator, name, api, sample.name)
        return draft_connector(self.trade.translator, name, sample.content, sample.name)

    async def test_connector(self, name: str) -> Told:
        """A connector's cases, offline. One without any fails: nothing was tested."""
        catalogue = self.trade.catalogue
        if name not in catalogue.manifests:
            raise Misconfigured(f"no connector is called {name}; there are {', '.join(catalogue.manifests)}")
        results, findings = await run_cases(catalogue, name, self.trade.library)
        cases = [{"case": one.case, "faults": list(one.faults)} for one in results]
        sound = bool(cases) and not has_errors(findings) and not any(one["faults"] for one in cases)
        place = str(catalogue.origins[name].cases)
        return {"ok": sound, "connector": name, "place": place, "cases": cases, "findings": _as_json(findings)}

    def check_connector(self, name: str) -> Told:
        """How good a connector is: each rule kept, missing or exempt, and why."""
        catalogue = self.trade.catalogue
        if name not in catalogue.manifests:
            raise Misconfigured(f"no connector is called {name}; there are {', '.join(catalogue.manifests)}")
        cases, findings = load_cases(catalogue.origins[name].cases)
        told = assess(catalogue.manifests[name], cases)
        return {**told, "ok": told["ok"] and not has_errors(findings), "findings": _as_json(findings)}

    def staleness(self) -> list[Told]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        ages, now = FileAges(self.data / "ages"), SystemClock().now()
        return [row for one in self.trade.connections.by_id.values() for row in staleness(ages, one, now)]

    async def log_in(self, name: str, port: int, show: Show, paste: Paste) -> Told:
        """Let a person log in to a connection, and keep the tokens."""
        connection = self._connection(name)
        wire = HttpWire()
        try:
            await log_in(Caller(connection, wire, SystemClock(), FileTokens(self.data / "tokens")), port, show, paste)
        finally:
            await wire.close()
        return {"ok": True, "connection": connection.id}

    async def try_operation(self, name: str, operation: str, request: bytes | None) -> Told:
        """One live call of an operation, shown without its secrets."""
        return shown(await self._tried(name, operation, request, whole=False))

    async def record_operation(self, name: str, operation: str, request: bytes | None) -> Told:
        """One live run of an operation, as the text of a case file."""
        trial = await self._tried(name, operation, request, whole=True)
        return {**(await recorded(trial, self.trade.library)), "outcome": trial.came.then}

    async def _tried(self, name: str, operation: str, request: bytes | None, *, whole: bool) -> Trial:
        connection, wire, now = self._connection(name), HttpWire(), SystemClock().now().replace(microsecond=0)
        tree = None if request is None else read_json(request)
        bench = Bench(wire, FileTokens(self.data / "tokens"), self.trade.library, now)
        try:
            return await attempt(bench, connection, operation, tree, whole=whole)
        finally:
            await wire.close()

    def _connection(self, name: str) -> Connection:
        """A connection by its name, or the only one of a connector. Raises `Misconfigured`."""
        known = self.trade.connections.by_id
        found = [one for one in known.values() if name in (one.id, one.manifest.connector)]
        named = known.get(name) or (found[0] if len(found) == 1 else None)
        if named is None:
            which = [one.id for one in found] or list(known)
            raise Misconfigured(f"no connection is called {name}; there are {', '.join(which) or 'none'}")
        return named

    def _resolved(self, given: str) -> tuple[Translator, str]:
        """A map by its name or by the path of a file, and a translator that has it."""
        translator = self.trade.translator
        if given in self.trade.library.names:
            return translator, given
        path = Path(given)
        if not path.is_file():
            raise Misconfigured(f"there is no map and no file {given!r}; `crossdock map list` names the maps")
        file, findings = read_yaml(path, str(path))
        name = file.content.get("map") if file and isinstance(file.content, dict) else None
        if not isinstance(name, str):
            raise Misconfigured(f"{given} is no map file", findings)
        return replace(translator, library=self.trade.library.including(name, path)), name

    def _case_folders(self, compiled: CompiledMap) -> list[Path]:
        """Where a map's cases may lie: beside its file, and under `config/mappings/` whoever wrote it."""
        beside = Path(str(compiled.head.where["file"])).with_suffix(".cases")
        own = self.config / "mappings" / f"{compiled.name}.cases"
        return [beside] if own == beside else [beside, own]


def _told_map(library: MapLibrary, name: str) -> Told:
    try:
        compiled = library.get(name)
        one_way = compiled.one_way
    except Misconfigured as error:
        where = next((one.where for one in error.findings), {})
        return {"name": name, "file": where.get("file"), "faults": len(error.findings) or 1}
    head = compiled.head
    return {
        "name": name,
        "title": head.title,
        "document": head.document.__name__,
        "syntax": head.syntax,
        "directions": [head.direction] if head.direction else ["read", "write"],
        "one_way": len(one_way),
        "extends": library.bases(name)[:1],
        "file": head.where["file"],
        "faults": 0,
    }


def one_way_rules(library: MapLibrary) -> list[Finding]:
    """Of each map that serves both directions, the rules that serve one alone: worth knowing, and no fault."""
    findings: list[Finding] = []
    for name in library.names:
        try:
            compiled = library.get(name)
            rules = [] if compiled.head.direction else compiled.one_way
        except Misconfigured:
            continue
        if rules:
            lines = ", ".join(dict.fromkeys(str(rule["line"]) for rule in rules))
            message = f"in {name}, what stands here serves one direction only: line {lines}"
            facts = {"rules": [dict(rule) for rule in rules]}
            findings.append(Finding("one-way-rules", "info", rules[0], message, facts=facts))
    return findings


def has_fault(findings: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any finding, as outsiders read it, is an error."""
    return any(finding["severity"] == "error" for finding in findings)


def _as_json(findings: Sequence[Finding]) -> list[Mapping[str, Any]]:
    return [finding.as_json() for finding in findings]

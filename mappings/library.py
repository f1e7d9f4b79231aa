"""All maps and code lists: the built-in ones, and a user's, which override them by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field

from canonical import Document, Finding, Misconfigured
from mappings.code_lists import CodeList, load_code_list
from mappings.compiled import CompiledMap, MapHead
from mappings.language.compiler import Compiler
from mappings.language.functions import Function, registered_functions
from mappings.language.totals import TOTALS
from mappings.language.written import MapFault, Written, overlay_names, written
from mappings.paths.json import JsonPaths
from mappings.paths.navigation import Node, Syntax
from mappings.paths.x12 import X12Paths
from mappings.paths.xml import XmlPaths
from mappings.strict_yaml import Readable, YamlFile, read_yaml
from mappings.yaml_model import ConfigModel, validate

Chain: TypeAlias = "list[tuple[Written, MapFile]]"
"""A map with those it extends, the base first."""


class MapFile(ConfigModel):
    """A map file's names; the rules below `fields` are checked by the compiler."""

    map: str
    document: str | None = None
    syntax: str | None = None
    title: str | None = None
    extends: str | None = None
    shared: list[str] = Field(default_factory=list)
    fields: dict[str, Any] = Field(default_factory=dict)
    also: dict[str, Any] = Field(default_factory=dict)
    levels: dict[str, Any] = Field(default_factory=dict)
    parts: dict[str, Any] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    loses: list[str] = Field(default_factory=list)
    totals: dict[str, str] = Field(default_factory=dict)
    unread: Literal["warning", "ignore"] | None = None
    root: str | None = None
    recognised_by: str | None = None
    namespaces: dict[str, str] = Field(default_factory=dict)
    order: dict[str, list[str]] = Field(default_factory=dict)
    direction: Literal["read", "write"] | None = None


SYNTAXES: Mapping[str, Callable[[MapFile], Syntax]] = {
    "x12": lambda _head: X12Paths(),
    "json": lambda _head: JsonPaths(),
    "csv": lambda _head: JsonPaths(json=False),
    "xml": lambda head: XmlPaths(head.namespaces, head.root, head.order),
}


_COMPILED: dict[str, CompiledMap] = {}
"""The built-in maps in use, compiled once for all libraries that change nothing about them."""


class MapLibrary:
    """`get("x12/850")` compiles on first use and remembers. Directories given later override those before.

    `more` are single maps by name, files or (a `str`) the text itself, that override them all.
    """

    def __init__(
        self, *directories: Path, functions: Mapping[str, Function] | None = None,
        more: Mapping[str, Readable | str] | None = None,
    ) -> None:  # fmt: skip
        import mappings.language.calculations  # noqa: F401  # registers the built-in functions

        self._directories, self._more, self._given = directories, dict(more or {}), functions
        self._functions = {**registered_functions(), **(functions or {})}
        own = {"maps": self._own("maps") | self._more, "parts": self._own("parts"), "codes": self._own("codes")}
        self._sources, self._part_sources, self._code_sources = ({**_shipped(name), **own[name]} for name in own)
        overrides = functions or any(own[name].keys() & _shipped(name).keys() for name in own)
        self._as_shipped: Set[str] = frozenset() if overrides else _shipped("maps").keys()
        """The maps that are built in, unless anything built in is overridden: it might be a part of any of them."""
        self._files: dict[str, tuple[Written, MapFile]] = {}
        self._codes: dict[str, CodeList | None] = {}
        self._maps: dict[str, CompiledMap] = {}

    @property
    def names(self) -> list[str]:
        """The maps there are."""
        return sorted(self._sources)

    @property
    def code_lists(self) -> list[str]:
        """The code lists there are."""
        return sorted(self._code_sources)

    def get(self, name: str) -> CompiledMap:
        """The map of that name; `Misconfigured` when there is none or its file cannot be read."""
        kept = _COMPILED if name in self._as_shipped else self._maps
        if name not in kept:
            try:
                kept[name] = self._made(name)
            except MapFault as fault:
                raise Misconfigured(f"the map {name} has faults", [fault.finding()]) from None
        return kept[name]

    def including(self, name: str, source: Readable | str) -> "MapLibrary":
        """This library with one more map, in the place of any of that name."""
        more = {**self._more, name: source}
        return MapLibrary(*self._directories, functions=self._given, more=more)

    def bases(self, name: str) -> list[str]:
        """The maps that a map extends, the nearest first; `Misconfigured` when one of them cannot be read."""
        try:
            return [head.map for _, head in reversed(self._lineage(name))][1:]
        except MapFault as fault:
            raise Misconfigured(f"the map {name} has faults", [fault.finding()]) from None

    def recognising(self, syntax: str, tree: Node, names: Iterable[str] | None = None) -> CompiledMap | None:
        """The first of the maps (of all, unless `names` are given) whose document this tree is, as it says itself."""
        for name in self.names if names is None else names:
            found = self.get(name)
            if found.head.syntax == syntax and found.head.recognised_by and found.recognises(tree):
                return found
        return None

    def codes(self, name: str) -> CodeList | None:
        """The code list of that name."""
        if name not in self._codes:
            source = self._code_sources.get(name)
            found, findings = load_code_list(source) if source else (None, [])
            if findings:
                raise Misconfigured(f"the code list {name} has faults", findings)
            self._codes[name] = found
        return self._codes[name]

    def check(self, *, shipped: bool = False) -> list[Finding]:
        """Every fault of every map and code list, with file, line, column and the mend.

        What is built in and left as it is has none, and is looked at only when `shipped` asks for it.
        """
        findings: list[Finding] = []
        for name, source in self._code_sources.items():
            if shipped or source is not _shipped("codes").get(name):
                findings.extend(load_code_list(source)[1])
        for name in self.names:
            if name in self._as_shipped and not shipped:
                continue
            try:
                findings.extend(self.get(name).check())
            except Misconfigured as error:
                findings.extend(error.findings)
        return findings

    def _own(self, folder: str) -> dict[str, Readable | str]:
        found: dict[str, Readable | str] = {}
        for root in self._directories:
            below = root / folder
            base = below if below.is_dir() else root if folder == "maps" else None
            if base is not None and base.is_dir():
                found.update(_yaml_below(base, ""))
        return {name: source for name, source in found.items() if not name.startswith(("codes/", "parts/"))}

    def _file(self, name: str, asked_by: Written | None = None) -> tuple[Written, MapFile]:
        if name not in self._files:
            source = self._sources.get(name)
            if source is None:
                nowhere = asked_by or Written(name, {"file": name, "line": 1, "column": 1}, ())
                raise MapFault("map-unknown", nowhere, f"there is no map {name!r}; there are: {', '.join(self.names)}")
            file, findings = read_yaml(source)
            if file is None:
                raise Misconfigured(f"the map {name} has faults", findings)
            self._files[name] = (written(file), self._head(file, name))
        return self._files[name]

    def _head(self, file: YamlFile, name: str) -> MapFile:
        head, findings = validate(file, MapFile)
        if head is None:
            raise Misconfigured(f"the map {name} has faults", findings)
        if head.map != name:
            message = f"the file holds the map {head.map!r} but stands where {name!r} is looked for; rename one"
            raise Misconfigured(f"the map {name} has faults", [file.finding("map-name", ("map",), message)])
        return head

    def _lineage(self, name: str) -> Chain:
        """The map with those it extends, the base first."""
        chain: Chain = []
        asked_by: Written | None = None
        seen: set[str] = set()
        while True:
            text, head = self._file(name, asked_by)
            chain.insert(0, (text, head))
            seen.add(name)
            if head.extends is None:
                return chain
            asked_by, name = text.mapping["extends"], head.extends
            if name in seen:
                raise MapFault("map-extends", asked_by, f"{name} extends itself")

    def _made(self, name: str) -> CompiledMap:
        chain = self._lineage(name)
        top = chain[-1][0]
        syntax_name = _last(chain, "syntax") or ""
        if syntax_name not in SYNTAXES:
            at = top.mapping.get("syntax", top)
            raise MapFault("map-syntax", at, f"no syntax {syntax_name!r}; there are: {', '.join(SYNTAXES)}")
        syntax, parts = SYNTAXES[syntax_name](chain[-1][1]), self._parts(chain)
        head = MapHead(
            name=name,
            document=_document(top, _last(chain, "document") or ""),
            where=top.where,
            body=Written(_sections(chain), chain[0][0].where, ()),
            syntax=syntax_name,
            title=_last(chain, "title") or "",
            ignore=[item for text, _ in chain if "ignore" in text.mapping for item in text.mapping["ignore"].items],
            loses=[pattern for _, found in chain for pattern in found.loses],
            totals=_totals(chain),
            unread=_last(chain, "unread") or "warning",
            root=_last(chain, "root"),
            recognised_by=_last(chain, "recognised_by"),
            direction=_last(chain, "direction"),
        )

        def compiler(*, tracing: bool) -> Compiler:
            return Compiler(syntax, self.codes, parts, self._functions, tracing)

        return CompiledMap(head, syntax, compiler)

    def _parts(self, chain: Chain) -> dict[str, Written]:
        parts: dict[str, Written] = {}
        for text, head in chain:
            for name, at in zip(head.shared, text.mapping["shared"].items if head.shared else [], strict=True):
                parts.update(self._shared(name, at))
            if "parts" in text.mapping:
                parts.update(text.mapping["parts"].mapping)
        return parts

    def _shared(self, name: str, asked_by: Written) -> Mapping[str, Written]:
        source = self._part_sources.get(name)
        if source is None:
            message = f"there are no shared parts {name!r}; there are: {', '.join(sorted(self._part_sources))}"
            raise MapFault("map-unknown-part", asked_by, message)
        file, findings = read_yaml(source)
        if file is None:
            raise Misconfigured(f"the parts {name} have faults", findings)
        return written(file).mapping["parts"].mapping


@cache
def _shipped(folder: str) -> Mapping[str, Traversable]:
    """What is built in, by name."""
    return dict(_yaml_below(files("mappings") / folder, ""))


def _document(top: Written, name: str) -> type[Document]:
    if name not in Document.kinds:
        message = f"no document {name!r}; there are: {', '.join(sorted(Document.kinds))}"
        raise MapFault("map-document", top.mapping.get("document", top), message)
    return Document.kinds[name]


def _sections(chain: Chain) -> dict[str, Written]:
    """The rules, each map's laid over those of the map it extends."""
    body: dict[str, Written] = {}
    for text, _ in chain:
        for section in ("fields", "also", "levels"):
            if section in text.mapping:
                part = text.mapping[section]
                body[section] = overlay_names(body[section], part) if section in body else part
    return body


def _totals(chain: Chain) -> dict[str, str]:
    totals: dict[str, str] = {}
    for text, head in chain:
        for path, total in head.totals.items():
            if total not in TOTALS:
                at = text.mapping["totals"].mapping[path]
                raise MapFault("map-total", at, f"no total is called {total!r}; there are: {', '.join(TOTALS)}")
            totals[path] = total
    return totals


def _last(chain: Chain, name: str) -> str | None:
    """The nearest map's say."""
    return next((value for _, head in reversed(chain) if (value := getattr(head, name))), None)


def _yaml_below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.is_dir():
            yield from _yaml_below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".yml")):
            yield f"{prefix}{entry.name.rsplit('.', 1)[0]}", entry

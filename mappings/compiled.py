"""A compiled map: `read` a tree into a document, `write` a document into a tree, tell `where` each value came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from canonical import Document, Finding, Misconfigured, Where
from mappings.context import Context, Origin, Rendition, Translation
from mappings.language.compiler import Compiler
from mappings.language.levels import levels_rule
from mappings.language.objects import object_rule
from mappings.language.readback import differences
from mappings.language.rule import Rule
from mappings.language.shape import Shape
from mappings.language.totals import TOTALS, Total
from mappings.language.written import MapFault, Written
from mappings.paths.navigation import BadPath, Leaf, Node, Run, Scope, Syntax
from mappings.refusals import with_refusals
from mappings.strict_yaml import path_text

_PLAIN = Context()


@dataclass(frozen=True, slots=True)
class MapHead:
    """What a map says of itself, resolved through `extends`."""

    name: str
    document: type[Document]
    where: Where
    body: Written
    syntax: str = ""
    """How the bytes are written whose tree it walks: x12, json, csv or xml."""
    ignore: Sequence[Written] = ()
    loses: Sequence[str] = ()
    totals: Mapping[str, str] = field(default_factory=dict)
    unread: str = "warning"
    root: str | None = None
    """The member a JSON tree may be wrapped in, e.g. `order`."""
    recognised_by: str | None = None
    """The place without which a tree is some other document."""
    title: str = ""
    direction: str | None = None
    """`read` or `write` where the map serves only one."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build of the rules: fast or tracing."""

    document: Rule
    levels: Rule | None
    scope: Scope
    totals: tuple[tuple[Leaf, Total], ...]
    compiler: Compiler


@dataclass(frozen=True)
class CompiledMap:
    """Compiled on first use; safe to share between threads and tasks, as a translation keeps its own state."""

    head: MapHead
    syntax: Syntax
    compiler: Callable[..., Compiler]

    @property
    def name(self) -> str:
        """As in `x12/850`."""
        return self.head.name

    @property
    def document(self) -> type[Document]:
        """The canonical document it reads and writes."""
        return self.head.document

    def read(self, tree: Node, context: Context = _PLAIN) -> Translation:
        """Translate a tree. Findings name the source's place; their facts the canonical path and the rule."""
        self._serves("read")
        inner = self._unwrapped(tree)
        translation = self._read(inner, context)
        if inner is tree or not translation.findings:
            return translation
        placed = tuple(replace(one, where=self._whole(one.where)) for one in translation.findings)
        return replace(translation, findings=placed)

    def _read(self, tree: Node, context: Context) -> Translation:
        if self.head.recognised_by and not self.recognises(tree):
            return Translation(None, (self._other(tree),))
        run = Run(tree, context)
        build = self.fast
        values = read_values(build, tree, run)
        if context.usage == "test":
            values["usage"] = "test"
        try:
            document = self.document.model_validate(values)
        except ValidationError as error:
            return Translation(None, tuple(self._explained(tree, context, error)))
        findings = self._explained(tree, context, None) if run.faulty else []
        findings.extend(self._unread(tree))
        findings.extend(_unequal_totals(build, tree, run, document))
        return Translation(document, tuple(findings))

    def write(self, document: Document, context: Context = _PLAIN) -> Rendition[Any]:
        """Render a document as a tree, then read it back: what differs and is not under `loses:` is a finding."""
        if not isinstance(document, self.document):
            raise TypeError(f"{self.name} writes a {self.document.__name__}, not a {document.kind}")
        self._serves("write")
        values = document.model_dump(exclude_none=True)
        run = Run(self.syntax.new_root(), context, values)
        build = self.fast
        assert build.document.write
        build.document.write(values, run.root, run)
        if build.levels and build.levels.write:
            build.levels.write(values, run.root, run)
        for leaf, total in build.totals:
            if total.written and leaf.get(run.root, run) is None:
                leaf.put(run.root, run, total.text(document, run.root))
        self.syntax.finish(run.root)
        return Rendition(run.root, (*run.findings, *self._lost(document, run.root, context)))

    def where(self, tree: Node, context: Context = _PLAIN) -> dict[str, Origin]:
        """For each canonical value, by its path (`lines.0.price.amount`): its source place and its rule."""
        inner = self._unwrapped(tree)
        run = Run(inner, context)
        read_values(self.tracing, inner, run)
        found = {path_text(path): origin for path, origin in run.lineage.items()}
        if inner is tree:
            return found
        return {path: replace(origin, source=self._whole(origin.source)) for path, origin in found.items()}

    def lineage(self, tree: Node, context: Context = _PLAIN) -> dict[str, Any]:
        """The same as plain JSON values: path -> `{source, rule}`."""
        return {
            path: {"source": dict(origin.source), "rule": dict(origin.rule)}
            for path, origin in self.where(tree, context).items()
        }

    def check(self) -> list[Finding]:
        """Faults of the map file."""
        return [fault.finding() for fault in self._compiled(tracing=False)[1]]

    @property
    def one_way(self) -> list[Where]:
        """Where the rules stand that serve one direction only."""
        return [rule.where for rule in self.fast.compiler.one_way]

    @cached_property
    def _list_unread(self) -> Callable[[Node], list[tuple[Where, str]]]:
        return self.syntax.unread(self.fast.scope.cover)

    @cached_property
    def fast(self) -> Build:
        """The build that translates: it keeps no paths."""
        return self._sound(tracing=False)

    @cached_property
    def tracing(self) -> Build:
        """The build that explains: it notes for each value its place and rule."""
        return self._sound(tracing=True)

    def _sound(self, *, tracing: bool) -> Build:
        build, faults = self._compiled(tracing=tracing)
        if faults or build is None:
            raise Misconfigured(f"the map {self.name} has faults", [fault.finding() for fault in faults])
        return build

    def _compiled(self, *, tracing: bool) -> tuple[Build | None, list[MapFault]]:
        compiler = self.compiler(tracing=tracing)
        scope = self.syntax.root_scope()
        shape = Shape("model", model=self.document)
        try:
            document = object_rule(compiler, self.head.body, shape, scope, keep=True, top=True)
            written = self.head.body.mapping.get("levels")
            levels = levels_rule(compiler, written, shape, scope) if written else None
            totals = tuple((self.syntax.leaf(path, scope), TOTALS[name]) for path, name in self.head.totals.items())
            for path in self.head.ignore:
                _ignore(self.syntax, path, scope)
        except MapFault as fault:
            return None, [*compiler.faults, fault]
        except (BadPath, KeyError) as bad:
            return None, [*compiler.faults, MapFault("map-path", self.head.body, str(bad))]
        return Build(document, levels, scope, totals, compiler), compiler.faults

    def _explained(self, tree: Node, context: Context, error: ValidationError | None) -> list[Finding]:
        """The findings of a faulty read, with exact paths, from the tracing build."""
        run = Run(tree, context)
        read_values(self.tracing, tree, run)
        if error:
            top = Origin(self.syntax.top(tree), self.head.where)
            return with_refusals(run.findings, error, run, top)
        return run.findings

    def recognises(self, tree: Node) -> bool:
        """Whether a tree is of the kind the map reads; what it says is another matter."""
        if self.head.recognised_by is None:
            return True
        run = Run(tree, _PLAIN)
        found = [tree]
        for branch in self.syntax.branch(self.head.recognised_by, self.syntax.root_scope()):
            found = [child for node in found for child in branch.find(node, run)]
        return bool(found)

    def _other(self, tree: Node) -> Finding:
        message = f"the map {self.name} reads {self.head.recognised_by}, and there is none"
        return Finding("document-other", "error", self.syntax.top(tree), message, facts={"rule": self.head.where})

    def _serves(self, direction: str) -> None:
        if self.head.direction not in (None, direction):
            raise Misconfigured(f"the map {self.name} only serves to {self.head.direction}")

    def _unwrapped(self, tree: Node) -> Node:
        root = self.head.root
        return tree[root] if root and isinstance(tree, dict) and isinstance(tree.get(root), dict) else tree

    def _whole(self, where: Where) -> Where:
        """A place as the whole file has it, whose tree was wrapped in a member."""
        return {**where, "pointer": f"/{self.head.root}{where['pointer']}"} if "pointer" in where else where

    def _unread(self, tree: Node) -> list[Finding]:
        if self.head.unread == "ignore":
            return []
        return [
            Finding(
                "unread",
                "warning",
                where,
                f"{name} is not read by the map {self.name}",
                facts={"rule": self.head.where},
            )
            for where, name in self._list_unread(tree)
        ]

    def _lost(self, document: Document, tree: Node, context: Context) -> list[Finding]:
        if self.head.direction == "write":
            return []
        run = Run(tree, context)
        values = read_values(self.fast, tree, run)
        values["usage"] = document.usage
        try:
            again = self.document.model_validate(values)
        except ValidationError as error:
            return [_unreadable(path_text(fault["loc"]), fault["msg"]) for fault in error.errors(include_url=False)]
        return [
            self._lost_value(path, before, after)
            for path, before, after in differences(document, again, self.head.loses)
        ]

    def _lost_value(self, path: str, before: Any, after: Any) -> Finding:
        message = f"{path} does not survive the map {self.name}: {before!r} reads back as {after!r}"
        return Finding("lost-on-write", "warning", {}, message, facts={"path": path, "rule": dict(self.head.where)})


def _unreadable(path: str, message: str) -> Finding:
    said = f"what was written cannot be read back: {path}: {message}"
    return Finding("unreadable-back", "error", {}, said, facts={"path": path})


def _ignore(syntax: Syntax, path: Written, scope: Scope) -> None:
    try:
        syntax.ignore(path.text, scope)
    except BadPath as bad:
        raise MapFault("map-path", path, str(bad)) from None


def read_values(build: Build, tree: Node, run: Run) -> dict[str, Any]:
    """A tree's values before they are validated."""
    assert build.document.read
    values: dict[str, Any] = build.document.read(tree, run)
    if build.levels and build.levels.read:
        for name, value in build.levels.read(tree, run).items():
            known = values.get(name)
            values[name] = _joined(known, value) if known else value
    return values


def _joined(known: Any, value: Any) -> Any:
    if isinstance(known, dict) and isinstance(value, dict):
        return {**known, **value}
    return [*known, *(item for item in value if item not in known)] if isinstance(known, list) else known


def _unequal_totals(build: Build, tree: Node, run: Run, document: Document) -> list[Finding]:
    findings = []
    for leaf, total in build.totals:
        said = leaf.get(tree, run)
        if said is None:
            continue
        difference = total.compare(str(said), document, tree)
        if difference:
            findings.append(
                Finding("total-differs", "warning", leaf.place(tree, run), difference, facts={"value": str(said)})
            )
    return findings

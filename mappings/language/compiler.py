"""From written rules to closures. `Compiler.rule` is the one door; each verb is a function in a module of its kind.

Two builds come from the same rules: the fast one keeps no paths; the tracing one, made when a fault or a question asks
for it, records for every value its place in the source and its rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from canonical import Where
from mappings.code_lists import CodeList
from mappings.context import Origin
from mappings.language.functions import Function
from mappings.language.rule import Read, Rule
from mappings.language.shape import Shape
from mappings.language.written import MapFault, Written, with_part
from mappings.paths.navigation import BadPath, Leaf, Node, Run, Scope, Syntax


@dataclass(slots=True)
class Compiler:
    """What the rules of one map are compiled with."""

    syntax: Syntax
    codes: Callable[[str], CodeList | None]
    parts: Mapping[str, Written] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    tracing: bool = False
    faults: list[MapFault] = field(default_factory=list)
    one_way: list[Written] = field(default_factory=list)
    """Rules that say `read:` or `write:`; `crossdock check` lists them."""

    def rule(self, at: Written, shape: Shape, scope: Scope) -> Rule:
        """Compile one rule for a canonical field of `shape`."""
        from mappings.language.modifiers import apply_modifiers
        from mappings.language.verbs import verb_of

        if isinstance(at.content, str):
            at = Written({"at": at}, at.where, at.trail)
        elif isinstance(at.content, list):
            at = Written({"fallback": at}, at.where, at.trail)
        elif not isinstance(at.content, dict):
            raise MapFault("map-form", at, "a rule is a path, a list of rules to try, or a mapping with one verb")
        if "use" in at.content:
            at = with_part(at, self.parts)
        name, compile_verb = verb_of(at)
        try:
            return apply_modifiers(self, at, shape, scope, compile_verb(self, at, shape, scope))
        except BadPath as bad:
            raise MapFault("map-path", at.mapping.get(name, at), str(bad)) from None

    def tolerant(self, at: Written, shape: Shape, scope: Scope) -> Rule | None:
        """As `rule`, but a fault is kept and None returned, so that one run finds all faults of a file."""
        try:
            return self.rule(at, shape, scope)
        except MapFault as fault:
            self.faults.append(fault)
            return None

    def leaf(self, at: Written, scope: Scope) -> Leaf:
        """The leaf a written path names."""
        try:
            return self.syntax.leaf(at.text, scope)
        except BadPath as bad:
            raise MapFault("map-path", at, str(bad)) from None

    def code_list(self, at: Written) -> CodeList:
        """The code list a rule names."""
        found = self.codes(at.text)
        if found is None:
            raise MapFault("map-unknown-codes", at, f"there is no code list {at.text!r}")
        return found

    def traced(self, name: str | int, read: Read) -> Read:
        """The same read with `name` on the path; only in the tracing build."""
        if not self.tracing:
            return read

        def traced(node: Node, run: Run) -> Any:
            run.path.append(name)
            try:
                return read(node, run)
            finally:
                run.path.pop()

        return traced

    def recorded(self, read: Read, place: Callable[[Node, Run], Where] | None, at: Written) -> Read:
        """The same read noting where its value came from; only in the tracing build."""
        if not self.tracing:
            return read

        def recorded(node: Node, run: Run) -> Any:
            value = read(node, run)
            known = run.asked if value is None else run.lineage
            known.setdefault(tuple(run.path), Origin(place(node, run) if place else {}, at.where))
            return value

        return recorded

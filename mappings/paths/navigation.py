"""The small interface every syntax offers to the compiler: leaves to read and set, branches to walk and grow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from canonical import Finding, Severity, Where
from mappings.context import Context, Origin

Node: TypeAlias = Any
"""A node of whichever syntax: a segment, a JSON value, an XML element, a CSV row."""
Raw: TypeAlias = Any
"""A native scalar."""


class Run:
    """The state of one translation. `faulty` asks for a second, tracing run that explains the faults."""

    __slots__ = (
        "asked", "before", "codes", "context", "document", "faulty", "findings", "index",
        "lineage", "path", "root", "spots", "up", "zone",
    )  # fmt: skip

    def __init__(self, root: Node, context: Context, document: dict[str, Any] | None = None) -> None:
        self.root = root
        self.context = context
        self.codes = context.codes
        self.zone = context.zone
        self.document: dict[str, Any] = {} if document is None else document
        self.up: list[Node] = []
        self.index: list[int] = []
        self.faulty = False
        self.findings: list[Finding] = []
        self.path: list[str | int] = []
        self.spots: list[str] = [""]
        self.before = 0
        """How many items earlier parts of the same list gave, when tracing."""
        self.lineage: dict[tuple[str | int, ...], Origin] = {}
        self.asked: dict[tuple[str | int, ...], Origin] = {}
        """Where a value was looked for in vain, when tracing."""

    def fault(self, code: str, severity: Severity, where: Where, message: str, facts: Mapping[str, Any]) -> None:
        """Record a finding."""
        self.faulty = True
        self.findings.append(Finding(code, severity, where, message, facts=facts))

    def moved(self, mark: str, path: Sequence[str | int]) -> None:
        """Note what was traced under `mark` at its place in the document too."""
        for origins in (self.lineage, self.asked):
            for known in [known for known in origins if known[0] == mark]:
                origins[*path, *known[1:]] = origins[known]
        text = ".".join(map(str, path))
        self.findings = [_moved(finding, mark, text) for finding in self.findings]

    def settle_marks(self) -> None:
        """Forget the marks themselves."""
        for origins in (self.lineage, self.asked):
            for known in [known for known in origins if known and str(known[0]).startswith("?")]:
                del origins[known]


def _moved(finding: Finding, mark: str, path: str) -> Finding:
    known = str(finding.facts.get("path", ""))
    if not known.startswith(mark + "."):
        return finding
    return replace(finding, facts={**finding.facts, "path": path + known[len(mark) :]})


@dataclass(frozen=True, slots=True)
class Child:
    """The first child of a tag, or the first that a test accepts."""

    tag: str
    matches: Callable[[Sequence[str]], bool] | None = None
    usual: tuple[int, str] | None = None
    """An element and its value that make the first one surely meet the test."""


@dataclass(frozen=True, slots=True)
class Element:
    """A place in the node's own segment or in a child of it."""

    index: int
    child: Child | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place that holds one scalar."""

    get: Callable[[Node, Run], Raw]
    """The raw value, None where absent or empty."""
    put: Callable[[Node, Run, Raw], None]
    """Set it, growing what is missing on the way."""
    made: Callable[[Node, Run], bool]
    """Whether the node it would stand in is already there."""
    place: Callable[[Node, Run], Where]
    needs: str | None = None
    """The child without which the value is surely absent."""
    form: str | None = None
    """How the syntax itself types it: `n2` has two implied decimals."""
    own: Any = None
    """The key under which the value stands directly in the node."""
    element: Element | None = None
    """Where it stands in a segment, when that is the node's own or a child's."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A place where nodes repeat."""

    find: Callable[[Node, Run], Sequence[Node]]
    make: Callable[[Node, Run], Node]
    spot: Callable[[str, int], str]
    """Where the n-th found node stands (from 0), given where its parent does."""
    scope: "Scope"
    needs: str | None = None
    close: Callable[[Node], None] | None = None
    """Called when a made node is complete."""
    tag: str | None = None
    """Its nodes are the children of this tag, all of them or those that `matches` accepts."""
    matches: Callable[[Sequence[str]], bool] | None = None
    standing: Callable[[Node, Run], Sequence[tuple[int, Node]]] | None = None
    """The found nodes, each with the index that `spot` takes, where `find` leaves some out."""


@dataclass(frozen=True, slots=True)
class Values:
    """A place where scalars repeat."""

    get: Callable[[Node, Run], list[Raw]]
    put: Callable[[Node, Run, list[Raw]], None]
    place: Callable[[Node, Run], Where]
    needs: str | None = None
    tags: frozenset[str] = frozenset()
    """The children one of which must be there, where several give values."""
    element: Element | None = None
    """Where it stands when it is one element of the node's own segment."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A place where (key, value) scalars repeat."""

    get: Callable[[Node, Run], list[tuple[Raw, Raw]]]
    put: Callable[[Node, Run, list[tuple[Raw, Raw]]], int]
    """Returns how many found room."""
    place: Callable[[Node, Run], Where]
    needs: str | None = None
    own: tuple[int, int] | None = None
    """Where they stand one behind the other in the node itself: the first index, and the one after the last."""


@dataclass(slots=True)
class Cover:
    """What a map reads below a node, so that the rest can be reported."""

    names: set[Any] = field(default_factory=set)
    beyond: int | None = None
    """Every element from this one on is read."""
    whole: bool = False
    many: bool = False
    """Every such child is read, not only the first."""
    children: dict[str, list[tuple[Any, "Cover"]]] = field(default_factory=dict)
    """By tag or key: a condition (None: any) and what is read of the children that meet it."""

    def child(self, name: str, condition: Any = None) -> "Cover":
        """The cover of the children called `name` that meet `condition`."""
        for known, cover in self.children.setdefault(name, []):
            if known == condition:
                return cover
        cover = Cover()
        self.children[name].append((condition, cover))
        return cover


@dataclass(slots=True)
class Scope:
    """Where a rule stands: its node's name, what is covered there, and the scope around it."""

    name: str
    cover: Cover
    parent: "Scope | None" = None
    indexed: bool = False
    """Set by a rule that asks for the node's number in its loop."""

    def root(self) -> "Scope":
        """The outermost scope."""
        return self.parent.root() if self.parent else self

    def above(self, count: int) -> "Scope":
        """The scope `count` loops out."""
        scope = self
        for _ in range(count):
            if scope.parent is None:
                raise BadPath("there is no loop around this one; remove a '../'")
            scope = scope.parent
        return scope


class BadPath(ValueError):  # noqa: N818
    """A path that cannot be understood; its text says what would be."""


class Syntax(Protocol):
    """How one family of trees is addressed."""

    x12: bool
    json: bool

    def root_scope(self) -> Scope:
        """The scope of the whole tree."""
        ...

    def leaf(self, path: str, scope: Scope) -> Leaf:
        """One scalar; `BadPath` when the path is none."""
        ...

    def branch(self, path: str, scope: Scope, repeat: str | None = None) -> Sequence[Branch]:
        """Repeated nodes, one branch a step of the path."""
        ...

    def values(self, path: str, scope: Scope) -> Values:
        """Repeated scalars."""
        ...

    def pairs(self, paths: Sequence[str], scope: Scope, /) -> Pairs:
        """Repeated pairs of scalars."""
        ...

    def kept(self, paths: Sequence[str], scope: Scope, /) -> Values:
        """Nodes as they are: plain lists."""
        ...

    def ignore(self, path: str, scope: Scope) -> None:
        """Mark what `path` names as read."""
        ...

    def new_root(self) -> Node:
        """An empty tree to write into."""
        ...

    def finish(self, root: Node) -> None:
        """Give a written tree its last form."""
        ...

    def top(self, root: Node, /) -> Where:
        """The place of the whole tree."""
        ...

    def unread(self, cover: Cover) -> Callable[[Node], list[tuple[Where, str]]]:
        """What lists what a tree holds and `cover` does not: places and names."""
        ...

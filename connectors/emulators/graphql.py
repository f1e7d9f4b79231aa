"""Just enough of GraphQL (spec October 2021, sections 2 and 6) to answer real queries from plain objects.

One operation a document, with variables, arguments, aliases, nested fields and directives; no fragments.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
"""Fields by name: a value, or a function of its arguments."""

_TOKEN = re.compile(r"[\s,]*(?:#[^\n]*\n[\s,]*)*(\"(?:[^\"\\]|\\.)*\"|\$?[A-Za-z_]\w*|-?\d+|[{}()\[\]:!=@]|\.\.\.)")


class GraphQLError(Exception):
    """A query that can't be answered, in the words a server would use."""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str


@dataclass(slots=True)
class Field:
    """One selected field."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: list["Field"] = field(default_factory=list)
    directives: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Operation:
    """A parsed document: `query` or `mutation` and what it selects."""

    kind: str
    fields: list[Field]


def parse(text: str) -> Operation:
    """The document's one operation. Raises `GraphQLError`."""
    return _Parser(text).operation()


def execute(operation: Operation, root: Object, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The data the operation selects. Raises `GraphQLError` for a field that isn't there."""
    return _select(operation.fields, root, variables, "QueryRoot" if operation.kind == "query" else "Mutation")


def connection(nodes: Sequence[Object]) -> Callable[..., Object]:
    """A Relay connection over `nodes`: `first` and `after` (an opaque cursor) page through it."""

    def page(first: int = 50, after: str | None = None) -> Object:
        start = int(after.removeprefix("after-")) if after else 0
        shown = nodes[start : start + first]
        last = start + len(shown)
        info = {"hasNextPage": last < len(nodes), "endCursor": f"after-{last}" if shown else None}
        return {"nodes": shown, "edges": [{"node": node} for node in shown], "pageInfo": info}

    return page


def _select(fields: list[Field], node: Object, variables: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {wanted.alias: _resolve(wanted, node, variables, kind) for wanted in fields}


def _resolve(wanted: Field, node: Object, variables: Mapping[str, Any], kind: str) -> Any:
    if wanted.name not in node:
        raise GraphQLError(f"Field '{wanted.name}' doesn't exist on type '{kind}'")
    value = node[wanted.name]
    if callable(value):
        said = {**wanted.arguments, **wanted.directives}
        value = value(**{name: _bound(argument, variables) for name, argument in said.items()})
    return _completed(wanted, value, variables)


def _completed(wanted: Field, value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_completed(wanted, item, variables) for item in value]
    if isinstance(value, Mapping):
        if not wanted.fields:
            raise GraphQLError(f"Field must have selections (field '{wanted.name}' returns an object)")
        return _select(wanted.fields, value, variables, wanted.name)
    return value


def _bound(argument: Any, variables: Mapping[str, Any]) -> Any:
    match argument:
        case _Variable(name):
            return variables.get(name)
        case dict():
            return {key: _bound(value, variables) for key, value in argument.items()}
        case list():
            return [_bound(value, variables) for value in argument]
    return argument


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def operation(self) -> Operation:
        kind = self._take() if self._peek() in ("query", "mutation") else "query"
        while self._peek() not in ("{", "("):
            self._take()
        if self._peek() == "(":
            self._skip_variables()
        operation = Operation(kind, self._selection())
        if self._next != len(self._tokens):
            raise GraphQLError("Parse error: one operation a document")
        return operation

    def _skip_variables(self) -> None:
        while self._take() != ")":
            pass

    def _selection(self) -> list[Field]:
        self._expect("{")
        fields: list[Field] = []
        while self._peek() != "}":
            fields += self._fragment() if self._peek() == "..." else [self._field()]
        self._expect("}")
        return fields

    def _fragment(self) -> list[Field]:
        """`... on Type { }`: its fields, since every node here is of the one type that has them."""
        self._expect("...")
        self._expect("on")
        self._take()
        return self._selection()

    def _field(self) -> Field:
        name = alias = self._take()
        if self._peek() == ":":
            self._take()
            name = self._take()
        found = Field(name, alias)
        if self._peek() == "(":
            found.arguments = self._members("(", ")")
        while self._peek() == "@":
            self._directive(found)
        if self._peek() == "{":
            found.fields = self._selection()
        return found

    def _directive(self, found: Field) -> None:
        self._expect("@")
        name = self._take()
        found.directives[name] = self._members("(", ")") if self._peek() == "(" else {}

    def _members(self, opening: str, closing: str) -> dict[str, Any]:
        self._expect(opening)
        members: dict[str, Any] = {}
        while self._peek() != closing:
            name = self._take()
            self._expect(":")
            members[name] = self._value()
        self._expect(closing)
        return members

    def _value(self) -> Any:
        if self._peek() == "{":
            return self._members("{", "}")
        if self._peek() == "[":
            self._take()
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._expect("]")
            return items
        return _scalar(self._take())

    def _peek(self) -> str:
        if self._next >= len(self._tokens):
            raise GraphQLError("Parse error: unexpected end of document")
        return self._tokens[self._next]

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, token: str) -> None:
        if (found := self._take()) != token:
            raise GraphQLError(f"Parse error on {found!r}: expected {token!r}")


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip(" \t\r\n,"):
        found = _TOKEN.match(text, position)
        if found is None:
            raise GraphQLError(f"Parse error at {position}")
        yield found[1]
        position = found.end()


def _scalar(token: str) -> Any:
    words = {"true": True, "false": False, "null": None}
    if token in words:
        return words[token]
    if token.startswith("$"):
        return _Variable(token[1:])
    if token.startswith('"'):
        return token[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return int(token) if token.lstrip("-").isdigit() else token

"""An OpenAPI 3 file, as far as a first manifest needs it: https://spec.openapis.org/oas/v3.1.0.html"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from canonical import Misconfigured
from connectors.authoring.drafts import syntax_of
from connectors.syntax.json_text import read_json
from mappings.authoring.sample import words_of
from mappings.strict_yaml import read_yaml

Tree = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 8
"""References, or schemas made of others, that are followed one from the next."""
_DECLARED = re.compile(rb"""^["']?(openapi|swagger)["']?[ \t]*:""", re.MULTILINE)
_FORMATS = {"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "uri": "https://example.com/", "uuid": "0" * 8}
_TYPES = {"integer": 1, "number": Decimal("1.50"), "boolean": True, "null": None}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an operation takes in its `path`, `query` or `header`."""

    name: str
    place: str
    required: bool
    schema: Tree

    @property
    def word(self) -> str:
        """Its name as manifests write names: `orderId` is order_id."""
        return "_".join(words_of(self.name)) or "value"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status as written (`200`, `4XX`, `default`), and the schema of its JSON body if it has one."""

    status: str
    schema: Tree | None


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One method of one path."""

    name: str
    method: str
    path: str
    summary: str
    docs: str
    parameters: Sequence[Parameter]
    body: Tree | None
    encoding: str
    answers: Sequence[Answer]

    @property
    def done(self) -> Answer | None:
        """The first answer that says it worked."""
        return next((answer for answer in self.answers if answer.status.startswith("2")), None)


@dataclass(frozen=True, slots=True)
class OpenApi:
    """A description whose references within the file can be followed."""

    tree: Tree

    def of(self, node: Any) -> Tree:
        """The object itself, or the one that its `$ref` names; empty where there is none."""
        for _ in range(DEEPEST):
            if not isinstance(node, Mapping) or "$ref" not in node:
                break
            node = self._at(str(node["$ref"]))
        return node if isinstance(node, Mapping) else {}

    def _at(self, reference: str) -> Any:
        node: Any = self.tree if reference.startswith("#/") else None
        for step in reference.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
        return node

    def operations(self) -> Iterator[ApiOperation]:
        """Every operation in the order of the file, each under a name of its own."""
        taken = set[str]()
        for path, item in self.of(self.tree.get("paths")).items():
            for method in METHODS:
                if method in (shared := self.of(item)):
                    yield self._operation(path, method, shared, self.of(shared[method]), taken)

    def _operation(self, path: str, method: str, shared: Tree, node: Tree, taken: set[str]) -> ApiOperation:
        body, encoding = self._body(self.of(node.get("requestBody")))
        docs = self.of(node.get("externalDocs")) or self.of(self.tree.get("externalDocs"))
        found = [self._parameter(self.of(one)) for one in (*shared.get("parameters", ()), *node.get("parameters", ()))]
        return ApiOperation(
            name=_unique("_".join(words_of(node.get("operationId") or f"{method} {path}")), taken),
            method=method.upper(),
            path=path,
            summary=" ".join(str(node.get("summary") or node.get("description") or "").split())[:100],
            docs=str(docs.get("url", "")),
            parameters=list({(one.place, one.name): one for one in found}.values()),
            body=body,
            encoding=encoding,
            answers=[
                Answer(status, self._body(self.of(one))[0]) for status, one in self.of(node.get("responses")).items()
            ],
        )

    def _parameter(self, node: Tree) -> Parameter:
        schema = self.of(node.get("schema"))
        given = {"example": node["example"]} if "example" in node else {}
        return Parameter(
            str(node.get("name", "")), str(node.get("in", "")), bool(node.get("required")), {**schema, **given}
        )

    def _body(self, node: Tree) -> tuple[Tree | None, str]:
        """The schema of a JSON or form body, with the example that stands beside it, and its encoding."""
        for kind, media in self.of(node.get("content")).items():
            if "json" in kind or kind == "application/x-www-form-urlencoded":
                example = {"example": media["example"]} if "example" in media else {}
                return {**self.of(media.get("schema")), **example}, "json" if "json" in kind else "form"
        return None, "json"

    def properties(self, schema: Any, deep: int = 0) -> dict[str, Tree]:
        """The schemas of an object's members, those of all its `allOf` and of the first of `oneOf` or `anyOf` too."""
        if deep == DEEPEST:
            return {}
        node = self.of(schema)
        parts = [*node.get("allOf", ()), *node.get("oneOf", ())[:1], *node.get("anyOf", ())[:1]]
        members = {name: one for part in parts for name, one in self.properties(part, deep + 1).items()}
        return {**members, **self.of(node.get("properties"))}

    def sample(self, schema: Any, above: tuple[str, ...] = ()) -> Any:
        """A value as the schema has it: its own example where it gives one, else one of its type.

        `above` are the references followed so far: a schema that holds itself is left out within itself.
        """
        if isinstance(schema, Mapping) and "$ref" in schema:
            above = (*above, str(schema["$ref"]))
        node = self.of(schema)
        for given in ("example", "const", "default"):
            if given in node:
                return node[given]
        for several in ("examples", "enum"):
            if isinstance(node.get(several), list) and node[several]:
                return node[several][0]
        if members := self.properties(node):
            return {name: self.sample(one, above) for name, one in members.items() if _ends(one, above)}
        if "items" in node:
            return [self.sample(node["items"], above)] if _ends(node["items"], above) else []
        return _plain(node)


def read_openapi(content: bytes, label: str) -> OpenApi | None:
    """The description in the bytes, JSON or YAML; None where they are something else.

    Raises `Misconfigured` for one that can't be read, or that is of another version than 3.
    """
    if syntax_of(content) == "json":
        tree = read_json(content)
    elif _DECLARED.search(content):
        file, findings = read_yaml(content.decode("utf-8-sig", "replace"), label)
        if file is None:
            raise Misconfigured(f"{label} can't be read: {findings[0].message}", findings)
        tree = file.content
    else:
        return None
    if not isinstance(tree, dict) or not ({"openapi", "swagger"} & set(tree) and "paths" in tree):
        return None
    version = str(tree.get("openapi", tree.get("swagger")))
    if not version.startswith("3."):
        raise Misconfigured(f"{label} is OpenAPI {version}; convert it to version 3 first")
    return OpenApi(tree)


def _unique(name: str, taken: set[str]) -> str:
    base = name if name[:1].isalpha() else f"call_{name}"
    free = next(one for one in (base, *(f"{base}_{number}" for number in range(2, 10_000))) if one not in taken)
    taken.add(free)
    return free


def _ends(schema: Any, above: tuple[str, ...]) -> bool:
    """Whether a member isn't one of those it stands in, nor deeper than any document is."""
    return len(above) < DEEPEST and not (isinstance(schema, Mapping) and schema.get("$ref") in above)


def _plain(node: Tree) -> Any:
    kinds = node.get("type", "string")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    return {} if kind == "object" else _TYPES.get(str(kind), _FORMATS.get(str(node.get("format")), "text"))

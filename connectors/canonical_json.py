"""Canonical documents as JSON, the hub's own language: read strictly, each fault at its JSON pointer (RFC 6901)."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from canonical import Document, Finding, Rejected
from connectors.syntax.json_text import read_json

_MENDS = {
    "missing": "is missing; add it",
    "extra_forbidden": "is no field of this document; remove it or put it under 'extensions'",
}


def read_canonical(kind: str, content: bytes) -> tuple[Document | None, list[Finding]]:
    """The document of `kind` in one JSON text; None with findings when it is not one.

    Duplicate keys, JSON numbers with fractions where an amount stands, and numbers for dates are refused.
    """
    model = Document.kinds.get(kind)
    if model is None:
        known = ", ".join(sorted(Document.kinds))
        return None, [
            Finding("unknown-kind", "error", {"pointer": ""}, f"no document is called {kind!r}; known: {known}")
        ]
    try:
        tree: Any = read_json(content)
        return model.model_validate_json(content.decode("utf-8-sig"), strict=True), []
    except Rejected as rejected:
        return None, list(rejected.findings)
    except ValidationError as error:
        return None, list(_findings(tree, error.errors(include_url=False)))


def _findings(tree: Any, faults: list[ErrorDetails]) -> Iterator[Finding]:
    """One finding a place: a field that may be one of several types reports each of them."""
    told: set[str] = set()
    for fault in faults:
        pointer = pointer_within(tree, fault["loc"])
        if pointer not in told:
            told.add(pointer)
            name = pointer.rpartition("/")[2] or "the document"
            yield Finding("field-invalid", "error", {"pointer": pointer}, f"{name}: {_mend(fault)}")


def _mend(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    return _MENDS.get(fault["type"], message[:1].lower() + message[1:])


def pointer_within(tree: Any, loc: tuple[int | str, ...]) -> str:
    """The JSON pointer of a pydantic location: its names of types and validators are no part of the tree.

    The last step of a missing field is kept, so that the pointer says what should be there.
    """
    steps: list[str] = []
    for number, step in enumerate(loc):
        known = step in tree if isinstance(tree, dict) else isinstance(tree, list) and step in range(len(tree))
        if known:
            tree = tree[step]
        elif not isinstance(tree, dict) or number + 1 < len(loc):
            continue
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in steps)

"""Configuration as typed models: every fault of a YAML file comes back with its line, column and the mend."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from canonical import Finding
from mappings.strict_yaml import Readable, Trail, YamlFile, path_text, read_yaml

M = TypeVar("M", bound=BaseModel)

UNSHOWN = "value_unshown"
"""The type of an error whose finding must not repeat what was given."""


class ConfigModel(BaseModel):
    """The base of configuration models: frozen, closed; a number where a text is meant becomes its exact text."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def load_model(source: Readable | str, model: type[M], name: str | None = None) -> tuple[M | None, list[Finding]]:
    """Read a YAML file (a path or resource; a `str` is the text itself) into `model`."""
    file, findings = read_yaml(source, name)
    return validate(file, model) if file else (None, findings)


def validate(file: YamlFile, model: type[M], at: Trail = ()) -> tuple[M | None, list[Finding]]:
    """Build `model` from the part of a read file at `at`."""
    content: Any = file.content
    for step in at:
        content = content[step]
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        errors = _most_telling(error.errors(include_url=False))
        return None, [_finding(file, model, content, at, fault) for fault in errors]


def _most_telling(errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """One error a place: a union reports each of its members, the longest path tells most."""
    seen: set[tuple[Any, ...]] = set()
    for fault in errors:
        place = (fault["type"], str(fault["loc"][-1:]), repr(fault.get("input"))[:80])
        if place not in seen:
            seen.add(place)
            yield fault


def _finding(file: YamlFile, model: type[BaseModel], content: Any, at: Trail, fault: ErrorDetails) -> Finding:
    trail = (*at, *_trail_within(content, fault["loc"]))
    kind = fault["type"]
    if kind == "extra_forbidden":
        name = str(fault["loc"][-1])
        return file.finding("config-unknown-name", trail, _unknown(name, model), key=True)
    if kind == "missing":
        name = str(fault["loc"][-1])
        inside = f" in {path_text(trail)}" if trail else ""
        return file.finding("config-missing", trail, f"{name!r} is missing{inside}; add it")
    return file.finding("config-value", trail, f"{path_text(trail) or 'the file'}: {_mend(fault)}")


def _trail_within(content: Any, loc: tuple[int | str, ...]) -> Trail:
    """The part of a pydantic location that exists in the file: its names of union members and such are skipped."""
    trail: list[str | int] = []
    for step in loc:
        known = content if isinstance(content, Mapping) else range(len(content)) if isinstance(content, list) else ()
        if step in known:
            content = content[step]
            trail.append(step)
    return tuple(trail)


def _unknown(name: str, model: type[BaseModel]) -> str:
    known = sorted(_names(model.model_json_schema()))
    close = get_close_matches(name, known, 1)
    return f"nothing is called {name!r} here; " + (f"did you mean {close[0]!r}?" if close else "remove it")


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for part in schema.values():
            yield from _names(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _names(part)


def _mend(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = None if fault["type"] == UNSHOWN else fault.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int) else ""
    if fault["type"] == "string_type" and isinstance(given, bool):
        return f"{message}{shown}; put it in quotes"
    return f"{message}{shown}"

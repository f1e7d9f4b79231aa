"""A map as written: YAML values that remember their places, so that merged and shared parts still point home."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from canonical import Finding, Where
from mappings.strict_yaml import Trail, YamlFile, YamlValue, path_text

Content: TypeAlias = "dict[str, Written] | list[Written] | str | int | bool | None"


_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Written:
    """One value of a map file with its place (of its key, where it has one)."""

    content: Any
    where: Where
    trail: Trail

    @property
    def mapping(self) -> "dict[str, Written]":
        """The content, when it is a mapping; otherwise a fault."""
        if not isinstance(self.content, dict):
            raise MapFault("map-form", self, "names and values are expected here: `name: rule`")
        return self.content

    @property
    def items(self) -> "list[Written]":
        """The content as a list; a single value counts as one."""
        return self.content if isinstance(self.content, list) else [self]

    @property
    def text(self) -> str:
        """The content as a text; numbers keep their digits; otherwise a fault."""
        if isinstance(self.content, dict | list) or self.content is None:
            raise MapFault("map-form", self, "a text is expected here")
        return ("true" if self.content else "false") if isinstance(self.content, bool) else str(self.content)

    def plain(self) -> Any:
        """The content without places."""
        if isinstance(self.content, dict):
            return {name: part.plain() for name, part in self.content.items()}
        return [part.plain() for part in self.content] if isinstance(self.content, list) else self.content


class MapFault(Exception):  # noqa: N818 - the compiler gathers them into findings
    """A fault of a map file, with its place."""

    def __init__(self, code: str, at: Written, message: str) -> None:
        super().__init__(message)
        self.code, self.at = code, at

    def finding(self) -> Finding:
        """As others see it."""
        return Finding(self.code, "error", self.at.where, str(self), facts={"path": path_text(self.at.trail)})


def written(file: YamlFile) -> Written:
    """The content of a file with places."""
    return _written(file, file.content, ())


def _written(file: YamlFile, value: YamlValue, trail: Trail) -> Written:
    where = file.where(trail, key=True)
    if isinstance(value, dict):
        return Written({name: _written(file, part, (*trail, name)) for name, part in value.items()}, where, trail)
    if isinstance(value, list):
        return Written([_written(file, part, (*trail, n)) for n, part in enumerate(value)], where, trail)
    return Written(value, where, trail)


def overlay(base: Written, change: Written) -> Written:
    """What `extends:` makes of a rule: `null` removes it, `fields` go into fields, anything else replaces it."""
    if not isinstance(base.content, dict) or not isinstance(change.content, dict):
        return change
    if not set(change.content) <= {"fields", "levels", "also", "value", "rest"}:
        return change
    merged = dict(base.content)
    for name, part in change.content.items():
        merged[name] = overlay_names(merged[name], part) if name in merged else part
    return Written(merged, base.where, base.trail)


def overlay_names(base: Written, change: Written) -> Written:
    """Merge named rules: each changed name replaces, extends or removes the base's."""
    if not isinstance(base.content, dict) or not isinstance(change.content, dict):
        return change
    merged = dict(base.content)
    for name, part in change.content.items():
        if part.content is None:
            if name not in merged:
                raise MapFault("map-extends", part, f"there is no {name!r} to remove in the base map")
            del merged[name]
        else:
            merged[name] = overlay(merged[name], part) if name in merged else part
    return Written(merged, base.where, base.trail)


def with_part(rule: Written, parts: Mapping[str, Written], depth: int = 0) -> Written:
    """Replace `use: NAME` by the named part; what stands beside it comes first."""
    if "use" not in rule.mapping:
        return rule
    if depth > _DEEPEST:
        raise MapFault("map-unknown-part", rule, "parts use each other in a circle")
    name = rule.mapping["use"]
    part = parts.get(name.text)
    if part is None:
        known = ", ".join(sorted(parts)) or "none"
        raise MapFault("map-unknown-part", name, f"no part is called {name.text!r}; there are: {known}")
    beside = {key: value for key, value in rule.mapping.items() if key != "use"}
    merged = dict(part.mapping)
    for key, value in beside.items():
        both = key == "fields" and key in merged
        merged[key] = overlay_names(merged[key], value) if both else value
    return with_part(Written(merged, rule.where, rule.trail), parts, depth + 1)

"""Configuration is read here: YAML 1.2 as people mean it, with the place of every key and value.

Strict where YAML is treacherous: `NO`, `0123` and `2026-01-01` are texts, `true`/`false` the only booleans, `1.10` is
an exact Decimal, keys are always texts and never given twice, exponents and `.inf` are refused, aliases and depth are
bounded, there is one document a file and no tag but `!!str`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, TypeAlias

import yaml

from canonical import Finding, Severity, Where

YamlValue: TypeAlias = "dict[str, YamlValue] | list[YamlValue] | str | int | Decimal | bool | None"
Trail: TypeAlias = tuple[str | int, ...]
"""The way from the top to a value: keys and list indexes."""

DEEPEST = 60
MOST_VALUES = 200_000

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,38})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})\.[0-9]{1,30}")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})[eE][-+]?[0-9]{1,9}|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Mark(Protocol):
    """Where the parser stands, counted from 0."""

    line: int
    column: int


class Readable(Protocol):
    """A file on disk or a resource inside a package."""

    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's plain content and where each value and key of it stands (lines and columns count from 1)."""

    name: str
    content: YamlValue
    values: Mapping[Trail, tuple[int, int]] = field(default_factory=dict)
    keys: Mapping[Trail, tuple[int, int]] = field(default_factory=dict)

    def where(self, trail: Trail, *, key: bool = False) -> Where:
        """`{file, line, column}` of the value (or key) at `trail`, or of its nearest known ancestor."""
        places = self.keys if key and trail in self.keys else self.values
        while trail and trail not in places:
            trail = trail[:-1]
        line, column = places.get(trail, (1, 1))
        return {"file": self.name, "line": line, "column": column}

    def finding(
        self, code: str, trail: Trail, message: str, *, key: bool = False, severity: Severity = "error"
    ) -> Finding:
        """A finding at `trail`."""
        return Finding(code, severity, self.where(trail, key=key), message, facts={"path": path_text(trail)})


def path_text(trail: Sequence[str | int]) -> str:
    """A trail as people write it: `lines.0.price`."""
    return ".".join(map(str, trail))


def read_yaml(source: Readable | str, name: str | None = None) -> tuple[YamlFile | None, list[Finding]]:
    """Read one YAML document: a path or resource, or (a `str`) the text itself. Faults are located findings."""
    label = name or ("<text>" if isinstance(source, str) else str(source))
    try:
        content = source if isinstance(source, str) else source.read_bytes()
        return _Reader(label).read(content), []
    except _Fault as fault:
        return None, [_finding(label, fault.code, fault.place, str(fault))]
    except yaml.MarkedYAMLError as error:
        message = f"not YAML: {error.problem or error.context}; check indentation, colons and quotes here"
        return None, [_finding(label, "yaml-syntax", _place(error.problem_mark or error.context_mark), message)]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return None, [_finding(label, "yaml-syntax", (1, 1), f"not readable as UTF-8 YAML: {error}")]
    except OSError as error:
        return None, [_finding(label, "file-unreadable", (1, 1), f"cannot read the file: {error.strerror or error}")]


def _finding(label: str, code: str, place: tuple[int, int], message: str) -> Finding:
    return Finding(code, "error", {"file": label, "line": place[0], "column": place[1]}, message)


def _place(mark: Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Fault(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, code: str, event: yaml.Event, message: str) -> None:
        super().__init__(message)
        self.code, self.place = code, _place(event.start_mark)


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been seen."""

    value: dict[str, YamlValue] | list[YamlValue]
    trail: Trail
    anchor: str | None
    began: int
    key: str | None = None


class _Reader:
    """Builds plain data from parser events, without recursion, so that no file can exhaust the stack."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[YamlValue, int]] = {}
        self._values: dict[Trail, tuple[int, int]] = {}
        self._keys: dict[Trail, tuple[int, int]] = {}
        self._count = 0
        self._content: YamlValue = None

    def read(self, content: str | bytes) -> YamlFile:
        """The whole document, or `_Fault`."""
        documents = 0
        for event in _events(content):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Fault("yaml-documents", event, "a second document; keep one document a file")
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
        return YamlFile(self._name, self._content, self._values, self._keys)

    def _node(self, event: yaml.NodeEvent) -> None:
        top = self._open[-1] if self._open else None
        if top and isinstance(top.value, dict) and top.key is None:
            top.key = self._key(event, top)
            return
        trail = self._trail(top)
        self._values[trail] = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            self._add(self._alias(event))
        elif isinstance(event, yaml.ScalarEvent):
            self._count += 1
            value = _scalar(event)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
            self._add(value)
        else:
            self._begin(event, trail)
        if self._count > MOST_VALUES:
            raise _Fault("yaml-size", event, f"more than {MOST_VALUES} values; split the file or its aliases")

    def _begin(self, event: yaml.NodeEvent, trail: Trail) -> None:
        if len(self._open) >= DEEPEST:
            raise _Fault("yaml-depth", event, f"nested deeper than {DEEPEST}; flatten it")
        mapping = isinstance(event, yaml.MappingStartEvent)
        tag = getattr(event, "tag", None)
        if tag not in (None, "tag:yaml.org,2002:map" if mapping else "tag:yaml.org,2002:seq"):
            raise _Fault("yaml-tag", event, f"the tag {tag} is not allowed; remove it")
        self._open.append(_Open({} if mapping else [], trail, event.anchor, self._count))
        self._count += 1

    def _close(self) -> None:
        done = self._open.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._count - done.began)
        self._add(done.value)

    def _key(self, event: yaml.NodeEvent, top: _Open) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Fault("yaml-key", event, "a key must be a plain text")
        key, trail = event.value, (*top.trail, event.value)
        if key in top.value:
            first = self._keys[trail][0]
            raise _Fault("yaml-duplicate-key", event, f"{key!r} is already given in line {first}; keep one")
        self._keys[trail] = _place(event.start_mark)
        return key

    def _trail(self, top: _Open | None) -> Trail:
        if top is None:
            return ()
        return (*top.trail, len(top.value) if isinstance(top.value, list) else str(top.key))

    def _add(self, value: YamlValue) -> None:
        if not self._open:
            self._content = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[str(top.key)] = value
            top.key = None

    def _alias(self, event: yaml.AliasEvent) -> YamlValue:
        if event.anchor not in self._anchors:
            message = (
                f"*{event.anchor} is not the name of a finished anchor; write &{event.anchor} before it, outside itself"
            )
            raise _Fault("yaml-alias", event, message)
        value, size = self._anchors[event.anchor]
        self._count += size
        return value


def _events(content: str | bytes) -> Iterator[yaml.Event]:
    return yaml.parse(content, Loader=_LOADER)


def _scalar(event: yaml.ScalarEvent) -> YamlValue:
    text = event.value
    if event.tag in _TEXT_TAGS:
        return text
    if event.tag is not None:
        raise _Fault("yaml-tag", event, f"the tag {event.tag} is not allowed; remove it")
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _FLOAT.fullmatch(text):
        raise _Fault("yaml-float", event, f"{text} is inexact; write a plain decimal, or quote it as a text")
    return text

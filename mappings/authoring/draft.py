"""A map being drafted: rules with the reasons for them, and the YAML they become. Every guess is marked."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MARK = "# guess"

_PLAIN = re.compile(r"[A-Za-z_/.][\w/.@-]*(?: [\w/.@-]+)*")
_WORDS = frozenset(("true", "false", "null", "True", "False", "TRUE", "FALSE", "Null", "NULL", "."))
_LONGEST = 60


@dataclass(slots=True)
class Rule:
    """One rule: a path, or a mapping with one verb; and why it is guessed."""

    body: Any
    note: str
    reads: tuple[str, ...] = ()
    """The paths from the top that it reads."""


@dataclass(slots=True)
class Block:
    """Rules of an object. `head` stands before them: `each: line_items`."""

    fields: dict[str, "Entry"] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(slots=True)
class Joined:
    """Several sources of one list."""

    blocks: list[Block]


Entry: TypeAlias = Rule | Block | Joined


@dataclass(slots=True)
class Draft:
    """A whole map. `ignore` are paths that nothing reads, with what stands there."""

    name: str
    head: Mapping[str, Any]
    body: Block = field(default_factory=Block)
    ignore: Mapping[str, str] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    @property
    def rules(self) -> list[Rule]:
        """Every rule there is."""
        return list(_rules(self.body))

    def text(self) -> str:
        """The map file."""
        depth = "../" * (self.name.count("/") + 1)
        lines = [f"# yaml-language-server: $schema={depth}schemas/map.schema.json"]
        lines += [f"# {_cleaned(remark)}" for remark in self.remarks]
        lines += [f"{name}: {flow(value)}" for name, value in {"map": self.name, **self.head}.items()]
        if self.body.fields:
            lines += ["fields:", *_fields(self.body.fields, "  ")]
        if self.ignore:
            lines += ["ignore:", *(f"  - {flow(path)}  {MARK}: {_comment(note)}" for path, note in self.ignore.items())]
        return "\n".join(lines) + "\n"


def _rules(entry: Entry) -> Iterator[Rule]:
    if isinstance(entry, Rule):
        yield entry
        return
    below: Iterable[Entry] = entry.blocks if isinstance(entry, Joined) else entry.fields.values()
    for inner in below:
        yield from _rules(inner)


def without(entry: Entry, path: Sequence[str]) -> bool:
    """Take out the rule that gives a canonical path, whatever its place in a list; whether there was one."""
    steps = [step for step in path if not step.isdigit()]
    if isinstance(entry, Joined):
        removed = [without(block, steps) for block in entry.blocks]
        return any(removed)
    if isinstance(entry, Rule) or not steps:
        return False
    inner = entry.fields.get(steps[0])
    if inner is None:
        return False
    if isinstance(inner, Rule) or len(steps) == 1:
        del entry.fields[steps[0]]
        return True
    return without(inner, steps[1:])


def _fields(fields: Mapping[str, Entry], indent: str) -> Iterator[str]:
    for name, entry in fields.items():
        if isinstance(entry, Rule):
            yield f"{indent}{flow(name)}: {flow(entry.body)}  {MARK}: {_comment(entry.note)}"
        elif isinstance(entry, Joined):
            yield f"{indent}{flow(name)}:"
            yield f"{indent}  join:"
            for block in entry.blocks:
                first, *rest = _block(block, indent + "      ")
                yield f"{indent}    - {first.lstrip()}"
                yield from rest
        else:
            yield f"{indent}{flow(name)}:"
            yield from _block(entry, indent + "  ")


def _block(block: Block, indent: str) -> Iterator[str]:
    note = f"  {MARK}: {_comment(block.note)}" if block.note else ""
    for name, value in block.head.items():
        yield f"{indent}{name}: {flow(value)}{note}"
        note = ""
    yield f"{indent}fields:{note}"
    yield from _fields(block.fields, indent + "  ")


def flow(value: Any) -> str:
    """A value on one line, quoted where YAML would take it for something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(name)}: {flow(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text not in _WORDS else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """A sample's text on one line, without what would end a comment or steer a terminal."""
    cleaned = _cleaned(text)
    return cleaned if len(cleaned) <= 2 * _LONGEST else cleaned[: 2 * _LONGEST - 3] + "..."


def _cleaned(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def shown(values: Sequence[str]) -> str:
    """The first values of a part, for a comment."""
    texts = [
        json.dumps(value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "...", ensure_ascii=False)
        for value in values[:2]
    ]
    return ", ".join(texts) + (", ..." if len(values) > 2 else "")

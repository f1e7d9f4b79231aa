"""A compiled rule: what reads a canonical value from a node, and what writes it into one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mappings.language.function_text import Inline
from mappings.paths.navigation import Node, Run

Read: TypeAlias = Callable[[Node, Run], Any]
"""The canonical value, None where the source is silent."""
Write: TypeAlias = Callable[[Any, Node, Run], None]
"""Puts a canonical value (None: it has none) into a node."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, both ways. A one-way rule lacks the other."""

    read: Read | None
    write: Write | None
    needs: frozenset[str] = frozenset()
    """Children without all of which there is surely nothing to read; none when that cannot be said."""
    weak: bool = False
    """It may give a value where the source is silent (a default, a constant)."""
    fixed: bool = False
    """It writes even where the document has no value."""
    inline: Inline | None = None
    """How the fast build reads it where it stands, without a call."""
    says: Callable[[Any, Run], bool] | None = None
    """Whether it can write a value; None: any."""


def joint_needs(rules: list[Rule]) -> frozenset[str]:
    """What at least one of which must be there for any of the rules to give a value; none when that cannot be said."""
    needs = [rule.needs for rule in rules if rule.read]
    return frozenset().union(*needs) if all(needs) else frozenset()


def needs_of(name: str | None) -> frozenset[str]:
    """The needs of a single place."""
    return frozenset((name,)) if name else frozenset()

"""Conditions on values by path: `{request.decision: {not: [rejected]}}`. What is wanted may be a template."""

from collections.abc import Mapping
from typing import Any

from connectors.engine.path import all_at, text_of
from connectors.engine.template import expand_text
from connectors.manifest_calls import Beside, When


def holds(when: When, scope: Mapping[str, Any]) -> bool:
    """Whether every condition holds. A path without a value is neither this nor that, but also not `not` anything."""
    return all(_holds(wanted, _texts(scope, path), scope) for path, wanted in when.items())


def _holds(wanted: Beside | tuple[str, ...] | str, found: list[str], scope: Mapping[str, Any]) -> bool:
    if isinstance(wanted, Beside):
        if wanted.present is not None:
            return wanted.present == bool(found)
        return not any(text in _expanded(wanted.unlike, scope) for text in found)
    return any(text in _expanded((wanted,) if isinstance(wanted, str) else wanted, scope) for text in found)


def _expanded(templates: tuple[str, ...], scope: Mapping[str, Any]) -> list[str]:
    return [expand_text(template, scope) for template in templates]


def _texts(scope: Mapping[str, Any], path: str) -> list[str]:
    found = all_at(scope, path)
    return [text_of(value) if not isinstance(value, dict | list) else "..." for value in found if value not in ("", [])]

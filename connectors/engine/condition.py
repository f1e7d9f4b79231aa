"""Conditions on values by path: `{request.decision: {not: [rejected]}}`."""

from typing import Any

from connectors.engine.path import all_at, text_of
from connectors.manifest import Beside, When


def holds(when: When, scope: Any) -> bool:
    """Whether every condition holds. A path without a value is neither this nor that, but also not `not` anything."""
    return all(_holds(wanted, _texts(scope, path)) for path, wanted in when.items())


def _holds(wanted: Beside | tuple[str, ...] | str, found: list[str]) -> bool:
    if isinstance(wanted, Beside):
        if wanted.present is not None:
            return wanted.present == bool(found)
        return not any(text in wanted.unlike for text in found)
    accepted = (wanted,) if isinstance(wanted, str) else wanted
    return any(text in accepted for text in found)


def _texts(scope: Any, path: str) -> list[str]:
    found = all_at(scope, path)
    return [text_of(value) if not isinstance(value, dict | list) else "..." for value in found if value not in ("", [])]

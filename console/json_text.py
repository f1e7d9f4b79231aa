"""JSON as outsiders read it: decimals and dates as texts, findings and models by their own JSON form."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from canonical import Finding, plain_decimal


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Finding):
        return value.as_json()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as one JSON text."""
    separators = None if indent else (",", ":")
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=indent, separators=separators)


def json_bytes(value: Any) -> bytes:
    """`value` as JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold, becomes a question mark."""
    return json_text(value).encode("utf-8", "replace")

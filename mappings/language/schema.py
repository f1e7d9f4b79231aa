"""The JSON Schema of map files, by which editors complete and check them; `mappings/map.schema.json` is its output."""

from typing import Any

from canonical import Document
from mappings.language.totals import TOTALS
from mappings.language.verbs import ANYWHERE, BESIDE, VERBS

_RULE = {"$ref": "#/$defs/rule"}
_RULES = {"type": "object", "additionalProperties": {"anyOf": [_RULE, {"type": "null"}]}}
_TEXT = {"type": "string"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_SYNTAXES = ["x12", "json", "csv", "xml"]
_ANY: dict[str, Any] = {}
_FORMS: dict[str, Any] = {
    "at": _TEXT, "codes": _TEXT, "as": _TEXT, "const": _ANY, "fact": _TEXT, "copy": _TEXT, "use": _TEXT,
    "context": {"enum": ["currency", "usage", "zone"]}, "index": {"const": True}, "present": _TEXT,
    "fallback": {"type": "array", "items": _RULE}, "same": {"type": "array", "items": _RULE},
    "join": {"type": "array", "items": _RULE}, "concat": {"type": "array", "items": _RULE},
    "sum": _RULE, "product": _RULE, "call": _TEXT, "date": _TEXT, "time": _TEXT, "zone": _TEXT,
    "each": _TEXT, "repeat": _TEXT, "key": _RULE, "value": _RULE, "fields": _RULES, "rest": _RULE, "in": _TEXT,
    "all": _TEXT, "pairs": _TEXTS, "prefer": _TEXTS, "read": _RULE, "write": _RULE, "when": {"type": "object"},
    "also": {"type": "object"}, "default": _ANY, "lines": _TEXT, "width": {"type": "integer"}, "keep": _TEXTS,
    "having": _TEXT, "fold": {"type": "object", "additionalProperties": {"type": "integer"}},
    "with": {"anyOf": [_TEXT, {"type": "array", "items": _RULE}]},
}  # fmt: skip


def _canonical_kinds() -> list[str]:
    """The documents of the canonical language; other rooms have some of their own, which no map knows."""
    return sorted(name for name, kind in Document.kinds.items() if kind.__module__.startswith("canonical."))


def map_schema() -> dict[str, Any]:
    """The schema of a map file."""
    names = sorted({*VERBS, *ANYWHERE, "use", *(name for beside in BESIDE.values() for name in beside)})
    mapping = {"type": "object", "additionalProperties": False, "properties": {name: _FORMS[name] for name in names}}
    level = {
        "of": {"enum": ["shipment", "order", "package", "line"]},
        "kind": _TEXT, "fields": _RULES, "also": {"type": "object"}, "line": _RULE, "use": _TEXT,
    }  # fmt: skip
    properties = {
        "map": _TEXT, "title": _TEXT, "extends": _TEXT, "shared": _TEXTS, "syntax": {"enum": _SYNTAXES},
        "document": {"enum": _canonical_kinds()}, "root": _TEXT, "recognised_by": _TEXT,
        "direction": {"enum": ["read", "write"]}, "fields": _RULES,
        "also": {"type": "object"}, "order": {"type": "object", "additionalProperties": _TEXTS},
        "namespaces": {"type": "object", "additionalProperties": _TEXT},
        "levels": {
            "type": "object",
            "properties": {"structure": _TEXT},
            "additionalProperties": {"type": "object", "additionalProperties": False, "properties": level},
        },
        "parts": _RULES, "ignore": _TEXTS, "loses": _TEXTS, "unread": {"enum": ["warning", "ignore"]},
        "totals": {"type": "object", "additionalProperties": {"enum": sorted(TOTALS)}},
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crossdock map",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": {"rule": {"anyOf": [_TEXT, {"type": "array", "items": _RULE}, mapping]}},
    }

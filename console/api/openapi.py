"""The API's OpenAPI 3.1 description, assembled from the route table and the canonical models."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from canonical import (
    Customer,
    InventoryReport,
    Item,
    OrderChange,
    PriceList,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnReceipt,
)
from console.api.acceptance import StockLevel
from router.ports import WantedHold

if TYPE_CHECKING:
    from console.api.routes import Route

_REFERENCE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{([a-z]+)\}")

_BODIES = (
    PurchaseOrder,
    OrderChange,
    WantedHold,
    ReturnAuthorization,
    ReturnReceipt,
    InventoryReport,
    StockLevel,
    Item,
    Customer,
    PriceList,
)
"""What requests bring."""

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "findings": {"type": "array", "items": {"$ref": _REFERENCE.format(model="Finding")}},
    },
}
_FINDING: dict[str, Any] = {
    "type": "object",
    "description": "One located fault; in JSON, `where` is `{pointer}`",
    "required": ["code", "severity", "where", "message"],
    "properties": {
        "code": {"type": "string"},
        "severity": {"enum": ["error", "warning", "info"]},
        "where": {"type": "object"},
        "message": {"type": "string"},
        "ack": {"type": "object"},
    },
}
_STOCK: dict[str, Any] = {
    "oneOf": [
        {"$ref": _REFERENCE.format(model="StockLevel")},
        {"type": "array", "items": {"$ref": _REFERENCE.format(model="StockLevel")}},
        {"$ref": _REFERENCE.format(model="InventoryReport")},
    ]
}


def describe(title: str, routes: Iterable["Route"]) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Crossdock: {title}", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> dict[str, Any]:
    models = [(model, "validation") for model in _BODIES]
    _, schema = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]  # a list of literals
    return {**schema["$defs"], "Problem": _PROBLEM, "Finding": _FINDING, "Stock": _STOCK}


def _operation(route: "Route") -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "security": [{"token": []}] if route.needs else [],
        "parameters": list(_parameters(route)),
        "responses": {str(status): {"description": text} for status, text in route.answers.items()} | _otherwise(),
    }
    if route.needs:
        operation["x-right"] = route.needs
    if route.body:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    return operation


def _parameters(route: "Route") -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(route.path):
        yield _parameter(name, "path", "its id", required=True)
    for name, meaning in route.query.items():
        yield _parameter(name, "query", meaning, required=False)
    for name, meaning in route.headers.items():
        required = name == "Idempotency-Key" and route.body != "bytes"
        yield _parameter(name, "header", meaning, required=required)


def _parameter(name: str, place: str, meaning: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "description": meaning, "required": required, "schema": {"type": "string"}}


def _content(body: str) -> Mapping[str, Any]:
    if body == "bytes":
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=body)}}}


def _otherwise() -> dict[str, Any]:
    problem = {"schema": {"$ref": _REFERENCE.format(model="Problem")}}
    return {"default": {"description": "a problem", "content": {"application/problem+json": problem}}}

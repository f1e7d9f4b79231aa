"""JSON Schemas of the files integrators write, for editors that complete them."""

from collections.abc import Mapping
from typing import Any

from connectors.cases import CaseFile
from connectors.connection import ConnectionFile
from connectors.manifest import Manifest


def schemas() -> Mapping[str, Mapping[str, Any]]:
    """By file: `manifest`, `cases` and `connection`."""
    models = {"manifest": Manifest, "cases": CaseFile, "connection": ConnectionFile}
    return {name: model.model_json_schema(by_alias=True) for name, model in models.items()}

"""The models of the files integrators write, whose JSON Schemas let editors complete them."""

from collections.abc import Mapping

from pydantic import BaseModel

from connectors.cases import CaseFile
from connectors.connection import ConnectionFile
from connectors.manifest import Manifest
from connectors.profile import Profile
from connectors.settings import HubFile


def configuration_models() -> Mapping[str, type[BaseModel]]:
    """By kind of file."""
    return {
        "hub": HubFile,
        "partner": Profile,
        "connection": ConnectionFile,
        "manifest": Manifest,
        "cases": CaseFile,
    }

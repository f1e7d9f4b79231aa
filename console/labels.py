"""Labels as the carrier drew them: the files within a `Label` document, each to be downloaded by its number."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.web.sight import Sight
from router.ports import Rendered

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "gif": "image/gif",
    "zpl": "application/zpl",
    "epl": "application/epl",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One label of an order, and where it is."""

    document: str
    number: int
    filename: str
    carrier: str
    voided: bool


def labels_of(row: Mapping[str, Any]) -> list[Rendered]:
    """The files of a document, in its sequence: those of each package, then of the shipment; none of other kinds."""
    said = row.get("document") or {}
    return [_file(name, image) for name, image in _images(said)] if row.get("kind") == "Label" else []


async def labels_of_order(sight: Sight, documents: Sequence[Mapping[str, Any]]) -> list[Drawn]:
    """Every label of an order's documents, those too that were voided since."""
    rows = [row for one in documents if one["kind"] == "Label" and (row := await sight.document(one["id"]))]
    said = [row.get("document") or {} for row in rows]
    voided = {one.get("reference") for one in said if one.get("status") == "voided"}
    return [
        Drawn(row["id"], number, file.filename, str(row["partner"]), label.get("reference") in voided)
        for row, label in zip(rows, said, strict=True)
        for number, file in enumerate(labels_of(row), start=1)
    ]


def _images(label: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for package in label.get("packages", ()):
        for image in package.get("documents", ()):
            yield str(package["tracking_number"]), image
    for image in label.get("documents", ()):
        yield str(label.get("reference") or "label"), image


def _file(name: str, image: Mapping[str, Any]) -> Rendered:
    kind = str(image["format"])
    content = base64.b64decode(str(image["content"]))
    return Rendered(content, _MEDIA_TYPES[kind], f"{name}.{kind}", {})

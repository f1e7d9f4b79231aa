"""What carriers' stand-ins draw: the beginning of a file of each kind."""

from base64 import b64encode

DRAWN = {"PDF": b"%PDF-1.4 label", "PNG": b"\x89PNG label", "ZPL": b"^XA^FDlabel^XZ", "GIF": b"GIF89a label"}
"""By kind, as carriers write it."""
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "zpl": "application/zpl", "gif": "image/gif"}


def picture(kind: str) -> str:
    """A label of a kind, in base64."""
    return b64encode(DRAWN[kind]).decode()

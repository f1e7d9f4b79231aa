"""JSON that is the same for equal values: what digests are taken of."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def canonical_json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON with sorted keys and no spaces, so that equal values give equal text."""
    return _encode(value)


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode

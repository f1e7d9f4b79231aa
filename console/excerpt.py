"""The line of a file at which a finding points, with carets under what it means."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_LARGEST = 1_000_000
"""Characters of a file that is opened to show one line."""

_LANGUAGE = re.compile(r"^(?:map|codes|parts|connector|cases):", re.MULTILINE)
_SECRETIVE = re.compile(r"^(?:connection|partner|hub):", re.MULTILINE)
"""Maps, code lists, parts, manifests and cases are known by what they say at their margin. Other files may hold what
nobody should read over a shoulder or in a log: none of their lines is shown."""

_TOKEN = re.compile(r"\"[^\"]*\"?|'[^']*'?|[^\s,:\[\]{}]+")


def excerpt(where: Mapping[str, Any]) -> list[str]:
    """The line and the carets under it; nothing where the place is none of a file in our languages."""
    file, number, column = where.get("file"), where.get("line"), where.get("column")
    if not isinstance(file, str) or not isinstance(number, int) or not isinstance(column, int):
        return []
    lines = _lines(file)
    if not 1 <= number <= len(lines) or not 1 <= column <= len(lines[number - 1]):
        return []
    line = lines[number - 1].replace("\t", " ")
    token = _TOKEN.match(line, column - 1)
    return [line, " " * (column - 1) + "^" * max(1, len(token[0]) if token else 1)]


@lru_cache(maxsize=16)
def _lines(file: str) -> list[str]:
    try:
        content = Path(file).read_text("utf-8")
    except (OSError, ValueError):
        return []
    shown = len(content) <= _LARGEST and _LANGUAGE.search(content) and not _SECRETIVE.search(content)
    return content.splitlines() if shown else []

"""CSV (RFC 4180, the first row names the columns) to rows and back. Every value is a text.

A map reads and writes a list of rows. In both, a column named `dimensions.sku` is the member `sku` of
`dimensions`.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from canonical import Finding, Rejected

Row = dict[str, str]
Branch: TypeAlias = "dict[str, str | Branch]"

_NESTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def read_csv(content: bytes | str, *, delimiter: str = ",") -> list[Row]:
    """The rows by column name. Raises `Rejected` with the line of the first fault."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise _rejected(f"not UTF-8: byte {error.start} is {error.reason}", 1) from None
    if "\0" in text:
        raise _rejected("a NUL character", text[: text.index("\0")].count("\n") + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = next(reader, [])
        _refuse_columns(columns)
        return [_row(columns, values, reader.line_num) for values in reader if values]
    except csv.Error as error:
        raise _rejected(f"not CSV: {error}", reader.line_num) from None


def write_csv(rows: Sequence[Row], *, delimiter: str = ",") -> bytes:
    """Rows under the columns in the order they first appear, quoted where needed, lines ended by CRLF."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def read_csv_rows(content: bytes | str) -> list[Branch]:
    """The rows as a map reads them. Raises `Rejected`."""
    return [_nested(row) for row in read_csv(content)]


def write_csv_rows(rows: Sequence[Branch]) -> bytes:
    """The rows as a map writes them, as CSV."""
    return write_csv([dict(_flat(row)) for row in rows])


def _nested(row: Row) -> Branch:
    nested: Branch = {}
    for column, value in row.items():
        *above, name = column.split(".") if _NESTED.fullmatch(column) else [column]
        if value or not above:
            _inside(nested, above)[name] = value
    return nested


def _inside(branch: Branch, names: Sequence[str]) -> Branch:
    for name in names:
        inner = branch.setdefault(name, {})
        if isinstance(inner, str):
            raise _rejected(f"the column {name!r} is both a value and a group", 1)
        branch = inner
    return branch


def _flat(branch: Branch, above: str = "") -> Iterator[tuple[str, str]]:
    for column, value in branch.items():
        if isinstance(value, str):
            yield above + column, value
        else:
            yield from _flat(value, f"{above}{column}.")


def _refuse_columns(columns: list[str]) -> None:
    if not columns:
        raise _rejected("no row of column names", 1)
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise _rejected(f"the column {twice!r} is given twice", 1)


def _row(columns: list[str], values: list[str], line: int) -> Row:
    if len(values) != len(columns):
        raise _rejected(f"{len(values)} values under {len(columns)} columns", line)
    return dict(zip(columns, values, strict=True))


def _rejected(message: str, line: int) -> Rejected:
    return Rejected(message, [Finding("csv-syntax", "error", {"line": line, "column": 1}, message)])

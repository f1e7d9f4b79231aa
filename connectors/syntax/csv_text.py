"""CSV (RFC 4180, first row names the columns) to a list of rows and back. Every value is a text."""

import csv
import io
from collections.abc import Mapping, Sequence

from canonical import Finding, Rejected

Row = dict[str, str]

LONGEST_FIELD = 1_000_000


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


def write_csv(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",") -> bytes:
    """Rows under the columns in the order they first appear, quoted where needed, lines ended by CRLF."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


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

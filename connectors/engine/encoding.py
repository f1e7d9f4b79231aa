"""Bodies from trees and trees from bodies, by the encodings that APIs speak.

XML as a tree: an element's members are its children by local name, its attributes by `@name`; an element with nothing
inside but text is that text, and one with attributes too holds it as `#text`. Children of one name are a list, and
those that a call names under `lists` even where there is but one.
"""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from zipfile import BadZipFile, ZipFile

from lxml import etree

from canonical import Finding, Rejected
from connectors.engine.path import text_of
from connectors.syntax.csv_text import read_csv, write_csv
from connectors.syntax.json_text import read_json, write_json
from connectors.syntax.xml_text import read_xml, write_xml

Tree = Any
_ZIP = b"PK\x03\x04"
LARGEST_FILE = 200_000_000
"""Bytes of an unpacked file."""


def encode(encoding: str, tree: Tree) -> tuple[bytes, str]:
    """The body of a tree and its media type. Raises `Rejected` for a tree that the encoding can't say."""
    return _ENCODERS[encoding](tree)


def decode(encoding: str, content: bytes, lists: Collection[str] = (), parent: str | None = None) -> Tree:
    """The tree of an answer's body. Raises `Rejected` when it is none."""
    match encoding:
        case "xml":
            root = read_xml(content)
            return {_local(root): _tree(root, frozenset(lists))}
        case "json_lines":
            rows = [read_json(line) for line in content.splitlines() if line.strip()]
            return _nested(rows, parent) if parent else rows
        case "csv" | "tsv":
            return read_csv(_only_file(content), delimiter="," if encoding == "csv" else "\t")
        case "text":
            return content.decode("utf-8", "replace")
        case "base64":
            return b64encode(content).decode()
    return read_json(content)


def _only_file(content: bytes) -> bytes:
    """The one file of a ZIP archive; what is none is the file itself."""
    if not content.startswith(_ZIP):
        return content
    try:
        with ZipFile(BytesIO(content)) as archive:
            [name] = archive.namelist()
            with archive.open(name) as packed:
                unpacked = packed.read(LARGEST_FILE + 1)
    except (BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise _unsayable("a packed file is a ZIP archive of one file") from None
    if len(unpacked) > LARGEST_FILE:
        raise _unsayable(f"an archive whose file is larger than {LARGEST_FILE} bytes")
    return unpacked


def _nested(rows: list[Tree], parent: str) -> list[Tree]:
    """The rows that belong to no other, each with its `children`; one whose parent is not there stands alone."""
    by_id = {text_of(row["id"]): row for row in rows if isinstance(row, dict) and "id" in row}
    alone: list[Tree] = []
    for row in rows:
        above = by_id.get(text_of(row[parent])) if isinstance(row, dict) and row.get(parent) is not None else None
        (alone if above is None or above is row else above.setdefault("children", [])).append(row)
    return alone


def _form(tree: Tree) -> tuple[bytes, str]:
    return urlencode({name: text_of(value) for name, value in _members(tree, "a form")}).encode(), (
        "application/x-www-form-urlencoded"
    )


def _rows(delimiter: str, media_type: str) -> Callable[[Tree], tuple[bytes, str]]:
    def rows(tree: Tree) -> tuple[bytes, str]:
        if not isinstance(tree, list):
            raise _unsayable("rows are a list of objects")
        written = [{name: text_of(value) for name, value in _members(row, "a row")} for row in tree]
        return write_csv(written, delimiter=delimiter), media_type

    return rows


def _xml(tree: Tree) -> tuple[bytes, str]:
    members = _members(tree, "an XML document")
    if len(members) != 1:
        raise _unsayable("an XML document has one root element")
    [(name, content)] = members
    space = content.get("@xmlns") if isinstance(content, Mapping) else None
    root = etree.Element(_qualified(name, space))
    _fill(root, content, space)
    return write_xml(root), "application/xml"


def _multipart(tree: Tree) -> tuple[bytes, str]:
    """RFC 7578; a part is a text, or a file `{filename, type, content}`. The same tree makes the same bytes."""
    parts = [_part(name, value) for name, value in _members(tree, "a multipart body")]
    boundary = hashlib.sha256(b"".join(parts)).hexdigest()[:32]
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


_ENCODERS: Mapping[str, Callable[[Tree], tuple[bytes, str]]] = {
    "json": lambda tree: (write_json(tree), "application/json"),
    "form": _form,
    "xml": _xml,
    "csv": _rows(",", "text/csv"),
    "tsv": _rows("\t", "text/tab-separated-values"),
    "multipart": _multipart,
}


def _members(tree: Tree, what: str) -> list[tuple[str, Tree]]:
    if not isinstance(tree, Mapping):
        raise _unsayable(f"{what} is an object")
    return list(tree.items())


def _part(name: str, value: Tree) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if not isinstance(value, Mapping):
        return f"{head}\r\n\r\n{text_of(value)}".encode()
    head += f'; filename="{_quoted(text_of(value.get("filename", name)))}"'
    media_type = _quoted(text_of(value.get("type", "application/octet-stream")))
    content = value.get("content", "")
    body = write_json(content) if isinstance(content, Mapping | list) else text_of(content).encode()
    return f"{head}\r\nContent-Type: {media_type}\r\n\r\n".encode() + body


def _quoted(text: str) -> str:
    """As browsers escape names (WHATWG HTML, multipart/form-data), so that none ends its header."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _fill(element: etree._Element, content: Tree, space: str | None) -> None:
    if not isinstance(content, Mapping):
        element.text = _xml_text(content)
        return
    for name, value in content.items():
        if name == "#text":
            element.text = _xml_text(value)
        elif name.startswith("@"):
            if name != "@xmlns":
                element.set(_checked(name[1:]), _xml_text(value) or "")
        else:
            for one in value if isinstance(value, list) else [value]:
                _fill(etree.SubElement(element, _qualified(name, space)), one, space)


def _xml_text(value: Tree) -> str | None:
    text = None if value is None else text_of(value)
    if text and any(character < " " and character not in "\t\n\r" for character in text):
        raise _unsayable("XML has no way to say control characters")
    return text


def _qualified(name: str, space: str | None) -> str:
    return f"{{{space}}}{_checked(name)}" if space else _checked(name)


def _checked(name: str) -> str:
    if not name.replace("_", "a").replace("-", "a").replace(".", "a").isalnum():
        raise _unsayable(f"{name!r} is no name of an element")
    return name


def _tree(element: etree._Element, lists: frozenset[str]) -> Tree:
    members: dict[str, Tree] = {f"@{etree.QName(str(name)).localname}": value for name, value in element.items()}
    for name, child in _children(element):
        value = _tree(child, lists)
        if name in members and isinstance(members[name], list):
            members[name].append(value)
        elif name in members:
            members[name] = [members[name], value]
        else:
            members[name] = [value] if name in lists else value
    text = (element.text or "").strip()
    if not members:
        return text
    return {**members, "#text": text} if text else members


def _children(element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    return ((_local(child), child) for child in element.iterchildren("*"))


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _unsayable(message: str) -> Rejected:
    return Rejected(message, [Finding("body-unsayable", "error", {}, message)])

"""A sample document as a tree of named parts, each with its path in a map's language and the values seen there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_VALUES = 50
"""Values kept of each part."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Part:
    """A member, element or column. `many`: it repeats, and what is below it is addressed from each one of it."""

    name: str
    path: str
    """From the nearest part around it that repeats, or from the top."""
    values: tuple[str, ...] = ()
    parts: tuple["Part", ...] = ()
    many: bool = False
    reachable: bool = True
    """False where the language has no path for it: a name with a dot, a slash or a bracket in it."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name: `shipTo_City` is ship, to, city."""
        return words_of(self.name)


@dataclass(frozen=True, slots=True)
class Sample:
    """A whole document. `here` is the path that goes through the top itself, once: for parts made of its columns."""

    syntax: str
    parts: tuple[Part, ...]
    here: str = "."
    root: str | None = None
    namespaces: Mapping[str, str] | None = None
    documents: int = 1
    """How many documents the bytes hold; the parts are those of the first."""


def words_of(name: str) -> tuple[str, ...]:
    """A name's words, lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def scalars(parts: Sequence[Part], above: tuple[str, ...] = ()) -> Iterator[tuple[Part, tuple[str, ...]]]:
    """Every part that holds a value of its own, not of a repeated part's, with the words of what stands around it."""
    for part in parts:
        if part.values and not part.many and part.reachable:
            yield part, above
        if not part.many:
            yield from scalars(part.parts, above + part.words)


def groups(parts: Sequence[Part]) -> Iterator[Part]:
    """Every part that has parts, and is not below one that repeats."""
    for part in parts:
        if part.parts:
            yield part
        if not part.many:
            yield from groups(part.parts)


def within(part: Part) -> tuple[Part, ...]:
    """A single part's own parts, as they are addressed from it."""
    if part.many:
        return part.parts
    return tuple(_moved(inner, len(part.path) + 1) for inner in part.parts)


def _moved(part: Part, by: int) -> Part:
    below = part.parts if part.many else tuple(_moved(inner, by) for inner in part.parts)
    return replace(part, path=part.path[by:] or ".", parts=below)


# --- JSON and CSV ---------------------------------------------------------------------------------------------------


def json_sample(tree: Any) -> Sample:
    """A JSON value: an object, one wrapped in a member, or a list of which the first is taken."""
    documents, root = 1, None
    if isinstance(tree, Mapping) and len(tree) == 1:
        (name, inner), *_ = tree.items()
        if isinstance(inner, Mapping) and any(isinstance(value, Mapping | list) for value in inner.values()):
            root, tree = name, inner
        elif isinstance(inner, list) and inner and all(_holds_more(one) for one in inner):
            tree = inner
    if isinstance(tree, list):
        documents, tree = max(1, len(tree)), tree[0] if tree else {}
    parts = _members([tree], "") if isinstance(tree, Mapping) else ()
    return Sample("json", parts, root=root, documents=documents)


def csv_sample(rows: Sequence[Mapping[str, Any]]) -> Sample:
    """CSV rows: every column is one of the top's, for the first row, and of the rows', for each."""
    columns = _members(rows, "")
    repeated = Part("lines", ".", parts=columns, many=True)
    return Sample("csv", (*columns, repeated), here="[0]")


def _holds_more(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(part, Mapping | list) for part in value.values())


def _members(nodes: Sequence[Mapping[str, Any]], path: str) -> tuple[Part, ...]:
    names = dict.fromkeys(name for node in nodes for name in node)
    return tuple(_member(name, [node[name] for node in nodes if name in node], path) for name in names)


def _member(name: str, found: Sequence[Any], above: str) -> Part:
    path = f"{above}.{name}" if above else name
    reachable = not re.search(r"[.\[\]/]", name) and name.strip() == name and bool(name)
    many = any(isinstance(value, list) for value in found)
    flat = [one for value in found for one in (value if isinstance(value, list) else [value])]
    objects = [one for one in flat if isinstance(one, Mapping)]
    if objects:
        return Part(name, path, parts=_members(objects, "" if many else path), many=many, reachable=reachable)
    return Part(name, path, _texts(flat), reachable=reachable)


def _texts(found: Sequence[Any]) -> tuple[str, ...]:
    texts = (("true" if one else "false") if isinstance(one, bool) else str(one) for one in found if one is not None)
    return tuple(dict.fromkeys(text for text in texts if text.strip()))[:MOST_VALUES]


# --- XML ------------------------------------------------------------------------------------------------------------

XML_PREFIX = "http://www.w3.org/XML/1998/namespace"


def xml_sample(root: Any) -> Sample:
    """An XML document by its root element (lxml)."""
    uris = dict.fromkeys(uri for element in root.iter("*") for uri in _uris(element))
    own = _split(root.tag)[0]
    prefixes = {uri: prefix or "" for prefix, uri in root.nsmap.items() if uri in uris}
    names = {uri: prefixes.get(uri, "" if uri == own else f"n{number}") for number, uri in enumerate(uris, 1)}
    names[XML_PREFIX] = "xml"
    used = {prefix: uri for uri, prefix in names.items() if uri in uris}
    return Sample("xml", _elements([root], "", names), namespaces=used)


def _uris(element: Any) -> Iterator[str]:
    for name in (element.tag, *element.attrib):
        uri = _split(name)[0]
        if uri:
            yield uri


def _split(name: str) -> tuple[str, str]:
    uri, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    return uri, local


def _elements(nodes: Sequence[Any], path: str, names: Mapping[str, str]) -> tuple[Part, ...]:
    attributes = dict.fromkeys(name for node in nodes for name in node.attrib)
    parts = [_attribute(name, [node.get(name) for node in nodes if node.get(name)], path, names) for name in attributes]
    tags = dict.fromkeys(child.tag for node in nodes for child in node.iterchildren("*"))
    parts += [_element(tag, [list(node.iterchildren(tag)) for node in nodes], path, names) for tag in tags]
    return tuple(parts)


def _attribute(name: str, found: Sequence[str], above: str, names: Mapping[str, str]) -> Part:
    uri, local = _split(name)
    named = f"@{names[uri]}:{local}" if uri else f"@{local}"
    return Part(local, f"{above}/{named}" if above else named, _texts(found))


def _element(tag: str, found: Sequence[Sequence[Any]], above: str, names: Mapping[str, str]) -> Part:
    uri, local = _split(tag)
    step = f"{names[uri]}:{local}" if uri and names[uri] else local
    path = f"{above}/{step}" if above else step
    flat = [element for elements in found for element in elements]
    many = any(len(elements) > 1 for elements in found)
    structured = any(len(element) or element.attrib for element in flat)
    texts = _texts([element.text for element in flat if element.text and element.text.strip()])
    if not structured:
        return Part(local, path, texts, many=False)
    below = _elements(flat, "" if many else path, names)
    own = (Part(local, "." if many else path, texts),) if texts else ()
    return Part(local, path, parts=(*own, *below), many=many)

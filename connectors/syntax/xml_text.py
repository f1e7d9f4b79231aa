"""XML to an lxml element and back. Nothing reaches outside: a DOCTYPE may name a DTD, which is never fetched."""

from xml.parsers import expat

from lxml import etree

from canonical import Finding, Rejected, Where

DEEPEST = 64


def read_xml(content: bytes) -> etree._Element:
    """The root element. Raises `Rejected` with the place of the first fault."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 1))
        message = f"not XML: {getattr(error, 'msg', None) or error}"
        raise _rejected(message, {"line": line, "column": column}) from None
    if getattr(root.getroottree().docinfo, "doctype", "") and not _only_names_a_dtd(content):
        raise _rejected("a DOCTYPE that declares anything itself is not allowed", {"xpath": "/"})
    for entity in root.iter(etree.Entity):
        raise _rejected(f"the entity {entity.text} is not defined in the document", {"xpath": "/"})
    _refuse_depth(root)
    return root


def write_xml(root: etree._Element) -> bytes:
    """UTF-8 with a declaration, not indented."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


class _Prologue(Exception):  # noqa: N818 - it ends the reading where enough is known
    """What stands before the root element: whether a DOCTYPE there has declarations of its own."""

    def __init__(self, *, declares: bool) -> None:
        super().__init__()
        self.declares = declares


def _only_names_a_dtd(content: bytes) -> bool:
    """Whether the DOCTYPE has no internal subset (XML 1.0, 2.8); False too when that cannot be seen."""

    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: int) -> None:
        raise _Prologue(declares=bool(has_internal_subset))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except _Prologue as prologue:
        return not prologue.declares
    except expat.ExpatError:
        pass
    return False


def _refuse_depth(root: etree._Element) -> None:
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise _rejected(f"nested deeper than {DEEPEST}", {"xpath": root.getroottree().getpath(level[0])})


def _rejected(message: str, where: Where) -> Rejected:
    return Rejected(message, [Finding("xml-syntax", "error", where, message)])

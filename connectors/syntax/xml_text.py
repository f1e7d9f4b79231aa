"""XML to an lxml element and back, without anything that reaches outside: DOCTYPE and entities are refused."""

from lxml import etree

from canonical import Finding, Rejected, Where

DEEPEST = 64


def read_xml(content: bytes) -> etree._Element:
    """The root element. Raises `Rejected` with the place of the first fault."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 1))
        message = f"not XML: {getattr(error, 'msg', None) or error}"
        raise _rejected(message, {"line": line, "column": column}) from None
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise _rejected("a DOCTYPE is not allowed", {"xpath": "/"})
    _refuse_depth(root)
    return root


def write_xml(root: etree._Element) -> bytes:
    """UTF-8 with a declaration, not indented."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _refuse_depth(root: etree._Element) -> None:
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise _rejected(f"nested deeper than {DEEPEST}", {"xpath": root.getroottree().getpath(level[0])})


def _rejected(message: str, where: Where) -> Rejected:
    return Rejected(message, [Finding("xml-syntax", "error", where, message)])

"""Our grammars written out as pyx12 maps, so that another program can judge by the same rules.

pyx12 takes a folder in place of its own maps: `maps.xml` (which map for ISA12, GS01, GS08), the maps, `dataele.xml`,
`codes.xml` and the maps of the envelope. What it demands beyond its documentation: positions rise within a loop, no two
loops of one parent share an identifier, and no loop's identifier looks like a segment's. Code lists are given as
external ones: a list within the map makes pyx12 take a wrong code in a first element for another segment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element as Xml
from xml.etree.ElementTree import ElementTree, SubElement

from connectors.syntax.x12.grammar import UNBOUNDED, Element, Field, Grammar, Segment, Use, nearest_release

ENVELOPE = ("ISA", "IEA", "GS", "GE", "TA1")
_ANY = Element("ANY", "AN", 1, 999_999, "Unchecked")
_MOST_PLACES = 60
"""More than any segment has; for segments the grammar leaves unchecked."""


def write_maps(folder: Path, version: str, interchange: str, grammars: Mapping[str, Grammar]) -> None:
    """Fills `folder` with what pyx12 needs to judge groups of `version` (GS08); `grammars` are by GS01."""
    release = nearest_release(version)
    envelope = {tag: found for tag in ENVELOPE if (found := release.segment(tag))}
    numbers = {place.number for segment in envelope.values() for place in segment.fields or ()}
    elements = {number: known for number in sorted(numbers) if (known := release.element(number))}
    codes: dict[str, Mapping[str, str]] = {}
    for grammar in grammars.values():
        elements.update(grammar.elements)
        codes.update(grammar.codes)
    writer = _Writer(envelope, interchange, elements, codes)
    for control in ("00401", "00501"):
        _save(writer.transaction("X12", "Envelope", ()), folder / f"x12.control.{control}.xml")
    index = Xml("maps")
    row = SubElement(index, "version", icvn=interchange)
    for functional_id, grammar in grammars.items():
        name = f"{functional_id}.{grammar.set_id}.xml"
        SubElement(row, "map", vriic=version, fic=functional_id, abbr=grammar.set_id).text = name
        writer.composites = grammar.composites
        writer.segments = {**envelope, **grammar.segments}
        _save(writer.transaction(grammar.set_id, grammar.name, (grammar.root,)), folder / name)
    _save(index, folder / "maps.xml")
    _save(_dictionary(elements.values()), folder / "dataele.xml")
    _save(_code_lists(codes), folder / "codes.xml")


class _Writer:
    def __init__(
        self,
        envelope: Mapping[str, Segment],
        interchange: str,
        elements: Mapping[str, Element],
        codes: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.segments: Mapping[str, Segment] = envelope
        self.composites: Mapping[str, Segment] = {}
        self._interchange = interchange
        self._elements = elements
        self._codes = codes

    def transaction(self, set_id: str, name: str, roots: Sequence[Use]) -> Xml:
        top = Xml("transaction", xid=set_id)
        SubElement(top, "name").text = name
        interchange = _loop(top, "ISA_LOOP", "Interchange", 10, required=True, most=UNBOUNDED)
        self._segment(interchange, Use("ISA", True), 10)
        self._segment(interchange, Use("TA1", most=UNBOUNDED), 20)
        group = _loop(interchange, "GS_LOOP", "Functional Group", 30, required=True, most=UNBOUNDED)
        self._segment(interchange, Use("IEA", True), 40)
        self._segment(group, Use("GS", True), 10)
        for root in roots:
            self._group(group, replace(root, most=UNBOUNDED), 20, "ST_LOOP")
        self._segment(group, Use("GE", True), 30)
        return top

    def _group(self, parent: Xml, use: Use, position: int, identifier: str) -> None:
        """A loop: its head, which stands once, and its members."""
        loop = _loop(parent, identifier, use.tag, position, required=use.required, most=use.most)
        self._segment(loop, Use(use.tag, True), 10)
        for number, member in enumerate(use.members, 2):
            if member.is_loop:
                self._group(loop, member, 10 * number, f"{member.tag}_{number:03}")
            else:
                self._segment(loop, member, 10 * number)

    def _segment(self, parent: Xml, use: Use, position: int) -> None:
        segment = self.segments[use.tag]
        places = (Field(_ANY.number),) * _MOST_PLACES if segment.fields is None else segment.fields
        node = SubElement(parent, "segment", xid=use.tag)
        most = ">1" if use.most >= UNBOUNDED else str(use.most)
        _facts(node, name=segment.name, usage="R" if use.required else "S", pos=f"{position:05}", max_use=most)
        for note in segment.notes:
            SubElement(node, "syntax").text = str(note)
        for number, place in enumerate(places, 1):
            self._place(node, f"{use.tag}{number:02}", place, number)

    def _place(self, parent: Xml, name: str, place: Field, number: int) -> None:
        usage = "R" if place.required else "S"
        if composite := self.composites.get(place.number):
            node = SubElement(parent, "composite", xid=name)
            _facts(node, data_ele=place.number, name=composite.name, usage=usage, seq=f"{number:02}")
            for inner, part in enumerate(composite.fields or (), 1):
                self._place(node, f"{name}-{inner:02}", part, inner)
            return
        element = self._elements.get(place.number, _ANY)
        node = SubElement(parent, "element", xid=name)
        _facts(node, data_ele=element.number, name=element.name, usage=usage, seq=f"{number:02}")
        if name == "ISA12":
            SubElement(SubElement(node, "valid_codes"), "code").text = self._interchange
        elif place.number in self._codes:
            SubElement(node, "valid_codes", external=place.number)


def _loop(parent: Xml, identifier: str, name: str, position: int, *, required: bool, most: int) -> Xml:
    node = SubElement(parent, "loop", xid=identifier, type="explicit")
    repeat = ">1" if most >= UNBOUNDED else str(most)
    _facts(node, name=name, usage="R" if required else "S", pos=f"{position:05}", repeat=repeat)
    return node


def _facts(node: Xml, **facts: str) -> None:
    for name, value in facts.items():
        SubElement(node, name).text = value


def _dictionary(elements: Iterable[Element]) -> Xml:
    top = Xml("data_elements")
    for one in (*elements, _ANY):
        facts = {"ele_num": one.number, "data_type": one.type, "name": one.name}
        SubElement(top, "data_ele", facts, min_len=str(one.least), max_len=str(one.greatest))
    return top


def _code_lists(codes: Mapping[str, Mapping[str, str]]) -> Xml:
    top = Xml("codesets")
    for number, listed in sorted(codes.items()):
        node = SubElement(top, "codeset")
        _facts(node, id=number, name=number, data_ele=number)
        version = SubElement(node, "version")
        for code in listed:
            SubElement(version, "code").text = code
    return top


def _save(top: Xml, file: Path) -> None:
    ElementTree(top).write(file, encoding="utf-8", xml_declaration=True)

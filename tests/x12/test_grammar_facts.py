"""Our grammars against facts of sources they were not written from; each known difference has its reason.

Structures: the tables of bots-grammars (x12/4010). Segments: its records of 005010. Elements: pyx12's data dictionary.
"""

import re
from collections.abc import Iterator
from importlib import resources
from xml.etree import ElementTree

import pytest

from connectors.syntax.x12.grammar import UNBOUNDED, Grammar, Use, find_grammar, releases

# A tag, then its most occurrences (none: 1, +: any number), then ! when mandatory; its loop in parentheses.
NAMES = "N2:2 N3:2 N4"
PARTY = f"{NAMES} REF:12 PER:3"
LOAD = "TD1:2 TD5:12 TD3:12 TD4:5"
SETS = {
    "810": f"""BIG! NTE:100 CUR REF:12 YNQ:10 PER:3 N1:200 ( {PARTY} DMG ) ITD+ DTM:10 FOB PID:200 MEA:40 PWK:25 PKG:25
        L7 BAL+ INC PAM+ LM:10 ( LQ:100! ) N9 ( MSG:10! ) V1+ ( R4+ DTM+ ) FA1+ ( FA2+! )
        IT1:200000 ( CRC QTY:5 CUR IT3:5 TXI:10 CTP:25 PAM:10 MEA:40 PID:1000 ( MEA:10 ) PWK:25 PKG:25 PO4 ITD:2 REF+
        YNQ:10 PER:5 SDQ:500 DTM:10 CAD+ L7+ SR SAC:25 ( TXI:10 )
        SLN:1000 ( DTM REF+ PID:1000 SAC:25 TC2:2 TXI:10 ) N1:200 ( {PARTY} DMG ) LM:10 ( LQ:100! )
        V1+ ( R4+ DTM+ ) FA1+ ( FA2+! ) )
        TDS! TXI:10 CAD AMT+ SAC:25 ( TXI:10 ) ISS+ ( PID ) CTT""",
    "850": f"""BEG! CUR REF+ PER:3 TAX+ FOB+ CTP+ PAM:10 CSH:5 TC2+ SAC:25 ( CUR ) ITD+ DIS:20 INC DTM:10 LDT:12
        LIN:5 SI+ PID:200 MEA:40 PWK:25 PKG:200 {LOAD} MAN:10 PCT+ CTB:5 TXI+ AMT+ ( REF+ DTM PCT+ FA1+ ( FA2+! ) )
        N9:1000 ( DTM+ MSG:1000 ) N1:200 ( N2:2 N3:2 N4+ NX2+ REF:12 PER+ SI+ FOB {LOAD} PKG:200 ) LM+ ( LQ+! )
        SPI+ ( REF:5 DTM:5 MSG:50 N1:20 ( {NAMES} REF:20 G61 MSG:50 ) CB1+ ( REF:20 DTM:5 LDT MSG:50 ) )
        ADV+ ( DTM+ MTX+ )
        PO1:100000! ( LIN+ SI+ CUR CN1 PO3:25 CTP+ ( CUR ) PAM:10 MEA:40 PID:1000 ( MEA:10 ) PWK:25 PO4+ REF+ PER:3
        SAC:25 ( CUR CTP ) IT8 CSH+ ITD:2 DIS:20 INC TAX+ FOB+ SDQ:500 IT3:5 DTM:10 TC2+ TD1 TD5:12 TD3:12 TD4:5 PCT+
        MAN:10 MSG+ SPI+ TXI+ CTB+ QTY+ ( SI+ ) SCH:200 ( {LOAD} REF+ ) PKG:200 ( MEA+ )
        LS ( LDT+! ( QTY+ MSG REF:3 LM+ ( LQ+! ) ) LE! ) N9:1000 ( DTM+ MEA:40 MSG:1000 )
        N1:200 ( {NAMES} QTY+ NX2+ REF:12 PER:3 SI+ DTM FOB SCH:200 {LOAD} PKG:200 LDT+ ( MAN:10 QTY:5 MSG REF:3 ) )
        SLN:1000 ( MSG+ SI+ PID:1000 PO3:104 TC2+ ADV+ DTM:10 CTP:25 PAM:10 PO4 TAX:3 N9+ ( DTM+ MSG+ )
        SAC:25 ( CUR CTP ) QTY+ ( SI+ ) N1:10 ( {NAMES} NX2+ REF:12 PER:3 SI+ ) ) AMT+ ( REF PCT+ ) LM+ ( LQ+! ) )
        CTT ( AMT )""",
    "855": f"""BAK! CUR REF+ PER:3 TAX+ FOB+ CTP+ PAM:10 CSH SAC:25 ( CUR ) ITD:5 DIS:20 INC DTM:10 LDT:12 LIN:5 SI+
        PID:200 MEA:40 PWK:25 PKG:25 {LOAD} MAN:10 TXI+ CTB+ N9:1000 ( DTM+ MSG:1000 )
        N1:200 ( {NAMES} NX2+ REF:12 PER+ SI+ FOB {LOAD} PKG:25 MSG+ ) ADV+ ( DTM+ MTX+ )
        PO1:100000 ( LIN+ SI+ CUR PO3:25 CTP+ PAM:10 MEA:40 PID:1000 ( MEA:10 ) PWK:25 PO4+ REF+ PER:3 SAC:25 ( CUR )
        IT8 CSH+ ITD:2 DIS:20 INC TAX+ FOB+ SDQ:500 DTM:10 LDT:12 TD1 TD5:12 TD3:12 TD4:5 ACK:104 ( DTM ) MAN:10 AMT
        CTB+ TXI+ QTY+ ( SI+ ) PKG:200 ( MEA+ ) SCH:200 ( {LOAD} REF+ ) N9:1000 ( DTM+ MSG:1000 )
        N1:200 ( {NAMES} NX2+ REF:12 PER:3 SI+ DTM FOB SCH:200 {LOAD} QTY+ PKG:25 )
        SLN:1000 ( MSG+ SI+ PID:1000 PO3:25 CTP:25 PAM:10 ACK:104 SAC:10 ( CUR ) DTM:10 PO4 TAX:3 ADV+ QTY+ ( SI+ )
        N9+ ( DTM+ MSG+ ) N1:10 ( {NAMES} NX2+ REF:12 PER:3 SI+ ) ) ) CTT ( AMT )""",
    "856": f"""BSN! DTM:10 HL:200000! ( LIN SN1 SLN:1000 PRF PO4 PID:200 MEA:40 PWK:25 PKG:25 TD1:20 TD5:12 TD3:12 TD4:5
        TSD REF+ PER:3 LH1:100 ( LH2:4 LH3:12 LFH:20 LEP+ LH4 LHT:3 LHR:10 PER:5 LHE ) CLD:200 ( REF:200 DTP ) MAN+
        DTM:10 FOB PAL N1:200 ( {PARTY} FOB ) SDQ:50 ETD CUR SAC+ ( CUR ) GF YNQ:10 LM:10 ( LQ:100! ) V1+ ( R4+ DTM+ ) )
        CTT""",
    "846": f"""BIA! CUR DTM:10 REF:12 PER:3 MEA:20 N1:5 ( {PARTY} ) LM:10 ( LQ:100! )
        LIN:10000! ( PID:200 MEA:40 PKG:25 DTM:10 CTP:25 CUR SAC:25 REF+ PER:3 SDQ:500 MAN UIT:5 CS DD+ G53 PCT+ LDT:12
        LM:10 ( LQ:100! ) SLN:1000 ( PID:200 MEA:40 PKG:25 MAN:100 ( MEA:40 ) )
        QTY:99 ( UIT:12 MEA:25 LDT:12 DTM:10 SCH:25 ( MEA:25 ) LM+ ( LQ:100! )
        LS ( REF+! ( DTM+ N1 LM:10 ( LQ:100! ) ) LE! ) ) N1:200 ( {PARTY} ) ) CTT""",
    "940": f"""W05! N1:10 ( {NAMES} PER:5 ) N9:10 G61:3 G62:10 NTE+ W09 W66 W6 R2:13 BNX LM:10 ( LQ:100! )
        LX+ ( MAN+ SDQ+ N1 G62:10 W01+ ( G69:5 N9:200 NTE+ W20:3 QTY:10 AMT G62:10 G66 N1:3 PER:5 LH2:6 LHR LH6:5
        LM:10 ( LQ:100! ) LS ( LX+! ( N9+ G62:10 N1 SDQ+ LM:10 ( LQ:100! )
        LH1+ ( LH2:4 LH3:10 LFH:20 LEP:3 LH4 LHT:3 LHR:5 PER:5 ) ) LE! ) FA1+ ( FA2+! ) ) ) W76""",
    "945": """W06! N1:10! ( N2 N3:2 N4 PER:5 ) N9:10 G61:3 G62:5 NTE:20 W27 W6 W28 W10:10 G72:5 LM:10 ( LQ:100! )
        LX+ ( MAN+ PAL N9:5 W12+ ( G69:5 N9:200 G62:10 QTY:10 MEA:5 AMT R4:5 W27 N1:5 G72:5 LM:10 ( LQ:100! )
        LS ( LX+! ( N9+ G62:10 N1 LM:10 ( LQ:100! ) ) LE! ) FA1+ ( FA2+! ) ) ) W03""",
}
STRUCTURE_DIFFERENCES = {
    ("846", "LIN/QTY/LS/REF"): "we take LS and LE with nothing between; one source has the loop mandatory, one not",
}

# Lengths of the elements in order, ! when mandatory, from the records of 005010.
SEGMENTS = """
SI 2-2! 2-3! 48! 2-3 48 2-3 48 2-3 48 2-3 48 2-3 48 2-3 48 2-3 48 2-3 48 2-3 48
SN1 20 10! 2-2! 15 15 2-2 2 2-2
SPI 2-2! 2-3 50 132 80 1 2-2 2-2 2-2 2-2 15 6 1 3 4-4
V1 8 2-28 2-3 2-10 2-4 1 2-2 1 2
W01 15! 2-2! 12-12 2-2 48 2-2 48 2-5 3 1 30 6-6 12 2-2 2-2 48
W03 10! 10 2-2 8 2-2 7 2-2
W05 1! 22! 22 6-6 22 2-2 2 2-2
W06 1! 22 8-8 30 12 22 22 6-6 2-3 2-2 2-2 2
W09 2-2! 4 2-2 4 2-2 60 1 3 15
W10 2-2 3 1 2-15 2-15 4 2-2 4 2-2
W12 2-2! 15 10 9 2-2 12-12 2-2 48 12 10 2 1 10 2 1 12-12 2-2 48 2-2 1 2-2 48
SDQ 2-2! 2 2-80! 15! 2-80 15 2-80 15 2-80 15 2-80 15 2-80 15 2-80 15 2-80 15 2-80 15 2-80 15 30
"""
# Types and lengths that differ from pyx12's dictionary; the more permissive is ours.
ELEMENT_DIFFERENCES = {
    "447": "up to six characters in 004010; the dictionary has the four of the health guides",
    "719": "ten digits from 005010 on; the dictionary has the six of 004010",
}


def structure(text: str) -> Iterator[tuple[str, bool, int]]:
    """Path, mandatory and most of every place, in order."""
    path: list[str] = []
    last = ""
    for word in text.split():
        if word == "(":
            path.append(last)
        elif word == ")":
            path.pop()
        else:
            match = re.fullmatch(r"(\w+)(?::(\d+)|(\+))?(!?)", word)
            assert match, word
            last = match[1]
            yield "/".join([*path, last]), bool(match[4]), int(match[2] or (UNBOUNDED if match[3] else 1))


def ours(use: Use, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool, int]]:
    for member in use.members:
        here = (*path, member.tag)
        yield "/".join(here), member.required, member.most
        yield from ours(member, here)


def grammar(release: str, set_id: str) -> Grammar:
    found = find_grammar(release, set_id)
    assert found, (release, set_id)
    return found


@pytest.mark.parametrize("set_id", SETS)
def test_structures_are_those_of_the_other_source(set_id: str) -> None:
    mine = [place for place in ours(grammar("004010", set_id).root) if place[0] != "SE"]
    theirs = list(structure(SETS[set_id]))
    assert [place[0] for place in mine] == [place[0] for place in theirs]
    differing = {(set_id, a[0]) for a, b in zip(mine, theirs, strict=True) if a != b}
    assert differing == {key for key in STRUCTURE_DIFFERENCES if key[0] == set_id}
    for a, b in zip(mine, theirs, strict=True):
        assert a[1] <= b[1], f"stricter than the other source: {a[0]}"
        assert a[2] >= b[2], f"stricter than the other source: {a[0]}"


@pytest.mark.parametrize("line", SEGMENTS.strip().splitlines())
def test_segments_are_those_of_the_other_source(line: str) -> None:
    tag, *facts = line.split()
    release = releases()["005010"]
    segment = release.segment(tag)
    assert segment
    assert segment.fields is not None
    assert len(segment.fields) == len(facts)
    for place, (field, fact) in enumerate(zip(segment.fields, facts, strict=True), 1):
        element = release.element(field.number)
        assert element, field.number
        least, _, most = fact.rstrip("!").rpartition("-")
        mine = (element.least if least else None, element.greatest, field.required)
        assert mine == (int(least) if least else None, int(most), fact.endswith("!")), f"{tag}{place:02}"


def test_elements_are_those_of_the_data_dictionary() -> None:
    """Types and lengths of every element that both know."""
    release = releases()["005010"]
    with (resources.files("pyx12") / "map" / "dataele.xml").open("rb") as file:
        known = {one.get("ele_num", ""): one.attrib for one in ElementTree.parse(file).iter("data_ele")}
    differing, compared = {}, 0
    for number, facts in known.items():
        if element := release.element(number):
            compared += 1
            mine = (element.type, str(element.least), str(element.greatest))
            theirs = (facts["data_type"], facts["min_len"], facts["max_len"])
            if mine != theirs:
                differing[number] = (mine, theirs)
    assert compared > 150
    assert set(differing) == set(ELEMENT_DIFFERENCES), differing


@pytest.mark.parametrize("release", releases())
def test_everything_a_set_names_is_sound(release: str) -> None:
    """Notes name elements there are, lengths are in order, codes fit their element."""
    for set_id in sorted({file.name for one in releases().values() for file in _files(one.folder / "sets")}):
        found = find_grammar(release, set_id)
        if found is None:
            continue
        for segment in (*found.segments.values(), *found.composites.values()):
            count = len(segment.fields or ())
            assert all(place <= count for note in segment.notes for place in note.places), segment.tag
        for number, element in found.elements.items():
            assert element.least <= element.greatest, number
            fits = all(element.least <= len(code) <= element.greatest for code in found.codes.get(number, ()))
            assert fits, number


def _files(folder: resources.abc.Traversable) -> list[resources.abc.Traversable]:
    return list(folder.iterdir()) if folder.is_dir() else []

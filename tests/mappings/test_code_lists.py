"""Code lists say what the standard says: no code of their own making, and what is read is written back as it was."""

from pathlib import Path

import pytest

from canonical import MILESTONES
from mappings.library import MapLibrary
from router.routing import Routing

GRAMMARS = Path(__file__).parents[2] / "connectors" / "syntax" / "x12" / "grammars"
LISTS = sorted(name for name in MapLibrary().code_lists if name.startswith("x12/"))
IDENTIFYING = [
    "x12/235",
    "x12/66",
    "x12/98",
    "x12/128",
    "x12/374",
    "x12/91",
    "x12/309",
    "x12/333",
    "x12/336",
    "x12/366",
]
"""Of these each code has a name of its own: what a document says is said again with the same code."""

LISTED = {
    "432": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36"
    " 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 67 68 69 70 71 72 73 74 76 77"
    " 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 AA AB BB BC BD BE BF BG BH BI BJ BK BL BM BN BO"
    " BP BQ BR BS BT BU BV BW BX BY BZ CA CB CE CL EP KA LA LC LD LP PE SE TA TR",
    "587": "AC AD AE AH AK AP AT NA RD RF RJ RN RO RV ZZ",
    "963": "AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AP AQ AR AS AT AU AV AW AX AY AZ BA BB BC BD BE BP CA CB CG CI"
    " CP CR CS CT CV DL EQ ET EV F1 F2 F3 FD FF FI FL FR FS FT GR GS HS HT HZ LB LO LS LT LU LV MA MN MP MS MT OH OT PG"
    " PS SA SB SC SE SF SL SP SR SS ST SU SX T1 T2 TD TT TX UL UT VA WS ZA ZB ZC ZD ZE ZZ",
    "1292": "CR DI KA KR MW PA RA RD RF RN RP RT SC SD",
    "1293": "BC CO CV DA DI DM DP DR DT EI EO EW LP MD NA OP PE PF PR PS PW RE SD SM SP SR ST TE WG",
    "1650": "A3 A7 A9 AF AG AH AI AJ AM AN AP AR AV B6 BA BC C1 CA CB CD CL CP D1 I1 J1 K1 L1 OA OO P1 PA PR R1 RL S1"
    " SD X1 X2 X3 X4 X5 X6 X8 XB",
    "1652": "AA AB AC ED EP LD LP X9 XA",
}
"""The codes of elements that no grammar lists, as the standard has them from 004010 to 005020."""

DIFFERENT = {"14", "40", "41"}
"""Where a G62 and a DTM say something else with the same number, up to 41: from 42 on each goes its own way."""

MOVING = [
    ("x12/432", "53", "delivery_not_before"),
    ("x12/432", "54", "delivery_not_later"),
    ("x12/374", "064", "delivery_not_before"),
    ("x12/374", "063", "delivery_not_later"),
    ("x12/353-returns", "44", "denial"),
    ("x12/412", "08", "refused"),
    ("x12/1293", "DM", "defective"),
    ("x12/1650", "D1", "delivered"),
    ("x12/1650", "X5", "arrived_at_delivery_dock"),
    ("x12/963", "CP", "county_sales"),
    ("x12/963", "HS", "public_health_and_education"),
    ("x12/426", "29", "fee_incorrect"),
    ("x12/1300", "H490", "subject_to_tax_on_resale"),
    ("x12/110", "TE", "accepted_with_errors"),
    ("x12/353", "18", "reissue"),
]
"""Codes by which money or goods move and that were once read as another thing: each is written again as itself."""


def standard(element: str) -> set[str]:
    """The codes of the standard; none where we hold no list of them."""
    files = [GRAMMARS / version / "codes" / element for version in ("004010", "005010")]
    held = {line.split(maxsplit=1)[0] for file in files if file.exists() for line in file.open() if line.strip()}
    return held or set(LISTED.get(element, "").split())


@pytest.mark.parametrize("name", LISTS)
def test_no_list_has_a_code_the_standard_lacks(library: MapLibrary, name: str) -> None:
    codes = library.codes(name)
    known = standard(name.removeprefix("x12/").partition("-")[0])
    assert codes
    assert not known or set(codes.to_canonical) <= known


@pytest.mark.parametrize("name", ["ups/status", "easypost/status", "x12/1650", "x12/1652"])
def test_every_status_of_a_carrier_is_one_of_the_milestones(library: MapLibrary, name: str) -> None:
    codes = library.codes(name)
    assert codes
    assert set(codes.to_canonical.values()) <= MILESTONES


def test_every_parcels_milestone_is_told_by_214(library: MapLibrary) -> None:
    codes = [library.codes(name) for name in ("ups/status", "easypost/status", "x12/1650")]
    ups, easypost, x12 = (found for found in codes if found)
    told = {*ups.to_canonical.values(), *easypost.to_canonical.values()} - {"unknown"}
    assert [name for name in sorted(told) if x12.write(name) is None] == []


@pytest.mark.parametrize("name", IDENTIFYING)
def test_a_qualifier_comes_back_as_it_was(library: MapLibrary, name: str) -> None:
    codes = library.codes(name)
    assert codes
    assert {code: codes.write(codes.read(code)[0]) for code in codes.to_canonical} == {
        code: code for code in codes.to_canonical
    }


@pytest.mark.parametrize("name", MapLibrary().code_lists)
def test_every_name_of_a_list_is_written_as_a_code_that_reads_as_it_or_as_its_nearest(
    library: MapLibrary, name: str
) -> None:
    codes = library.codes(name)
    assert codes
    for meaning, code in codes.to_native.items():
        assert code in codes.to_canonical, (meaning, code)


@pytest.mark.parametrize(("name", "code", "meaning"), MOVING)
def test_what_moves_money_or_goods_is_what_the_standard_says(
    library: MapLibrary, name: str, code: str, meaning: str
) -> None:
    codes = library.codes(name)
    assert codes
    assert (codes.read(code), codes.write(meaning)) == ((meaning, True), code)


def test_a_date_is_called_the_same_in_a_g62_and_in_a_dtm(library: MapLibrary) -> None:
    days, dates = library.codes("x12/432"), library.codes("x12/374")
    assert days
    assert dates
    shared = [code for code in days.to_canonical if code.isdigit() and code < "42" and code not in DIFFERENT]
    assert [days.read(code)[0] for code in shared] == [dates.read(f"0{code}")[0] for code in shared]


def test_an_information_copy_is_no_purpose_to_act_on(library: MapLibrary) -> None:
    purposes = library.codes("x12/353")
    assert purposes
    assert purposes.read("22") == ("x12/353:22", False)


def test_what_routing_waits_for_is_what_a_warehouse_can_say(library: MapLibrary) -> None:
    statuses = library.codes("x12/368")
    assert statuses
    assert [statuses.read(code)[0] for code in ("BP", "SS")] == list(Routing.model_fields["more_to_come"].default)

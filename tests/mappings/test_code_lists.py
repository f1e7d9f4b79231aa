"""Code lists say what the standard says: no code of their own making, and what is read is written back as it was."""

from pathlib import Path

import pytest

from mappings.library import MapLibrary

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


def standard(element: str) -> set[str]:
    """The codes of the standard; none where we hold no list of them."""
    files = [GRAMMARS / version / "codes" / element for version in ("004010", "005010")]
    return {line.split(maxsplit=1)[0] for file in files if file.exists() for line in file.open() if line.strip()}


@pytest.mark.parametrize("name", LISTS)
def test_no_list_has_a_code_the_standard_lacks(library: MapLibrary, name: str) -> None:
    codes = library.codes(name)
    known = standard(name.removeprefix("x12/").partition("-")[0])
    assert codes
    assert not known or set(codes.to_canonical) <= known


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

"""Partner profiles read from files: what is wrong in them is said with file, line and the mend."""

from pathlib import Path

import pytest

from canonical import Finding
from connectors.partners import Partners, load_partners
from connectors.settings import InterchangeIdentity

OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")
MAPS = ("x12/850", "x12/855")
NORTHWIND = """\
partner: northwind
name: Northwind Outfitters
x12:
  theirs: {qualifier: ZZ, id: NORTHWIND, group: NORTHWIND}
sends:
  850: x12/850
takes:
  OrderAcknowledgment: {set: 855, map: x12/855}
transport:
  inbound: {directory: in}
  outbound: {directory: out}
"""


def load(directory: Path, **files: str) -> tuple[Partners, list[Finding]]:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return load_partners(directory, OURS, MAPS, lambda _version, name: name in {"850", "855"}, directory / "data")


def test_a_partner_is_found_by_its_interchange_identity_whatever_the_padding(tmp_path: Path) -> None:
    partners, findings = load(tmp_path, northwind=NORTHWIND)
    assert findings == []
    found = partners.sender("ZZ", "NORTHWIND      ")
    assert found is partners.by_id["northwind"]
    assert partners.sender("01", "NORTHWIND") is None
    assert partners.ours_towards(partners.by_id["northwind"]) == OURS


def test_delimiters_and_window_have_the_usual_values_when_nothing_is_said(tmp_path: Path) -> None:
    partners, _ = load(tmp_path, northwind=NORTHWIND)
    terms = partners.by_id["northwind"].x12
    assert terms is not None
    assert (terms.delimiters.element, terms.delimiters.terminator, terms.envelope) == ("*", "~", "strict")
    assert terms.acknowledge.functional == "997"


@pytest.mark.parametrize(
    ("code", "line", "change", "mend"),
    [
        ("unknown-map", 6, ("850: x12/850", "850: x12/8500"), "did you mean 'x12/850'"),
        ("unknown-map", 8, ("map: x12/855", "map: x12/955"), "did you mean 'x12/855'"),
        ("unknown-set", 6, ("850: x12/850", "851: x12/850"), "'851'"),
        ("config-value", 8, ("OrderAcknowledgment", "OrderAck"), "no canonical document"),
        ("config-value", 10, ("{directory: in}", "{directory: ../in}"), "inside the data directory"),
        ("config-value", 10, ("{directory: in}", "{directory: /in}"), "inside the data directory"),
        ("config-unknown-name", 2, ("name:", "nmae:"), "'name'"),
        ("config-value", 6, ("850: x12/850", "850: {map: x12/850, grammar: {elements: {BEG02: [SA]}}}"), "BEG02"),
        ("grammar-misfit", 6, ("850: x12/850", "850: {map: x12/850, grammar: {elements: {BEG77: {}}}}"), "BEG77"),
        ("partner-name", 1, ("partner: northwind", "partner: southwind"), "rename"),
        ("no-transport", 7, ("  outbound: {directory: out}\n", ""), "transport"),
    ],
)
def test_a_fault_says_where_it_is_and_how_to_mend_it(
    tmp_path: Path, code: str, line: int, change: tuple[str, str], mend: str
) -> None:
    assert change[0] in NORTHWIND
    partners, findings = load(tmp_path, northwind=NORTHWIND.replace(*change))
    found = next(finding for finding in findings if finding.code == code)
    assert found.where["file"] == str(tmp_path / "northwind.yaml")
    assert found.where["line"] == line
    assert mend in found.message
    assert "northwind" not in partners.by_id


@pytest.mark.parametrize(
    ("delimiters", "mend"),
    [
        ("{element: '*', component: '*'}", "four different"),
        ("{element: 'A'}", "cannot separate"),
        ("{element: '**'}", "at most 1 character"),
    ],
)
def test_delimiters_that_cannot_separate_are_refused(tmp_path: Path, delimiters: str, mend: str) -> None:
    text = NORTHWIND.replace("sends:", f"  delimiters: {delimiters}\nsends:", 1)
    _, [finding] = load(tmp_path, northwind=text)
    assert mend in finding.message
    assert finding.where["line"] == 5


def test_two_partners_cannot_share_an_interchange_identity_or_a_directory(tmp_path: Path) -> None:
    twin = NORTHWIND.replace("partner: northwind", "partner: twin")
    partners, findings = load(tmp_path, northwind=NORTHWIND, twin=twin)
    assert [(finding.code, finding.where["line"]) for finding in findings] == [
        ("duplicate-interchange", 4),
        ("duplicate-directory", 10),
    ]
    assert set(partners.by_id) == {"northwind"}


def test_a_directory_that_is_a_file_is_found_before_anything_arrives(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "in").write_bytes(b"")
    _, [finding] = load(tmp_path, northwind=NORTHWIND)
    assert (finding.code, finding.where["line"]) == ("directory-unusable", 10)


def test_a_carrier_must_be_a_partner(tmp_path: Path) -> None:
    _, [finding] = load(tmp_path, northwind=NORTHWIND + "brought_by: [northwind, van]\n")
    assert (finding.code, finding.where["line"]) == ("unknown-partner", 12)


def test_one_faulty_profile_leaves_the_others_working(tmp_path: Path) -> None:
    partners, findings = load(tmp_path, northwind=NORTHWIND, harbor="partner: [")
    assert [finding.code for finding in findings] == ["yaml-syntax"]
    assert set(partners.by_id) == {"northwind"}


def test_a_missing_directory_of_partners_is_said(tmp_path: Path) -> None:
    _, [finding] = load_partners(tmp_path / "none", OURS, MAPS, lambda _version, _name: True, tmp_path)
    assert finding.code == "partners-missing"

"""Configuration fails with file, line, column and the mend, and means what it says."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.strict_yaml import read_yaml
from mappings.yaml_model import ConfigModel, load_model


class Address(ConfigModel):
    city: str
    lines: tuple[str, ...] = ()


class Partner(ConfigModel):
    id: str
    port: int = 0
    address: Address | None = None


def content(text: str) -> object:
    file, findings = read_yaml(text)
    assert findings == []
    assert file
    return file.content


def test_norway_leading_zeros_and_dates_stay_texts() -> None:
    read = content("country: NO\nid: 0123\non: 2026-01-01\nat: 12:30:00\nversion: 00401\n")
    assert read == {"country": "NO", "id": "0123", "on": "2026-01-01", "at": "12:30:00", "version": "00401"}


def test_numbers_are_exact() -> None:
    read = content("a: 1.10\nb: 9007199254740993\nc: -3\n")
    assert read == {"a": Decimal("1.10"), "b": 9007199254740993, "c": -3}
    assert isinstance(read, dict)
    assert str(read["a"]) == "1.10"


def test_keys_are_always_texts() -> None:
    assert content("00: original\n7: duplicate\nNO: norway\ntrue: yes\n") == {
        "00": "original",
        "7": "duplicate",
        "NO": "norway",
        "true": "yes",
    }


def test_a_quoted_number_is_a_text() -> None:
    assert content("a: '12'\nb: \"1.5e3\"\nc: ''\nd:\n") == {"a": "12", "b": "1.5e3", "c": "", "d": None}


def test_aliases_are_shared_values() -> None:
    assert content("a: &x {b: [1, 2]}\nc: *x\n") == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1),
        ("a: 1e5\n", "yaml-float", 1, 4),
        ("a: .inf\n", "yaml-float", 1, 4),
        ("a: [1, 2\nb: 3\n", "yaml-syntax", 2, 2),
        ("a: 1\n---\nb: 2\n", "yaml-documents", 2, 1),
        ("a: !!python/object:os.system x\n", "yaml-tag", 1, 4),
        ("a: !custom {b: 1}\n", "yaml-tag", 1, 4),
        ("? [1, 2]\n: x\n", "yaml-key", 1, 3),
        ("a: &x [*x]\n", "yaml-alias", 1, 8),
        ("a: *nowhere\n", "yaml-alias", 1, 4),
        ("a: " + "[" * 61 + "]" * 61, "yaml-depth", 1, 63),
    ],
)
def test_faults_are_located(text: str, code: str, line: int, column: int) -> None:
    file, findings = read_yaml(text, "partner.yaml")
    assert file is None
    [finding] = findings
    assert (finding.code, finding.where) == (code, {"file": "partner.yaml", "line": line, "column": column})


def test_a_billion_laughs_end_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    file, [finding] = read_yaml("\n".join(lines))
    assert file is None
    assert finding.code == "yaml-size"


def test_very_deep_nesting_is_a_finding_not_a_crash() -> None:
    file, findings = read_yaml("[" * 100_000)
    assert file is None
    assert findings[0].code in {"yaml-depth", "yaml-syntax"}


def test_a_file_that_is_not_utf8_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"a: \xff\xfe\n")
    _, [finding] = read_yaml(path)
    assert finding.code == "yaml-syntax"
    assert finding.where["file"] == str(path)


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    _, [finding] = read_yaml(tmp_path / "none.yaml")
    assert finding.code == "file-unreadable"


def test_a_model_is_read_and_exact_numbers_become_texts() -> None:
    partner, findings = load_model("id: 0012\naddress: {city: Oslo, lines: [12, Main Street]}\n", Partner)
    assert findings == []
    assert partner == Partner(id="0012", address=Address(city="Oslo", lines=("12", "Main Street")))


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "mend"),
    [
        ("id: x\nadress: {}\n", "config-unknown-name", 2, 1, "did you mean 'address'?"),
        ("id: x\naddress:\n  town: Oslo\n  city: x\n", "config-unknown-name", 3, 3, "nothing is called 'town'"),
        ("id: x\naddress:\n  lines: []\n", "config-missing", 3, 3, "'city' is missing in address; add it"),
        ("id: x\nport: many\n", "config-value", 2, 7, "valid integer"),
        ("- id\n", "config-value", 1, 1, "the file"),
    ],
)
def test_model_faults_name_line_column_and_mend(text: str, code: str, line: int, column: int, mend: str) -> None:
    model, [finding] = load_model(text, Partner, "p.yaml")
    assert model is None
    assert (finding.code, finding.where) == (code, {"file": "p.yaml", "line": line, "column": column})
    assert mend in finding.message


@given(st.text(max_size=200))
def test_any_text_reads_or_is_found_faulty(text: str) -> None:
    file, findings = read_yaml(text)
    assert (file is None) == bool(findings)

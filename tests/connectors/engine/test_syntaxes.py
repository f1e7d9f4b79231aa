"""JSON, CSV and XML are read strictly and exactly."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Rejected
from connectors.syntax.csv_text import read_csv, read_csv_rows, write_csv, write_csv_rows
from connectors.syntax.json_text import read_json, write_json, write_json_lines
from connectors.syntax.xml_text import read_xml, write_xml

numbers = st.integers(-(2**80), 2**80) | st.decimals(allow_nan=False, allow_infinity=False, places=6).filter(
    lambda number: abs(number) < 10**20
)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
trees = st.recursive(
    st.none() | st.booleans() | texts | numbers,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(trees)
def test_json_comes_back_as_it_was_written(tree):
    assert read_json(write_json(tree)) == tree


def test_json_numbers_keep_every_digit():
    assert read_json(b"[19.90, 9007199254740993, 0.1]") == [Decimal("19.90"), 9007199254740993, Decimal("0.1")]
    assert write_json([Decimal("19.90")]) == b"[19.90]"


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 2}',
        b"[" * 65 + b"]" * 65,
        b"[NaN]",
        b"[1e400]",
        b"[" + b"9" * 61 + b"]",
        b'{"a": 1',
        b"\xff",
        b"",
        b"[" * 100_000,
        b'{"note": "\\u0000"}',
        b'["\\ud83d"]',
    ],
    ids=[
        "duplicate-key",
        "deep",
        "nan",
        "exponent",
        "long-number",
        "cut-off",
        "not-utf8",
        "empty",
        "bomb",
        "nul",
        "half-pair",
    ],
)
def test_json_that_is_not_exact_is_refused(content: bytes):
    with pytest.raises(Rejected) as caught:
        read_json(content)
    assert caught.value.findings[0].code == "json-syntax"


def test_a_whole_surrogate_pair_is_one_character():
    assert read_json(b'["\\ud83d\\ude00", "\\\\u0000"]') == ["\U0001f600", "\\u0000"]


def test_brackets_in_texts_are_not_depth():
    assert read_json(b'["' + b"[" * 500 + b'"]') == ["[" * 500]


def test_floats_are_never_written():
    with pytest.raises(TypeError):
        write_json({"amount": 1.5})


def test_json_lines_end_each_row():
    assert write_json_lines([{"a": Decimal("1.0")}, {"a": "x\ny"}]) == b'{"a":1.0}\n{"a":"x\\ny"}\n'


@given(st.lists(st.fixed_dictionaries({"a": st.text('x,"\r\n é', min_size=1), "b": st.text("y;' ")}), min_size=1))
def test_csv_comes_back_as_it_was_written(rows):
    assert read_csv(write_csv(rows)) == rows


def test_a_dotted_column_is_a_member_of_a_group():
    rows: list[Any] = [{"No.": "1", "dimensions": {"sku": "A"}}, {"No.": "2", "dimensions": {"node": "RNO"}}]
    assert write_csv_rows(rows) == b"No.,dimensions.sku,dimensions.node\r\n1,A,\r\n2,,RNO\r\n"
    assert read_csv_rows(write_csv_rows(rows))[0] == {"No.": "1", "dimensions": {"sku": "A"}}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"a,a\n1,2", 1),
        (b"a,b\n1", 2),
        (b'a\n"x', 2),
        (b'a\n"x"y', 2),
        (b"a\n\xff", 1),
        (b"a\nx\0", 2),
    ],
    ids=["empty", "column-twice", "short-row", "open-quote", "after-quote", "not-utf8", "nul"],
)
def test_bad_csv_names_its_line(content: bytes, line: int):
    with pytest.raises(Rejected) as caught:
        read_csv(content)
    assert caught.value.findings[0].where["line"] == line


def test_xml_is_read_and_written():
    assert write_xml(read_xml(b"<a><b>x</b></a>")).endswith(b"<a><b>x</b></a>")


def test_a_doctype_that_only_names_its_dtd_is_allowed_and_nothing_is_fetched(tmp_path):
    dtd = tmp_path / "a.dtd"
    dtd.write_text('<!ATTLIST a fetched CDATA "yes">')
    root = read_xml(b'<!DOCTYPE a SYSTEM "%s"><a/>' % dtd.as_uri().encode())
    assert (root.tag, dict(root.attrib)) == ("a", {})


def test_comments_do_not_cut_a_text_short():
    assert read_xml(b"<a>wide<!-- sic --> oak<?x y?> shelf</a>").text == "wide oak shelf"


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd" []><a/>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://x.example/p"> %p;]><a/>',
        b'<!DOCTYPE a SYSTEM "a.dtd"><a>&nbsp;</a>',
        b"<a><b></a>",
        b"",
        b"<a>" * 66 + b"</a>" * 66,
    ],
    ids=["entity", "subset", "parameter-entity", "entity-of-the-dtd", "unclosed", "empty", "deep"],
)
def test_xml_that_reaches_out_or_is_broken_is_refused(content: bytes):
    with pytest.raises(Rejected) as caught:
        read_xml(content)
    assert caught.value.findings[0].code == "xml-syntax"

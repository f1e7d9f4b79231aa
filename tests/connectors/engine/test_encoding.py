"""Bodies in every encoding: what goes out is what was meant, what comes in is one shape whatever its length."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from canonical import Rejected
from connectors.engine.encoding import decode, encode

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda text: text == text.strip()
)


@given(st.lists(TEXT, min_size=1), TEXT)
def test_xml_comes_back_as_it_went(skus: list[str], number: str):
    tree = {"Feed": {"@version": "1.4", "item": [{"sku": sku} for sku in skus], "number": number}}
    assert decode("xml", encode("xml", tree)[0], ["item"]) == tree


def packed(*names: str, content: str = "sku,count\nA,2\n") -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as written:
        for name in names:
            written.writestr(name, content)
    return archive.getvalue()


def test_rows_may_come_in_an_archive_of_one_file():
    assert decode("csv", packed("report.csv")) == [{"sku": "A", "count": "2"}]
    assert decode("csv", b"sku,count\nA,2\n") == [{"sku": "A", "count": "2"}]


@pytest.mark.parametrize(
    "content", [packed(), packed("one.csv", "two.csv"), packed("report.csv")[:40], b"PK\x03\x04 and no more"]
)
def test_an_archive_of_more_or_less_than_one_file_is_refused(content: bytes):
    with pytest.raises(Rejected):
        decode("csv", content)


def test_an_archive_is_unpacked_only_so_far(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.engine.encoding.LARGEST_FILE", 10)
    with pytest.raises(Rejected):
        decode("csv", packed("report.csv"))


def test_namespaces_are_written_and_not_read():
    body, media_type = encode("xml", {"inventory": {"@xmlns": "http://walmart.com/", "sku": "A"}})
    assert etree.fromstring(body).tag == "{http://walmart.com/}inventory"
    assert media_type == "application/xml"
    assert decode("xml", body) == {"inventory": {"sku": "A"}}


def test_a_forced_list_is_one_whether_it_holds_one_or_two():
    one, two = b"<orders><order><id>1</id></order></orders>", b"<orders><order/><order/></orders>"
    assert decode("xml", one, ["order"]) == {"orders": {"order": [{"id": "1"}]}}
    assert decode("xml", two) == {"orders": {"order": ["", ""]}}


def test_text_beside_attributes_is_kept():
    assert decode("xml", b'<a><m cur="USD">1.50</m></a>') == {"a": {"m": {"@cur": "USD", "#text": "1.50"}}}


@pytest.mark.parametrize("tree", [{}, {"a": 1, "b": 2}, [1], {"a b": 1}, {"a": "\x00"}])
def test_what_xml_cannot_say_is_told(tree: object):
    with pytest.raises(Rejected):
        encode("xml", tree)


@given(st.lists(st.fixed_dictionaries({"sku": TEXT, "n": TEXT}), min_size=1))
def test_rows_come_back_as_they_went(rows: list[dict[str, str]]):
    for encoding in ("csv", "tsv"):
        assert decode(encoding, encode(encoding, rows)[0]) == rows


@given(TEXT, st.text(st.characters(codec="utf-8")))
def test_no_name_or_text_ends_its_part_early(name: str, text: str):
    body, media_type = encode("multipart", {name: text, "file": {"filename": f"{name}\r\n.csv", "content": "x"}})
    boundary = media_type.partition("boundary=")[2].encode()
    assert len(re.findall(rb"(?:^|\r\n)--" + boundary, body)) == 3


def test_the_same_tree_makes_the_same_bytes():
    tree = {"a": 1, "feed": {"filename": "f.json", "type": "application/json", "content": {"sku": "A"}}}
    assert encode("multipart", tree) == encode("multipart", tree)
    assert b'{"sku":"A"}' in encode("multipart", tree)[0]


def test_a_form_is_escaped():
    assert encode("form", {"a": "1&2", "b": 3})[0] == b"a=1%262&b=3"

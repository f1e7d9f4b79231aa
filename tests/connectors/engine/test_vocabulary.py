"""Paths, templates, error tables and turns: the words a manifest is written in."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Misconfigured, Rejected
from connectors.engine.authorization import Carried
from connectors.engine.judgement import error_of, judge
from connectors.engine.path import all_at, first_at
from connectors.engine.request import build, with_defaults
from connectors.engine.template import expand, expand_text, in_url
from connectors.engine.wire import Answer
from connectors.manifest_calls import Call, Defaults, ErrorRule
from connectors.secret import Secret

ORDER: dict[str, Any] = {
    "id": 7,
    "total": Decimal("19.90"),
    "paid": True,
    "lines": [{"sku": "A", "n": 1, "tags": ["x", "y"]}, {"sku": "B", "n": 2, "tags": []}, {"n": 3}],
    "one": {"sku": "C"},
    "none": None,
    "move.": {"name": "M"},
    "groups": [
        {"id": 1, "rows": {"row": [{"state": "new"}, {"state": "done"}]}},
        {"id": 2, "rows": {"row": {"state": "done"}}},
        {"id": 3, "rows": None},
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("id", [7]),
        ("lines[].sku", ["A", "B"]),
        ("lines[1].n", [2]),
        ("lines[9].n", []),
        ("lines[sku=B].n", [2]),
        ("lines[sku=A|B].n", [1, 2]),
        ("lines[sku!=A].n", [2, 3]),
        ("lines[].tags[]", ["x", "y"]),
        ("one[].sku", ["C"]),
        ("one.sku", ["C"]),
        ("none", []),
        ('["move."].name', ["M"]),
        ('one["sku"]', ["C"]),
        ("groups[rows.row.state=new].id", [1]),
        ("groups[rows.row.state=done].id", [1, 2]),
        ("groups[rows.row.state!=new].id", [2, 3]),
        ("missing.deeper", []),
        ("id.deeper", []),
        ("", [ORDER]),
    ],
)
def test_paths_find_what_is_there(path: str, found: list[Any]):
    assert all_at(ORDER, path) == found


@pytest.mark.parametrize("path", ["a..b", "a[", "a]", "a[x", "a[b]", "[=x]", "a[!=x]", "."])
def test_paths_that_cannot_be_read_are_refused(path: str):
    with pytest.raises(ValueError, match="not a p"):
        first_at({}, path)


@given(
    st.text(),
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ),
)
def test_any_path_into_any_tree_finds_something_nothing_or_is_refused(path: str, tree: Any):
    with suppress(ValueError):
        assert isinstance(all_at(tree, path), list)


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        ("{o.id}", 7),
        ("{o.total}", Decimal("19.90")),
        ("no {o.id} at {o.total}, paid {o.paid}", "no 7 at 19.90, paid true"),
        ("{{o.id}}", "{o.id}"),
        ("{o.missing|o.id}", 7),
        ({"a": "{o.missing?}", "b": "{o.id?}"}, {"b": 7}),
        ("x{o.missing?}y", "xy"),
        (["{o.missing?}", "{o.id}"], [7]),
        ({"all": "o.missing[]|o.lines[].sku"}, ["A", "B"]),
        ({"each": "o.lines[]", "as": "l", "of": {"n": "{l.n}"}}, [{"n": 1}, {"n": 2}, {"n": 3}]),
        ({"each": "o.lines[]", "as": "l", "of": {"each": "l.tags[]", "as": "t", "of": "{t}"}}, ["x", "y"]),
        ([0, {"each": "o.lines[]", "as": "l", "of": "{l.n}"}], [0, 1, 2, 3]),
        ({"money": ["{o.total}", 3], "currency": "USD"}, Decimal("59.70")),
        ({"money": ["{o.total}", 1], "per": "{o.lines[1].n}", "currency": "USD"}, Decimal("9.95")),
        ({"money": ["{o.total}"], "per": "{o.missing?}", "currency": "JPY"}, Decimal(20)),
        ({"total": [{"all": "o.lines[].n"}, "{o.total}"], "currency": "USD"}, Decimal("25.90")),
        ({"total": [{"all": "o.missing[]"}], "times": "-1", "currency": "USD"}, Decimal("0.00")),
        ({"total": ["{o.total}"], "times": "-1", "currency": "USD"}, Decimal("-19.90")),
        ({"total": "{o.total}", "currency": "USD"}, {"total": Decimal("19.90"), "currency": "USD"}),
        ("{s.key}", "secret"),
        (Decimal("1.50"), Decimal("1.50")),
    ],
)
def test_templates_are_filled_and_keep_types(template: Any, expanded: Any):
    assert expand(template, {"o": ORDER, "s": {"key": Secret("secret")}}) == expanded


def test_a_tree_is_no_text():
    with pytest.raises(Rejected) as caught:
        expand("lines: {o.one}", {"o": ORDER})
    assert caught.value.findings[0].code == "value-not-single"


def test_what_is_missing_is_named():
    with pytest.raises(Rejected) as caught:
        expand({"a": "{o.nothing}"}, {"o": ORDER})
    assert caught.value.findings[0].where == {"pointer": "/o/nothing"}


@given(st.text())
def test_no_value_leaves_its_part_of_the_path(value: str):
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    url = expand_text("/orders/{id}/notes", {"id": value or "-"}, in_url)
    assert url.count("/") == 3
    assert "?" not in url
    assert "#" not in url
    assert "/../" not in url
    assert "/./" not in url


@given(st.text(min_size=1))
def test_no_value_adds_a_header_line(value: str):
    call = with_defaults(Call(path="/x", headers={"X-Note": "{note}"}), Defaults())
    try:
        request = build(call, "https://x.example", {"note": value}, Carried(), 1.0)
    except Misconfigured:
        assert not value.isprintable() or not value.isascii()
    else:
        assert "\n" not in request.headers["X-Note"]
        assert "\r" not in request.headers["X-Note"]


def answer(status: int, tree: Any = None, text: str = "", **headers: str) -> tuple[Answer, Any]:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode()), tree


def rule(**said: Any) -> ErrorRule:
    return ErrorRule.model_validate(said)


@pytest.mark.parametrize(
    ("rules", "came", "error"),
    [
        ([], answer(500), "Unavailable"),
        ([], answer(301), "Misconfigured"),
        ([], answer(403), "Misconfigured"),
        ([], answer(422), "Rejected"),
        (
            [rule(status="4xx", body="errors[code=busy]", then="retry")],
            answer(422, {"errors": [{"code": "busy"}]}),
            "Unavailable",
        ),
        (
            [rule(status="4xx", body="errors[code=busy]", then="retry")],
            answer(422, {"errors": [{"code": "no"}]}),
            "Rejected",
        ),
        (
            [rule(status=400, contains="LIMIT", then="rate_limited")],
            answer(400, text="SSS_REQUEST_LIMIT_EXCEEDED"),
            "Unavailable",
        ),
        ([rule(body="failed", then="fail", **{"class": "config"})], answer(200, {"failed": True}), "Misconfigured"),
        ([rule(body="failed", then="fail")], answer(200, {"failed": False}), None),
        ([], answer(200), None),
        ([], answer(204), None),
    ],
)
def test_the_first_row_that_fits_decides(rules: list[ErrorRule], came: tuple[Answer, Any], error: str | None):
    judgement = judge(*came, rules)
    assert (type(error_of(judgement, "s", effects=False)).__name__ if judgement else None) == error


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"retry_after": "Sat, 21 Nov 2026 11:00:00 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], wait: float | None):
    judgement = judge(*answer(503, **headers), [])
    assert judgement is not None
    assert judgement.retry_after == wait

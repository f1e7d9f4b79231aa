"""Whatever a system's JSON says at any place: a map gives a document or an error that has a place, and never breaks."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import has_errors
from mappings.library import MapLibrary

MAPS = Path(__file__).parents[2] / "mappings" / "maps"
LIBRARY = MapLibrary()
READ = [name for name in LIBRARY.names if LIBRARY.get(name).head.direction != "write"]
SAMPLES = [(name, path.name) for name in READ for path in sorted((MAPS / f"{name}.cases").glob("*.in.json"))]
ODD = st.sampled_from(
    [None, "", [], {}, "x" * 5000, -1, 0, 10**30, True, False, "NaN", "1,234.50", "\0", "٣", [[]], {"a": {}},
     "2026-02-30", "9" * 30]
)  # fmt: skip
Place = tuple[str | int, ...]


def places(tree: Any, here: Place = ()) -> Iterator[Place]:
    """Every place of a JSON tree but its root."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*here, name)
        yield from places(value, (*here, name))


def sampled(name: str, case: str) -> Any:
    """The tree of a map's golden case, its numbers exact."""
    return json.loads((MAPS / f"{name}.cases" / case).read_text(), parse_float=Decimal)


def put(tree: Any, place: Place, value: Any) -> None:
    for name in place[:-1]:
        tree = tree[name]
    tree[place[-1]] = copy.deepcopy(value)


@settings(max_examples=300, deadline=None)
@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_a_payload_with_odd_values_is_read_or_refused_with_an_error(sample: tuple[str, str], data: Any) -> None:
    tree = sampled(*sample)
    for _ in range(data.draw(st.integers(1, 3))):
        put(tree, data.draw(st.sampled_from(list(places(tree)))), data.draw(ODD))
    translation = LIBRARY.get(sample[0]).read(tree)
    assert translation.document is not None or has_errors(translation.findings)


def test_a_price_beyond_all_measure_is_an_error_with_its_pointer() -> None:
    tree = sampled("shopify/order", "paid-order.in.json")
    tree["line_items"][0]["price"] = 10**30
    [finding] = [one for one in LIBRARY.get("shopify/order").read(tree).findings if one.severity == "error"]
    assert "15 digits" in finding.message
    assert finding.where == {"pointer": "/line_items/0/price"}

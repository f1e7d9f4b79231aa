"""More rows than one run holds come back sorted."""

from hypothesis import given
from hypothesis import strategies as st

from store.sorted_runs import SortedRuns


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4))), st.integers(1, 5))
def test_rows_come_back_sorted_from_however_many_runs(rows: list[tuple[str, str]], largest: int) -> None:
    with SortedRuns(largest) as runs:
        for row in rows:
            runs.add(row)
        assert list(runs.merged()) == sorted(rows)

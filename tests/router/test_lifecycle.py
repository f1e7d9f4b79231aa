"""Every row of the transition table, and what it forbids."""

from decimal import Decimal

import pytest

from router.lifecycle import MOVES, Move, move
from router.order_line import Ledger

FULL = Ledger(ordered=Decimal(60), open=Decimal(10), backordered=Decimal(10), allocated=Decimal(10),
              released=Decimal(10), shipped=Decimal(10), cancelled=Decimal(10))  # fmt: skip

ROWS: dict[Move, tuple[str, str]] = {
    "order": ("ordered", "open"),
    "refuse": ("ordered", "cancelled"),
    "allocate": ("open", "allocated"),
    "backorder": ("open", "backordered"),
    "reopen": ("backordered", "open"),
    "release": ("allocated", "released"),
    "unallocate": ("allocated", "open"),
    "recall": ("released", "open"),
    "ship": ("released", "shipped"),
    "over_ship": ("over_shipped", "shipped"),
    "fall_short": ("released", "open"),
    "cancel_open": ("open", "cancelled"),
    "cancel_backorder": ("backordered", "cancelled"),
}


def test_the_table_has_exactly_these_rows() -> None:
    assert {name: (step.source, step.target) for name, step in MOVES.items()} == ROWS


@pytest.mark.parametrize("name", MOVES)
def test_a_move_takes_from_its_source_and_gives_to_its_target(name: Move) -> None:
    source, target = ROWS[name]
    after = move(FULL, name, Decimal(4))
    rises = source in ("ordered", "over_shipped")
    assert getattr(after, source) - getattr(FULL, source) == (4 if rises else -4)
    assert getattr(after, target) - getattr(FULL, target) == 4
    untouched = set(Ledger.model_fields) - {source, target}
    assert all(getattr(after, bucket) == getattr(FULL, bucket) for bucket in untouched)


@pytest.mark.parametrize(
    "name", [name for name, step in MOVES.items() if step.source not in ("ordered", "over_shipped")]
)
def test_no_move_takes_more_than_its_source_holds(name: Move) -> None:
    with pytest.raises(ValueError, match="cannot"):
        move(FULL, name, Decimal(11))


@pytest.mark.parametrize("name", MOVES)
def test_no_move_goes_backwards(name: Move) -> None:
    with pytest.raises(ValueError, match="cannot"):
        move(FULL, name, Decimal(-1))


def test_a_ledger_that_loses_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="the ledger holds 9 of 10"):
        Ledger(ordered=Decimal(10), open=Decimal(9))

"""The whole hub under a seed: a short form of `make simulate`, and the proof that it replays and would notice."""

from collections import Counter

import pytest

from router.flow import Deliver
from store.identities import Claim, Identities
from store.stock_room import Shelves
from tests.flow.simulation import play


@pytest.mark.storm
def test_whatever_goes_wrong_the_hub_comes_to_rest_sound(request):
    first, reached = request.config.getoption("--first-seed"), Counter()
    for seed in range(first, first + request.config.getoption("--seeds")):
        outcome = play(seed)
        assert outcome.faults == [], f"python -m tests.flow.simulation --seeds 1 --from {seed}"
        reached += outcome.reached
    assert {"shipped", "partly_shipped", "cancelled", "backordered"} <= reached.keys(), "the worlds are too tame"
    assert {"Invoice", "JournalEntry", "exception document-conflict", "exception delivery-failed"} <= reached.keys()


def test_a_seed_replays_exactly():
    assert play(3) == play(3)


@pytest.mark.parametrize(
    ("room", "name", "broken"),
    [
        (Identities, "claim", lambda _, scope, key, digest, owner, window=None: Claim("new", owner)),
        (Shelves, "write", lambda _: None),
        (Deliver, "_refuse_doubt", lambda *_: None),
    ],
)
def test_a_hub_that_forgets_is_found_out(monkeypatch, room, name, broken):
    monkeypatch.setattr(room, name, broken)
    assert any(play(seed).faults for seed in range(10, 20))

"""The whole hub under a seed: a short form of `make simulate`, and the proof that it replays and would notice."""

import pytest

from store.identities import Claim, Identities
from store.stock_room import Shelves
from tests.flow.simulation import play


@pytest.mark.storm
def test_whatever_goes_wrong_the_hub_comes_to_rest_sound(request):
    first = request.config.getoption("--first-seed")
    for seed in range(first, first + request.config.getoption("--seeds")):
        faults, _ = play(seed)
        assert faults == [], f"python -m tests.flow.simulation --seeds 1 --from {seed}"


def test_a_seed_replays_exactly():
    assert play(3) == play(3)


@pytest.mark.parametrize(
    ("room", "name", "broken"),
    [
        (Identities, "claim", lambda _, scope, key, digest, owner, window=None: Claim("new", owner)),
        (Shelves, "write", lambda _: None),
    ],
)
def test_a_hub_that_forgets_is_found_out(monkeypatch, room, name, broken):
    monkeypatch.setattr(room, name, broken)
    assert any(play(seed)[0] for seed in range(3))

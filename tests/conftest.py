"""Options of the suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the long ones run; `make` targets raise them."""
    parser.addoption("--kills", type=int, default=8, help="how many SIGKILLs a storm sends")
    parser.addoption("--deliveries", type=int, default=200, help="how many deliveries the storm of partners makes")
    parser.addoption("--rounds", type=int, default=1, help="how often the disk fills up, and how often stock runs out")
    parser.addoption("--seeds", type=int, default=20, help="how many seeds the simulation plays")
    parser.addoption("--first-seed", type=int, default=0, help="the first of them")
    parser.addoption("--fuzz-rounds", type=int, default=300, help="how many mutations a fuzz test tries")

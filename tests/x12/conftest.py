"""What the tests of the X12 engine share: our sample files, and a fixed time to answer them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@pytest.fixture
def order() -> bytes:
    """A right 850."""
    return (CASES / "850.edi").read_bytes()


@pytest.fixture
def case_856() -> bytes:
    """A ship notice of shipment, order, tare, packs and items."""
    return (CASES / "856-shipment-order-tare-pack-item.edi").read_bytes()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`case` is each sample; `faulty` each one named for its fault, `850.element-date.edi`."""
    samples = [path for path in sorted(CASES.glob("*.edi")) if not path.name.endswith(".ack.edi")]
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", samples, ids=lambda path: path.stem)
    if "faulty" in metafunc.fixturenames:
        named = [path for path in samples if "-" in path.stem.partition(".")[2] and not path.stem.endswith("-ta1")]
        metafunc.parametrize("faulty", named, ids=lambda path: path.stem)

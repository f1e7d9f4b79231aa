"""Every set our maps read in the golden cases, and every set they write, is accepted: by our judge and by pyx12's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.syntax.x12.events import TransactionSet
from connectors.syntax.x12.reader import read
from connectors.syntax.x12.referee import compare, judge

CASES = Path(__file__).parent / "cases"
SETS = sorted(path.stem for path in CASES.glob("*.x12"))
"""As received, and (`.back`) as we write them where that differs."""


def judged(content: bytes) -> list[TransactionSet]:
    return [event for event in read(content) if isinstance(event, TransactionSet)]


@pytest.mark.parametrize("name", SETS)
def test_a_golden_set_is_accepted_without_a_finding(x12_interchange: Callable[[str], bytes], name: str) -> None:
    [found] = judged(x12_interchange((CASES / f"{name}.x12").read_text()))
    assert (found.verdict, list(found.findings)) == ("A", [])


@pytest.mark.parametrize("name", SETS)
def test_the_referee_agrees(x12_interchange: Callable[[str], bytes], name: str) -> None:
    content = x12_interchange((CASES / f"{name}.x12").read_text())
    theirs = judge(content)
    assert not theirs.refused, theirs.refused
    assert compare(judged(content), theirs) == []

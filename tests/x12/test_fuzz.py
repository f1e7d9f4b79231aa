"""Broken and random files; `make fuzz` tries very many."""

import importlib.util
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.syntax.x12 import read

_SPEC = importlib.util.spec_from_file_location("fuzzing", Path(__file__).parent / "fuzzing.py")
assert _SPEC is not None
assert _SPEC.loader is not None
fuzzing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fuzzing)


def test_broken_files_are_read_and_reported(pytestconfig: pytest.Config) -> None:
    assert fuzzing.fuzz(pytestconfig.getoption("fuzz_rounds")) == []


def test_reading_broken_files_does_not_grow_memory(pytestconfig: pytest.Config) -> None:
    fuzzing.fuzz(200)
    tracemalloc.start()
    fuzzing.fuzz(200)
    before = tracemalloc.get_traced_memory()[0]
    fuzzing.fuzz(pytestconfig.getoption("fuzz_rounds"))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1_000_000


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_told_something(content: bytes) -> None:
    assert list(read(content))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ISAGSTE*~>0189 \n^B", max_size=300))
def test_anything_like_x12_is_told_something(text: str) -> None:
    assert list(read(b"ISA*" + text.encode()))

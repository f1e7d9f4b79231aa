"""The short form; `python tests/x12/fuzzing.py 100000` is the long one."""

import importlib.util
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.syntax.x12 import read

_SPEC = importlib.util.spec_from_file_location("fuzzing", Path(__file__).parent / "fuzzing.py")
assert _SPEC is not None
assert _SPEC.loader is not None
fuzzing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fuzzing)


def test_broken_files_are_read_and_reported() -> None:
    assert fuzzing.fuzz(400) == []


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_told_something(content: bytes) -> None:
    assert list(read(content))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ISAGSTE*~>0189 \n^B", max_size=300))
def test_anything_like_x12_is_told_something(text: str) -> None:
    assert list(read(b"ISA*" + text.encode()))

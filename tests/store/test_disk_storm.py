"""The disk fills up and has room again, over and over: what was accepted is kept, and the hub goes on by itself."""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from connectors.surroundings import SystemClock, TimeOrderedIds
from store import open_store, sqlite_url

ROOT = Path(__file__).parents[2]


@pytest.mark.storm
async def test_what_was_accepted_is_kept_and_the_hub_resumes_alone(tmp_path, request):
    rounds, database, ledger = request.config.getoption("--rounds"), tmp_path / "hub.db", tmp_path / "ledger"
    words = [sys.executable, "-m", "tests.store.disk_worker", database, ledger, rounds]
    done = await asyncio.to_thread(
        partial(subprocess.run, cwd=ROOT, env=os.environ | {"PYTHONPATH": "."}, capture_output=True, check=False),
        [str(word) for word in words],
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    accepted = set(ledger.read_text().splitlines())
    assert len(accepted) > rounds * 5
    async with open_store(sqlite_url(database), SystemClock(), TimeOrderedIds()) as store:
        assert [fault async for fault in store.archive.audit()] == []
        kept = {row["number"] for row in await store.archive.orders(limit=100_000)}
        assert accepted <= kept
        exceptions = [row["code"] for row in await store.archive.exceptions()]
        assert not {"translation-failed", "decision-failed", "document-not-writable"} & set(exceptions)
    print(f"{rounds} times full, {len(accepted)} orders accepted and kept")

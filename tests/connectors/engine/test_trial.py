"""One live call: shown without secrets; recorded so that it replays, without persons."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.authoring.trial import Bench, attempt, recorded, shown
from connectors.case_run import run_case
from connectors.cases import CaseFile
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of, load_connections
from connectors.emulators.stand_in import standing_in
from connectors.engine.tokens import MemoryTokens
from connectors.engine.wire import HttpWire
from mappings.library import MapLibrary
from mappings.yaml_model import load_model

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ["walmart", "woocommerce", "shopify", "amazon", "ebay"]


@pytest.fixture(params=NAMES)
async def connection(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connection]:
    """A connection to each stand-in, over real HTTP."""
    async with standing_in(request.param, NOW, orders=3) as told:
        (tmp_path / "one.yaml").write_text(json.dumps(told.connection))
        loaded = load_connections(tmp_path, load_catalogue().manifests, told.environment, tmp_path)
        [one] = loaded.by_id.values()
        yield replace(one, granted_hosts=one.granted_hosts | {host_of(told.base_url)})


def bench(wire: HttpWire) -> Bench:
    return Bench(wire, MemoryTokens(), MapLibrary(), NOW)


def secrets_of(connection: Connection) -> list[str]:
    return [value.reveal() for value in connection.settings.values() if hasattr(value, "reveal")]


async def test_a_live_call_shows_what_passed_and_no_secret(connection: Connection, wire: HttpWire):
    trial = await attempt(bench(wire), connection, "pull_orders", None, whole=False)
    told = shown(trial)
    assert told["ok"]
    assert len(told["outcome"]["documents"]) == 3
    assert told["exchanges"]
    said = json.dumps(told, default=str)
    assert not [secret for secret in secrets_of(connection) if secret in said]


async def test_a_recording_replays_without_secrets_or_persons(connection: Connection, wire: HttpWire, tmp_path: Path):
    maps = MapLibrary()
    trial = await attempt(bench(wire), connection, "pull_orders", None, whole=True)
    told = await recorded(trial, maps)
    assert told["faults"] == []
    (tmp_path / "case.yaml").write_text(told["text"])
    file, findings = load_model(tmp_path / "case.yaml", CaseFile)
    assert file is not None, findings
    result = await run_case(connection.manifest, file.cases[0], maps)
    assert result.faults == ()
    assert not [secret for secret in secrets_of(connection) if secret in told["text"]]
    for passed in trial.passed:
        for address in _emails(passed.answer.content.decode() if passed.answer else ""):
            assert address not in told["text"]


def _emails(text: str) -> list[str]:
    return re.findall(r"[\w.+-]+@[\w-]+\.[a-z]+", text)


async def test_a_call_that_is_refused_is_shown_with_its_reason(connection: Connection, wire: HttpWire):
    elsewhere = replace(connection, base_url=connection.base_url + "/nowhere")
    trial = await attempt(bench(wire), elsewhere, "pull_orders", None, whole=False)
    assert not shown(trial)["ok"]

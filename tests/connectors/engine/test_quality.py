"""How good a connector is: what is declared, tested, exempt and why. And its other worlds."""

from pathlib import Path
from typing import Any

import pytest

from connectors.authoring.quality import RULES, assess
from connectors.cases import Case
from connectors.connection import load_connections
from connectors.manifest import Manifest

HEAD: dict[str, Any] = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d"}
GOOD: dict[str, Any] = {
    **HEAD,
    "base_url": "https://{settings.host}",
    "settings": {
        "host": {"default": "x.example", "description": "where"},
        "token": {"secret": True, "description": "t"},
    },
    "environments": {"sandbox": {"host": "sandbox.x.example"}},
    "rate_limits": [{"kind": "daily", "calls": 9}],
    "defaults": {"errors": [{"status": 400, "then": "fail"}]},
    "operations": {
        "push": {
            "docs": "https://x.example/push",
            "idempotency": {"kind": "search"},
            "steps": [
                {"name": "look", "call": {}, "already_done": {"at": "ids[]", "has": "{request.id}"}},
                {"name": "make", "call": {"method": "POST"}},
            ],
        }
    },
}
CASES: list[dict[str, Any]] = [
    {"case": name, "operation": "push", "outcome": outcome}
    for name, outcome in {
        "done": {"then": "done"},
        "refused": {"then": "rejected"},
        "lost": {"then": "unavailable", "ambiguous": True},
        "found": {"then": "done", "already": True},
    }.items()
]


def assessed(manifest: dict[str, Any], cases: list[dict[str, Any]]) -> dict[str, Any]:
    return assess(Manifest.model_validate(manifest), [Case.model_validate(case) for case in cases])


def missing(told: dict[str, Any]) -> dict[str, str]:
    return {row["rule"]: row["why"] for row in told["rules"] if row["state"] == "missing"}


def test_a_connector_that_keeps_every_rule_is_gold():
    told = assessed(GOOD, CASES)
    assert missing(told) == {}
    assert (told["level"], told["ok"]) == ("gold", True)
    assert [row["rule"] for row in told["rules"]] == [rule.name for rule in RULES]


@pytest.mark.parametrize(
    ("dropped", "rule", "level"),
    [
        ("done", None, "gold"),
        ("refused", None, "gold"),
        ("lost", "doubt-tested", "silver"),
        ("found", "repeats-tested", "silver"),
    ],
)
def test_each_case_that_is_missing_costs_its_level(dropped: str, rule: str | None, level: str):
    told = assessed(GOOD, [case for case in CASES if case["case"] != dropped])
    assert (list(missing(told)), told["level"]) == ([rule] if rule else [], level)


@pytest.mark.parametrize(
    ("changed", "rule", "level"),
    [
        ({"rate_limits": []}, "limits-declared", "silver"),
        ({"defaults": {}}, "error-table", "bronze"),
        ({"settings": {"host": {"description": "h"}, "token": {"description": "t"}}}, "secrets-marked", "none"),
        ({"settings": {"host": {}, "token": {"secret": True, "description": "t"}}}, "settings-described", "silver"),
    ],
)
def test_each_declaration_that_is_missing_costs_its_level(changed: dict[str, Any], rule: str, level: str):
    told = assessed({**GOOD, **changed}, CASES)
    assert (list(missing(told)), told["level"]) == ([rule], level)


@pytest.mark.parametrize("asks", [{"method": "GET"}, {"method": "POST", "effect": False}])
def test_what_only_asks_needs_neither_a_repeat_nor_a_doubt(asks: dict[str, Any]):
    question = {"docs": "d", "steps": [{"name": "ask", "call": asks}]}
    cases = [{"case": then, "operation": "ask", "outcome": {"then": then}} for then in ("done", "rejected")]
    told = assessed({**GOOD, "operations": {**GOOD["operations"], "ask": question}}, [*CASES, *cases])
    assert (missing(told), told["level"]) == ({}, "gold")


def test_what_cannot_apply_is_exempt_with_its_reason():
    told = assessed({**GOOD, "rate_limits": [], "exempt": {"limits-declared": "the host sets them"}}, CASES)
    assert told["level"] == "gold"
    assert ("exempt", "the host sets them") in [(row["state"], row["why"]) for row in told["rules"]]


def test_nobody_is_exempt_from_a_rule_there_is_not():
    assert assessed({**GOOD, "exempt": {"made-up": "because"}}, CASES)["level"] == "none"


@pytest.mark.parametrize(
    ("text", "url", "usage"),
    [
        ("", "https://x.example", "production"),
        ("environment: sandbox\n", "https://sandbox.x.example", "test"),
        ("environment: sandbox\nusage: production\n", "https://sandbox.x.example", "production"),
    ],
)
def test_a_connection_to_another_world_takes_its_settings_and_is_a_test(
    tmp_path: Path, text: str, url: str, usage: str
):
    (tmp_path / "c.yaml").write_text("connection: c\nconnector: x\nsettings: {token: {env: T}}\n" + text)
    loaded = load_connections(tmp_path, {"x": Manifest.model_validate(GOOD)}, {"T": "t"}, tmp_path)
    assert loaded.findings == ()
    assert (loaded.by_id["c"].base_url, loaded.by_id["c"].usage) == (url, usage)


def test_a_world_there_is_not_is_told_with_its_line(tmp_path: Path):
    (tmp_path / "c.yaml").write_text("connection: c\nconnector: x\nsettings: {token: {env: T}}\nenvironment: mars\n")
    loaded = load_connections(tmp_path, {"x": Manifest.model_validate(GOOD)}, {"T": "t"}, tmp_path)
    assert [(one.code, one.where["line"]) for one in loaded.findings] == [("config-value", 4)]

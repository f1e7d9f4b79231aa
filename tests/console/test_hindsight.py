"""Looking back over the real hub: whole explanations, other rules on past orders, key figures."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import Misconfigured
from canonical.exchange import Arrival
from console.cli import main
from hub import Crossdock, Hub

CONFIG = Path(__file__).parents[2] / "config" / "hub.yaml"
ORDER = CONFIG.parent / "demo" / "northwind-po.edi"
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """The example hub with Northwind's orders decided."""
    async with Crossdock().open(CONFIG, tmp_path / "data") as hub:
        await hub.receive(Arrival(source="northwind", transport="upload", content=ORDER.read_bytes()))
        await hub.drain()
        yield hub


def other_rules(folder: Path, was: str, now: str) -> Path:
    text = (CONFIG.parent / "routing.yaml").read_text()
    assert was in text
    (folder / "new.yaml").write_text(text.replace(was, now))
    return folder / "new.yaml"


async def test_an_explanation_is_made_whole_when_somebody_asks(hub: Hub) -> None:
    order = await hub.archive.order("NW-88213")
    assert order
    [kept] = order["explanations"]
    assert "lines" not in kept["explanation"]
    [told] = await hub.hindsight.explain(order)
    assert told["explanation"]["lines"][0]["candidates"]
    assert {name: told["explanation"][name] for name in kept["explanation"]} == kept["explanation"]


async def test_the_rules_in_force_change_nothing(hub: Hub) -> None:
    told = await hub.hindsight.what_if(CONFIG.parent / "routing.yaml")
    assert (told["orders"], told["changed"]) == (2, 0)


async def test_other_rules_show_what_they_would_have_done(hub: Hub, tmp_path: Path) -> None:
    rules = other_rules(tmp_path, "split: 3.50", "split: 5.50")
    told = await hub.hindsight.what_if(rules)
    splits = told["before"]["splits"]
    assert told["before"]["cost_by_new_rules"] == told["before"]["cost"] + 2 * splits
    assert (await hub.hindsight.what_if(rules, LATER))["orders"] == 0


async def test_faulty_rules_are_told_with_their_place(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        await hub.hindsight.what_if(other_rules(tmp_path, "split: 3.50", "split: cheap"))
    assert caught.value.findings[0].where["line"] == 4
    with pytest.raises(Misconfigured, match="there is no file"):
        await hub.hindsight.what_if(tmp_path / "missing.yaml")


async def test_key_figures_count_the_orders_there_are(hub: Hub) -> None:
    told = await hub.hindsight.kpis()
    assert (told["all"]["orders"], told["all"]["shipped"], told["all"]["perfect_order"]) == (2, 0, None)
    assert told["all"]["fill_rate"] == 1
    assert told["channels"]["northwind"] == told["all"]
    assert Decimal(told["all"]["cost_per_order"]) > 0
    assert (await hub.hindsight.kpis(LATER))["all"]["orders"] == 0


@pytest.mark.parametrize("line", [["kpis"], ["whatif", "--routing", str(CONFIG.parent / "routing.yaml")]])
def test_the_commands_tell_one_json_value(line: list[str], tmp_path: Path, capsys: Any) -> None:
    given = ["--config", str(CONFIG), "--data", str(tmp_path / "data"), *line]
    assert main(Crossdock(), [*given, "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert main(Crossdock(), given) == 0
    assert "rders" in capsys.readouterr().out


def test_a_missing_file_is_the_callers_mistake(tmp_path: Path, capsys: Any) -> None:
    given = ["--config", str(CONFIG), "--data", str(tmp_path / "data"), "whatif", "--routing", "nowhere.yaml"]
    assert main(Crossdock(), given) == 2
    assert "nowhere.yaml" in capsys.readouterr().err

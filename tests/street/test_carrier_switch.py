"""One line of the example hub's configuration switches the carrier."""

import shutil
from dataclasses import replace
from pathlib import Path

from connectors.emulators.outside import InventedSecrets, outside
from hub import Crossdock, read_configuration

CONFIG = Path(__file__).parents[2] / "config"
EASYPOST = """connection: easypost
connector: easypost
settings: {api_key: {env: EASYPOST_API_KEY}, webhook_secret: {env: EASYPOST_WEBHOOK_SECRET}}
"""


async def test_the_same_order_is_labelled_by_another_carrier_when_one_line_names_it(tmp_path: Path) -> None:
    config, data = tmp_path / "config", tmp_path / "data"
    shutil.copytree(CONFIG, config)
    (config / "connections" / "easypost.yaml").write_text(EASYPOST)
    routing = config / "routing.yaml"
    lines = routing.read_text().splitlines()
    [asked] = [place for place, line in enumerate(lines) if line.startswith("  ask: ups ")]
    lines[asked] = lines[asked].replace("ups", "easypost")
    routing.write_text("\n".join(lines))
    configuration = read_configuration(config / "hub.yaml", data, InventedSecrets())
    async with outside(configuration.trade, config / "demo", data) as world:
        played = replace(configuration, trade=configuration.trade.at(world.base_urls))
        async with Crossdock().opened(played, data) as hub:
            await world.drop("alder-house", "alder-po.edi")
            await hub.look()
            await hub.drain()
            assert (await hub.archive.order("alder-house/AH-5120") or {})["status"] == "released"
        assert world.offices["ups"].shipments == {}
        [packages] = world.offices["easypost"].live.values()
        assert len(packages) == 2

"""What README and docs show is what a reader gets."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import main
from hub import Crossdock

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CROSSDOCK = Path(sys.executable).with_name("crossdock")


def shell_lines(page: Path) -> list[str]:
    """Every command line of the page's `sh` blocks, comments and prompts left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def every(starts: str) -> list[str]:
    return sorted({line for page in PAGES for line in shell_lines(page) if line.startswith(starts)})


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("line", every("make "))
def test_every_make_target_shown_exists(line: str) -> None:
    assert shlex.split(line)[1] in make_targets()


@pytest.fixture(scope="module")
def after_the_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as the demo leaves it: the example configuration beside its data."""
    place = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "config", place / "config")
    words = [str(CROSSDOCK), "demo", "--no-serve"]
    played = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False, timeout=120)
    assert played.returncode == 0, played.stdout + played.stderr
    shutil.copytree(place / "data" / "demo", place / "data", dirs_exist_ok=True)
    return place


@pytest.mark.parametrize("line", every("crossdock "))
def test_every_command_shown_runs(
    line: str, after_the_demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(line)[1:]
    if words[0] in SERVING:
        assert main(Crossdock(), [words[0], "--help"]) == 0
        return
    monkeypatch.chdir(after_the_demo)
    assert main(Crossdock(), words) in {0, 1}, capsys.readouterr().err


SERVING = {"run", "emulate"}
"""Commands that serve until they are stopped; the suites of console and connectors start them."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points to {target}"

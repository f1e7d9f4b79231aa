"""What README and docs show is what a reader gets."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    played = run("crossdock demo --no-serve", place)
    assert played.returncode == 0, played.stdout + played.stderr
    shutil.copytree(place / "data" / "demo", place / "data", dirs_exist_ok=True)
    return place


def run(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    return subprocess.run(
        [str(CROSSDOCK), *words[1:]], cwd=place, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("line", every("crossdock "))
def test_every_command_shown_runs(line: str, after_the_demo: Path) -> None:
    if " run" in line or line == "crossdock demo":
        pytest.skip("serves until it is stopped; tests/console starts it")
    done = run(line, after_the_demo)
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points to {target}"

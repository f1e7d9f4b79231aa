"""The profiles that docs/partners.md shows are profiles that the hub takes."""

import re
from pathlib import Path

import pytest

from connectors.partners import load_partners
from connectors.settings import InterchangeIdentity
from connectors.syntax.x12 import find_grammar
from mappings.library import MapLibrary

PAGE = Path(__file__).parents[3] / "docs" / "partners.md"
FIRST, *PARTS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")


def with_part(part: str) -> str:
    """The page's first profile with one of its sections replaced by, or extended with, the part."""
    name = part.partition(":")[0]
    return re.sub(rf"^{name}:\n(?: .*\n|\n)*", "", FIRST, flags=re.MULTILINE) + part


@pytest.mark.parametrize(
    "profile", [FIRST, *map(with_part, PARTS)], ids=["first", *(p.partition(":")[0] for p in PARTS)]
)
def test_a_profile_shown_is_free_of_faults(tmp_path: Path, profile: str) -> None:
    (tmp_path / "bluepeak.yaml").write_text(profile)
    maps = MapLibrary().names
    partners, findings = load_partners(
        tmp_path, OURS, maps, lambda version, name: find_grammar(version, name) is not None, tmp_path, {}
    )
    assert {finding.code for finding in findings} <= {"secret-missing"}
    assert "bluepeak" in partners.by_id

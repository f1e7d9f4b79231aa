"""Two partners and the files they send, built segment by segment so that a test can break exactly one thing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.partners import Partners, partners_of
from connectors.profile import Profile
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
TAKES = {
    "OrderAcknowledgment": {"set": "855", "map": "x12/855"},
    "ShipmentNotice": {"set": "856", "map": "x12/856"},
    "Invoice": {"set": "810", "map": "x12/810"},
    "FulfilmentOrder": {"set": "940", "map": "x12/940"},
}


@dataclass(frozen=True)
class Sample:
    """One interchange with one group; every envelope value can be replaced to make it wrong."""

    sets: Sequence[Sequence[str]]
    sender: tuple[str, str] = ("ZZ", "NORTHWIND")
    receiver: tuple[str, str] = ("ZZ", "CEDARSLATE")
    control: int = 101
    usage: str = "P"
    wants: str = "0"
    set_id: str = "850"
    functional_id: str = "PO"
    se_count: int | None = None
    ge_count: int | None = None
    ge_control: int | None = None
    iea_count: int = 1
    iea_control: int | None = None
    element: str = "*"
    terminator: str = "~"

    def but(self, **changes: Any) -> "Sample":
        return replace(self, **changes)

    @property
    def content(self) -> bytes:
        """The bytes."""
        (sq, sender), (rq, receiver) = self.sender, self.receiver
        isa = f"ISA*00*{'':10}*00*{'':10}*{sq}*{sender:15}*{rq}*{receiver:15}*261120*0615*U*00401*{self.control:09}"
        lines = [f"{isa}*{self.wants}*{self.usage}*>"]
        lines.append(f"GS*{self.functional_id}*{sender}*{receiver}*20261120*0615*{self.control}*X*004010")
        for number, segments in enumerate(self.sets, start=1):
            lines += [f"ST*{self.set_id}*{number:04}", *segments]
            lines.append(f"SE*{self.se_count or len(segments) + 2}*{number:04}")
        lines.append(f"GE*{self.ge_count or len(self.sets)}*{self.ge_control or self.control}")
        lines.append(f"IEA*{self.iea_count}*{self.iea_control or self.control:09}")
        return "".join(line.replace("*", self.element) + self.terminator for line in lines).encode()


def po(number: str = "PO-1", date: str = "20261120", quantity: str = "24", unit: str = "EA") -> list[str]:
    return [
        f"BEG*00*SA*{number}**{date}",
        "N1*ST*Store 42*92*0042",
        f"PO1*1*{quantity}*{unit}*18.95**VN*CS-1001*UP*850012010012",
        "CTT*1",
    ]


@pytest.fixture(scope="session")
def order() -> Callable[..., list[str]]:
    """The segments between ST and SE of an order with one line."""
    return po


@pytest.fixture
def sample() -> Sample:
    """Northwind's order, without a fault."""
    return Sample([po()])


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def profiles() -> dict[str, dict[str, Any]]:
    """What the profile files of the two partners say."""
    return {
        "northwind": {
            "partner": "northwind",
            "name": "Northwind",
            "time_zone": "America/Chicago",
            "x12": {"theirs": {"qualifier": "ZZ", "id": "NORTHWIND", "group": "NORTHWIND"}},
            "sends": {"850": "x12/850"},
            "takes": TAKES,
        },
        "harbor": {
            "partner": "harbor",
            "name": "Harbor",
            "x12": {
                "theirs": {"qualifier": "01", "id": "081234567", "group": "HARBORGRO"},
                "version": "005010",
                "delimiters": {"element": "|", "component": ":", "terminator": "\n"},
                "acknowledge": {"functional": "999", "interchange": "always"},
            },
            "sends": {"850": "x12/850"},
            "takes": TAKES,
        },
    }


@pytest.fixture(scope="session")
def library() -> MapLibrary:
    return MapLibrary()


@pytest.fixture
def translator_of(library: MapLibrary, profiles: dict[str, dict[str, Any]]) -> Callable[..., Translator]:
    """A Translator for the two partners, Northwind's X12 terms changed."""

    def build(brought_by: Sequence[str] = (), grammar: Any = None, **terms: Any) -> Translator:
        northwind = {
            **profiles["northwind"],
            "x12": {**profiles["northwind"]["x12"], **terms},
            "brought_by": brought_by,
        }
        northwind["sends"] = {"850": {"map": "x12/850", "grammar": grammar or {}}}
        partners = [Profile.model_validate(one) for one in (northwind, profiles["harbor"])]
        return Translator(partners_of(partners, OURS), library)

    return build


@pytest.fixture
def translator(translator_of: Callable[..., Translator]) -> Translator:
    return translator_of()


@pytest.fixture
def partners(translator: Translator) -> Partners:
    return translator.partners

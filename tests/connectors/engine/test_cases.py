"""Every shipped connector's cases hold, and a case that doesn't is told."""

from importlib.resources import files

import pytest

from connectors.cases import Case, Exchange, ExpectedRequest, GivenAnswer, load_cases, run_case
from connectors.catalogue import load_catalogue
from mappings.library import MapLibrary

MANIFESTS = load_catalogue().manifests
FOLDER = files("connectors") / "manifests"
CASES = [(name, case) for name in MANIFESTS for case in load_cases(FOLDER / f"{name}.cases")[0]]


@pytest.fixture(scope="module")
def maps() -> MapLibrary:
    return MapLibrary()


@pytest.mark.parametrize("name", MANIFESTS)
def test_case_files_are_well_formed(name: str):
    assert load_cases(FOLDER / f"{name}.cases")[1] == []


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.case}" for name, case in CASES])
async def test_case(name: str, case: Case, maps: MapLibrary):
    assert (await run_case(MANIFESTS[name], case, maps)).faults == ()


async def test_a_case_that_expects_another_request_fails(maps: MapLibrary):
    _, case = next((name, case) for name, case in CASES if case.operation == "push_shipment")
    other = Exchange(
        expect=ExpectedRequest(method="PUT", path="/x", body={"variables": {"order": "?"}}), answer=GivenAnswer()
    )
    result = await run_case(MANIFESTS["shopify"], case.model_copy(update={"exchanges": (other,)}), maps)
    assert [fault.partition(":")[0] for fault in result.faults][:3] == ["request 1"] * 3


async def test_a_case_whose_script_is_not_played_out_fails(maps: MapLibrary):
    found = next(case for _, case in CASES if case.outcome.already)
    longer = found.model_copy(update={"exchanges": found.exchanges * 2})
    assert (await run_case(MANIFESTS["shopify"], longer, maps)).faults == (
        "1 exchanges of the script were not asked for",
    )

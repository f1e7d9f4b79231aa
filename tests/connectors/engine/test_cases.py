"""Every shipped connector's cases hold, and a case that doesn't is told."""

import pytest

from connectors.case_run import run_case, run_cases
from connectors.cases import Case, Exchange, ExpectedRequest, GivenAnswer, load_cases
from connectors.catalogue import load_catalogue
from mappings.library import MapLibrary

CATALOGUE = load_catalogue()
MANIFESTS = CATALOGUE.manifests
CASES = [(name, case) for name in MANIFESTS for case in load_cases(CATALOGUE.origins[name].cases)[0]]


@pytest.fixture(scope="module")
def maps() -> MapLibrary:
    return MapLibrary()


@pytest.mark.parametrize("name", MANIFESTS)
def test_case_files_are_well_formed(name: str):
    assert load_cases(CATALOGUE.origins[name].cases)[1] == []


def test_every_map_a_manifest_names_is_there(maps: MapLibrary):
    assert CATALOGUE.check(maps.names) == []


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        (name, operation)
        for name, manifest in MANIFESTS.items()
        for operation, said in manifest.operations.items()
        if said.steps and not said.pull and operation not in manifest.reads.operations
    ],
)
def test_every_operation_that_pushes_has_cases_of_success_refusal_and_doubt(name: str, operation: str):
    outcomes = {case.outcome.then for of, case in CASES if of == name and case.operation == operation}
    assert "done" in outcomes
    others = {case.outcome.then for of, case in CASES if of == name}
    assert {"rejected", "misconfigured", "unavailable"} <= others


async def test_a_connectors_cases_run_together(maps: MapLibrary):
    results, findings = await run_cases(CATALOGUE, "walmart", maps)
    assert findings == []
    assert [result.faults for result in results] == [()] * len(results)
    assert len(results) > 5


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.case}" for name, case in CASES])
async def test_case(name: str, case: Case, maps: MapLibrary):
    assert (await run_case(MANIFESTS[name], case, maps)).faults == ()


async def test_a_case_that_expects_another_request_fails(maps: MapLibrary):
    _, case = next((name, case) for name, case in CASES if (name, case.operation) == ("shopify", "push_shipment"))
    other = Exchange(
        expect=ExpectedRequest(method="PUT", path="/x", body={"variables": {"order": "?"}}), answer=GivenAnswer()
    )
    result = await run_case(MANIFESTS["shopify"], case.model_copy(update={"exchanges": (other,)}), maps)
    assert [fault.partition(":")[0] for fault in result.faults][:3] == ["request 1"] * 3


async def test_a_case_whose_script_is_not_played_out_fails(maps: MapLibrary):
    found = next(case for name, case in CASES if name == "shopify" and case.outcome.already)
    longer = found.model_copy(update={"exchanges": found.exchanges * 2})
    assert (await run_case(MANIFESTS["shopify"], longer, maps)).faults == (
        "1 exchanges of the script were not asked for",
    )

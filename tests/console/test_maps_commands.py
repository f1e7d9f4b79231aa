"""The integrator's commands over the real hub: maps listed, tested and compared, connectors tested."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import main
from hub import Crossdock

EXAMPLE = Path(__file__).parents[2] / "config"
ORDER = EXAMPLE / "demo" / "northwind-po.edi"

PARTNER_MAP = """\
map: acme/850
extends: x12/850
fields:
  release: null
  lines:
    fields:
      description: "PID[01=F,02=08]/PID05"
ignore: [BEG04, PO1/PID]
"""
SET = """\
ST*850*0001~
BEG*00*SA*4711*R1*20260915~
CUR*BY*USD~
PO1*1*12*EA*9.95**VN*A-1~
PID*F*09***Large~
PID*F*08***Blue~
CTT*1*12~
SE*8*0001~
"""
WRITTEN = """\
ST*850*0099~
BEG*00*SA*4711**20260915~
CUR*BY*USD~
PO1*1*12*EA*9.95**VN*A-1~
PID*F*08***Blue~
CTT*1*12~
SE*7*0099~
"""


class Ran:
    """How one call ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the example configuration."""
    shutil.copytree(EXAMPLE, tmp_path / "config")
    return tmp_path / "config"


@pytest.fixture
def crossdock(config: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Run one command of the real hub on the copy."""

    def run(*argv: str | Path) -> Ran:
        code = main(Crossdock(), ["--config", str(config / "hub.yaml"), *map(str, argv)])
        streams = capsysbinary.readouterr()
        return Ran(code, streams.out.decode(), streams.err.decode())

    return run


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- map list and check ---------------------------------------------------------------------------------------------


def test_every_map_is_listed_with_what_it_serves_and_where_it_stands(crossdock, config):
    own = write(config / "mappings" / "acme" / "850.yaml", PARTNER_MAP)
    rows = {row["name"]: row for row in crossdock("map", "list", "--json").json}
    assert rows["acme/850"]["file"] == str(own)
    assert rows["acme/850"]["extends"] == ["x12/850"]
    assert rows["x12/850"]["directions"] == ["read", "write"]
    assert rows["x12/997"]["directions"] == ["read"]
    assert (rows["shopify/order"]["document"], rows["shopify/order"]["syntax"]) == ("PurchaseOrder", "json")
    assert "acme/850" in crossdock("map", "list").out


def test_a_map_with_faults_is_listed_all_the_same(crossdock, config):
    write(config / "mappings" / "acme" / "850.yaml", PARTNER_MAP.replace("release", "nonsense"))
    rows = {row["name"]: row for row in crossdock("map", "list", "--json").json}
    assert rows["acme/850"]["faults"]
    assert crossdock("map", "list").code == 0


def test_rules_of_one_direction_are_told_and_are_no_fault(crossdock):
    ran = crossdock("check", "--json")
    told = [one for one in ran.json["findings"] if one["code"] == "one-way-rules"]
    assert ran.code == 0
    assert "mappings/maps/x12/856.yaml" in " ".join(one["where"]["file"] for one in told)
    assert {one["severity"] for one in told} == {"info"}


# --- faults of a map file -------------------------------------------------------------------------------------------


def test_a_fault_of_a_map_is_shown_with_its_line_and_carets_under_it(crossdock, config):
    path = write(config / "mappings" / "acme" / "850.yaml", PARTNER_MAP.replace("description", "descriptoin"))
    lines = crossdock("check").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{path}:7:7 error map-unknown-field"))
    assert lines[at + 1].strip() == 'descriptoin: "PID[01=F,02=08]/PID05"'
    assert lines[at + 2].strip() == "^" * len("descriptoin")
    assert lines[at + 2].index("^") == lines[at + 1].index("descriptoin")


def test_no_line_of_a_file_that_may_hold_secrets_is_shown(crossdock, config):
    path = config / "connections" / "trailhead.yaml"
    path.write_text(path.read_text().replace("{env: TRAILHEAD_ACCESS_TOKEN}", "hunter2\n  passwort: hunter3"))
    ran = crossdock("check")
    assert ran.code == 1
    assert "secret-in-file" in ran.out
    assert "'passwort'" in ran.out
    assert "hunter" not in ran.out + ran.err


# --- map test -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cases(config: Path, crossdock) -> Path:
    """A partner's map with one case that holds, its document and findings recorded from the map itself."""
    write(config / "mappings" / "acme" / "850.yaml", PARTNER_MAP)
    folder = config / "mappings" / "acme" / "850.cases"
    write(folder / "usual.in.edi", SET)
    write(folder / "usual.out.edi", WRITTEN)
    assert crossdock("map", "test", "acme/850", "--record").code == 0
    return folder


def test_a_case_holds_to_the_value_and_to_the_finding(crossdock, cases):
    ran = crossdock("map", "test", "acme/850", "--json")
    assert (ran.code, ran.json["ok"]) == (0, True)
    assert ran.json["cases"] == [{"case": "usual", "place": str(cases), "faults": []}]
    assert json.loads((cases / "usual.json").read_text())["lines"][0]["description"] == "Blue"


def test_a_case_without_its_document_tests_nothing_and_fails(crossdock, cases):
    (cases / "usual.json").unlink()
    ran = crossdock("map", "test", "acme/850", "--json")
    assert ran.code == 1
    assert "usual.json is missing" in ran.json["cases"][0]["faults"][0]
    assert not (cases / "usual.json").exists(), "only --record writes"


@pytest.mark.parametrize(
    ("file", "good", "bad", "told"),
    [
        ("usual.json", '"Blue"', '"Red"', 'lines.0.description is "Blue", not "Red"'),
        ("usual.json", '"number": "4711",', "", 'number is "4711", not absent'),
        ("usual.in.edi", "*12*EA", "*twelve*EA", "unexpected error element-character"),
        ("usual.in.edi", "BEG*00", "BEG*99", "unexpected error element-code"),
        ("usual.out.edi", "PID*F*08***Blue", "PID*F*08***Red", "written line 5 is PID*F*08***Blue"),
        ("usual.out.edi", "CTT*1*12~\n", "", "written line 6 is CTT*1*12"),
    ],
)
def test_whatever_is_not_as_the_case_says_is_told(crossdock, cases, file, good, bad, told):
    path = cases / file
    assert good in path.read_text()
    path.write_text(path.read_text().replace(good, bad))
    ran = crossdock("map", "test", "acme/850", "--json")
    assert ran.code == 1
    assert any(told in fault for fault in ran.json["cases"][0]["faults"]), ran.json["cases"][0]["faults"]
    assert told.partition(" is ")[0] in crossdock("map", "test", "acme/850").out


def test_an_expected_finding_must_be_there(crossdock, cases):
    write(cases / "usual.findings.json", '[{"code": "unread", "where": {"tag": "BEG"}}]')
    ran = crossdock("map", "test", "acme/850", "--json")
    assert ran.code == 1
    assert "no finding is" in ran.json["cases"][0]["faults"][0]


def test_a_map_without_cases_says_where_they_would_lie(crossdock, config):
    ran = crossdock("map", "test", "x12/214")
    assert ran.code == 1
    assert "x12/214.cases" in ran.out


def test_cases_of_a_built_in_map_may_lie_in_the_configuration(crossdock, config):
    write(config / "mappings" / "x12" / "850.cases" / "ours.in.edi", SET.replace("PID*F*09***Large~\n", ""))
    assert crossdock("map", "test", "x12/850", "--record").code == 0
    assert (config / "mappings" / "x12" / "850.cases" / "ours.json").exists()


def test_a_json_map_is_tested_the_same_way(crossdock, config):
    folder = config / "mappings" / "shopify" / "order.cases"
    folder.mkdir(parents=True)
    shutil.copy(config / "demo" / "shopify-order-1001.json", folder / "first.in.json")
    assert crossdock("map", "test", "shopify/order", "--record").code == 0
    assert json.loads((folder / "first.json").read_text())["number"] == "#1001"


# --- map diff -------------------------------------------------------------------------------------------------------


def test_a_changed_map_is_compared_value_by_value(crossdock, config, tmp_path):
    new = write(tmp_path / "new.yaml", PARTNER_MAP)
    file = write(tmp_path / "po.edi", SET)
    ran = crossdock("map", "diff", "x12/850", new, file, "--json")
    assert ran.code == 1
    fields = {row["path"]: row for row in ran.json["fields"]}
    assert fields["release"]["removed"] == 1
    assert fields["lines.*.description"]["examples"][0]["after"] == "Blue"
    assert (ran.json["documents"], ran.json["differing"]) == (1, 1)
    shown = crossdock("map", "diff", "x12/850", new, file).out
    assert "lines.*.description" in shown
    assert "Blue" in shown


def test_findings_gained_and_lost_are_told(crossdock, tmp_path):
    new = write(tmp_path / "new.yaml", PARTNER_MAP.replace("ignore: [BEG04, PO1/PID]\n", ""))
    file = write(tmp_path / "po.edi", SET)
    findings = crossdock("map", "diff", "x12/850", new, file, "--json").json["findings"]
    assert {(one["code"], one["place"], one["gained"]) for one in findings} >= {("unread", "BEG04", 1)}


def test_a_map_differs_in_nothing_from_itself(crossdock, config):
    ran = crossdock("map", "diff", "x12/850", "x12/850", ORDER, config / "demo" / "northwind-resend.edi", "--json")
    assert ran.code == 0
    assert (ran.json["ok"], ran.json["files"], ran.json["fields"], ran.json["findings"]) == (True, 2, [], [])
    assert ran.json["documents"] >= 3


@pytest.mark.parametrize("wrong", ["no/such/map", "no-such.yaml", str(ORDER)])
def test_what_is_neither_a_map_nor_a_map_file_is_a_wrong_call(crossdock, wrong):
    ran = crossdock("map", "diff", wrong, "x12/850", ORDER)
    assert ran.code == 2
    assert "Traceback" not in ran.err


# --- connector test -------------------------------------------------------------------------------------------------


def test_a_built_in_connectors_cases_hold(crossdock):
    ran = crossdock("connector", "test", "woocommerce", "--json")
    assert ran.code == 0, ran.out
    assert len(ran.json["cases"]) > 5
    assert "all hold" in crossdock("connector", "test", "woocommerce").out


def test_a_connector_whose_case_does_not_hold_fails(crossdock, config):
    built_in = Path(__file__).parents[2] / "connectors" / "manifests"
    write(config / "connectors" / "woocommerce.yaml", (built_in / "woocommerce.yaml").read_text())
    text = (built_in / "woocommerce.cases" / "orders.yaml").read_text()
    write(
        config / "connectors" / "woocommerce.cases" / "orders.yaml", text.replace('total: "51.21"}', 'total: "51.22"}')
    )
    write(
        config / "connectors" / "woocommerce.cases" / "spoilt.yaml",
        text.replace("receipt: {note: 281}", "receipt: {note: 1}"),
    )
    ran = crossdock("connector", "test", "woocommerce", "--json")
    assert ran.code == 1
    assert any("281" in fault for case in ran.json["cases"] for fault in case["faults"])


def test_an_unknown_connector_is_a_wrong_call(crossdock):
    assert crossdock("connector", "test", "nobody").code == 2


# --- map new --------------------------------------------------------------------------------------------------------

ROWS = """\
Order No,Order Date,Ship To Name,Ship To City,Item,Qty,Unit Price,Colour
A-17,09/15/2026,Ann Lee,Reno,CS-1001,12,18.95,red
A-17,09/15/2026,Ann Lee,Reno,CS-1002,2,42.50,blue
"""


def test_a_drafted_map_stands_where_it_is_written_and_translates_its_sample(crossdock, config, tmp_path):
    sample = write(tmp_path / "orders.csv", ROWS)
    out = config / "mappings" / "acme" / "order.yaml"
    ran = crossdock("map", "new", "--from", sample, "--out", out, "--json")
    assert (ran.code, ran.json["name"], ran.json["document"]) == (0, "acme/order", "PurchaseOrder")
    assert out.read_text() == ran.json["text"]
    assert out.read_text().startswith("# yaml-language-server: $schema=../../schemas/map.schema.json")
    assert crossdock("check").code == 0
    [told] = crossdock("translate", sample, "--map", "acme/order", "--json").json
    assert told["findings"] == []
    assert [line["items"]["sku"] for line in told["document"]["lines"]] == ["CS-1001", "CS-1002"]


def test_a_draft_goes_to_standard_output_and_nothing_is_written_over(crossdock, tmp_path):
    sample = write(tmp_path / "orders.csv", ROWS)
    ran = crossdock("map", "new", "--from", sample, "--name", "acme/order")
    assert ran.code == 0
    assert "map: acme/order\n" in ran.out
    out = write(tmp_path / "kept.yaml", "mine")
    assert crossdock("map", "new", "--from", sample, "--out", out).code == 2
    assert out.read_text() == "mine"


def test_a_shops_order_and_an_interchange_are_drafted_too(crossdock, config):
    shop = crossdock("map", "new", "--from", config / "demo" / "shopify-order-1001.json", "--json").json
    assert (shop["document"], shop["syntax"], shop["findings"]) == ("PurchaseOrder", "json", [])
    partner = crossdock("map", "new", "--from", ORDER, "--name", "northwind/850", "--json").json
    assert partner["text"].endswith("map: northwind/850\nextends: x12/850\n")


@pytest.mark.parametrize(
    "wrong", [["--document", "Nonsense"], ["--document", "PurchaseOrder", "--out", "/dev/null/x.yaml"]]
)
def test_a_wrong_call_of_map_new_is_told(crossdock, tmp_path, wrong):
    sample = write(tmp_path / "orders.csv", ROWS)
    ran = crossdock("map", "new", "--from", sample, *wrong)
    assert ran.code == 2
    assert "Traceback" not in ran.err


# --- connector new --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "cases"),
    [
        ("shop.json", 3),
        ("orders.csv", 2),
        ("order.xml", 2),
    ],
)
def test_a_drafted_connector_passes_the_check_and_its_own_cases(crossdock, config, tmp_path, sample, cases):
    shutil.copy(config / "demo" / "shopify-order-1001.json", tmp_path / "shop.json")
    write(tmp_path / "orders.csv", ROWS)
    write(tmp_path / "order.xml", "<order><orderNumber>7</orderNumber><line><sku>A</sku><qty>2</qty></line></order>")
    ran = crossdock("connector", "new", "acme", "--from", tmp_path / sample)
    assert ran.code == 0, ran.err
    assert (config / "connectors" / "acme.yaml").exists()
    assert crossdock("check").code == 0
    told = crossdock("connector", "test", "acme", "--json")
    assert (told.code, len(told.json["cases"])) == (0, cases), told.out
    assert "acme" in [row["name"] for row in crossdock("connector", "list", "--json").json]


def test_a_connector_that_is_there_is_not_written_over(crossdock, config):
    sample = config / "demo" / "shopify-order-1001.json"
    assert crossdock("connector", "new", "acme", "--from", sample).code == 0
    before = (config / "connectors" / "acme.yaml").read_text()
    for name in ("acme", "shopify", "No Name"):
        assert crossdock("connector", "new", name, "--from", sample).code == 2
    assert (config / "connectors" / "acme.yaml").read_text() == before


def test_x12_makes_no_connector(crossdock):
    ran = crossdock("connector", "new", "acme", "--from", ORDER)
    assert ran.code == 2
    assert "trading partners" in ran.err


MAPS = Path(__file__).parents[2] / "mappings" / "maps"


@pytest.mark.parametrize("folder", sorted(MAPS.rglob("*.cases")), ids=lambda path: path.relative_to(MAPS).as_posix())
def test_the_cases_shipped_with_a_built_in_map_hold(crossdock, folder):
    ran = crossdock("map", "test", folder.relative_to(MAPS).with_suffix("").as_posix(), "--json")
    assert (ran.code, ran.json["ok"]) == (0, True), ran.out

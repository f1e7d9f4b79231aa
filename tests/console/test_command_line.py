"""The command line through `main`: what it prints where, and its exit codes."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from canonical import Finding
from console.desk import Answer

READING = [
    ("check",),
    ("orders",),
    ("show", "NW-1"),
    ("explain", "NW-1"),
    ("exceptions",),
    ("exceptions", "list", "--all"),
    ("exceptions", "retry", "x1"),
    ("exceptions", "resolve", "x1"),
    ("schema",),
    ("schema", "PurchaseOrder"),
    ("doctor",),
    ("partner", "list"),
    ("partner", "list"),
    ("connector", "list"),
    ("stock", "set", "LAMP", "reno", "5"),
    ("token", "new", "--role", "viewer"),
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_json_prints_one_value_and_nothing_else_on_standard_output(crossdock, command):
    ran = crossdock(*command, "--json")
    assert ran.code == 0, ran.err
    json.loads(ran.out)
    before = crossdock("--json", *command)
    json.loads(before.out)


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_people_get_words(crossdock, command):
    ran = crossdock(*command)
    assert ran.code == 0, ran.err
    assert ran.out.strip()


USAGE_FAULTS = [
    (),
    ("nonsense",),
    ("translate",),
    ("translate", "/no/such/file"),
    ("inspect", "/no/such/file", "--json"),
    ("inspect", __file__, "--at", "yesterday"),
    ("inspect", __file__, "--control", "0"),
    ("inspect", __file__, "--control", "1234567890"),
    ("submit", __file__, "--partner", "nobody"),
    ("submit", __file__),
    ("token", "new", "--role", "king"),
    ("token", "new", "--partner", "nobody"),
    ("token", "new", "--partner", "harbor", "--role", "admin"),
    ("stock", "set", "LAMP", "reno", "-1"),
    ("stock", "set", "LAMP", "reno", "1e3"),
    ("run", "--roles", "web,juggle"),
    ("run", "--port", "70000"),
    ("schema", "Nonsense"),
    ("export", "--out", "/dev/null/x"),
]


@pytest.mark.parametrize("command", USAGE_FAULTS, ids=" ".join)
def test_a_wrong_call_exits_2_with_words_and_no_traceback(crossdock, command):
    ran = crossdock(*command)
    assert ran.code == 2
    assert ran.err.strip()
    assert "Traceback" not in ran.err


COMMANDS = (
    "demo", "run", "check", "translate", "inspect", "submit", "orders", "show", "explain", "exceptions", "export",
    "schema", "doctor", "stock", "token", "partner", "connector",
)  # fmt: skip


def test_help_exits_0_and_names_every_command(crossdock):
    ran = crossdock("--help")
    assert ran.code == 0
    for name in COMMANDS:
        assert name in ran.out


FAULT = Finding("unknown-key", "error", {"file": "config/hub.yaml", "line": 7, "column": 3}, "no key prot; write port")


@pytest.mark.parametrize("command", [("orders",), ("translate", __file__), ("doctor",)], ids=" ".join)
def test_a_faulty_configuration_exits_2_with_its_place_and_mend(crossdock, builder, command):
    builder.fault = FAULT
    ran = crossdock(*command)
    assert ran.code == 2
    assert "config/hub.yaml:7:3" in ran.err
    assert "write port" in ran.err
    assert crossdock(*command, "--json").json["findings"][0]["where"]["line"] == 7


def test_check_exits_1_on_a_fault_however_it_is_told(crossdock, builder):
    builder.bench.findings = [FAULT]
    ran = crossdock("check")
    assert ran.code == 1
    assert "config/hub.yaml:7:3 error unknown-key no key prot; write port" in ran.out
    builder.fault = FAULT
    ran = crossdock("check", "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    assert [finding["code"] for finding in ran.json["findings"]] == ["unknown-key"]


def test_a_warning_alone_does_not_fail_the_check(crossdock, builder):
    builder.bench.findings = [Finding("odd", "warning", {"file": "a", "line": 1, "column": 1}, "odd")]
    assert crossdock("check").code == 0


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_config_and_data_are_taken_from_anywhere(crossdock, builder, monkeypatch, place):
    options = ("--config", "other/hub.yaml", "--data", "other/data")
    if place == "environment":
        monkeypatch.setenv("CROSSDOCK_CONFIG", "other/hub.yaml")
        monkeypatch.setenv("CROSSDOCK_DATA", "other/data")
        options = ()
    before, after = (options, ()) if place == "before" else ((), options)
    crossdock(*before, "exceptions", "list", *after)
    assert builder.places == [(Path("other/hub.yaml"), Path("other/data"))]


def test_config_and_data_have_their_usual_places(crossdock, builder):
    crossdock("orders")
    assert builder.places == [(Path("config/hub.yaml"), Path("data"))]


def test_inspect_and_translate_hand_everything_to_the_workbench(crossdock, builder, tmp_path):
    file = tmp_path / "in.edi"
    file.write_bytes(b"ISA\xff")
    options = ("--summary", "--at", "2026-03-01T09:00:00", "--control", "7", "--partner", "northwind")
    builder.bench.answer = Answer({"sets": 1, "findings": {"too-long": 2}}, ok=True)
    assert crossdock("inspect", str(file), "--referee", *options).code == 0
    assert (
        crossdock("translate", str(file), "--to", "x12", "--map", "m", "--connector", "c", "--lineage", *options).code
        == 0
    )
    (inspected, read), (translated, read_again) = builder.bench.asked
    assert read == read_again == b"ISA\xff"
    nine = datetime(2026, 3, 1, 9, tzinfo=UTC)
    for request in (inspected, translated):
        assert (request.filename, request.partner) == ("in.edi", "northwind")
        assert (request.summary, request.at, request.control) == (True, nine, 7)
    assert inspected.referee
    assert (translated.to, translated.map, translated.connector, translated.lineage) == ("x12", "m", "c", True)


def test_findings_exit_1(crossdock, builder):
    builder.bench.answer = Answer([{"kind": "PurchaseOrder", "document": None, "source": {}, "findings": []}], ok=False)
    assert crossdock("translate", __file__).code == 1
    assert crossdock("translate", __file__, "--json").code == 1


def test_translate_to_writes_the_native_bytes_as_they_are(crossdock, builder):
    builder.bench.answer = Answer({"to": "x12"}, ok=True, content=b"ISA*00*~GS*PO~")
    assert crossdock("translate", __file__, "--to", "x12").out == "ISA*00*~GS*PO~"


INSPECTION = {
    "interchanges": [
        {
            "control": "000000101", "delimiters": {"element": "*", "segment": "~"},
            "isa": {"ISA06": "NORTHWIND", "ISA08": "US"},
            "groups": [{"functional_id": "PO", "control": "101", "version": "004010", "sets": [
                {"id": "850", "control": "0001", "name": "Purchase Order", "segments": [
                    {"position": 3, "tag": "BEG", "name": "Beginning Segment", "loop": "", "findings": [
                        {"code": "bad-date", "severity": "error", "where": {"segment": 3}, "message": "no such day",
                         "ack": {"AK403": "8"}}],
                     "elements": [{"position": "BEG01", "name": "Purpose", "value": "00", "meaning": "Original"},
                                  {"position": "BEG03", "name": "Number", "value": "[bold]\x1b[2JX"}]}]}]}],
        }
    ],
    "findings": [{"code": "bad-date", "severity": "error", "where": {"segment": 3}, "message": "no such day"}],
    "acknowledgments": [{"to": "NORTHWIND", "type": "997", "content": "ISA" + "*" * 102 + "~ST*997*1~AK1*PO*101~"}],
}  # fmt: skip


def test_inspect_shows_meanings_findings_and_the_answer_it_would_get(crossdock, builder):
    builder.bench.answer = Answer(INSPECTION, ok=False)
    ran = crossdock("inspect", __file__)
    assert ran.code == 1
    for shown in ("NORTHWIND", "Purchase Order", "BEG01", "= Original", "bad-date", "[AK403=8]", "997", "AK1*PO*101~"):
        assert shown in ran.out


def test_foreign_text_reaches_the_terminal_without_markup_or_control_codes(crossdock, builder):
    builder.bench.answer = Answer(INSPECTION, ok=True)
    ran = crossdock("inspect", __file__)
    assert "[bold]\N{REPLACEMENT CHARACTER}[2JX" in ran.out
    assert "\x1b" not in ran.out


def test_submit_keeps_the_bytes_and_works_them_off(crossdock, hub, tmp_path):
    file = tmp_path / "po.edi"
    file.write_bytes(b"ISA\xff")
    ran = crossdock("submit", str(file), "--partner", "northwind", "--json")
    assert ran.code == 0
    assert ran.json["status"] == "accepted"
    [arrival] = hub.received
    assert (arrival.source, arrival.content, arrival.facts["filename"]) == ("northwind", b"ISA\xff", "po.edi")
    assert hub.drained == 1


def test_show_explain_and_settle_of_what_is_not_there_exit_1(crossdock):
    for command in (("show", "none"), ("explain", "none"), ("exceptions", "retry", "none")):
        assert crossdock(*command).code == 1


def test_show_and_explain_tell_ledger_timeline_and_reasons(crossdock):
    shown = crossdock("show", "NW-1").out
    for told in ("5 shipped", "Order accepted", "From northwind", "To reno", "FulfilmentOrder"):
        assert told in shown
    why = crossdock("explain", "NW-1").out
    for told in (
        "5 LAMP from reno",
        "routing.yaml:12",
        "cost 12.40",
        "newark",
        "no stock",
        "1 more at reno",
        "line 3 of price list L1",
    ):
        assert told in why


def test_what_cannot_be_tried_again_says_so(crossdock, hub):
    hub.archive.troubles["x1"]["final"] = True
    ran = crossdock("exceptions", "retry", "x1")
    assert ran.code == 1
    assert "nothing here to try again" in ran.out


def test_exceptions_are_settled_once(crossdock, hub):
    assert crossdock("exceptions", "retry", "x1").code == 0
    assert hub.archive.troubles["x1"]["status"] == "retried"
    assert crossdock("exceptions", "retry", "x1").code == 1
    assert crossdock("exceptions", "--json").json == []


def test_export_writes_every_file_and_exact_decimals(crossdock, hub, tmp_path):
    hub.archive.exported = [("orders", {"id": "o1", "total": Decimal("1.10")})]
    ran = crossdock("export", "--out", str(tmp_path / "out"), "--json")
    assert ran.json["rows"]["orders"] == 1
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    stems = ("deliveries", "documents", "erasures", "events", "journal", "orders", "reservations", "stock")
    assert names == [f"{stem}.jsonl" for stem in stems]
    assert (tmp_path / "out" / "orders.jsonl").read_text() == '{"id":"o1","total":"1.10"}\n'


def test_schema_writes_a_file_for_each(crossdock, tmp_path):
    assert crossdock("schema", "--out", str(tmp_path)).code == 0
    assert json.loads((tmp_path / "PurchaseOrder.schema.json").read_text())["title"] == "PurchaseOrder"


def test_a_token_is_the_only_thing_on_standard_output(crossdock, hub):
    ran = crossdock("token", "new", "--partner", "harbor")
    assert hub.access.tokens[ran.out.strip()].partner == "harbor"


def test_stock_is_set_exactly(crossdock, hub):
    crossdock("stock", "set", "LAMP", "reno", "2.50", "--safety", "1")
    row = hub.stock.levels["LAMP", "reno"]
    assert (str(row.on_hand), str(row.safety)) == ("2.50", "1")


def test_a_node_that_is_not_there_is_told_without_traceback(crossdock):
    ran = crossdock("stock", "set", "LAMP", "nowhere", "1")
    assert ran.code == 1
    assert "there is no node nowhere" in ran.err


def test_a_port_that_is_taken_exits_2(crossdock, builder):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = crossdock("run", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "choose another --port" in ran.err


def test_small_commands_start_without_loading_the_web_server():
    code = "import sys, console.cli; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

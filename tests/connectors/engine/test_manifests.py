"""Manifests are checked as they are read, and editors know their schema."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from connectors.catalogue import load_catalogue
from connectors.connection import load_connections
from connectors.manifest import Manifest
from connectors.schemas import configuration_models
from connectors.secret import Redaction, Secret
from mappings.yaml_model import load_model

HEAD = "connector: x\nversion: 1\nkind: other\ntitle: X\ndocs: https://x.example\n"


def test_the_built_in_manifests_have_no_faults():
    catalogue = load_catalogue()
    assert catalogue.findings == ()
    assert {"shopify", "file-erp"} <= set(catalogue.manifests)


@pytest.mark.parametrize("name", ["manifest", "cases"])
def test_the_published_schema_is_the_models(name: str):
    published = json.loads((files("connectors") / f"{name}.schema.json").read_text())
    assert published == json.loads(json.dumps(configuration_models()[name].model_json_schema()))


def test_every_manifest_names_its_schema_in_its_first_line():
    for file in (files("connectors") / "manifests").iterdir():
        if file.name.endswith(".yaml"):
            assert file.read_text().startswith("# yaml-language-server: $schema=../manifest.schema.json")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("base_url: 'https://{settings.host}'\n", "'host' is not among the settings"),
        ("takes: {Invoice: {operation: none, map: a/b}}\n", "not among the operations"),
        ("operations: {a: {steps: [{name: s, call: {path: '/{'}}]}}\n", "base_url"),
        ("operations: {a: {}}\n", "either steps or a place"),
        ("operations: {a: {steps: [{name: s}]}}\n", "a call or a match"),
        ("defaults: {errors: [{status: 4x, then: fail}]}\n", "not a status"),
        ("operations: {a: {idempotency: {kind: header}, steps: [{name: s, call: {}}]}}\n", "needs its name"),
        ("operations: {a: {idempotency: {kind: search}, steps: [{name: s, call: {}}]}}\n", "already_done"),
        ("operations: {a: {receipt: {id: 'x[y'}, steps: [{name: s, call: {}}]}}\n", "not a path"),
        ("webhook: {}\n", "did you mean 'webhooks'"),
    ],
)
def test_a_fault_is_told_with_its_place_and_mend(text: str, says: str):
    manifest, findings = load_model(HEAD + text, Manifest)
    assert manifest is None
    assert says in findings[0].message
    assert findings[0].where["line"] >= 1


def test_a_map_or_kind_nobody_has_is_told_with_its_line(tmp_path: Path):
    text = "base_url: 'https://x.example'\noperations: {push: {steps: [{name: s, call: {}}]}}\n"
    text += "takes:\n  Invoise: {operation: push, map: shopify/ordr}\n"
    write(tmp_path, "x", HEAD + text)
    findings = load_catalogue(tmp_path).check(["shopify/order"])
    found = [finding for finding in findings if finding.where["file"].endswith("/x.yaml")]
    assert [(finding.code, finding.where["line"]) for finding in found] == [("map-unknown", 9), ("document-unknown", 9)]
    assert "did you mean 'shopify/order'?" in found[0].message


def write(directory: Path, name: str, text: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.yaml").write_text(text)


def test_a_users_manifest_overrides_the_built_in_one(tmp_path: Path):
    write(tmp_path, "shopify", HEAD.replace("connector: x", "connector: shopify"))
    assert load_catalogue(tmp_path).manifests["shopify"].title == "X"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("connector: nobody\n", "connector-unknown"),
        (
            "connector: shopify\nsettings: {shop: s, access_token: in-the-file, client_secret: {env: C}}\n",
            "secret-in-file",
        ),
        ("connector: shopify\nsettings: {access_token: {env: T}, client_secret: {env: C}}\n", "config-missing"),
        ("connector: file-erp\nsettings: {directory: d, format: pdf}\n", "config-value"),
        ("connector: file-erp\nsettings: {directory: d, colour: red}\n", "config-unknown-name"),
        ("connector: file-erp\nsettings: {directory: d}\ntime_zone: Mars/North\n", "config-value"),
    ],
)
def test_a_connections_fault_is_told_with_its_line(tmp_path: Path, text: str, code: str):
    write(tmp_path, "c", "connection: c\n" + text)
    loaded = load_connections(tmp_path, load_catalogue().manifests, {"T": "t", "C": "c"}, tmp_path)
    assert [finding.code for finding in loaded.findings] == [code]
    assert loaded.findings[0].where["file"].endswith("c.yaml")
    assert loaded.by_id == {}


def test_a_secret_may_lie_in_a_file(tmp_path: Path):
    (tmp_path / "token").write_text("canary-in-file\n")
    text = f"connection: c\nconnector: shopify\nsettings: {{shop: s, access_token: {{file: {tmp_path / 'token'}}}, "
    write(tmp_path / "connections", "c", text + "client_secret: {env: C}}\n")
    loaded = load_connections(tmp_path / "connections", load_catalogue().manifests, {"C": "x"}, tmp_path)
    assert loaded.by_id["c"].settings["access_token"] == Secret("canary-in-file")
    assert "canary" not in repr(loaded)


def test_redaction_hides_a_secret_in_every_form():
    redact = Redaction([Secret("p@ss/word 1")])
    assert "p@ss" not in redact("p@ss/word 1") + redact("p%40ss%2Fword%201")
    assert redact("cEBzcy93b3JkIDE=") == "***"
    assert f"{Secret('x')} {Secret('x')!r}" == "*** ***"

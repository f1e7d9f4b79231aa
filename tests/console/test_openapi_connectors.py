"""`crossdock connector new` from an OpenAPI file of our own making."""

import json
import shutil
from pathlib import Path

import pytest

from connectors.authoring.openapi import OpenApi, read_openapi
from connectors.authoring.openapi_guesses import guess_auth
from console.cli import main
from hub import Crossdock
from mappings.strict_yaml import read_yaml

EXAMPLE = Path(__file__).parents[2] / "config"
HARBOR = Path(__file__).parent / "openapi" / "harbor.yaml"


@pytest.fixture
def run(tmp_path, capsys):
    """Run one command over a copy of the example configuration; its exit code and what it printed as JSON."""
    shutil.copytree(EXAMPLE, tmp_path / "config")

    def ran(*argv):
        code = main(Crossdock(), ["--config", str(tmp_path / "config" / "hub.yaml"), *map(str, argv), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out.startswith(("{", "[")) else err

    return ran


def manifest(tmp_path, name="harbor"):
    file, findings = read_yaml(tmp_path / "config" / "connectors" / f"{name}.yaml")
    assert findings == []
    return file.content


def as_json(path):
    content = read_yaml(HARBOR)[0].content
    path.write_text(json.dumps(content, default=str))
    return path


@pytest.mark.parametrize("syntax", ["yaml", "json"])
def test_a_connector_from_an_openapi_file_is_valid_and_its_cases_hold(run, tmp_path, syntax):
    source = HARBOR if syntax == "yaml" else as_json(tmp_path / "harbor.json")
    assert run("connector", "new", "harbor", "--from", source)[0] == 0
    assert run("check")[0] == 0
    code, told = run("connector", "test", "harbor")
    assert (code, len(told["cases"])) == (0, 5), told
    code, told = run("connector", "check", "harbor")
    assert (code, told["level"]) == (0, "bronze")


def test_a_list_of_documents_becomes_a_pull_and_the_rest_plain_calls(run, tmp_path):
    run("connector", "new", "harbor", "--from", HARBOR)
    said = manifest(tmp_path)
    assert said["base_url"] == "https://{settings.region}.harbor.example/v2"
    assert said["auth"] == {"kind": "api_key", "in": "header", "name": "X-Harbor-Key", "value": "{settings.api_key}"}
    assert said["settings"]["region"]["default"] == "eu"
    assert said["settings"]["api_key"]["secret"] is True
    orders = said["operations"]["list_orders"]
    assert orders["docs"] == "https://harbor.example/docs/orders"
    assert orders["steps"][0]["call"]["query"] == {
        "state": "open", "limit": "20", "pageToken": "{page.token?}", "updated_after": "{since}",
    }  # fmt: skip
    assert (orders["pull"]["items"], orders["pull"]["kind"]) == ("orders", "PurchaseOrder")
    assert orders["pull"]["pages"] == {"kind": "cursor", "token": "paging.nextPageToken"}
    assert orders["pull"]["cursor"] == {"field": "updatedAt", "lookback": "PT5M"}
    shipment = said["operations"]["create_shipment"]
    assert shipment["idempotency"] == {"kind": "header", "name": "Idempotency-Key"}
    assert shipment["steps"][0]["call"]["path"] == "/orders/{request.order_id}/shipments"
    assert said["operations"]["put_stock_sku"]["idempotency"] == {"kind": "natural_key"}


ABROAD = "https://login.harbor-id.example/oauth2"
FLOWS = {
    "the client's own": {"clientCredentials": {"tokenUrl": "oauth2/token", "scopes": {"orders.read": "", "stock": ""}}},
    "the client's own, elsewhere": {"clientCredentials": {"tokenUrl": f"{ABROAD}/token", "scopes": {}}},
    "a person's consent": {
        "implicit": {"authorizationUrl": f"{ABROAD}/implicit", "scopes": {}},
        "authorizationCode": {
            "authorizationUrl": f"{ABROAD}/authorize",
            "tokenUrl": f"{ABROAD}/token",
            "scopes": {"orders": ""},
        },
    },
}


@pytest.mark.parametrize("flows", FLOWS.values(), ids=FLOWS)
def test_an_oauth2_flow_becomes_a_grant_whose_cases_hold(run, tmp_path, flows):
    tree = json.loads(as_json(tmp_path / "harbor.json").read_text())
    [scheme] = tree["components"]["securitySchemes"]
    tree["components"]["securitySchemes"][scheme] = {"type": "oauth2", "flows": flows}
    (tmp_path / "harbor.json").write_text(json.dumps(tree))
    assert run("connector", "new", "harbor", "--from", tmp_path / "harbor.json")[0] == 0
    assert run("check")[0] == 0
    code, told = run("connector", "test", "harbor")
    assert code == 0, told
    auth, given = manifest(tmp_path)["auth"], flows.get("authorizationCode") or flows["clientCredentials"]
    assert auth["grant"] == ("authorization_code" if "authorizationCode" in flows else "client_credentials")
    assert auth.get("scope", "") == " ".join(given["scopes"])
    assert auth.get("authorize_url") == given.get("authorizationUrl")
    assert auth["token_url"].endswith(given["tokenUrl"])
    abroad = given["tokenUrl"].startswith(ABROAD)
    assert manifest(tmp_path).get("hosts", []) == (["login.harbor-id.example"] if abroad else [])


def test_refusals_give_the_error_table_and_a_limit_is_told_from_a_fault(run, tmp_path):
    run("connector", "new", "harbor", "--from", HARBOR)
    rows = manifest(tmp_path)["defaults"]["errors"]
    assert [(row["status"], row["then"], row["message"]) for row in rows] == [
        ("400", "fail", "error.message"),
        ("422", "fail", "error.message"),
        ("429", "rate_limited", "error.message"),
    ]


def test_what_was_guessed_is_marked(run, tmp_path):
    run("connector", "new", "harbor", "--from", HARBOR)
    text = (tmp_path / "config" / "connectors" / "harbor.yaml").read_text()
    for guessed in ("auth:", "items:", "key:", "pages:", "cursor:", "- {status:"):
        assert all("# guess" in line for line in text.splitlines() if line.strip().startswith(guessed)), guessed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('swagger: "2.0"\npaths: {}\n', "convert it"),
        ("openapi: 3.0.0\npaths: {}\n", "no operation"),
        ("openapi: 3.0.0\npaths: {a: [}\n", "not YAML"),
    ],
)
def test_a_file_that_describes_nothing_is_refused_with_the_reason(run, tmp_path, text, says):
    (tmp_path / "api.yaml").write_text(text)
    code, told = run("connector", "new", "harbor", "--from", tmp_path / "api.yaml")
    assert code == 2
    assert says in str(told)


def test_a_sample_document_is_no_openapi_file():
    assert read_openapi(b'{"id": 1, "paths": []}', "order.json") is None
    assert read_openapi(b"id,openapi: yes\n1,2\n", "orders.csv") is None


def test_a_schema_that_holds_itself_is_left_out_within_itself():
    api = read_openapi(HARBOR.read_bytes(), "harbor.yaml")
    assert "parent" not in api.sample({"$ref": "#/components/schemas/Order"})


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ({"type": "http", "scheme": "basic"}, "basic"),
        ({"type": "http", "scheme": "Bearer"}, "bearer"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "api_key"),
        (
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {"orders": ""}}}},
            "oauth2",
        ),
        ({"type": "mutualTLS"}, "none"),
    ],
)
def test_each_security_scheme_is_said_as_the_manifest_says_it(scheme, kind):
    api = OpenApi({"servers": [{"url": "https://a.example"}], "components": {"securitySchemes": {"one": scheme}}})
    auth, settings = guess_auth(api)
    assert auth["kind"] == kind
    assert bool(settings) == (kind != "none")
    if kind == "oauth2":
        assert (auth["token_url"], auth["scope"]) == ("https://a.example/token", "orders")

"""A real Tryton on this machine: trytond as a process of its own, on a database made once and copied.

The product knows nothing of this. What is set up here goes through trytond's own commands and JSON-RPC, as an
accountant would have it: a company, a chart of accounts, a fiscal year, journals, customers, and a user for the hub.
"""

import hashlib
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

MODULES = ("sale", "stock", "account", "account_invoice", "account_invoice_stock")
USER, PASSWORD = "hub", "canary-password-61"
CUSTOMER = "northwind"
SUNDRY = "SUNDRY"
_ADMIN = "admin-password-62"
_BINARIES = Path(sys.executable).parent
_PATIENCE = 60.0

RECEIVABLE, ASSETS, LIABILITIES, REVENUE, EXPENSES = "receivable", "assets", "payable", "revenue", "expense"
SORTS = {
    "10": ASSETS, "11": RECEIVABLE, "13": ASSETS, "22": LIABILITIES, "23": LIABILITIES, "40": REVENUE, "41": REVENUE,
}  # fmt: skip
"""By the first two digits of our accounts' numbers; all others are expenses."""


@dataclass(frozen=True)
class Tryton:
    """A server that runs: where, and who may ask."""

    url: str
    user: str = USER
    password: str = PASSWORD
    customer: str = CUSTOMER

    def ask(self, method: str, *parameters: Any) -> Any:
        """One call, as trytond's own clients make it. Raises `RuntimeError` with what it says of an error."""
        said = {"id": 1, "method": method, "params": [*parameters, {"company": 1}]}
        request = urllib.request.Request(self.url, json.dumps(said, default=_plain).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode())
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            told = json.loads(answer.read(), object_hook=_value)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        return told["result"]

    def make(self, model: str, **fields: Any) -> int:
        """A record's id."""
        made: list[int] = self.ask(f"model.{model}.create", [fields])
        return made[0]

    def find(self, model: str, *domain: Sequence[Any], fields: Sequence[str] = ("id",)) -> list[dict[str, Any]]:
        """The records of a domain."""
        found: list[dict[str, Any]] = self.ask(f"model.{model}.search_read", domain, 0, None, None, fields)
        return found

    def ledger(self, *journals: str) -> dict[str, list[tuple[str, Decimal, Decimal]]]:
        """Every posted move of these journals by our key, or the number of our invoice: its lines as (account, debit,
        credit), sorted. A key posted twice in one journal raises."""
        posted = ("state", "=", "posted"), ("journal.code", "in", list(journals))
        moves = self.find("account.move", *posted, fields=("id", "description", "origin", "journal"))
        invoices = self.find("account.invoice", fields=("id", "reference"))
        numbers = {f"account.invoice,{one['id']}": one["reference"] for one in invoices}
        names = {move["id"]: numbers.get(move["origin"]) or move["description"] for move in moves}
        keys = [(move["journal"], names[move["id"]]) for move in moves]
        assert len(keys) == len(set(keys)), f"posted twice: {sorted(key for key in keys if keys.count(key) > 1)}"
        lines = self.find("account.move.line", fields=("move", "account.code", "debit", "credit"))
        found: dict[str, list[tuple[str, Decimal, Decimal]]] = {name: [] for name in names.values()}
        for line in lines:
            if line["move"] in names:
                found[names[line["move"]]].append((line["account."]["code"], line["debit"], line["credit"]))
        return {key: sorted(rows) for key, rows in found.items()}

    def receive(self, sku: str, quantity: str, price: str) -> None:
        """A new product, and so much of it brought to the warehouse by a supplier."""
        each = self.find("product.uom", ("symbol", "=", "u"))[0]["id"]
        template = self.make("product.template", **_product(each, sku, f"Product {sku}", price))
        [product] = self.find("product.product", ("template", "=", template))
        places = {one["code"]: one["id"] for one in self.find("stock.location", fields=("code",))}
        move = self.make(
            "stock.move", company=1, product=product["id"], unit=each, quantity=float(quantity), currency=1,
            unit_price=Decimal(price), from_location=places["SUP"], to_location=places["STO"],
        )  # fmt: skip
        self.ask("model.stock.move.do", [move])

    def left(self, *skus: str) -> dict[str, Decimal]:
        """How much has left Tryton's own stock for customers, by SKU: of these, or of all."""
        done = ("state", "=", "done"), ("to_location.type", "=", "customer")
        moves = self.find("stock.move", *done, fields=("quantity", "product.code"))
        found: dict[str, Decimal] = {}
        for move in moves:
            sku = move["product."]["code"]
            found[sku] = found.get(sku, Decimal(0)) + Decimal(str(move["quantity"]))
        return {sku: units for sku, units in found.items() if not skus or sku in skus}

    def sale(self, order: str) -> tuple[str, list[tuple[str, str, Decimal, Decimal]]]:
        """The state of an order's only sale, and its lines: our number, SKU, quantity, unit price."""
        [sale] = self.find("sale.sale", ("reference", "=", order), fields=("state",))
        said = self.find(
            "sale.line", ("sale", "=", sale["id"]), fields=("note", "product.code", "quantity", "unit_price")
        )
        lines = [
            (one["note"], one["product."]["code"], Decimal(str(one["quantity"])), one["unit_price"]) for one in said
        ]
        return sale["state"], sorted(lines)


@contextmanager
def serving(database: Path, place: Path) -> Iterator[Tryton]:
    """Serve a copy of a database on loopback until the block ends."""
    (place / "databases").mkdir(parents=True)
    shutil.copy(database, place / "databases" / "books.sqlite")
    with _running(_configuration(place)) as url:
        yield Tryton(url)


def prepared(cache: Path, accounts: Mapping[str, str], items: Sequence[Mapping[str, str]]) -> Path:
    """The database with everything set up, made once for each version of trytond and of what it holds."""
    made_of = hashlib.sha256(Path(__file__).read_bytes() + repr((accounts, items)).encode()).hexdigest()
    kept = cache / f"books-{version('trytond')}-{made_of[:12]}.sqlite"
    if not kept.exists():
        place = cache / "making"
        shutil.rmtree(place, ignore_errors=True)
        (place / "databases").mkdir(parents=True)
        configuration = _configuration(place)
        _activate(place, configuration)
        with _running(configuration) as url:
            set_up(Tryton(url, "admin", _ADMIN), accounts, items)
        _keep(place / "databases" / "books.sqlite", kept)
        shutil.rmtree(place)
    return kept


def _keep(database: Path, kept: Path) -> None:
    """One file of what SQLite still has in its write-ahead log as well, whole or not there at all."""
    unfinished = kept.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(database)
    connection.execute("VACUUM INTO ?", (str(unfinished),))
    connection.close()
    unfinished.rename(kept)


def _configuration(place: Path) -> Path:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = place / "trytond.conf"
    path.write_text(f"[database]\nuri = sqlite://\npath = {place / 'databases'}\n[web]\nlisten = 127.0.0.1:{port}\n")
    return path


def _activate(place: Path, configuration: Path) -> None:
    (place / "databases" / "books.sqlite").touch()
    password = place / "password"
    password.write_text(_ADMIN + "\n")
    words = ["-c", configuration, "-d", "books", "-u", *MODULES, "--activate-dependencies", "--email", "a@b.example"]
    subprocess.run(
        [_BINARIES / "trytond-admin", *words],
        check=True, capture_output=True, timeout=300, env={"TRYTONPASSFILE": str(password)},
    )  # fmt: skip


@contextmanager
def _running(configuration: Path) -> Iterator[str]:
    listen = next(line for line in configuration.read_text().splitlines() if line.startswith("listen"))
    root = f"http://{listen.split(' = ')[1]}"
    with (configuration.parent / "log").open("w") as log:
        server = subprocess.Popen([_BINARIES / "trytond", "-c", configuration, "-d", "books"], stdout=log, stderr=log)
        try:
            _wait_for(root, server)
            yield f"{root}/books/rpc/"
        finally:
            server.terminate()
            server.wait(timeout=10)


def _wait_for(root: str, server: "subprocess.Popen[bytes]") -> None:
    version_asked = json.dumps({"method": "common.server.version", "params": []}).encode()
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            request = urllib.request.Request(f"{root}/rpc/", version_asked, {"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("trytond did not start")


def set_up(admin: Tryton, accounts: Mapping[str, str], items: Sequence[Mapping[str, str]]) -> None:
    """Everything that an accountant sets up before the hub posts anything."""
    currency = admin.make(
        "currency.currency", name="US Dollar", symbol="$", code="USD", numeric_code="840", digits=2,
        rounding=Decimal("0.01"), rates=[["create", [{"date": "2000-01-01", "rate": Decimal(1)}]]],
    )  # fmt: skip
    party = admin.make("party.party", name="Cedar & Slate Supply")
    company = admin.make("company.company", party=party, currency=currency)
    assert company == 1, "the context of every call names it"
    [administrator] = admin.find("res.user", ("login", "=", "admin"))
    admin.ask("model.res.user.write", [administrator["id"]], {"companies": [["add", [company]]], "company": company})
    _chart(admin, company, accounts)
    _year(admin, company)
    _customers(admin)
    _products(admin, items)
    groups = [group["id"] for group in admin.find("res.group")]
    admin.make(
        "res.user", name="Crossdock", login=USER, password=PASSWORD, companies=[["add", [company]]], company=company,
        groups=[["add", groups]],
    )  # fmt: skip


def _chart(admin: Tryton, company: int, accounts: Mapping[str, str]) -> None:
    types = {
        RECEIVABLE: {"statement": "balance", "receivable": True, "assets": True},
        ASSETS: {"statement": "balance", "assets": True},
        LIABILITIES: {"statement": "balance"},
        REVENUE: {"statement": "income", "revenue": True},
        EXPENSES: {"statement": "income", "expense": True},
    }
    made = {
        name: admin.make("account.account.type", name=name, company=company, **more) for name, more in types.items()
    }
    for code, name in accounts.items():
        sort = SORTS.get(code[:2], EXPENSES)
        admin.make(
            "account.account", code=code, name=name, company=company, type=made[sort],
            party_required=sort == RECEIVABLE, reconcile=sort == RECEIVABLE,
        )  # fmt: skip


def _year(admin: Tryton, company: int) -> None:
    kinds = {kind["name"]: kind["id"] for kind in admin.find("ir.sequence.type", fields=("name",))}
    moves = admin.make("ir.sequence.strict", name="Moves", sequence_type=kinds["Account Move"], company=company)
    bills = admin.make("ir.sequence.strict", name="Invoices", sequence_type=kinds["Invoice"], company=company)
    names = ("out_invoice_sequence", "in_invoice_sequence", "out_credit_note_sequence", "in_credit_note_sequence")
    year = admin.make(
        "account.fiscalyear", name="All years", company=company, start_date="2025-01-01", end_date="2028-12-31",
        move_sequence=moves, invoice_sequences=[["create", [{"company": company, **dict.fromkeys(names, bills)}]]],
    )  # fmt: skip
    admin.ask("model.account.fiscalyear.create_period", [year])
    for code, kind in (("XDOCK", "general"), ("XDRILL", "general"), ("XSALE", "revenue"), ("XBILL", "revenue")):
        admin.make("account.journal", name=f"Crossdock {code}", code=code, type=kind)


def _customers(admin: Tryton) -> None:
    for code, name in ((SUNDRY, "Sundry customers"), (CUSTOMER, "Northwind Retail")):
        admin.make("party.party", name=name, code=code, addresses=[["create", [{"party_name": name}]]])


def _products(admin: Tryton, items: Sequence[Mapping[str, str]]) -> None:
    """What is sold and kept in stock, by our SKUs."""
    [each] = admin.find("product.uom", ("symbol", "=", "u"))
    templates = [_product(each["id"], item["sku"], item["description"], item["price"]) for item in items]
    admin.ask("model.product.template.create", templates)


def _product(each: int, sku: str, name: str, price: str) -> dict[str, Any]:
    return {
        "name": name, "type": "goods", "default_uom": each, "sale_uom": each, "salable": True,
        "list_price": Decimal(price), "cost_price_method": "fixed", "products": [["create", [{"suffix_code": sku}]]],
    }  # fmt: skip


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(type(value))


def _value(tree: dict[str, Any]) -> Any:
    return Decimal(tree["decimal"]) if tree.get("__class__") == "Decimal" else tree

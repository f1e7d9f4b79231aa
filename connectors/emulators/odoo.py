"""A local stand-in of Odoo's JSON-2 API: a chart of accounts, partners, journal entries in a ledger of its own, and
sales (`odoo_sales`).

Source: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import web

from connectors.emulators.faults import Faults
from connectors.emulators.odoo_sales import Sales, UserError

ROOT = "/json/2"
JOURNALS = ("XDOCK", "XSALE")
"""Their ids are their places, from 1."""
RECEIVABLE = "1100"
"""What partners owe stands here."""
CHART = (
    "1010", "1100", "1150", "1160", "1300", "1350", "2200", "2300", "4000", "4050", "4060", "4100", "4150", "4160",
    "5000", "5100", "5900", "6100", "6110",
)  # fmt: skip
"""The accounts of the example hub."""
Record = dict[str, Any]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "in": lambda value, wanted: value in wanted,
    ">=": lambda value, wanted: value >= wanted,
    "=like": lambda value, wanted: value.startswith(wanted.removesuffix("%")),
}


@dataclass(slots=True)
class Odoo:
    """One database of one company."""

    root: ClassVar[str] = ROOT
    accounts: Sequence[str] = CHART
    """Codes of the chart of accounts."""
    api_key: str = field(default_factory=token_hex)
    database: str = "books"
    faults: Faults = field(default_factory=Faults)
    partners: dict[str, Record] = field(default_factory=dict)
    """By our customer's number: what a partner owes and may owe."""
    moves: list[Record] = field(default_factory=list)
    sales: Sales = field(default_factory=Sales)
    requests: list[str] = field(default_factory=list)
    base_url: str = ""

    def add_partner(self, ref: str, credit: str = "0", limit: str | None = None) -> None:
        """A customer, what it owes, and its limit where it has one."""
        self.partners[ref] = {
            "id": len(self.partners) + 1, "ref": ref, "name": ref.title(), "active": True,
            "write_date": "2026-11-01 08:00:00", "credit": Decimal(credit), "credit_limit": Decimal(limit or 0),
            "use_partner_credit_limit": limit is not None,
        }  # fmt: skip

    def posted(self) -> list[tuple[str, dict[str, Decimal]]]:
        """Its ledger: each posted entry's reference, and debit less credit by account; twice what came twice."""
        return [(move["ref"], _balances(move)) for move in self.moves if move["state"] == "posted"]

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post(ROOT + "/{model}/{method}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        text = await request.text()
        called = f"{request.match_info['model']}/{request.match_info['method']}"
        self.requests.append(called)
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return _error(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if request.headers.get("X-Odoo-Database") != self.database:
            return _error(404, "werkzeug.exceptions.NotFound", "no such database")
        fault = self.faults.take(called + text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        try:
            told = self._call(called, json.loads(text, parse_float=Decimal))
        except KeyError:
            return _error(404, "werkzeug.exceptions.NotFound", f"the model or method {called} does not exist")
        except UserError as error:
            return _error(422, "odoo.exceptions.UserError", str(error))
        return await self.faults.after(fault, web.json_response(told, dumps=_dumps))

    def _call(self, called: str, body: Mapping[str, Any]) -> Any:
        if method := self.sales.methods().get(called):
            return method(body)
        match called:
            case "account.move/create":
                return [self._make(values) for values in body["vals_list"]]
            case "account.move/action_post":
                return self._post(body["ids"])
        model, read = called.split("/")
        found = list(_matching(self._records(model), body["domain"]))
        if read == "web_search_read":
            start = body.get("offset", 0)
            return {"length": len(found), "records": found[start : start + body["limit"]]}
        return found[: body.get("limit")]

    def _records(self, model: str) -> Iterable[Record]:
        if (sold := self.sales.records(model)) is not None:
            return sold
        return {
            "account.move.line": list(self._lines()),
            "res.company": [{"id": 1, "currency_id.name": "USD"}],
            "account.move": self.moves,
            "account.account": [{"id": number, "code": code} for number, code in enumerate(self.accounts, 1)],
            "account.journal": [
                {"id": number, "code": code, "company_id.currency_id.name": "USD"}
                for number, code in enumerate(JOURNALS, 1)
            ],
            "res.partner": list(self.partners.values()),
        }[model]

    def _lines(self) -> Iterable[Record]:
        for move in self.moves:
            for line in move["lines"]:
                yield {**line, "move_id.journal_id.code": move["journal_id.code"], "parent_state": move["state"]}

    def _make(self, values: Mapping[str, Any]) -> int:
        made = _invoiced(values) if "invoice_line_ids" in values else [command[2] for command in values["line_ids"]]
        if sum(Decimal(str(line["debit"])) - Decimal(str(line["credit"])) for line in made):
            raise UserError("The entry is not balanced.")
        number = len(self.moves) + 1
        about = {"ref": values["ref"]}
        lines = [
            {
                "account_id": {"id": line.get("account_id"), "code": self._code(line)},
                "move_id": about,
                "debit": Decimal(str(line["debit"])),
                "credit": Decimal(str(line["credit"])),
            }
            for line in made
        ]
        journal = JOURNALS[values["journal_id"] - 1]
        self.moves.append({"id": number, "journal_id.code": journal, "state": "draft", "lines": lines, **about})
        return number

    def _code(self, line: Mapping[str, Any]) -> str:
        """A line's account; without one it is what the partner owes."""
        return self.accounts[line["account_id"] - 1] if "account_id" in line else RECEIVABLE

    def _post(self, numbers: Sequence[int]) -> bool:
        for number in numbers:
            move = self.moves[number - 1]
            if move["state"] != "draft":
                raise UserError(f"The entry (id {number}) must be in draft.")
            move["state"] = "posted"
        return False


def _invoiced(values: Mapping[str, Any]) -> list[Record]:
    """The lines of an invoice's or a credit note's entry, what is owed last."""
    given_back = values["move_type"] == "out_refund"
    priced = [command[2] for command in values["invoice_line_ids"]]
    amounts = [Decimal(str(line["price_unit"])) * line["quantity"] for line in priced]
    total = sum(amounts, Decimal(0))
    if total < 0 or not values.get("partner_id"):
        raise UserError("The invoice has a negative total, or no customer.")
    lines = [_sided(-amount if given_back else amount) | {"account_id": line["account_id"]}
             for line, amount in zip(priced, amounts, strict=True)]  # fmt: skip
    return [*lines, _sided(total if given_back else -total)]


def _sided(credit: Decimal) -> Record:
    return {"debit": max(-credit, Decimal(0)), "credit": max(credit, Decimal(0))}


def _matching(records: Iterable[Record], domain: Sequence[Sequence[Any]]) -> Iterable[Record]:
    return (one for one in records if all(_holds(one, domain)))


def _holds(record: Record, domain: Sequence[Any]) -> Iterator[bool]:
    """Whether each term holds; `|` takes the next two for one."""
    terms = iter(domain)
    for term in terms:
        if term == "|":
            yield any([_one_holds(record, next(terms)), _one_holds(record, next(terms))])
        else:
            yield _one_holds(record, term)


def _one_holds(record: Record, term: Sequence[Any]) -> bool:
    name, sign, wanted = term
    return _OPERATORS[sign](record[name], wanted)


def _balances(move: Mapping[str, Any]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in move["lines"]:
        code = line["account_id"]["code"]
        found[code] = found.get(code, Decimal(0)) + line["debit"] - line["credit"]
    return found


def _error(status: int, name: str, message: str) -> web.Response:
    said = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": ""}
    return web.json_response(said, status=status)


def _dumps(tree: Any) -> str:
    return json.dumps(tree, default=float)

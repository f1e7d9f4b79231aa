"""Sales and deliveries of the Odoo stand-in, with a stock of their own.

A confirmed sale plans one delivery; what is validated of it leaves, the rest is planned anew in a copy, a backorder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
_WRITTEN = {"write_date": "2026-11-01 08:00:00"}
_UNDONE = ("waiting", "confirmed", "assigned")


class UserError(Exception):
    """What a user is told."""


@dataclass(slots=True)
class Sales:
    """Products by SKU, sales with their lines, deliveries with their moves; ids are places from 1."""

    products: list[Record] = field(default_factory=list)
    orders: list[Record] = field(default_factory=list)
    lines: list[Record] = field(default_factory=list)
    pickings: list[Record] = field(default_factory=list)
    moves: list[Record] = field(default_factory=list)

    def add_product(self, sku: str, on_hand: str = "0", price: str = "0", node: str = "WH") -> None:
        """A product in stock at the one warehouse."""
        about = {"name": f"Product {sku}", "lst_price": Decimal(price), "standard_price": Decimal(0), "active": True}
        kept = {"qty_available": Decimal(on_hand), "warehouse": node, "uom_id": {"id": 1, "name": "Units"}}
        self.products.append({"id": len(self.products) + 1, "default_code": sku, **about, **kept, **_WRITTEN})

    def left(self, sku: str) -> Decimal:
        """How much of a product was delivered."""
        [product] = [one["id"] for one in self.products if one["default_code"] == sku]
        done = (one for one in self.moves if one["state"] == "done" and one["product_id"] == product)
        return sum((one["quantity"] for one in done), Decimal(0))

    def methods(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        """What can be called, beside reading."""
        return {
            "sale.order/create": lambda body: [self._sell(values) for values in body["vals_list"]],
            "sale.order/action_confirm": lambda body: [self._confirm(self.orders[one - 1]) for one in body["ids"]],
            "sale.order/action_cancel": lambda body: [self._cancel(self.orders[one - 1]) for one in body["ids"]],
            "sale.order.line/create": lambda body: [self._add_line(values) for values in body["vals_list"]],
            "sale.order.line/write": lambda body: [self._rewrite(self.lines[one - 1], body) for one in body["ids"]],
            "stock.move/write": lambda body: [self.moves[one - 1].update(body["vals"]) for one in body["ids"]],
            "stock.picking/write": lambda body: [self.pickings[one - 1].update(body["vals"]) for one in body["ids"]],
            "stock.picking/button_validate": lambda body: [self._validate(one, body) for one in body["ids"]],
        }

    def records(self, model: str) -> Iterable[Record] | None:
        """The records of a model with what domains name of others; None where it is none of these."""
        shown: Mapping[str, Callable[[], Iterable[Record]]] = {
            "product.product": lambda: [_told(one) for one in self.products],
            "stock.quant": lambda: [_quant(one) for one in self.products],
            "stock.warehouse": lambda: [
                {"id": 1, "code": code} for code in {one["warehouse"] for one in self.products}
            ],
            "sale.order": lambda: self.orders,
            "sale.order.line": lambda: self.lines,
            "stock.picking": lambda: [
                {**one, "sale_id.client_order_ref": self._sale_of(one)["client_order_ref"]} for one in self.pickings
            ],
            "stock.move": lambda: [self._shown(one) for one in self.moves],
        }
        return shown[model]() if model in shown else None

    def _sale_of(self, picking: Mapping[str, Any]) -> Record:
        sale: int = picking["sale_id"]
        return self.orders[sale - 1]

    def _shown(self, move: Record) -> Record:
        picking, line = self.pickings[move["picking_id"] - 1], self.lines[move["sale_line_id"] - 1]
        return {
            **move,
            "sale_line_id.name": line["name"],
            "sale_line_id.order_id.origin": self.orders[line["order_id"] - 1]["origin"],
        } | ({"picking_id": {"origin": picking["origin"]}, "product_id": self.products[move["product_id"] - 1]}
             if move["state"] == "done" else {})  # fmt: skip

    def _sell(self, values: Mapping[str, Any]) -> int:
        number = len(self.orders) + 1
        about = {name: value for name, value in values.items() if name != "order_line"}
        self.orders.append({"id": number, "state": "draft", **about})
        for command in values["order_line"]:
            self._add_line({"order_id": number, **command[2]})
        return number

    def _add_line(self, values: Mapping[str, Any]) -> int:
        line = {"id": len(self.lines) + 1, **values, "product_uom_qty": Decimal(str(values["product_uom_qty"]))}
        self.lines.append(line)
        if self.orders[line["order_id"] - 1]["state"] == "sale":
            self._plan(line)
        return len(self.lines)

    def _confirm(self, order: Record) -> bool:
        if order["state"] != "draft":
            raise UserError("The following orders are not in a state requiring confirmation.")
        order["state"] = "sale"
        for line in self.lines:
            if line["order_id"] == order["id"]:
                self._plan(line)
        return True

    def _plan(self, line: Record) -> None:
        """What is not delivered of a line is planned, in the sale's open delivery or a new one."""
        gone = sum((one["quantity"] for one in self._moves_of(line) if one["state"] == "done"), Decimal(0))
        if line["product_uom_qty"] < gone:
            raise UserError("The ordered quantity cannot be decreased below the amount already delivered.")
        for move in self._moves_of(line):
            if move["state"] != "done":
                move["product_uom_qty"] = line["product_uom_qty"] - gone
                return
        if line["product_uom_qty"] > gone:
            about = {"sale_line_id": line["id"], "product_id": line["product_id"], "quantity": Decimal(0)}
            self._new_move(
                self._open_picking(line["order_id"]), {**about, "product_uom_qty": line["product_uom_qty"] - gone}
            )

    def _new_move(self, picking: Record, about: Mapping[str, Any]) -> None:
        self.moves.append(
            {"id": len(self.moves) + 1, "state": "assigned", "picked": False, "picking_id": picking["id"],
             "location_dest_id.usage": "customer", **about}
        )  # fmt: skip

    def _moves_of(self, line: Record) -> Sequence[Record]:
        return [one for one in self.moves if one["sale_line_id"] == line["id"]]

    def _open_picking(self, sale: int, origin: str | None = None) -> Record:
        for one in self.pickings:
            if one["sale_id"] == sale and one["state"] in _UNDONE:
                return one
        kept = {"picking_type_code": "outgoing", "state": "assigned", "origin": origin or f"S{sale:05}"}
        self.pickings.append({"id": len(self.pickings) + 1, "sale_id": sale, **kept})
        return self.pickings[-1]

    def _cancel(self, order: Record) -> bool:
        if any(one["state"] == "done" for one in self.pickings if one["sale_id"] == order["id"]):
            raise UserError("You cannot cancel a sale whose goods were delivered.")
        order["state"] = "cancel"
        for one in self.pickings:
            if one["sale_id"] == order["id"]:
                one["state"] = "cancel"
        return True

    def _rewrite(self, line: Record, body: Mapping[str, Any]) -> bool:
        before = dict(line)
        line.update(body["vals"], product_uom_qty=Decimal(str(body["vals"]["product_uom_qty"])))
        try:
            self._plan(line)
        except UserError:
            line.update(before)
            raise
        return True

    def _validate(self, number: int, body: Mapping[str, Any]) -> Any:
        picking = self.pickings[number - 1]
        if picking["state"] not in _UNDONE:
            raise UserError("The transfer is done already.")
        moves = [one for one in self.moves if one["picking_id"] == number]
        lacking = [one for one in moves if not one["picked"] or one["quantity"] < one["product_uom_qty"]]
        if lacking and not body.get("context", {}).get("skip_backorder"):
            return {"type": "ir.actions.act_window", "res_model": "stock.backorder.confirmation"}
        picking["state"] = "done"
        for move in moves:
            self._deliver(move, picking)
        return True

    def _deliver(self, move: Record, picking: Record) -> None:
        """What was picked leaves; the rest waits in a copy of the delivery."""
        gone = Decimal(str(move["quantity"])) if move["picked"] else Decimal(0)
        if rest := max(move["product_uom_qty"] - gone, Decimal(0)):
            copy = self._open_picking(picking["sale_id"], picking["origin"])
            about = {name: move[name] for name in ("sale_line_id", "product_id")}
            self._new_move(copy, {**about, "product_uom_qty": rest, "quantity": Decimal(0)})
        move.update(state="done" if gone else "cancel", quantity=gone)
        self.products[move["product_id"] - 1]["qty_available"] -= gone


def _told(product: Record) -> Record:
    return {**product, "product_tmpl_id.write_date": product["write_date"], "product_tmpl_id": dict(_WRITTEN)}


def _quant(product: Record) -> Record:
    """Where a product lies."""
    named = {"location_id.usage": "internal", "location_id.warehouse_id.code": product["warehouse"]}
    return {"id": product["id"], "product_id": product, "product_id.default_code": product["default_code"],
            **named, **_WRITTEN}  # fmt: skip

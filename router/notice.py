"""The notice that goods are on their way to the buyer (X12 856), package by package, each with its SSCC-18."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from canonical import Package, PackageLine, ShipmentAdvice, ShipmentNotice
from router.advice import Departure, Shipped, meant, own_units
from router.books import hand_over
from router.line_view import Reasons, document_line, item_reasons, shown_items, shown_quantity
from router.number import derived_serial, sscc
from router.order_line import Allocation
from router.release import fulfilment_parties
from router.sale import goods_left
from router.workings import Workings


def notify(work: Workings, left: Departure) -> None:
    """Tell the order's channel what left, and the ERPs that book it from there."""
    document, advice, first = work.order.document, left.advice, left.first
    packing = _Packing(work, left.shipped)
    packages = tuple(packing.package(place, package, left.number) for place, package in enumerate(advice.packages))
    notice = ShipmentNotice(
        number=left.number,
        shipped_on=advice.shipped_on,
        created_at=work.world.now,
        order_numbers=(document.number,),
        carrier=advice.carrier or (document.freight.carrier if document.freight else None),
        freight=document.freight,
        tracking_numbers=advice.tracking_numbers,
        dates=advice.dates,
        parties=fulfilment_parties(work, first.destination, work.policy.network.by_id[first.node].party),
        references=(*document.references, *advice.references),
        weight=advice.weight,
        packages=packages,
        lines=packing.unpacked(),
        order_extensions=_extensions(work),
        usage=work.usage,
    )
    reasons = {**_reasons(advice, len(document.references)), **packing.reasons}
    work.dispatch(notice, work.order.channel, reasons)
    goods, own = goods_left(work, left, notice)
    hand_over(work, "shipment", goods, {**_reasons(advice, len(document.references)), **own})


class _Packing:
    """Gives each package its lines, in the buyer's numbers and units, until all that left is somewhere."""

    def __init__(self, work: Workings, shipped: Sequence[Shipped]) -> None:
        self.work = work
        self.shipped = list(shipped)
        self.left = [one.quantity for one in shipped]
        self.reasons: Reasons = {}
        self.serials = 0

    def package(self, place: int, package: Package, shipment: str) -> Package:
        """One package; its SSCC as the node gave it, or ours."""
        path = f"packages.{place}"
        lines: list[PackageLine] = []
        for index, line in enumerate(package.lines):
            for allocation, quantity in self._parts(line):
                lines.append(self._line(allocation, quantity, line))
                target = f"{path}.lines.{len(lines) - 1}"
                self._explain(allocation, target, f"source:{path}.lines.{index}")
        if package.sscc is None:
            self.reasons[f"{path}.sscc"] = f"rule:{self.work.policy.rule('company.gs1_prefix')}"
        return package.model_copy(update={"sscc": package.sscc or self._sscc(shipment, place), "lines": tuple(lines)})

    def unpacked(self) -> tuple[PackageLine, ...]:
        """What was not said to lie in a package."""
        lines: list[PackageLine] = []
        for one, left in zip(self.shipped, self.left, strict=True):
            if left > 0:
                self._explain(one.allocation, f"lines.{len(lines)}", f"source:{one.path}")
                lines.append(self._line(one.allocation, left, None))
        return tuple(lines)

    def _parts(self, line: PackageLine) -> list[tuple[Allocation, Decimal]]:
        """The allocations a packed line belongs to, and how much to each."""
        places = {one.index: at for at, one in enumerate(self.shipped)}
        parts: list[tuple[Allocation, Decimal]] = []
        indexes = meant(self.work, sorted(places), line)
        left = own_units(self.work, indexes, line)
        for index in indexes:
            at = places[index]
            part = left if index == indexes[-1] else min(left, self.left[at])
            self.left[at] -= part
            left -= part
            parts += [(self.shipped[at].allocation, part)] if part else []
        return parts

    def _line(self, allocation: Allocation, quantity: Decimal, packed: PackageLine | None) -> PackageLine:
        work, state = self.work, self.work.lines[allocation.line]
        ordered = document_line(work, state)
        return PackageLine(
            order_number=work.order.document.number,
            line_number=ordered.number,
            items=shown_items(work, state),
            description=ordered.description or work.item(allocation.sku).description,
            quantity=shown_quantity(work, state, quantity),
            ordered=ordered.quantity,
            pack=ordered.pack,
            lots=packed.lots if packed else (),
            serials=packed.serials if packed else (),
            dates=packed.dates if packed else {},
        )

    def _explain(self, allocation: Allocation, path: str, source: str) -> None:
        state = self.work.lines[allocation.line]
        ordered = f"order:lines.{state.position}"
        self.reasons |= {
            path: source,
            f"{path}.quantity": f"rule:unit-conversion {source}.quantity",
            f"{path}.order_number": "order:number",
            f"{path}.line_number": f"{ordered}.number",
            f"{path}.description": f"{ordered}.description",
            f"{path}.ordered": f"{ordered}.quantity",
            f"{path}.pack": f"{ordered}.pack",
            **item_reasons(self.work, state, f"{path}.items", ordered),
        }

    def _sscc(self, shipment: str, place: int) -> str:
        first, prefix = self.work.world.first_serial, self.work.policy.company.gs1_prefix
        if first is None:
            return sscc(prefix, derived_serial(f"{self.work.order.id}/{shipment}", place))
        self.serials += 1
        return sscc(prefix, first + self.serials - 1)


def _extensions(work: Workings) -> dict[str, Any]:
    """The order's own extensions and its lines', so that a channel finds its own ids again."""
    document = work.order.document
    lines = {line.number: line.extensions for line in document.lines if line.extensions}
    whole = {**document.extensions, **({"lines": lines} if lines else {})}
    return {document.number: whole} if whole else {}


def _reasons(advice: ShipmentAdvice, order_references: int) -> Reasons:
    references = {f"references.{order_references + i}": f"source:references.{i}" for i in range(len(advice.references))}
    return {
        "number": "rule:derived-number", "role": "rule:notify", "purpose": "rule:notify", "created_at": "rule:clock",
        "shipped_on": "source:shipped_on", "order_numbers": "rule:notify", "order_numbers.0": "order:number",
        "carrier": "source:carrier" if advice.carrier else "order:freight.carrier",
        "freight": "order:freight", "tracking_numbers": "source:tracking_numbers", "dates": "source:dates",
        "parties": "rule:fulfilment-parties", "references": "order:references", "weight": "source:weight",
        "packages": "source:packages", "lines": "source:lines", "order_extensions": "rule:order-extensions",
        **references,
    }  # fmt: skip

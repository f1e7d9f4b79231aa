"""What goods cost that leave or come back."""

from dataclasses import dataclass, field
from decimal import Decimal

from canonical import round_money, share
from router.order_line import ZERO
from router.workings import Workings


@dataclass(slots=True)
class Costs:
    """By kind of movement, in all and of each item; rounded so that the parts make the whole."""

    work: Workings
    _exact: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def add(self, name: str, sku: str, units: Decimal) -> None:
        """Goods that move, in the item's own unit."""
        of = self._exact.setdefault(name, {})
        of[sku] = of.get(sku, ZERO) + _cost(self.work, sku) * units

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The whole by kind of movement."""
        currency = self.work.policy.company.currency
        return {name: round_money(sum(of.values(), ZERO), currency) for name, of in self._exact.items()}

    @property
    def parts(self) -> dict[str, dict[str, Decimal]]:
        """By kind of movement and SKU."""
        currency = self.work.policy.company.currency
        shares = {name: share(self.amounts[name], list(of.values()), currency) for name, of in self._exact.items()}
        return {name: dict(zip(of, shares[name], strict=True)) for name, of in self._exact.items()}

    @property
    def all_parts(self) -> dict[str, Decimal]:
        """By SKU, whatever the movement."""
        whole: dict[str, Decimal] = {}
        for of in self.parts.values():
            for sku, part in of.items():
                whole[sku] = whole.get(sku, ZERO) + part
        return whole


def _cost(work: Workings, sku: str) -> Decimal:
    cost = work.item(sku).cost
    if cost is None:
        work.worry("cost-unknown", f"{sku} has no cost, so moving it posts none", sku=sku)
        return ZERO
    return cost.amount / (cost.per.value if cost.per else 1)

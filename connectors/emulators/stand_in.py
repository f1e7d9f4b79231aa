"""Stand-ins by name: each served with a few orders, and told as the connection that uses it."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, get_args

from canonical import Misconfigured
from connectors.emulators import (
    adobe_commerce,
    amazon,
    avatax,
    easypost,
    ebay,
    odoo,
    paydesk,
    shopify,
    stripe,
    taxjar,
    ups,
    walmart,
    woocommerce,
)
from connectors.emulators.faults import Fault, Faults
from connectors.emulators.loopback import Served, serving
from connectors.emulators.sample_orders import (
    adobe_commerce_order,
    amazon_order,
    ebay_order,
    shopify_order,
    walmart_order,
    woocommerce_order,
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """One that is served: where, and the connection file and environment that use it."""

    base_url: str
    connection: Mapping[str, Any]
    environment: Mapping[str, str]
    office: Any
    """Who plays it: its ledger, and the faults it is to meet."""

    def told(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "base_url": self.base_url,
            "connection": dict(self.connection),
            "environment": dict(self.environment),
        }


class _Account(Served, Protocol):
    @property
    def faults(self) -> Faults: ...


class _Seller(_Account, Protocol):
    def add_order(self, order: Mapping[str, Any], /) -> None: ...


A = TypeVar("A", bound=_Seller)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one is made for `count` orders placed at an instant, and reached."""

    make: Callable[[int, datetime], _Account]
    settings: Callable[[Any], Mapping[str, str]]
    secrets: Sequence[str]


def _selling(
    made: Callable[[], A], order: Callable[[int, datetime], Mapping[str, Any]]
) -> Callable[[int, datetime], A]:
    """Makes an account with orders of its kind."""

    def make(count: int, at: datetime) -> A:
        account = made()
        for number in range(1, count + 1):
            account.add_order(order(number, at))
        return account

    return make


def _without_orders(made: Callable[[], _Account]) -> Callable[[int, datetime], _Account]:
    return lambda _count, _at: made()


_KINDS: Mapping[str, _Kind] = {
    "adobe-commerce": _Kind(
        _selling(adobe_commerce.AdobeCommerceShop, adobe_commerce_order),
        lambda _: {"host": "shop.example"},
        ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
    ),
    "shopify": _Kind(
        _selling(shopify.ShopifyShop, shopify_order),
        lambda shop: {"shop": shop.domain, "location": "1"},
        ("access_token", "client_secret"),
    ),
    "walmart": _Kind(
        _selling(walmart.WalmartMarketplace, walmart_order),
        lambda _: {},
        ("client_id", "client_secret", "webhook_secret"),
    ),
    "woocommerce": _Kind(
        _selling(woocommerce.WooCommerceShop, woocommerce_order),
        lambda _: {"site": "shop.example"},
        ("consumer_key", "consumer_secret", "webhook_secret"),
    ),
    "amazon": _Kind(
        _selling(amazon.AmazonSeller, amazon_order),
        lambda seller: {"token_url": f"{seller.base_url}/auth/o2/token", "seller": "A1SELLER"},
        ("client_id", "client_secret", "refresh_token"),
    ),
    "ebay": _Kind(
        _selling(ebay.EbaySeller, ebay_order),
        lambda _: {},
        ("client_id", "client_secret", "refresh_token", "verification_token"),
    ),
    "avatax": _Kind(_without_orders(avatax.AvaTax), lambda office: {"account": office.account}, ("license_key",)),
    "paydesk": _Kind(_without_orders(paydesk.Paydesk), lambda _: {}, ("api_key",)),
    "stripe": _Kind(_without_orders(stripe.Stripe), lambda _: {}, ("secret_key",)),
    "ups": _Kind(
        _without_orders(ups.Ups),
        lambda office: {"account": office.account},
        ("client_id", "client_secret", "webhook_secret"),
    ),
    "easypost": _Kind(_without_orders(easypost.EasyPost), lambda _: {}, ("api_key", "webhook_secret")),
    "odoo": _Kind(
        _without_orders(odoo.Odoo),
        lambda books: {"host": "odoo.example", "database": books.database},
        ("api_key",),
    ),
    "taxjar": _Kind(_without_orders(taxjar.TaxJar), lambda _: {}, ("token",)),
}

NAMES = tuple(sorted(_KINDS))


@asynccontextmanager
async def standing_in(
    name: str, at: datetime, port: int = 0, orders: int = 3, faults: Iterable[Fault] = ()
) -> AsyncIterator[StandIn]:
    """Serve the stand-in of a connector on loopback, its next requests meeting `faults`.

    Raises `Misconfigured` for a connector that has none.
    """
    if name not in _KINDS:
        raise Misconfigured(f"no stand-in plays {name}; there are {', '.join(NAMES)}")
    kind = _KINDS[name]
    account = kind.make(orders, at)
    account.faults.add(*faults)
    async with serving(account, port) as url:
        yield _told(name, kind, account, url)


def fault_named(name: str) -> Fault:
    """A fault by its name. Raises `Misconfigured` for one there isn't."""
    for fault in get_args(Fault):
        if fault == name:
            known: Fault = fault
            return known
    raise Misconfigured(f"no fault is called {name}; there are {', '.join(get_args(Fault))}")


def _told(name: str, kind: _Kind, account: Any, url: str) -> StandIn:
    variables = {secret: f"{name}_{secret}".upper().replace("-", "_") for secret in kind.secrets}
    environment = {variable: str(getattr(account, secret)) for secret, variable in variables.items()}
    references = {secret: {"env": variable} for secret, variable in variables.items()}
    settings = {**kind.settings(account), **references}
    connection = {"connection": f"{name}-stand-in", "connector": name, "settings": settings, "base_url": url}
    return StandIn(url, connection, environment, account)

"""Stand-ins by name: each served with a few orders, and told as the connection that uses it."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, get_args

from canonical import Misconfigured
from connectors.emulators import (
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
from connectors.emulators.sample_orders import amazon_order, ebay_order, shopify_order, walmart_order, woocommerce_order


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


class _Account(Protocol):
    @property
    def faults(self) -> Faults: ...


class _Seller(_Account, Protocol):
    def add_order(self, order: Mapping[str, Any], /) -> None: ...


A = TypeVar("A", bound=_Seller)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one is made for `count` orders placed at an instant, served, and reached."""

    make: Callable[[int, datetime], _Account]
    serve: Callable[[Any, int], AbstractAsyncContextManager[str]]
    settings: Callable[[Any], Mapping[str, str]]
    secrets: Sequence[str]


def _shopify(count: int, at: datetime) -> shopify.ShopifyShop:
    return _filled(shopify.ShopifyShop(), shopify_order, count, at)


def _walmart(count: int, at: datetime) -> walmart.WalmartMarketplace:
    return _filled(walmart.WalmartMarketplace(), walmart_order, count, at)


def _amazon(count: int, at: datetime) -> amazon.AmazonSeller:
    return _filled(amazon.AmazonSeller(), amazon_order, count, at)


def _ebay(count: int, at: datetime) -> ebay.EbaySeller:
    return _filled(ebay.EbaySeller(), ebay_order, count, at)


def _woocommerce(count: int, at: datetime) -> woocommerce.WooCommerceShop:
    shop = woocommerce.WooCommerceShop()
    shop.orders = {number: woocommerce_order(number, at) for number in range(1, count + 1)}
    return shop


def _avatax(_count: int, _at: datetime) -> avatax.AvaTax:
    return avatax.AvaTax()


def _taxjar(_count: int, _at: datetime) -> taxjar.TaxJar:
    return taxjar.TaxJar()


def _paydesk(_count: int, _at: datetime) -> paydesk.Paydesk:
    return paydesk.Paydesk()


def _stripe(_count: int, _at: datetime) -> stripe.Stripe:
    return stripe.Stripe()


def _ups(_count: int, _at: datetime) -> ups.Ups:
    return ups.Ups()


def _easypost(_count: int, _at: datetime) -> easypost.EasyPost:
    return easypost.EasyPost()


def _odoo(_count: int, _at: datetime) -> odoo.Odoo:
    return odoo.Odoo()


def _filled(account: A, order: Callable[[int, datetime], Mapping[str, Any]], count: int, at: datetime) -> A:
    for number in range(1, count + 1):
        account.add_order(order(number, at))
    return account


_KINDS: Mapping[str, _Kind] = {
    "shopify": _Kind(
        _shopify,
        shopify.serving,
        lambda shop: {"shop": shop.domain, "location": "1"},
        ("access_token", "client_secret"),
    ),
    "walmart": _Kind(_walmart, walmart.serving, lambda _: {}, ("client_id", "client_secret", "webhook_secret")),
    "woocommerce": _Kind(
        _woocommerce,
        woocommerce.serving,
        lambda _: {"site": "shop.example"},
        ("consumer_key", "consumer_secret", "webhook_secret"),
    ),
    "amazon": _Kind(
        _amazon,
        amazon.serving,
        lambda seller: {"token_url": f"{seller.base_url}/auth/o2/token", "seller": "A1SELLER"},
        ("client_id", "client_secret", "refresh_token"),
    ),
    "ebay": _Kind(_ebay, ebay.serving, lambda _: {}, ("client_id", "client_secret", "refresh_token")),
    "avatax": _Kind(_avatax, avatax.serving, lambda office: {"account": office.account}, ("license_key",)),
    "paydesk": _Kind(_paydesk, paydesk.serving, lambda _: {}, ("api_key",)),
    "stripe": _Kind(_stripe, stripe.serving, lambda _: {}, ("secret_key",)),
    "ups": _Kind(
        _ups, ups.serving, lambda office: {"account": office.account}, ("client_id", "client_secret", "webhook_secret")
    ),
    "easypost": _Kind(_easypost, easypost.serving, lambda _: {}, ("api_key", "webhook_secret")),
    "odoo": _Kind(
        _odoo, odoo.serving, lambda books: {"host": "odoo.example", "database": books.database}, ("api_key",)
    ),
    "taxjar": _Kind(_taxjar, taxjar.serving, lambda _: {}, ("token",)),
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
    async with kind.serve(account, port) as url:
        yield _told(name, kind, account, url)


def fault_named(name: str) -> Fault:
    """A fault by its name. Raises `Misconfigured` for one there isn't."""
    for fault in get_args(Fault):
        if fault == name:
            known: Fault = fault
            return known
    raise Misconfigured(f"no fault is called {name}; there are {', '.join(get_args(Fault))}")


def _told(name: str, kind: _Kind, account: Any, url: str) -> StandIn:
    environment = {f"{name.upper()}_{secret.upper()}": str(getattr(account, secret)) for secret in kind.secrets}
    references = {secret: {"env": f"{name.upper()}_{secret.upper()}"} for secret in kind.secrets}
    settings = {**kind.settings(account), **references}
    if name == "ebay":
        settings["verification_token"] = {"env": "EBAY_VERIFICATION_TOKEN"}
        environment["EBAY_VERIFICATION_TOKEN"] = "stand-in-verification-token-0123456789"  # noqa: S105 - made up
    connection = {"connection": f"{name}-stand-in", "connector": name, "settings": settings, "base_url": url}
    return StandIn(url, connection, environment, account)

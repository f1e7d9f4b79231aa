"""Master data as documents tell it: kept under the latest that was said, read for the decisions that ask."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import bindparam, delete, exists, or_, select, update

from canonical import Customer, Item, Model
from router.catalogue import completed
from router.effect import ListChange, Record, ToMasterData
from router.master_data import Asked, MasterData, as_text, record_names
from router.price_list import ListedPrice
from store.database import Transaction
from store.documents import findings_json, mark
from store.exceptions import About, open_exception
from store.master_tables import listed_price, master_name, master_record, price_list
from store.shapes import Shape, among

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

R = TypeVar("R", Item, Customer)
M = TypeVar("M", bound=Model)

ANYTHING_TOLD = or_(exists().where(master_record.c.kind != ""), exists().where(listed_price.c.partner != ""))
"""Whether documents have told anything at all: most hubs live by their configuration alone."""


def keep_master_data(transaction: Transaction, document_id: str, said: ToMasterData) -> None:
    """Let what a document says take effect, as far as nothing later was said; what is refused goes to a person."""
    mark(transaction, document_id, status="applied")
    for record in said.records:
        _keep_record(transaction, document_id, record)
    for change in said.lists:
        _keep_list(transaction, document_id, change)
    if said.refused:
        mark(transaction, document_id, findings=findings_json(said.refused))
        reason = "; ".join(f"{finding.where['pointer']}: {finding.message}" for finding in said.refused)
        about = About(document=document_id, owner="master data desk", facts={"findings": findings_json(said.refused)})
        open_exception(transaction, "master-data-refused", reason, about)


def _keep_record(transaction: Transaction, document_id: str, record: Record) -> None:
    """The later statement counts, wherever it says something; of an earlier one what nobody has said since."""
    fact = record.fact
    kind, key = fact.kind, fact.sku if isinstance(fact, Item) else fact.number
    place = (master_record.c.kind == kind) & (master_record.c.key == key)
    row = {"kind": kind, "key": key, "as_of": record.as_of, "document": document_id}
    known = transaction.execute(select(master_record).where(place).with_for_update()).one_or_none()
    if known:
        before = type(fact).model_validate_json(known.content)
        if known.as_of > record.as_of:
            fact, before = before, fact
            row |= {"as_of": known.as_of, "document": known.document}
        fact = completed(fact, before)
    transaction.execute(delete(master_record).where(place))
    transaction.execute(delete(master_name).where(master_name.c.kind == kind, master_name.c.key == key))
    transaction.insert(master_record, row | {"content": fact.model_dump_json(exclude_none=True)})
    for name in record_names(fact):
        transaction.ensure(master_name, {"kind": kind, "name": name, "key": key})


def _keep_list(transaction: Transaction, document_id: str, change: ListChange) -> None:
    """Whatever the sequence, each item has what was said of it last, and what came before the last whole list is gone.

    An item that a change takes out of the list leaves a row without content, lest an earlier statement bring it back.
    """
    here = (listed_price.c.partner == change.partner) & (listed_price.c.list == change.list)
    if not _begun(transaction, change):
        return
    later = select(listed_price.c.sku).where(here, listed_price.c.as_of > change.as_of)
    settled = set(transaction.execute(later).scalars())
    if change.whole:
        transaction.execute(delete(listed_price).where(here, listed_price.c.as_of <= change.as_of))
    said = {"list": change.list, "partner": change.partner, "as_of": change.as_of, "document": document_id}
    rows = [
        said | {"sku": price.sku, "place": place, "content": price.model_dump_json(exclude_none=True)}
        for place, price in enumerate(change.prices)
    ]
    if not change.whole:
        rows += [
            said | {"sku": sku, "place": 0, "content": ""} for sku in {*change.gone} - {row["sku"] for row in rows}
        ]
        gone = [{"gone": sku} for sku in {row["sku"] for row in rows} - settled]
        if gone:
            transaction.execute(delete(listed_price).where(here, listed_price.c.sku == bindparam("gone")), gone)
    transaction.insert(listed_price, *(row for row in rows if row["sku"] not in settled))


def _begun(transaction: Transaction, change: ListChange) -> bool:
    """Whether no later list has replaced the whole of it. The list's row is locked, and notes the last whole list."""
    place = (price_list.c.list == change.list) & (price_list.c.partner == change.partner)
    transaction.insert_if_absent(price_list, {"list": change.list, "partner": change.partner, "as_of": _LONG_AGO})
    whole = transaction.execute(select(price_list.c.as_of).where(place).with_for_update()).scalar_one()
    if whole > change.as_of:
        return False
    if change.whole:
        transaction.execute(update(price_list).where(place).values(as_of=change.as_of))
    return True


# --- read -----------------------------------------------------------------------------------------------------------


def told(transaction: Transaction, asked: Sequence[Asked]) -> list[MasterData]:
    """What was told of what each asks."""
    if not transaction.ask(_ANYTHING)[0].told:
        return [MasterData()] * len(asked)
    items = _by_name(transaction, Item, {as_text(name) for one in asked for name in one.items})
    customers = _by_name(transaction, Customer, {as_text(name) for one in asked for name in one.customers})
    skus = {item.sku for item in items.values()} | {
        value for one in asked for kind, value in one.items if kind == "sku"
    }
    prices = _prices(transaction, {one.channel for one in asked if one.channel}, skus)
    return [_of(one, items, customers, prices) for one in asked]


def items_told(transaction: Transaction) -> tuple[Item, ...]:
    """Every item that documents have told of, by SKU."""
    items = select(master_record.c.content).where(master_record.c.kind == Item.__name__).order_by(master_record.c.key)
    return tuple(Item.model_validate_json(content) for content in transaction.execute(items).scalars())


_Prices = Mapping[tuple[str, str], Sequence[ListedPrice]]
"""By partner and SKU, the latest list's first."""


def _of(asked: Asked, items: Mapping[str, Item], customers: Mapping[str, Customer], prices: _Prices) -> MasterData:
    names = [as_text(name) for name in sorted(asked.items)]
    known = {items[name].sku: items[name] for name in names if name in items}
    skus = sorted(known.keys() | {value for kind, value in asked.items if kind == "sku"})
    return MasterData(
        items=tuple(known[sku] for sku in sorted(known)),
        prices=tuple(price for sku in skus for price in prices.get((asked.channel or "", sku), ())),
        customer=next((customers[as_text(name)] for name in asked.customers if as_text(name) in customers), None),
    )


def _by_name(transaction: Transaction, kind: type[R], names: Collection[str]) -> dict[str, R]:
    """What is known of one kind, by each of these names that finds it."""
    rows = transaction.ask(_NAMED, wanted=sorted(names), of=kind.__name__) if names else ()
    return {row.name: _read(kind, row.content) for row in rows}


def _prices(transaction: Transaction, partners: Collection[str], skus: Collection[str]) -> _Prices:
    found: dict[tuple[str, str], list[ListedPrice]] = defaultdict(list)
    for row in transaction.ask(_PRICED, buyers=sorted(partners), wanted=sorted(skus)) if partners and skus else ():
        found[row.partner, row.sku].append(_read(ListedPrice, row.content))
    return found


@lru_cache(maxsize=20_000)
def _read(kind: type[M], content: str) -> M:
    """A row's value, which never changes: orders ask for the same ones again and again."""
    return kind.model_validate_json(content)


_ANYTHING = Shape(lambda _: select(ANYTHING_TOLD.label("told")))
_NAMED = Shape(
    lambda on: (
        select(master_name.c.name, master_record.c.content)
        .join(master_record, (master_record.c.kind == master_name.c.kind) & (master_record.c.key == master_name.c.key))
        .where(master_name.c.kind == bindparam("of"), among(on, master_name.c.name))
    )
)
_PRICED = Shape(
    lambda on: (
        select(listed_price.c.partner, listed_price.c.sku, listed_price.c.content)
        .where(among(on, listed_price.c.partner, "buyers"), among(on, listed_price.c.sku), listed_price.c.content != "")
        .order_by(listed_price.c.as_of.desc(), listed_price.c.list, listed_price.c.place)
    )
)

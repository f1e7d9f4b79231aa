"""What a manifest says of lists: in which pieces they come, since when, and what each item is."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from canonical import Text
from connectors.manifest_calls import When
from connectors.manifest_limits import Path, Template, TextTemplate
from mappings.yaml_model import ConfigModel


class Pages(ConfigModel):
    """How a list comes in pieces. The call names the piece by `{page.number}`, `{page.offset}`, `{page.token?}`.

    `page` counts pages and `offset` items; `cursor` takes a token from the answer's body (`token`) or `header`;
    `keyset` takes it from the last item (`key`); `link` follows the URL at `token`, or the Link header's rel=next.
    Always an error: a token or a first item seen before, and more than `most` pages.
    """

    kind: Literal["page", "offset", "cursor", "keyset", "link"]
    size: int | None = None
    """A page with fewer items is the last, where nothing else says which is."""
    first: int | None = None
    """Where counting begins; without it pages at 1 and items at 0."""
    total: Path | None = None
    """Where an answer says how many items there are in all, however few of them a page holds."""
    token: Path | None = None
    header: str | None = None
    key: Path | None = None
    has_more: Path | None = None
    most: int = Field(default=1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "cursor" and not (self.token or self.header):
            raise ValueError("a cursor comes from a token or a header")
        if self.kind == "keyset" and not self.key:
            raise ValueError("keyset pages need the key of an item")
        return self


class Cursor(ConfigModel):
    """Where the last sweep ended: the latest `field` among its items, or without one, when it was asked for.

    The call names it as `{since}`, and where its span ends as `{until}`.
    """

    field: Path | None = None
    format: Literal["rfc3339", "naive_utc", "sql", "date", "epoch", "epoch_ms"] = "rfc3339"
    """How the call says `{since}` and `{until}`; `sql` is `naive_utc` with a blank."""
    reads: Literal["iso", "epoch", "epoch_ms"] = "iso"
    """How an item says when it changed; without a zone it is UTC."""
    start: timedelta = timedelta(days=7)
    """How far back the first sweep reaches."""
    lookback: timedelta = timedelta()
    """How far each sweep reaches back behind the last: what comes twice has one effect."""
    window: timedelta | None = Field(default=None, gt=timedelta())
    """The longest span that one sweep asks for; the next goes on from its end."""
    client_side: bool = False
    """The list can't be asked by time: what changed before `{since}` is left out here."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.client_side and not self.field:
            raise ValueError("client_side needs the field that says when an item changed")
        if self.window and self.window <= self.lookback:
            raise ValueError("a window not longer than the lookback would never move on")
        return self


class Listing(ConfigModel):
    """A list, and how it comes in pieces."""

    items: Path
    """Where a page holds them."""
    pages: Pages | None = None


class Pull(Listing):
    """A list that is asked for again and again."""

    kind: Text
    """Canonical."""
    map: Text
    key: TextTemplate
    """What makes an `{item...}` the same one when it comes again: its id, or its id and version."""
    updates: Literal["take", "ignore"] = "take"
    """What becomes of other content under the same key: a conflict for a person, or left alone."""
    shape: Template = None
    """The `{item}` in the form its map reads, where the list tells it in another, such as the one its webhook has."""
    each: Path | None = None
    """What of an item arrives by itself, such as an order's refunds: each is then the `{item.part}` of its item."""
    when: When = Field(default_factory=dict)
    """Over each `{item}`, or part of one: without it, it is left out."""
    list: str | None = None
    """The step that asks for the list, where it is not the first: those before it make the list ready."""
    every: timedelta = timedelta(minutes=2)
    cursor: Cursor | None = None

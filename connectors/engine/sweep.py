"""Lists that come in pages: every item once, and never without end."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from canonical import Rejected, Unavailable
from connectors.engine.caller import Answered, Caller
from connectors.engine.judgement import StartOver
from connectors.engine.path import all_at, first_at, text_of
from connectors.engine.request import with_defaults
from connectors.engine.template import expand_text, in_url
from connectors.manifest_calls import Call, Step
from connectors.manifest_lists import Listing, Pages
from connectors.syntax.json_text import write_json

LONGEST_SWEEP = timedelta(hours=2)

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
"""RFC 8288, as far as anyone uses it for pages."""


async def sweep(caller: Caller, step: Step, pull: Listing, scope: Mapping[str, Any]) -> AsyncIterator[Any]:
    """The items of every page; from the first page on once more when the error table says so.

    Raises what a call raises, and `Rejected` when the pages go in circles.
    """
    call = with_defaults(step.call or Call(), caller.connection.manifest.defaults)
    turner = _turner(caller, call, pull, scope)
    over_again, began = False, caller.clock.now()
    while True:
        bare = call.model_copy(update={"path": "", "query": {}}) if turner.url else call
        try:
            answered = await caller.ask(step, bare, {**scope, "page": turner.page}, url=turner.url)
        except StartOver:
            if over_again or turner.count == 1:
                raise
            turner, over_again = _turner(caller, call, pull, scope), True
            continue
        if answered.tree is None:
            raise Unavailable(f"{step.name}: an empty answer where a list was expected")
        if caller.clock.now() - began > LONGEST_SWEEP:
            raise Rejected(f"{step.name}: not at its end after {LONGEST_SWEEP}; ask for less at once")
        items = all_at(answered.tree, pull.items + "[]")
        turner.refuse_circles(items)
        for item in items:
            yield item
        if not turner.turn(answered, items):
            return


def _turner(caller: Caller, call: Call, pull: Listing, scope: Mapping[str, Any]) -> "_Turner":
    pages = pull.pages or Pages(kind="page", most=1)
    root = call.url or caller.connection.base_url.rstrip("/")
    return _Turner(pages, expand_text(root, scope) + expand_text(call.path or "", scope, in_url))


@dataclass(slots=True)
class _Turner:
    """Where a sweep stands, and where it has been."""

    pages: Pages
    start: str
    page: dict[str, Any] = field(init=False)
    url: str | None = None
    count: int = 1
    _items: int = 0
    _seen: set[str] = field(default_factory=set)
    _firsts: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        first = self.pages.first
        number, offset = 1 if first is None else first, first or 0
        self.page = {"number": number, "offset": offset, "size": self.pages.size}

    def refuse_circles(self, items: list[Any]) -> None:
        """Raise when a page begins as one before it did."""
        if not items:
            return
        first = write_json(items[0])
        if first in self._firsts:
            raise Rejected(f"page {self.count} begins as one before it did; the list would never end")
        self._firsts.add(first)

    def turn(self, answered: Answered, items: list[Any]) -> bool:
        """Go to the next page; false when there is none."""
        if not self._more(answered, items):
            return False
        if self.count == self.pages.most:
            if self.pages.most == 1:
                return False
            raise Rejected(f"more than {self.pages.most} pages; ask for less at once")
        self.count += 1
        self._items += len(items)
        self.page["number"] += 1
        self.page["offset"] += len(items)
        return self._take_token(answered, items)

    def _more(self, answered: Answered, items: list[Any]) -> bool:
        if not items and self.pages.kind != "link":
            return False
        if self.pages.total:
            return self._items + len(items) < int(first_at(answered.tree, self.pages.total) or 0)
        if self.pages.has_more:
            return first_at(answered.tree, self.pages.has_more) is True
        return self.pages.size is None or len(items) >= self.pages.size or self.pages.kind in ("cursor", "link")

    def _take_token(self, answered: Answered, items: list[Any]) -> bool:
        if self.pages.kind in ("page", "offset"):
            return True
        token = self._token(answered, items)
        if not token:
            return False
        if token in self._seen:
            raise Rejected(f"page {self.count} has a token that was used before; the list would never end")
        self._seen.add(token)
        self.page["token"] = token
        if self.pages.kind == "link":
            self.url = urljoin(self.url or self.start, token)
        return True

    def _token(self, answered: Answered, items: list[Any]) -> str:
        if self.pages.kind == "keyset":
            return text_of(first_at(items[-1], self.pages.key or "") or "")
        if self.pages.token:
            return text_of(first_at(answered.tree, self.pages.token) or "")
        if self.pages.header:
            return answered.headers.get(self.pages.header.lower(), "")
        link = _NEXT.search(answered.headers.get("link", ""))
        return link[1] if link else ""

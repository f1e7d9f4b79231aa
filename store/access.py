"""API tokens: each proves a partner or a role; only their hashes are kept."""

import asyncio
import secrets

from sqlalchemy import insert, select

from router.ports import Bearer
from store.database import Database
from store.digest import sha256
from store.tables import token

BELIEVED = 2.0
"""Seconds for which a token that was looked up is believed: so long a withdrawn one may still be taken."""
_MOST = 10_000
"""Tokens believed at a time."""


class Access:
    """Issues tokens and says whom they prove."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._believed: dict[str, tuple[float, Bearer]] = {}

    async def issue(self, *, partner: str | None = None, role: str | None = None, person: str | None = None) -> str:
        """A new token for a partner or a role, shown this once; `person` bears it."""
        issued = f"cd_{secrets.token_urlsafe(32)}"
        row = {"sha256": sha256(issued), "partner": partner, "role": role, "person": person}
        await self._database.write(
            lambda transaction: transaction.execute(insert(token).values(row | {"issued_at": transaction.now}))
        )
        return issued

    async def bearer(self, presented: str) -> Bearer | None:
        """Whom a token proves; None when it was never issued. One that was withdrawn holds for `BELIEVED` at most."""
        digest, now = sha256(presented), asyncio.get_running_loop().time()
        believed = self._believed.get(digest)
        if believed and believed[0] > now:
            return believed[1]
        self._believed.pop(digest, None)
        found = await self._database.read(
            lambda transaction: transaction.execute(select(token).where(token.c.sha256 == digest)).one_or_none()
        )
        return self._believe(digest, Bearer(found.partner, found.role, found.person), now + BELIEVED) if found else None

    def _believe(self, digest: str, bearer: Bearer, until: float) -> Bearer:
        if len(self._believed) >= _MOST:
            self._believed.clear()
        self._believed[digest] = (until, bearer)
        return bearer

"""Whose store it is: bytes are removed only from a store that is this database's.

A database knows which bytes are named, and takes all others for strays. Beside a store that is not
its own, as after a slip in ``database_url``, that would be every image in there. So the store
holds a mark, the installation's id.
"""

import structlog

from darkroom.assets import records
from darkroom.assets.blobs import Blobs
from darkroom.core.ids import made_at_ms, new_id, now_ms
from darkroom.db import Database, installation_value, known_installation_value

log = structlog.get_logger(__name__)

MARK = "installation"
"""The object of the store that holds the id."""
_ID = "id"
_SKEW_MS = 60_000
"""So much may clocks differ, of a store and of processes on several machines."""


async def installation_id(database: Database) -> str:
    """The id of the installation whose database it is. It is made when there is none, so that
    it says since when: before the first image is stored."""
    own = await database.read(lambda tx: known_installation_value(tx, _ID))
    if own is not None:
        return own
    fresh = new_id()
    return await database.write(lambda tx: installation_value(tx, _ID, fresh))


class Ownership:
    """Of one store, for one database."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._strange = False
        """What was there before this database stays strange to it: the store is listed once."""
        self._told = False

    async def trouble(self) -> str:
        """Why nothing may be removed; "" when the store is ours. Changes nothing."""
        own = await self._database.read(lambda tx: known_installation_value(tx, _ID))
        mark = await self._blobs.mark(MARK)
        if not mark and await self._can_be_ours(own):
            return ""
        return _trouble(own, mark)

    async def confirmed(self) -> bool:
        """Whether bytes may be removed. A store without a mark that can be ours gets ours."""
        own = await installation_id(self._database)
        mark = await self._blobs.mark(MARK)
        if not mark and await self._can_be_ours(own):
            await self._blobs.put_mark(MARK, own)
            mark = await self._blobs.mark(MARK)  # another may have put its own at that moment
        why = _trouble(own, mark)
        if why and not self._told:
            log.error("store_not_swept", why=why)
        self._told = bool(why)
        return not why

    async def _can_be_ours(self, own: str | None) -> bool:
        """It holds nothing that was there before this database, or what that knows from before.

        What it came to know later says nothing: a new database, beside the store of another,
        soon knows what itself put there.
        """
        if self._strange:
            return False
        since = ((made_at_ms(own) if own else None) or now_ms()) - _SKEW_MS
        old = False
        async for page in self._blobs.listed():
            hashes = [one.sha256 for one in page]
            if await self._database.read(
                lambda tx, of=hashes: records.knew_before(tx, of, since),
            ):
                return True
            old = old or any(one.at_ms < since for one in page)
        self._strange = old
        return not old


def _trouble(own: str | None, mark: str) -> str:
    if mark and mark == own:
        return ""
    whose = (
        f"the store belongs to the installation {mark}, not to this database's"
        if mark
        else "the store holds images from before this database, which it does not know"
    )
    advice = "check database_url and storage_url"
    if own:
        advice += f"; if both are right, write {own} into the object '{MARK}' of the store"
    return f"{whose}: nothing is removed from it; {advice}"

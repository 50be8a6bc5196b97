"""Takes a file in for later use, within what its account may store: the same at every door."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from darkroom.assets import USUAL_PURPOSE, check_quota, keep_upload
from darkroom.core.draft import InlineImage, RemoteImage, Upload
from darkroom.core.job import Asset
from darkroom.db import Tx
from darkroom.server.keys import Principal
from darkroom.server.limits import usual_limits
from darkroom.wiring import Services


@dataclass(frozen=True, slots=True)
class NewFile:
    """How a file is to be kept. ``param`` names it in whatever is wrong with it."""

    id: str
    ends_at_ms: int | None
    param: str = "file"
    purpose: str = USUAL_PURPOSE


class Uploads:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._usual_limits = usual_limits(services.settings)

    async def keep(
        self,
        principal: Principal,
        source: Upload | RemoteImage | InlineImage,
        file: NewFile,
        check: Callable[[Tx], None] = lambda _: None,
    ) -> Asset:
        """``check`` may refuse it in the transaction that adds it.

        Raises from the request branch of the error tree.
        """
        account_id, database = principal.account_id, self._services.database
        quota = principal.limits.over(self._usual_limits).stored_bytes or 0
        if quota:  # whoever has no room gets nothing stored
            await database.read(lambda tx: check_quota(tx, account_id, quota))
        ingest, bytes_max = self._services.ingest, self._services.settings.files_bytes_max
        taken = await ingest.upload(source, file.id, file.ends_at_ms, file.param)
        asset = replace(taken, purpose=file.purpose)

        def work(tx: Tx) -> None:
            check(tx)
            keep_upload(tx, account_id, asset, bytes_max, quota)

        await database.write(work)
        return asset

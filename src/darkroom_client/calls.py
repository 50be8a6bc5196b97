"""The calls of a client that make nothing: prices and models."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self, Unpack
from urllib.parse import quote

from darkroom_client.flows import Call, Flow, Head, Reader, Whole, asking, read_json
from darkroom_client.making import Asked, quoted
from darkroom_client.models import Model
from darkroom_client.options import EditOptions
from darkroom_client.quotes import Quote
from darkroom_client.resources import method
from darkroom_client.results import ImageInput

_DEFAULT_BASE_URL = "http://127.0.0.1:8000"
_DETAILS = "?details=true"


@dataclass(frozen=True, slots=True)
class Readiness:
    """``checks``: a part of the server and "ok", or why it is not."""

    checks: Mapping[str, str]
    clock: datetime | None
    """The server's time, to the second; None when it did not say."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        try:
            clock = parsedate_to_datetime(said["date"])
        except ValueError:
            clock = None
        return cls(dict(said["checks"]), clock)


class Calls:
    """What :class:`Client` and :class:`AsyncClient` share."""

    @method
    def quote(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput] = (),
        *,
        mask: ImageInput | None = None,
        price_sheet: str | None = None,
        **options: Unpack[EditOptions],
    ) -> Flow[Quote]:
        """The price of :meth:`generate`, or with ``images`` of :meth:`edit`; nothing is made.

        ``price_sheet`` prices by one of the server's sheets instead of each deployment's own.
        """
        return quoted(Asked.of(prompt, images, mask, options), price_sheet)

    @method
    def ready(self) -> Flow[Readiness]:
        """What the server says of itself. Raises :class:`InternalServerError`, with the reason,
        when it cannot do its work."""
        return asking(Call("GET", "/readyz", read=_with_date), Readiness.of)

    @method
    def models(self, *, details: bool = False) -> Flow[tuple[Model, ...]]:
        """The models that are served; ``details`` adds dates and prices."""
        said = yield Call("GET", f"/v1/models{_DETAILS if details else ''}")
        return tuple(Model.of(one) for one in said["data"])

    @method
    def model(self, name: str, *, details: bool = False) -> Flow[Model]:
        """One model by its id or an alias. Raises :class:`NotFoundError`."""
        path = f"/v1/models/{quote(name)}{_DETAILS if details else ''}"
        return asking(Call("GET", path), Model.of)


def _with_date(head: Head) -> Reader:
    return Whole(lambda data: {**read_json(data), "date": head.headers.get("date", "")})


def server_and_key(base_url: str | None, api_key: str | None) -> tuple[str, str]:
    """Those that are given, else the environment's."""
    base_url = base_url or os.environ.get("DARKROOM_BASE_URL") or _DEFAULT_BASE_URL
    return base_url, os.environ.get("DARKROOM_API_KEY", "") if api_key is None else api_key

"""The client: one object with everything a server offers."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Self, Unpack
from urllib.parse import quote
from uuid import uuid4

import httpx2

from darkroom_client import errors
from darkroom_client.answers import OnPartial, Stream, read_answer
from darkroom_client.billing import Billing
from darkroom_client.inputs import EditInputs, ImageInput
from darkroom_client.jobs import Jobs
from darkroom_client.keys import Keys
from darkroom_client.models import Model
from darkroom_client.options import EditOptions, ImageOptions
from darkroom_client.quotes import Preview, Quote
from darkroom_client.results import Asset, Image, Result
from darkroom_client.sending import Call, Patience, Sender

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
_GENERATIONS = "/v1/images/generations"
_EDITS = "/v1/images/edits"


class Client:
    """A server and a key. Close it, or use it in a ``with`` statement.

    ``base_url`` and ``api_key`` default to the environment's ``DARKROOM_BASE_URL`` and
    ``DARKROOM_API_KEY``. ``timeout`` is in seconds and covers one answer. Every call that makes
    images carries an idempotency key, so its own ``max_retries`` repetitions never buy twice.
    Raises ``ValueError`` for a ``base_url`` that is none; all methods raise from
    :mod:`darkroom_client.errors`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        timeout: float = 600.0,
        max_retries: int = 2,
    ) -> None:
        base_url = base_url or os.environ.get("DARKROOM_BASE_URL") or DEFAULT_BASE_URL
        if api_key is None:
            api_key = os.environ.get("DARKROOM_API_KEY", "")
        self._sender = Sender(base_url, api_key, Patience(timeout, max_retries), transport)
        self._timeout_s = timeout
        self.jobs = Jobs(self._sender)
        self.keys = Keys(self._sender)
        self.billing = Billing(self._sender)

    @property
    def base_url(self) -> str:
        return self._sender.base_url

    def close(self) -> None:
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(
        self,
        prompt: str,
        *,
        on_partial: OnPartial | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[ImageOptions],
    ) -> Result:
        """Make images from text; returns when they are there.

        ``on_partial`` is called with each streamed preview while the model works.
        """
        asked = _Asked(_GENERATIONS, {"prompt": prompt, **options})
        return self._made(asked, on_partial, idempotency_key)

    def edit(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput],
        *,
        mask: ImageInput | None = None,
        on_partial: OnPartial | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> Result:
        """Make images from images and text. The transparent part of ``mask`` may change.

        Raises ``FileNotFoundError`` for a path without a file.
        """
        asked = _Asked(_EDITS, {"prompt": prompt, **options}, EditInputs.of(images, mask))
        return self._made(asked, on_partial, idempotency_key)

    def quote(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput] = (),
        *,
        mask: ImageInput | None = None,
        price_sheet: str | None = None,
        **options: Unpack[EditOptions],
    ) -> Quote:
        """The price of :meth:`generate`, or with ``images`` of :meth:`edit`; nothing is made.

        ``price_sheet`` prices by one of the server's sheets instead of each deployment's own.
        """
        asked = _asked(prompt, images, mask, options)
        fields = asked.body() | ({} if price_sheet is None else {"price_sheet": price_sheet})
        call = Call("POST", "/v1/images/quote", content=asked.content(fields))
        return Quote.of(self._sender.json(call))

    def preview(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput] = (),
        *,
        mask: ImageInput | None = None,
        **options: Unpack[EditOptions],
    ) -> Preview:
        """What :meth:`generate`, or with ``images`` :meth:`edit`, would send; nothing is sent."""
        asked = _asked(prompt, images, mask, options)
        fields, files = asked.body(), ()
        if asked.inputs is not None:
            fields, files = asked.inputs.shown(fields)
        return Preview("POST", f"{self.base_url}{asked.path}", fields, files)

    def models(self) -> tuple[Model, ...]:
        """The models that are served."""
        said = self._sender.json(Call("GET", "/v1/models"))
        return tuple(Model.of(one) for one in said["data"])

    def model(self, name: str) -> Model:
        """One model by its id or an alias. Raises :class:`NotFoundError`."""
        return Model.of(self._sender.json(Call("GET", f"/v1/models/{quote(name)}")))

    def download(self, asset: Asset) -> Image:
        """The bytes behind an asset's link. Raises :class:`NotFoundError` when it has expired."""
        data = self._sender.send(Call("GET", asset.url), lambda response: response.read())
        return Image(data, asset.width, asset.height)

    def _made(
        self, asked: "_Asked", on_partial: OnPartial | None, idempotency_key: str | None
    ) -> Result:
        fields = asked.body(listening=on_partial is not None)
        call = Call(
            "POST",
            asked.path,
            content=asked.content(fields),
            headers={"idempotency-key": idempotency_key or str(uuid4())},
        )
        read = Stream(on_partial, self._timeout_s).read if fields.get("stream") else read_answer
        return self._detailed(self._sender.send(call, read))

    def _detailed(self, result: Result) -> Result:
        """With the job's record: a stream's headers leave before most of it is known."""
        if not result.job_id:
            return result
        try:
            job = self.jobs.get(result.job_id)
        except errors.APIError:
            return result  # the images are here; the headers told the rest as well as they could
        return replace(
            result,
            model=job.served_model or job.model,
            deployment=job.deployment or "",
            sandbox=job.sandbox,
            charge=job.charge,
            warnings=job.warnings,
            images=tuple(
                replace(image, width=asset.width, height=asset.height)
                for image, asset in zip(result.images, job.results, strict=False)
            )
            if len(job.results) == len(result.images)
            else result.images,
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    path: str
    fields: Mapping[str, Any]
    inputs: EditInputs | None = None

    def body(self, *, listening: bool = False) -> dict[str, Any]:
        """The fields as they are sent; previews come only in a stream."""
        fields = {name: value for name, value in self.fields.items() if value is not None}
        if listening:
            fields.setdefault("partial_images", 1)
        if fields.get("partial_images"):
            fields["stream"] = True
        return fields

    def content(self, fields: dict[str, Any]) -> Callable[[ExitStack], Mapping[str, Any]]:
        """The body, made anew for each attempt to send it."""
        inputs = self.inputs
        if inputs is None:
            return lambda _: {"json": fields}
        return lambda files: inputs.content(fields, files)


def _asked(
    prompt: str,
    images: ImageInput | Sequence[ImageInput],
    mask: ImageInput | None,
    options: Mapping[str, Any],
) -> _Asked:
    """An edit when there are images, else a generation."""
    fields = {"prompt": prompt, **options}
    inputs = EditInputs.of(images, mask)
    if not inputs.images and mask is None:
        return _Asked(_GENERATIONS, fields)
    return _Asked(_EDITS, fields, inputs)

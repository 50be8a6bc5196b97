"""The asynchronous client: one object with everything a server offers, with ``await``."""

from collections.abc import Sequence
from typing import Self, Unpack
from uuid import uuid4

import httpx2

from darkroom_client.billing import AsyncBilling
from darkroom_client.calls import Calls, server_and_key
from darkroom_client.deployments import AsyncDeployments
from darkroom_client.handles import AsyncJobHandle, AsyncJobs
from darkroom_client.inputs import EditInputs
from darkroom_client.keys import AsyncKeys
from darkroom_client.making import Asked, collected, downloaded, made, submitted
from darkroom_client.options import EditOptions, ImageOptions
from darkroom_client.quotes import Preview
from darkroom_client.resources import AsyncResource
from darkroom_client.results import (
    Asset,
    AsyncImage,
    AsyncResult,
    ImageInput,
    OnPartial,
    async_bound,
    async_image,
)
from darkroom_client.sending import AsyncSender, Patience
from darkroom_client.webhooks import AsyncWebhooks


class AsyncClient(Calls, AsyncResource):
    """A server and a key. Close it, or use it in an ``async with`` statement.

    ``base_url`` and ``api_key`` default to the environment's ``DARKROOM_BASE_URL`` and
    ``DARKROOM_API_KEY``. ``timeout`` is in seconds and covers one answer. Every call that makes
    images carries an idempotency key, so its own ``max_retries`` repetitions never buy twice.
    Raises ``ValueError`` for a ``base_url`` that is none; all methods raise from
    :mod:`darkroom_client.errors`. :class:`Client` is the same without ``await``.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout: float = 600.0,
        max_retries: int = 2,
    ) -> None:
        patience = Patience(timeout, max_retries)
        super().__init__(AsyncSender(*server_and_key(base_url, api_key), patience, transport))
        self.jobs = AsyncJobs(self.sender, self)
        self.keys = AsyncKeys(self.sender)
        self.billing = AsyncBilling(self.sender)
        self.deployments = AsyncDeployments(self.sender)
        self.webhooks = AsyncWebhooks(self.sender)

    @property
    def base_url(self) -> str:
        return self.sender.base_url

    async def close(self) -> None:
        await self.sender.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def generate(
        self,
        prompt: str,
        *,
        on_partial: OnPartial | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[ImageOptions],
    ) -> AsyncResult:
        """Make images from text; returns when they are there.

        ``on_partial`` is called with each streamed preview while the model works.
        """
        asked = Asked(prompt, options)
        return async_bound(await self.sender.run(made(asked, on_partial, idempotency_key)), self)

    async def edit(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput],
        *,
        mask: ImageInput | None = None,
        on_partial: OnPartial | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> AsyncResult:
        """Make images from images and text. The transparent part of ``mask`` may change, or
        what ``mask_convention`` says.

        Raises ``FileNotFoundError`` for a path without a file.
        """
        asked = Asked(prompt, options, EditInputs.of(images, mask))
        return async_bound(await self.sender.run(made(asked, on_partial, idempotency_key)), self)

    async def submit(
        self,
        prompt: str,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[ImageOptions],
    ) -> AsyncJobHandle:
        """:meth:`generate`, but returns as soon as the server has accepted the job."""
        return await self._submitted(Asked(prompt, options), idempotency_key)

    async def submit_edit(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput],
        *,
        mask: ImageInput | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> AsyncJobHandle:
        """:meth:`edit`, but returns as soon as the server has accepted the job."""
        asked = Asked(prompt, options, EditInputs.of(images, mask))
        return await self._submitted(asked, idempotency_key)

    async def collect(
        self,
        idempotency_key: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it is the server that is told
    ) -> AsyncResult:
        """What an earlier call with that key has made, or is making; nothing is bought.

        Raises :class:`NotFoundError` when no job was accepted with it in the last 24 hours, and
        like :meth:`AsyncJobHandle.wait`.
        """
        return async_bound(await self.sender.run(collected(idempotency_key, timeout)), self)

    def preview(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput] = (),
        *,
        mask: ImageInput | None = None,
        **options: Unpack[EditOptions],
    ) -> Preview:
        """What :meth:`generate`, or with ``images`` :meth:`edit`, would send; nothing is sent."""
        return Asked.of(prompt, images, mask, options).preview(self.base_url)

    async def download(self, asset: Asset) -> AsyncImage:
        """The bytes behind an asset's link. Raises :class:`NotFoundError` when it has expired."""
        return async_image(await self.sender.run(downloaded(asset)), self)

    async def _submitted(self, asked: Asked, idempotency_key: str | None) -> AsyncJobHandle:
        key = idempotency_key or str(uuid4())
        return AsyncJobHandle(self.jobs, await self.sender.run(submitted(asked, key)), key)

"""The client: one object with everything a server offers, blocking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self, Unpack
from uuid import uuid4

import httpx2

from darkroom_client.billing import Billing
from darkroom_client.calls import Calls, server_and_key
from darkroom_client.deployments import Deployments
from darkroom_client.handles import JobHandle, Jobs
from darkroom_client.inputs import EditInputs
from darkroom_client.keys import Keys
from darkroom_client.making import Asked, collected, downloaded, made, submitted
from darkroom_client.options import EditOptions, ImageOptions
from darkroom_client.quotes import Preview
from darkroom_client.resources import SyncResource
from darkroom_client.results import Asset, Image, ImageInput, OnPartial, Result, bound
from darkroom_client.sending import Patience, Sender
from darkroom_client.webhooks import Webhooks


class Client(Calls, SyncResource):
    """A server and a key. Close it, or use it in a ``with`` statement.

    ``base_url`` and ``api_key`` default to the environment's ``DARKROOM_BASE_URL`` and
    ``DARKROOM_API_KEY``. ``timeout`` is in seconds and covers one answer. Every call that makes
    images carries an idempotency key, so its own ``max_retries`` repetitions never buy twice.
    Raises ``ValueError`` for a ``base_url`` that is none; all methods raise from
    :mod:`darkroom_client.errors`. :class:`AsyncClient` is the same with ``await``.
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
        patience = Patience(timeout, max_retries)
        super().__init__(Sender(*server_and_key(base_url, api_key), patience, transport))
        self.jobs = Jobs(self.sender, self)
        self.keys = Keys(self.sender)
        self.billing = Billing(self.sender)
        self.deployments = Deployments(self.sender)
        self.webhooks = Webhooks(self.sender)

    @property
    def base_url(self) -> str:
        return self.sender.base_url

    def close(self) -> None:
        self.sender.close()

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
        asked = Asked(prompt, options)
        return bound(self.sender.run(made(asked, on_partial, idempotency_key)), self)

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
        """Make images from images and text. The transparent part of ``mask`` may change, or
        what ``mask_convention`` says.

        Raises ``FileNotFoundError`` for a path without a file.
        """
        asked = Asked(prompt, options, EditInputs.of(images, mask))
        return bound(self.sender.run(made(asked, on_partial, idempotency_key)), self)

    def submit(
        self,
        prompt: str,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[ImageOptions],
    ) -> JobHandle:
        """:meth:`generate`, but returns as soon as the server has accepted the job."""
        return self._submitted(Asked(prompt, options), idempotency_key)

    def submit_edit(
        self,
        prompt: str,
        images: ImageInput | Sequence[ImageInput],
        *,
        mask: ImageInput | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[EditOptions],
    ) -> JobHandle:
        """:meth:`edit`, but returns as soon as the server has accepted the job."""
        asked = Asked(prompt, options, EditInputs.of(images, mask))
        return self._submitted(asked, idempotency_key)

    def collect(self, idempotency_key: str, *, timeout: float | None = None) -> Result:
        """What an earlier call with that key has made, or is making; nothing is bought.

        Raises :class:`NotFoundError` when no job was accepted with it in the last 24 hours, and
        like :meth:`JobHandle.wait`.
        """
        return bound(self.sender.run(collected(idempotency_key, timeout)), self)

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

    def download(self, asset: Asset) -> Image:
        """The bytes behind an asset's link. Raises :class:`NotFoundError` when it has expired."""
        return replace(self.sender.run(downloaded(asset)), editor=self)

    def _submitted(self, asked: Asked, idempotency_key: str | None) -> JobHandle:
        key = idempotency_key or str(uuid4())
        return JobHandle(self.jobs, self.sender.run(submitted(asked, key)), key)

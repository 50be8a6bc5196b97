"""Another Darkroom as the upstream: its OpenAI dialect, with our own headers and parameters."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing, DarkroomError
from darkroom.core.ports import (
    Egress,
    Finding,
    ImageSink,
    ImageWriter,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult, SpooledImage
from darkroom.core.warning import Warning
from darkroom.providers import _openai_images as wire
from darkroom.providers._answers import Body, as_object
from darkroom.providers._image_json import remove

_COLLECTS = 3
"""How often an answer that was cut off is asked for again under the same key."""
_WARNING = re.compile(r"(?:^|; )([a-z_]+): (.*?)(?=; [a-z_]+: |$)")
# We count the images that arrived ourselves.
_OURS = frozenset({"images_missing"})


class DarkroomProvider:
    """A relay of relays. Every call carries an ``Idempotency-Key``, so that an answer that was cut
    off is collected and not bought again."""

    name: ClassVar[str] = "darkroom"
    # It has vendors of its own, and stands in for a retired model by itself.
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = ""
    resend_safe: ClassVar[bool] = True

    def __init__(self, deployment: Deployment, egress: Egress) -> None:
        if not deployment.base_url:
            raise ValueError("provider 'darkroom' needs a base_url, which ends with /v1")
        self._deployment = deployment
        self._egress = egress

    def serves(self, model: ModelSpec) -> bool:
        return True  # it is asked, and refuses what it lacks

    def spec(self, model: ModelSpec) -> ModelSpec:
        """It takes a seed for every model, and says so where that has no effect."""
        return replace(model, seed=True)

    async def check(self) -> Sequence[Finding]:
        return await wire.check(self._egress, self._deployment, self._headers())

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        """Under the key of the first attempt whose job there has not ended badly.

        An attempt of which nobody knows how it ended is collected so, whichever attempt asks;
        the failure of an earlier one comes back marked as replayed, and the next key is tried.
        """
        sink = _NewPreviews(sink)
        for attempt in range(1, call.attempt):
            try:
                return await self._collect(call, sink, attempt)
            except _Replayed:
                continue
        return await self._collect(call, sink, call.attempt)

    async def _collect(self, call: UpstreamCall, sink: ImageSink, attempt: int) -> ProviderResult:
        """The answer under one key, asked for again while it is cut off."""
        for _ in range(_COLLECTS - 1):
            try:
                return await self._ask(call, sink, attempt)
            except DarkroomError as error:
                if error.billing is not Billing.UNKNOWN:
                    raise
        return await self._ask(call, sink, attempt)

    async def _ask(self, call: UpstreamCall, sink: ImageSink, attempt: int) -> ProviderResult:
        response = await self._send(call, f"{call.job_id}-{attempt}")
        try:
            reading = wire.Reading(cost=_streamed_cost)
            result = await wire.read_result(response, call, sink, self._deployment, reading)
        except DarkroomError as error:
            if attempt < call.attempt and response.header("idempotent-replayed"):
                raise _Replayed from error
            raise
        finally:
            await response.close()
        cost = _whole(response.header("x-darkroom-charge-nanos"))
        return replace(
            result,
            upstream_id=response.header("x-darkroom-job") or result.upstream_id,
            warnings=(
                *result.warnings,
                *read_warnings(response.header("x-darkroom-warnings") or ""),
            ),
            cost_nanos=result.cost_nanos if cost is None else cost,
        )

    async def _send(self, call: UpstreamCall, key: str) -> UpstreamResponse:
        body = wire.fields(call)
        if call.request.seed is not None:
            body["seed"] = call.request.seed
        path, headers = wire.path_of(call), self._headers() | {"Idempotency-Key": key}
        if call.request.operation is Operation.EDIT:
            parts = wire.form(body, call.inputs, call.mask)
            return await self._egress.post_form(self._deployment, path, parts, headers)
        return await self._egress.post_json(self._deployment, path, body, headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._deployment.api_key.reveal()}"}


class _Replayed(Exception):
    """The key is that of a job that has failed before."""


class _NewPreviews:
    """A sink that takes each preview once, though an answer that is collected repeats them."""

    def __init__(self, sink: ImageSink) -> None:
        self._sink = sink
        self._seen: set[int] = set()

    def writer(self) -> ImageWriter:
        return self._sink.writer()

    async def partial(self, index: int, image: SpooledImage) -> None:
        if index in self._seen:
            remove([image])
            return
        self._seen.add(index)
        await self._sink.partial(index, image)


def _streamed_cost(event: Body) -> int | None:
    """A stream's headers left before the charge was known: its last event tells it."""
    return _whole(as_object(event.get("darkroom")).get("charge_nanos"))


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 19 else None


def read_warnings(text: str) -> tuple[Warning, ...]:
    """The header's warnings, which has ``code: message`` for each."""
    return tuple(
        Warning(code, message) for code, message in _WARNING.findall(text) if code not in _OURS
    )

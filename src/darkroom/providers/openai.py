"""OpenAI's Images API, at its own address or any that speaks it exactly."""

from collections.abc import Sequence
from typing import ClassVar

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.mainline import names, prices
from darkroom.core.ports import Egress, Finding, ImageSink, ResponseSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult
from darkroom.providers import _openai_images as wire
from darkroom.providers._openai_batch import Batches
from darkroom.providers._responses import Address, respond


class OpenAIProvider:
    """``POST /images/generations`` and ``/images/edits``, and both by the Batch API.

    https://platform.openai.com/docs/api-reference/images
    """

    name: ClassVar[str] = "openai"
    vendor: ClassVar[str] = "openai"
    default_base_url: ClassVar[str] = "https://api.openai.com/v1"
    # The API knows no idempotency key: a repeated call is a second purchase.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress) -> None:
        self._deployment = deployment
        self._egress = egress
        self._mainline = names(deployment.options)
        prices(deployment.options)

    def serves(self, model: ModelSpec) -> bool:
        return self.vendor in model.vendors

    def spec(self, model: ModelSpec) -> ModelSpec:
        return model

    async def check(self) -> Sequence[Finding]:
        return await wire.check(self._egress, self._deployment, self._headers())

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        headers = self._headers()
        path = wire.path_of(call)
        if call.request.operation is Operation.EDIT:
            response = await self._egress.post_form(
                self._deployment,
                path,
                wire.form(wire.fields(call), call.inputs, call.mask),
                headers,
            )
        else:
            response = await self._egress.post_json(
                self._deployment, path, wire.fields(call), headers
            )
        try:
            return await wire.read_result(response, call, sink, self._deployment)
        finally:
            await response.close()

    def mainline(self, name: str) -> str | None:
        return self._mainline.get(name)

    async def respond(self, call: UpstreamCall, sink: ResponseSink) -> ProviderResult:
        at = Address("/responses", self._headers())
        return await respond(self._egress, self._deployment, call, sink, at)

    async def hand_in(self, call: UpstreamCall, sink: ImageSink) -> str:
        return await self._batches().hand_in(call, sink)

    async def collect(
        self, call: UpstreamCall, upstream_id: str, sink: ImageSink
    ) -> ProviderResult:
        return await self._batches().collect(call, upstream_id, sink)

    async def withdraw(self, upstream_id: str) -> None:
        await self._batches().withdraw(upstream_id)

    def _batches(self) -> Batches:
        return Batches(self._egress, self._deployment, self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._deployment.api_key.reveal()}"}

"""OpenAI's Images API, at its own address or any that speaks it exactly."""

from typing import ClassVar

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.ports import Egress, ImageSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult
from darkroom.providers import _openai_images as wire


class OpenAIProvider:
    """``POST /images/generations`` and ``/images/edits``.

    https://platform.openai.com/docs/api-reference/images
    """

    name: ClassVar[str] = "openai"
    vendor: ClassVar[str] = "openai"
    default_base_url: ClassVar[str] = "https://api.openai.com/v1"
    takes_seed: ClassVar[bool] = False
    # The API knows no idempotency key: a repeated call is a second purchase.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress) -> None:
        self._deployment = deployment
        self._egress = egress

    def serves(self, model: ModelSpec) -> bool:
        return self.vendor in model.vendors

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        headers = {"Authorization": f"Bearer {self._deployment.api_key.reveal()}"}
        path = wire.path_of(call)
        if call.request.operation is Operation.EDIT:
            response = await self._egress.post_form(
                self._deployment, path, wire.parts(call), headers
            )
        else:
            response = await self._egress.post_json(
                self._deployment, path, wire.fields(call), headers
            )
        try:
            return await wire.read_result(response, call, sink, self._deployment)
        finally:
            await response.close()

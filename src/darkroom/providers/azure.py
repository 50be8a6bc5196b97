"""Azure OpenAI: OpenAI's Images API under Azure's addresses, with Azure's key header.

Two forms of address, and both are in use:

* v1: ``https://<resource>.openai.azure.com/openai/v1/images/generations``
* classic: ``…/openai/deployments/<deployment>/images/generations?api-version=2025-04-01-preview``

https://learn.microsoft.com/azure/ai-foundry/openai/how-to/dall-e
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.mainline import names, prices
from darkroom.core.ports import Egress, Finding, ImageSink, ResponseSink, UpstreamCall
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult
from darkroom.providers import _openai_images as wire
from darkroom.providers._responses import Address, respond

_FORMATS = ("png", "jpeg")
# Which of the resource's deployments its image tool draws with:
# https://techcommunity.microsoft.com/blog/azure-ai-foundry-blog/4424643
_IMAGE_DEPLOYMENT = "x-ms-oai-image-generation-deployment"
# What api-version may say on v1 paths; any other value is a date and means the classic ones.
_V1_VERSIONS = ("", "v1", "preview", "latest")


class AzureProvider:
    """``models`` of the deployment maps public names to the names of Azure deployments.

    The option ``api_version`` chooses the classic form by a date; without it, or with ``v1``,
    ``preview`` or ``latest``, the v1 form is used. ``base_url`` is the resource's address, with
    or without ``/openai`` or ``/openai/v1``.
    """

    name: ClassVar[str] = "azure"
    vendor: ClassVar[str] = "azure"
    default_base_url: ClassVar[str] = ""
    # The API knows no idempotency key: a repeated call is a second purchase.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress) -> None:
        if not deployment.base_url:
            raise ValueError("provider 'azure' needs a base_url: the address of your resource")
        base_url = deployment.base_url.rstrip("/")
        for ending in ("/v1", "/openai"):
            base_url = base_url.removesuffix(ending)
        self._deployment = replace(deployment, base_url=base_url)
        self._egress = egress
        self._mainline = names(deployment.options)
        prices(deployment.options)
        self._version = deployment.options.get("api_version", "")

    def serves(self, model: ModelSpec) -> bool:
        return self.vendor in model.vendors

    def spec(self, model: ModelSpec) -> ModelSpec:
        """Azure makes no WebP and no animations, and its plans for complexity are not known."""
        return replace(
            model,
            formats=tuple(each for each in model.formats if each in _FORMATS),
            complexities=(),
        )

    async def check(self) -> Sequence[Finding]:
        # It lists the models of the region; how the resource's deployments are called is told by
        # another API, with another key: https://learn.microsoft.com/rest/api/azureopenai/models
        path = self._path("", "/models")
        return await wire.check(self._egress, self._deployment, self._headers(), path, ())

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        path = self._path(call.upstream_model, wire.path_of(call))
        body, headers = wire.fields(call), self._headers()
        if call.request.operation is Operation.EDIT:
            parts = wire.form(body, call.inputs, call.mask)
            response = await self._egress.post_form(self._deployment, path, parts, headers)
        else:
            response = await self._egress.post_json(self._deployment, path, body, headers)
        try:
            return await wire.read_result(response, call, sink, self._deployment)
        finally:
            await response.close()

    def mainline(self, name: str) -> str | None:
        return self._mainline.get(name)

    async def respond(self, call: UpstreamCall, sink: ResponseSink) -> ProviderResult:
        headers = self._headers() | {_IMAGE_DEPLOYMENT: call.upstream_model}
        at = Address(self._path("", "/responses"), headers, names_model=False)
        return await respond(self._egress, self._deployment, call, sink, at)

    def _path(self, model: str, what: str) -> str:
        query = f"?api-version={quote(self._version)}" if self._version else ""
        if self._version in _V1_VERSIONS:
            return f"/openai/v1{what}{query}"
        if model:
            return f"/openai/deployments/{quote(model, safe='')}{what}{query}"
        return f"/openai{what}{query}"

    def _headers(self) -> dict[str, str]:
        return {"api-key": self._deployment.api_key.reveal()}

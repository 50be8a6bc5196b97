"""The Gemini API's adapter: ``generateContent``, one image per call."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, UpstreamDenied
from darkroom.core.ports import Egress, Finding, ImageSink, UpstreamCall, UpstreamResponse
from darkroom.core.result import ProviderResult
from darkroom.providers._answers import as_list, as_object, as_text, decoded, error_body
from darkroom.providers._fan_out import Sleep, fan_out
from darkroom.providers.gemini.answer import read_answer
from darkroom.providers.gemini.asking import body_of
from darkroom.providers.gemini.errors import classify

_LIST_MAX = 4 * 1024 * 1024


class GeminiProvider:
    """``POST /v1beta/models/<model>:generateContent``.

    https://ai.google.dev/gemini-api/docs/image-generation
    """

    name: ClassVar[str] = "gemini"
    vendor: ClassVar[str] = "google"
    default_base_url: ClassVar[str] = "https://generativelanguage.googleapis.com"
    # There is no idempotency key: a repeated call is a second purchase.
    resend_safe: ClassVar[bool] = False

    def __init__(
        self, deployment: Deployment, egress: Egress, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        """``sleep`` is for tests."""
        self._deployment = deployment
        self._egress = egress
        self._sleep = sleep

    def serves(self, model: ModelSpec) -> bool:
        return self.vendor in model.vendors

    def spec(self, model: ModelSpec) -> ModelSpec:
        """Without what ``generateContent`` has no field for."""
        return replace(
            model,
            backgrounds=tuple(each for each in model.backgrounds if each != "transparent"),
            qualities=(),
            moderations=(),
            fidelities=(),
            complexities=(),
            mask=False,
            seed=False,
            stream=False,
            compression=False,
            max_partial_images=0,
        )

    async def check(self) -> Sequence[Finding]:
        try:
            response = await self._egress.get(
                self._deployment, "/v1beta/models?pageSize=1000", self._headers()
            )
            try:
                await self._insist(response)
                answer = as_object(decoded(await response.read(_LIST_MAX)))
            finally:
                await response.close()
        except UpstreamDenied as error:
            return (Finding(False, error.message, "Check the key and what it may use."),)
        except DarkroomError as error:
            return (Finding(False, error.message, "Check base_url and the network."),)
        listed = map(as_object, as_list(answer.get("models")))
        names = {as_text(one.get("name")).removeprefix("models/") for one in listed}
        if not names:
            advice = "Check base_url: it ends before /v1beta."
            return (Finding(False, "GET /v1beta/models lists no models.", advice),)
        missing = sorted(set(self._deployment.models.values()) - names)
        advice = "Take it out of 'models', or name one that Google still serves."
        return (
            Finding(True, f"The key is accepted and sees {len(names)} models."),
            *(
                Finding(False, f"The key does not see the model '{name}'.", advice)
                for name in missing
            ),
        )

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        return await fan_out(call, lambda single: self._one(single, sink), self._sleep)

    async def _one(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        path = f"/v1beta/models/{quote(call.upstream_model, safe='')}:generateContent"
        response = await self._egress.post_json(
            self._deployment, path, body_of(call), self._headers()
        )
        try:
            await self._insist(response)
            return await read_answer(response, self._deployment, sink)
        finally:
            await response.close()

    async def _insist(self, response: UpstreamResponse) -> None:
        if response.status != 200:
            raise classify(response, await error_body(response), self._deployment)

    def _headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self._deployment.api_key.reveal()}

"""Servers that speak OpenAI's Images API with differences: which ones, the option ``profile`` says.

The differences are data, in :mod:`darkroom.providers._profiles`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.ports import (
    Base64File,
    Egress,
    Finding,
    ImageSink,
    InputFile,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.request import Operation
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.core.warning import Warning
from darkroom.providers import _openai_images as wire
from darkroom.providers._answers import Body
from darkroom.providers._profiles import PROFILES, FormEdit, Profile

_STAND_IN = "¦"
"""Looks like the bar, and means nothing to anybody."""


class OpenAICompatibleProvider:
    """Options: ``profile`` (default ``generic``), and ``response_format`` where a server answers
    with URLs that cannot be reached from here."""

    name: ClassVar[str] = "openai_compatible"
    # Many vendors: the dates of none apply, and a model's own vendor's prices do.
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = ""
    # None of them knows an idempotency key: a repeated call is a second purchase.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress) -> None:
        name = deployment.options.get("profile", "generic")
        if name not in PROFILES:
            raise ValueError(f"no profile '{name}'; known: {', '.join(sorted(PROFILES))}")
        self._profile: Profile = PROFILES[name]
        base_url = deployment.base_url or self._profile.base_url
        if not base_url:
            raise ValueError(f"the profile '{name}' needs a base_url")
        self._deployment = replace(deployment, base_url=base_url)
        self._egress = egress

    def serves(self, model: ModelSpec) -> bool:
        return model.id in self._profile.models

    def spec(self, model: ModelSpec) -> ModelSpec:
        return self._profile.offered(model)

    async def check(self) -> Sequence[Finding]:
        names = [self._upstream_name(name) for name in self._deployment.models.values()]
        path, lists = self._profile.check_path, self._profile.check_lists
        return await wire.check(
            self._egress, self._deployment, self._headers(), path, names if lists else ()
        )

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        usage = self._profile.usage
        reading = wire.Reading(lambda raw: usage(raw, call), self._profile.cost, self._egress)
        prompt, warnings = self._prompt(call.request.prompt)
        response = await self._send(call, self._fields(call, prompt))
        try:
            result = await wire.read_result(response, call, sink, self._deployment, reading)
        finally:
            await response.close()
        return replace(result, warnings=(*warnings, *result.warnings))

    async def _send(self, call: UpstreamCall, body: Body) -> UpstreamResponse:
        deployment, headers, edit = self._deployment, self._headers(), self._profile.edit
        if call.request.operation is Operation.GENERATION or edit is None:
            path = self._profile.generations
        elif isinstance(edit, FormEdit):
            parts = wire.form(body, call.inputs, call.mask, (edit.image, edit.mask))
            return await self._egress.post_form(deployment, edit.path, parts, headers)
        else:
            path = edit.path
            body |= edit.inputs([_data_url(file) for file in call.inputs])
        return await self._egress.post_json(deployment, path, body, headers)

    def _fields(self, call: UpstreamCall, prompt: str) -> Body:
        request, profile = call.request, self._profile
        body: Body = {"model": self._upstream_name(call.upstream_model), "prompt": prompt}
        body |= profile.always
        if form := self._deployment.options.get("response_format"):
            body["response_format"] = form
        size = Size.parse(request.size)
        if size is None and profile.says_size:
            size = call.model.sizes.default
        if size is not None:
            body |= profile.size(size)
        for name, theirs in profile.names.items():
            value = getattr(request, name)
            if value is None or value == "auto":
                continue
            if name == "output_format" and value == profile.own_format:
                continue
            body[theirs] = value
        return body

    def _prompt(self, prompt: str) -> tuple[str, tuple[Warning, ...]]:
        """The prompt without what the server would take for a command."""
        mark = self._profile.separator
        if not mark or mark not in prompt:
            return prompt, ()
        message = f"{self._deployment.id} splits prompts at '{mark}': '{_STAND_IN}' was sent."
        return prompt.replace(mark, _STAND_IN), (
            Warning("prompt_changed", message, "prompt", mark, _STAND_IN),
        )

    def _upstream_name(self, name: str) -> str:
        return self._profile.models.get(name, name)

    def _headers(self) -> dict[str, str]:
        key = self._deployment.api_key.reveal()
        return {"Authorization": f"Bearer {key}"} if key else {}


def _data_url(file: InputFile) -> Base64File:
    return Base64File(file.path, file.byte_size, f"data:{file.media_type};base64,")

"""EvoLink: images as tasks that are submitted, polled and fetched; input images are uploaded first.

https://docs.evolink.ai/en/api-manual/image-series/gpt-image-2/gpt-image-2-image-generation
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import quote

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
)
from darkroom.core.ports import Base64File, Egress, Finding, ImageSink, InputFile, UpstreamCall
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.providers import _relays as relays
from darkroom.providers._answers import Body, as_object, as_text, clean
from darkroom.providers._openai_errors import sounds_refused
from darkroom.providers._polling import Pace, Task, last_moment, poll

_FILES_HOSTS = {"https://api.evolink.ai": "https://files-api.evolink.ai"}
"""Where files go that belong to an API address; elsewhere both are one."""
_CREDITS_PER_DOLLAR = "68"
"""https://evolink.ai: prices are printed in both."""

# The documented states, and those that its own tools take for the same:
# https://github.com/EvoLinkAI/evolink-media-mcp. Any other goes on, until the time is over.
_DONE = frozenset({"completed", "complete", "succeed", "succeeded", "success", "done"})
_FAILED = frozenset({"failed", "failure", "fail", "error", "cancelled", "canceled", "expired"})
# https://docs.evolink.ai/en/api-manual/task-management/error-codes
_ERRORS: Mapping[str, type[DarkroomError]] = {
    "invalid_parameters": UpstreamRejected,
    "image_processing_error": UpstreamRejected,
    "image_dimension_mismatch": UpstreamRejected,
    "resource_exhausted": UpstreamRateLimited,
    "rate_limited": UpstreamRateLimited,
    "quota_exceeded": UpstreamDenied,
    "resource_not_found": UpstreamDenied,
}


def _in_pixels(size: Size) -> Body:
    return {"size": str(size)}


def _in_ratios(size: Size) -> Body:
    """What is called quality there is the resolution of these models."""
    return {"size": relays.ratio_of(size), "quality": relays.tier_of(size)}


@dataclass(frozen=True, slots=True)
class _Offer:
    """How a model is asked for: its name there, its size, and what else it is there."""

    name: str = ""
    size: Callable[[Size], Body] = _in_pixels
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])


_OFFERS: Mapping[str, _Offer] = {
    "gpt-image-1.5": _Offer(changes={"max_prompt_chars": 2_000}),
    "gpt-image-2": _Offer(),
    "gemini-3-pro-image": _Offer("gemini-3-pro-image-preview", _in_ratios),
    "gemini-3.1-flash-image": _Offer("gemini-3.1-flash-image-preview", _in_ratios),
    "gemini-3.1-flash-lite-image": _Offer("gemini-3.1-flash-lite-image-preview", _in_ratios),
}
_BY_FAMILY: Mapping[str, _Offer] = {"gemini-image": _Offer(size=_in_ratios)}
"""For models that a deployment lists beyond those that are known to be there."""


class EvoLinkProvider:
    """Options: ``files_url``, where input images are uploaded; ``credits_per_dollar``."""

    name: ClassVar[str] = "evolink"
    # Its models live as long as it says, not as long as at the vendors behind it.
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = "https://api.evolink.ai"
    # Every submit is a task of its own, and there is no idempotency key.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress, *, pace: Pace = Pace()) -> None:
        options = deployment.options
        base_url = deployment.base_url.rstrip("/").removesuffix("/v1")
        files_url = options.get("files_url") or _FILES_HOSTS.get(base_url, base_url)
        self._deployment = replace(deployment, base_url=base_url)
        self._files = replace(deployment, base_url=files_url.rstrip("/"))
        self._per_dollar = options.get("credits_per_dollar", _CREDITS_PER_DOLLAR)
        self._egress = egress
        self._pace = pace

    def serves(self, model: ModelSpec) -> bool:
        return model.id in _OFFERS

    def spec(self, model: ModelSpec) -> ModelSpec:
        """Prompt, size, quality, n and input images are all that can be said."""
        lacking: dict[str, Any] = {
            "backgrounds": ("auto", "opaque"),
            "formats": ("png",),
            "moderations": (),
            "fidelities": (),
            "complexities": (),
            "mask": False,
            "seed": False,
            "stream": False,
            "compression": False,
            "max_partial_images": 0,
        }
        return replace(model, **(lacking | dict(_offer(model).changes)))

    async def check(self) -> Sequence[Finding]:
        answer = await relays.checked(
            self._deployment,
            lambda: self._egress.get(self._deployment, "/v1/credits", self._headers()),
        )
        if isinstance(answer, UpstreamDenied):
            return (Finding(False, answer.message, "Check the key."),)
        if isinstance(answer, DarkroomError):
            return (Finding(False, answer.message, "Check base_url and the network."),)
        left = as_object(as_object(answer.get("data")).get("user")).get("remaining_credits")
        if isinstance(left, int | float) and left <= 0:
            return (Finding(False, "The account has no credits left.", "Add credits there."),)
        return (Finding(True, f"The key is accepted; {left} credits are left."),)

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        until = last_moment(call, self._pace)
        urls = [await relays.before_submit(self._upload(file)) for file in call.inputs]
        response = await self._egress.post_json(
            self._deployment, "/v1/images/generations", _fields(call, urls), self._headers()
        )
        submitted = await relays.read_json(response, self._deployment)
        task_id = as_text(submitted.get("id")) or as_text(submitted.get("task_id"))
        if not task_id:
            raise UpstreamBroken(f"{self._deployment.id} took the request but named no task.")
        task = Task(self._deployment, task_id, until, self._pace)
        ended = _ended(submitted, task) or await poll(
            task,
            lambda: self._egress.get(
                self._deployment, f"/v1/tasks/{quote(task_id, safe='')}", self._headers()
            ),
            lambda answer: _ended(answer, task),
        )
        result = await relays.collect(task, _urls(ended), call, self._egress, sink)
        return replace(result, cost_nanos=self._cost(ended, submitted))

    async def _upload(self, file: InputFile) -> str:
        """The address of an input image: the API takes no bytes, and fetches it from there."""
        extension = file.media_type.removeprefix("image/")
        body: Body = {
            "base64_data": Base64File(file.path, file.byte_size, f"data:{file.media_type};base64,"),
            "file_name": f"{file.path.name}.{extension}",
        }
        response = await self._egress.post_json(
            self._files, "/api/v1/files/upload/base64", body, self._headers()
        )
        stored = as_object((await relays.read_json(response, self._files)).get("data"))
        url = as_text(stored.get("file_url")) or as_text(stored.get("download_url"))
        if not url:
            raise UpstreamFailed(f"{self._files.id} took an input image but gave it no address.")
        return url

    def _cost(self, *answers: Body) -> int | None:
        """What it used, else what it reserved: that is all that is documented."""
        for name in ("credits_used", "credits_reserved"):
            for answer in answers:
                credits = as_object(answer.get("usage")).get(name)
                if (nanos := relays.credits_nanos(credits, self._per_dollar)) is not None:
                    return nanos
        return None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._deployment.api_key.reveal()}"}


def _offer(model: ModelSpec) -> _Offer:
    return _OFFERS.get(model.id) or _BY_FAMILY.get(model.family) or _Offer()


def _fields(call: UpstreamCall, image_urls: Sequence[str]) -> Body:
    request, offer = call.request, _offer(call.model)
    named = call.upstream_model != call.model.id
    body: Body = {
        "model": call.upstream_model if named else offer.name or call.model.id,
        "prompt": request.prompt,
        "n": request.n,
    }
    if request.quality != "auto":
        body["quality"] = request.quality
    if (size := Size.parse(request.size)) is not None:
        body |= offer.size(size)
    if image_urls:
        body["image_urls"] = list(image_urls)
    return body


def _ended(answer: Body, task: Task) -> Body | None:
    """The answer of a task that is done, None while it goes on; raises when it failed."""
    status = as_text(answer.get("status")).lower()
    if status in _DONE:
        return answer
    if status in _FAILED:
        raise _failure(as_object(answer.get("error")), status, task)
    return None


def _failure(error: Body, status: str, task: Task) -> DarkroomError:
    code = as_text(error.get("code"))
    message = clean(as_text(error.get("message")) or code or status, task.deployment)
    if code == "content_policy_violation" or sounds_refused(message):
        return ModerationBlocked(
            message, details={"stage": "unknown", "categories": [], **task.details()}
        )
    kind = _ERRORS.get(code, UpstreamFailed)
    said = message if kind is UpstreamRejected else f"{task.deployment.id} says: {message}"
    return kind(said, details=task.details())


def _urls(answer: Body) -> list[str]:
    """``results`` holds the addresses; some tools read ``result_data`` instead."""
    return relays.urls_in(answer.get("results")) or relays.urls_in(answer.get("result_data"))

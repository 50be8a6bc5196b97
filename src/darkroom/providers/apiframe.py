"""Apiframe: images as jobs that are submitted, polled and fetched; input images are uploaded first.

https://docs-v2.apiframe.ai; shapes: https://github.com/apiframe-ai/apiframe-nodejs-sdk
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import quote

from darkroom.core.capability import ModelSpec, SizeRule
from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    ResultLost,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
)
from darkroom.core.ports import Egress, Finding, ImageSink, InputFile, Part, UpstreamCall
from darkroom.core.request import ImageRequest
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.providers import _relays as relays
from darkroom.providers._answers import Body, as_object, as_text, clean
from darkroom.providers._openai_errors import sounds_refused
from darkroom.providers._polling import Pace, Task, last_moment, poll

_PROMPT_MAX = 2_000
_FAILED = frozenset({"failed", "cancelled", "canceled"})
_FORMATS = ("png", "jpeg", "webp")
_GPT_SIZES = (Size(1024, 1024), Size(1536, 1024), Size(1024, 1536))
_GPT_RATIOS = ("1:1", "3:2", "2:3")
_JPG = {"jpeg": "jpg"}


def _gpt(request: ImageRequest, urls: Sequence[str]) -> Body:
    body: Body = {"number_of_images": request.n, "output_format": request.output_format}
    if (size := Size.parse(request.size)) is not None:
        body["aspect_ratio"] = relays.ratio_of(size, _GPT_RATIOS)
    for name in ("quality", "background", "moderation", "input_fidelity"):
        if (value := getattr(request, name)) not in ("auto", None):
            body[name] = value
    return body | ({"input_images": list(urls)} if urls else {})


def _google(request: ImageRequest, urls: Sequence[str]) -> Body:
    body: Body = {"output_format": _JPG.get(request.output_format, request.output_format)}
    if (size := Size.parse(request.size)) is not None:
        tier = relays.tier_of(size)
        body |= {
            "aspect_ratio": relays.ratio_of(size),
            "resolution": "512px" if tier == "0.5K" else tier,
        }
    return body | ({"image_input": list(urls)} if urls else {})


def _flux(request: ImageRequest, urls: Sequence[str]) -> Body:
    body: Body = {"output_format": _JPG.get(request.output_format, request.output_format)}
    if (size := Size.parse(request.size)) is not None:
        body |= {"width": size.width, "height": size.height}
    if request.seed is not None:
        body["seed"] = request.seed
    return body | ({"input_images": list(urls)} if urls else {})


@dataclass(frozen=True, slots=True)
class _Offer:
    """How a model is asked for: its name there, the key of its parameters, what they are, and
    what the model is there."""

    name: str
    key: str
    params: Callable[[ImageRequest, Sequence[str]], Body]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])


_GPT_CHANGES: Mapping[str, Any] = {
    # It takes three ratios, also for models whose own sizes are many.
    "sizes": SizeRule(fixed=_GPT_SIZES, max_pixels=1536 * 1024),
    "qualities": ("low", "medium", "high"),
    "formats": _FORMATS,
}
_FLUX_CHANGES: Mapping[str, Any] = {
    # Edges from 256 to 2048 pixels.
    "sizes": SizeRule(
        multiple=16, max_edge=2048, max_ratio=4.0, min_pixels=512 * 512, max_pixels=2048 * 2048
    ),
    "formats": _FORMATS,
    "seed": True,
}
_OFFERS: Mapping[str, _Offer] = {
    "gpt-image-1.5": _Offer(
        "gpt-image-1.5", "gptImageParams", _gpt, {**_GPT_CHANGES, "moderations": ()}
    ),
    "gpt-image-2": _Offer(
        "gpt-image-2",
        "gptImage2Params",
        _gpt,
        {**_GPT_CHANGES, "backgrounds": ("auto", "opaque"), "fidelities": ()},
    ),
    "gemini-2.5-flash-image": _Offer(
        "nano-banana", "nanoBananaParams", _google, {"formats": _FORMATS}
    ),
    "gemini-3-pro-image": _Offer(
        "nano-banana-pro", "nanoBananaParams", _google, {"formats": _FORMATS}
    ),
    "gemini-3.1-flash-image": _Offer(
        "nano-banana-2", "nanoBananaParams", _google, {"formats": _FORMATS}
    ),
    "gemini-3.1-flash-lite-image": _Offer(
        "nano-banana-2-lite", "nanoBananaParams", _google, {"formats": _FORMATS}
    ),
    "flux-2-pro": _Offer("flux-2-pro", "fluxParams", _flux, _FLUX_CHANGES),
    "flux-2-max": _Offer("flux-2-max", "fluxParams", _flux, _FLUX_CHANGES),
    "flux-2-flex": _Offer("flux-2-flex", "fluxParams", _flux, _FLUX_CHANGES),
    "flux-2-dev": _Offer("flux-2-dev", "fluxParams", _flux, _FLUX_CHANGES),
}


class ApiframeProvider:
    """Option: ``credits_per_dollar``, which depends on the plan; without it no cost is known."""

    name: ClassVar[str] = "apiframe"
    # Its models live as long as it says, not as long as at the vendors behind it.
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = "https://api.apiframe.ai"
    # "Replaying the same key within 24 hours returns the original job".
    resend_safe: ClassVar[bool] = True

    def __init__(
        self,
        deployment: Deployment,
        egress: Egress,
        *,
        pace: Pace = Pace(),
        remembered_max: int = 256,
    ) -> None:
        """``remembered_max``: of so many edits it is known where their images were uploaded."""
        base_url = deployment.base_url.rstrip("/").removesuffix("/v2")
        self._deployment = replace(deployment, base_url=base_url)
        self._per_dollar = deployment.options.get("credits_per_dollar", "")
        self._egress = egress
        self._pace = pace
        # An idempotency key goes with one body, and every upload has a new address.
        self._uploaded: dict[str, list[str]] = {}
        self._remembered_max = remembered_max

    def serves(self, model: ModelSpec) -> bool:
        return model.id in _OFFERS

    def spec(self, model: ModelSpec) -> ModelSpec:
        """Each model family has its own parameters; none has a mask, a preview or compression."""
        lacking: dict[str, Any] = {
            "complexities": (),
            "mask": False,
            "seed": False,
            "stream": False,
            "compression": False,
            "max_partial_images": 0,
            "max_prompt_chars": min(model.max_prompt_chars, _PROMPT_MAX),
        }
        offer = _OFFERS.get(model.id)
        return replace(model, **(lacking | dict(offer.changes if offer else {})))

    async def check(self) -> Sequence[Finding]:
        answer = await relays.checked(
            self._deployment, lambda: self._egress.get(self._deployment, "/v2/me", self._headers())
        )
        if isinstance(answer, UpstreamDenied):
            return (Finding(False, answer.message, "Check the key."),)
        if isinstance(answer, DarkroomError):
            return (Finding(False, answer.message, "Check base_url and the network."),)
        left = as_object(answer.get("team")).get("credits")
        if isinstance(left, int) and left <= 0:
            return (Finding(False, "The team has no credits left.", "Add credits there."),)
        return (Finding(True, f"The key is accepted; {left} credits are left."),)

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        offer = _OFFERS.get(call.model.id)
        if offer is None:
            known = ", ".join(_OFFERS)
            raise UpstreamDenied(
                f"How Apiframe is asked for '{call.model.id}' is not known; known: {known}."
            )
        until = last_moment(call, self._pace)
        urls = await self._addresses(call)
        named = call.upstream_model != call.model.id
        body: Body = {
            "model": call.upstream_model if named else offer.name,
            "prompt": call.request.prompt,
            offer.key: offer.params(call.request, urls),
        }
        task = Task(self._deployment, await self._submit(call, body), until, self._pace)
        job = await poll(
            task,
            lambda: self._egress.get(
                self._deployment, f"/v2/jobs/{quote(task.id, safe='')}", self._headers()
            ),
            lambda answer: _ended(answer, task),
        )
        result = await relays.collect(task, _urls(job), call, self._egress, sink)
        cost = relays.credits_nanos(job.get("creditCost"), self._per_dollar)
        return replace(result, cost_nanos=cost)

    async def _submit(self, call: UpstreamCall, body: Body) -> str:
        """The id of the job under the first key whose job has not failed.

        So an attempt of which nobody knows how it ended is taken up again, whichever attempt
        asks, and one that failed is not.
        """
        for attempt in range(1, call.attempt + 1):
            headers = self._headers() | {"Idempotency-Key": f"{call.job_id}-{attempt}"}
            response = await self._egress.post_json(
                self._deployment, "/v2/images/generate", body, headers
            )
            if response.status == 409:
                await response.close()
                raise ResultLost(
                    f"{self._deployment.id} has a job of an earlier attempt that was asked for"
                    " with other addresses of its images, so its result cannot be collected."
                    " Send the request again to buy a new one.",
                )
            answer = await relays.read_json(response, self._deployment)
            failed = as_text(answer.get("status")).lower() in _FAILED
            if attempt < call.attempt and failed:
                continue
            if job_id := as_text(answer.get("jobId")):
                return job_id
            break
        raise UpstreamBroken(f"{self._deployment.id} took the request but named no job.")

    async def _addresses(self, call: UpstreamCall) -> list[str]:
        """Those of the input images; the same for every attempt of a job in this process."""
        if not call.inputs:
            return []
        if (known := self._uploaded.get(call.job_id)) is not None:
            return known
        urls = [await relays.before_submit(self._upload(file)) for file in call.inputs]
        self._uploaded[call.job_id] = urls
        while len(self._uploaded) > self._remembered_max:
            del self._uploaded[next(iter(self._uploaded))]
        return urls

    async def _upload(self, file: InputFile) -> str:
        """The address of an input image: the API takes no bytes, and fetches it from there."""
        name = f"{file.path.name}.{file.media_type.removeprefix('image/')}"
        part = Part("file", path=file.path, filename=name, media_type=file.media_type)
        response = await self._egress.post_form(
            self._deployment, "/v2/uploads", [part], self._headers()
        )
        url = as_text((await relays.read_json(response, self._deployment)).get("url"))
        if not url:
            raise UpstreamFailed(f"{self._deployment.id} took an image but gave it no address.")
        return url

    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self._deployment.api_key.reveal()}


def _ended(job: Body, task: Task) -> Body | None:
    """The job when it is done, None while it goes on; raises when it failed."""
    status = as_text(job.get("status")).lower()
    if status == "completed":
        return job
    if status not in _FAILED:
        return None
    message = clean(as_text(job.get("error")) or f"the job is {status}", task.deployment)
    if sounds_refused(message):
        raise ModerationBlocked(
            message, details={"stage": "unknown", "categories": [], **task.details()}
        )
    raise UpstreamFailed(f"{task.deployment.id} says: {message}", details=task.details())


def _urls(job: Body) -> list[str]:
    """``result.images``; older answers had a bare address."""
    result = job.get("result")
    return relays.urls_in(as_object(result).get("images") or result)

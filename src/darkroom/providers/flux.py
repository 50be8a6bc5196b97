"""FLUX at Black Forest Labs: each image is a task that is submitted, polled and fetched.

https://docs.bfl.ai; what its answers look like: https://github.com/black-forest-labs/skills
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
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
    UpstreamTimeout,
)
from darkroom.core.money import NANOS_PER_DOLLAR
from darkroom.core.ports import (
    Base64File,
    Egress,
    Finding,
    ImageSink,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.size import Size
from darkroom.providers._answers import (
    Body,
    as_list,
    as_object,
    as_text,
    clean,
    decoded,
    error_body,
    retry_after_s,
    seconds,
)
from darkroom.providers._downloads import downloaded
from darkroom.providers._fan_out import fan_out
from darkroom.providers._polling import Pace, Task, TaskUnknown, last_moment, poll

_HOSTS = ("*.bfl.ai",)
"""``polling_url`` is often on another host of theirs, such as api.eu2.bfl.ai."""
_ANSWER_MAX = 1024 * 1024
_CREDITS_PER_DOLLAR = 100
_COST_MAX = 10_000
"""Credits; more than any image costs is no cost."""


class FluxProvider:
    """``POST /v1/<model>``, then ``polling_url`` until the task ends, then ``result.sample``."""

    name: ClassVar[str] = "flux"
    vendor: ClassVar[str] = "bfl"
    default_base_url: ClassVar[str] = "https://api.bfl.ai"
    # Every submit is a task of its own, and there is no idempotency key.
    resend_safe: ClassVar[bool] = False

    def __init__(self, deployment: Deployment, egress: Egress, *, pace: Pace = Pace()) -> None:
        self._deployment = deployment
        self._egress = egress
        self._pace = pace

    def serves(self, model: ModelSpec) -> bool:
        return self.vendor in model.vendors

    def spec(self, model: ModelSpec) -> ModelSpec:
        """Without what the request of FLUX.2 has no field for."""
        return replace(
            model,
            backgrounds=tuple(each for each in model.backgrounds if each != "transparent"),
            formats=tuple(each for each in model.formats if each in _FORMATS),
            qualities=(),
            moderations=(),
            fidelities=(),
            complexities=(),
            mask=False,
            seed=True,
            stream=False,
            compression=False,
            max_partial_images=0,
        )

    async def check(self) -> Sequence[Finding]:
        try:
            response = await self._egress.get(self._deployment, "/v1/credits", self._headers())
            answer = await self._read(response)
        except UpstreamDenied as error:
            return (Finding(False, error.message, "Check the key."),)
        except DarkroomError as error:
            return (Finding(False, error.message, "Check base_url and the network."),)
        credits = answer.get("credits")
        if not isinstance(credits, int | float):
            advice = "Check base_url: it ends before /v1."
            return (Finding(False, "GET /v1/credits does not tell the credits.", advice),)
        if credits <= 0:
            return (Finding(False, "The account has no credits left.", "Add credits at BFL."),)
        return (Finding(True, f"The key is accepted; {credits:g} credits are left."),)

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        return await fan_out(call, lambda single: self._one(single, sink), self._pace.sleep)

    async def _one(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        until = last_moment(call, self._pace)
        submitted = await self._submit(call)
        task = Task(self._deployment, submitted.id, until, self._pace)
        result = await poll(
            task,
            lambda: self._egress.get(
                self._deployment, submitted.polling_url, self._headers(), _HOSTS
            ),
            lambda answer: _ended(answer, task),
        )
        prompt = as_text(result.get("prompt"))
        return ProviderResult(
            images=await self._fetched(task, as_text(result.get("sample")), sink),
            usage=None,  # BFL counts megapixels, not tokens
            output=Output(
                revised_prompts=(prompt,) if prompt not in ("", call.request.prompt) else ()
            ),
            upstream_id=submitted.id,
            cost_nanos=submitted.cost_nanos,
        )

    async def _fetched(self, task: Task, url: str, sink: ImageSink) -> tuple[SpooledImage, ...]:
        try:
            images = await downloaded(self._egress, self._deployment, [url], sink)
        except UpstreamBroken as error:
            raise UpstreamBroken(error.message, details=task.details()) from error
        return tuple(image for image in images if image is not None)

    async def _submit(self, call: UpstreamCall) -> "_Submitted":
        path = f"/v1/{quote(call.upstream_model, safe='/')}"
        response = await self._egress.post_json(
            self._deployment, path, _fields(call), self._headers()
        )
        answer = await self._read(response)
        task_id = as_text(answer.get("id"))
        if not task_id:
            raise UpstreamBroken(f"{self._deployment.id} took the request but named no task.")
        return _Submitted(
            id=task_id,
            polling_url=as_text(answer.get("polling_url"))
            or f"/v1/get_result?id={quote(task_id, safe='')}",
            cost_nanos=_nanos(answer.get("cost")),
        )

    async def _read(self, response: UpstreamResponse) -> Body:
        try:
            if response.status != 200:
                raise _refused(response, await error_body(response), self._deployment)
            return as_object(decoded(await response.read(_ANSWER_MAX)))
        finally:
            await response.close()

    def _headers(self) -> dict[str, str]:
        return {"x-key": self._deployment.api_key.reveal()}


@dataclass(frozen=True, slots=True)
class _Submitted:
    """An accepted task. ``cost_nanos`` None: the vendor did not say."""

    id: str
    polling_url: str
    cost_nanos: int | None


_FORMATS = ("png", "jpeg", "webp")


def _fields(call: UpstreamCall) -> Body:
    request = call.request
    body: Body = {"prompt": request.prompt, "output_format": request.output_format}
    if (size := Size.parse(request.size)) is not None:
        body |= {"width": size.width, "height": size.height}
    if request.seed is not None:
        body["seed"] = request.seed
    for number, file in enumerate(call.inputs, start=1):
        name = "input_image" if number == 1 else f"input_image_{number}"
        body[name] = Base64File(file.path, file.byte_size)
    return body


def _ended(answer: Body, task: Task) -> Body | None:
    """The result of a task that is ready, None while it goes on; raises when it ended badly.

    States: https://docs.bfl.ai/api_integration/errors. An unknown one goes on: "Reasoning" and
    "Generating" were added to "Pending" without notice.
    """
    status = as_text(answer.get("status")).lower()
    if status == "ready":
        result = as_object(answer.get("result"))
        if not as_text(result.get("sample")):
            raise UpstreamBroken(
                f"Task {task.id} at {task.deployment.id} is ready, but names no image.",
                details=task.details(),
            )
        return result
    if status == "task not found":
        raise TaskUnknown
    said = _said(answer)
    if "moderated" in status or (status in _FAILED and _speaks_of_policy(said)):
        raise _blocked(status, answer, task)
    if status in _FAILED:
        raise UpstreamFailed(
            f"{task.deployment.id} could not make the image:"
            f" {clean(said or 'it gives no reason', task.deployment)}",
            details=task.details(),
        )
    return None


_FAILED = frozenset({"error", "failed"})
_STAGES: Mapping[str, str] = {"request moderated": "input", "content moderated": "output"}


def _blocked(status: str, answer: Body, task: Task) -> ModerationBlocked:
    reasons = as_list(as_object(answer.get("details")).get("Moderation Reasons"))
    categories = [reason for reason in reasons if isinstance(reason, str)]
    what = {"input": "the request", "output": "the image that it made"}
    stage = _STAGES.get(status, "unknown")
    why = f" ({', '.join(categories)})" if categories else ""
    return ModerationBlocked(
        clean(
            f"Black Forest Labs refused {what.get(stage, 'the task')} on policy{why}.",
            task.deployment,
        ),
        details={"stage": stage, "categories": categories, **task.details()},
    )


def _refused(response: UpstreamResponse, raw: bytes, deployment: Deployment) -> DarkroomError:
    """The error behind a status. https://docs.bfl.ai/api_integration/errors"""
    status, answer = response.status, as_object(decoded(raw))
    message = clean(_said(answer) or f"HTTP status {status}", deployment)
    said = f"{deployment.id} says: {message}"
    wait = retry_after_s(response.header)
    if wait is None:
        wait = seconds(answer.get("retry_after"))
    if status in (401, 402, 403, 404):
        return UpstreamDenied(said)
    if status == 429:
        return UpstreamRateLimited(said, retry_after_s=wait)
    if status in (400, 413, 415, 422):
        if _speaks_of_policy(message):
            return ModerationBlocked(message, details={"stage": "input", "categories": []})
        return UpstreamRejected(message, param=_param(answer))
    if status in (504, 524):  # a proxy gave up waiting: the task may have been accepted
        return UpstreamTimeout(said, retry_after_s=wait)
    return UpstreamFailed(said, retry_after_s=wait)


def _said(answer: Body) -> str:
    """What an answer says went wrong: their own shape, or FastAPI's ``detail``."""
    words = [as_text(answer.get(name)) for name in ("error", "message")]
    details = answer.get("details")
    words.append(as_text(details) or as_text(as_object(details).get("error")))
    words.append(as_text(answer.get("detail")))
    words += [as_text(problem.get("msg")) for problem in _problems(answer)]
    return ": ".join(word for word in words if word)


def _speaks_of_policy(said: str) -> bool:
    lower = said.lower()
    return "content_policy" in lower or "moderat" in lower


def _problems(answer: Body) -> list[Body]:
    return [as_object(problem) for problem in as_list(answer.get("detail"))]


_PARAMS: Mapping[str, str] = {"prompt": "prompt", "width": "size", "height": "size", "seed": "seed"}


def _param(answer: Body) -> str | None:
    """Our name of the field that a 422 complains of."""
    for problem in _problems(answer):
        for place in as_list(problem.get("loc")):
            if isinstance(place, str) and place in _PARAMS:
                return _PARAMS[place]
            if isinstance(place, str) and place.startswith("input_image"):
                return "inputs"
    return None


def _nanos(cost: Any) -> int | None:
    """Credits in nano-dollars; None when the vendor does not say: ``cost`` may be null."""
    if isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        credits = Decimal(str(cost))
    except InvalidOperation:
        return None
    if not credits.is_finite() or not 0 <= credits <= _COST_MAX:
        return None
    nanos = credits * NANOS_PER_DOLLAR / _CREDITS_PER_DOLLAR
    return int(nanos.to_integral_value(ROUND_HALF_UP))

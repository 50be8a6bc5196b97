"""OpenAI's Images wire format, shared by the adapters of vendors that speak it."""

import email.utils
import re
import time
from collections.abc import Callable
from typing import Any, cast

import msgspec

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
from darkroom.core.ports import ImageSink, Part, UpstreamCall, UpstreamResponse
from darkroom.core.request import Operation
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage
from darkroom.providers._image_json import ImageEvents, ImageJson

Body = dict[str, Any]

_ERROR_BODY_MAX = 64 * 1024
_SECRET = re.compile(r"\b(sk|key|Bearer)[-_ ][\w*.-]{6,}", re.IGNORECASE)
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def fields(call: UpstreamCall) -> Body:
    """The scalar parameters of a generation or an edit, without those left to the model."""
    request = call.request
    body: Body = {"model": call.upstream_model, "prompt": request.prompt, "n": request.n}
    for name in ("size", "quality", "background", "moderation"):
        if (value := getattr(request, name)) != "auto":
            body[name] = value
    if request.output_format != "png":
        body["output_format"] = request.output_format
    for name in (
        "output_compression",
        "input_fidelity",
        "complexity",
        "frame_count",
        "frame_duration_ms",
        "user",
    ):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.partial_images:
        body |= {"stream": True, "partial_images": request.partial_images}
    return body


def parts(call: UpstreamCall) -> list[Part]:
    """The multipart body of an edit: files are named, because the vendor judges by the name too."""
    body = [Part(name, value=_text(value)) for name, value in fields(call).items()]
    for index, file in enumerate(call.inputs):
        name = f"image-{index}.{_EXTENSIONS[file.media_type]}"
        body.append(Part("image[]", path=file.path, filename=name, media_type=file.media_type))
    if call.mask is not None:
        mask = call.mask
        body.append(Part("mask", path=mask.path, filename="mask.png", media_type=mask.media_type))
    return body


def path_of(call: UpstreamCall) -> str:
    return "/images/edits" if call.request.operation is Operation.EDIT else "/images/generations"


async def read_result(
    response: UpstreamResponse, call: UpstreamCall, sink: ImageSink, deployment: Deployment
) -> ProviderResult:
    """Read an answer of either kind. Raises from the error tree for everything but images."""
    if response.status != 200:
        raise classify(response, await response.read(_ERROR_BODY_MAX), deployment)
    upstream_id = response.header("x-request-id")
    if "text/event-stream" in (response.header("content-type") or ""):
        return await _read_events(response, call, sink, upstream_id)
    document = ImageJson(sink.writer)
    try:
        while piece := await response.read_piece():
            document.feed(piece)
        answer = document.finish()
    except BaseException:
        document.discard()
        raise
    if not isinstance(answer, dict):
        raise UpstreamBroken(f"{deployment.id} answered with JSON that is not an object.")
    answer = cast(Body, answer)
    if answer.get("error"):  # some vendors say 200 and mean an error
        raise _from_error(answer["error"], 502, deployment, None)
    data = [item for item in cast(list[Any], answer.get("data") or []) if isinstance(item, dict)]
    return ProviderResult(
        images=_taken(document.images, call, deployment.id),
        usage=read_usage(answer.get("usage")),
        output=_output(answer, tuple(cast(Body, item).get("revised_prompt") for item in data)),
        upstream_id=upstream_id,
    )


async def _read_events(
    response: UpstreamResponse, call: UpstreamCall, sink: ImageSink, upstream_id: str | None
) -> ProviderResult:
    events = ImageEvents(sink.writer)
    final: list[SpooledImage] = []
    usages: list[Usage] = []
    last: Body = {}
    try:
        while piece := await response.read_piece():
            for event, images in events.feed(piece):
                kind = str(event.get("type", ""))
                if event.get("error"):
                    raise _from_error(event["error"], 502, None, None)
                if kind.endswith(".partial_image") and images:
                    await sink.partial(int(event.get("partial_image_index") or 0), images[0])
                elif kind.endswith(".completed"):
                    final.extend(images)
                    last = event
                    if (usage := read_usage(event.get("usage"))) is not None:
                        usages.append(usage)
    except BaseException:
        events.discard()
        raise
    return ProviderResult(
        images=_taken(final, call, "The upstream"),
        usage=_sum(usages[: call.request.n]),
        output=_output(last, ()),
        upstream_id=upstream_id,
    )


def read_usage(raw: Any) -> Usage | None:
    """The vendor's ``usage``; None when it reports nothing that can be used.

    The Images API often leaves out ``output_tokens_details``; its output is images, so those
    tokens are image tokens and not text: https://github.com/BerriAI/litellm/issues/31142
    """
    if not isinstance(raw, dict):
        return None
    usage = cast(Body, raw)
    into, out = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if not into and not out:
        return None
    into_details = cast(Body, usage.get("input_tokens_details") or {})
    out_details = cast(Body, usage.get("output_tokens_details") or {})
    cached = cast(Body, usage.get("cached_tokens_details") or {})
    image_in = min(_count(into_details, "image_tokens"), into)
    text_out = min(_count(out_details, "text_tokens"), out)
    return Usage(
        text_in=into - image_in,
        image_in=image_in,
        cached_text_in=min(_count(cached, "cached_text_tokens"), into - image_in),
        cached_image_in=min(_count(cached, "cached_image_tokens"), image_in),
        image_out=out - text_out,
        text_out=text_out,
    )


def classify(response: UpstreamResponse, raw: bytes, deployment: Deployment) -> DarkroomError:
    """The error behind an HTTP status and body. https://platform.openai.com/docs/guides/error-codes"""
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        body = None
    error = cast(Body, body).get("error") if isinstance(body, dict) else None
    return _from_error(error, response.status, deployment, _retry_after_s(response.header))


def _from_error(
    raw: Any, status: int, deployment: Deployment | None, retry_after_s: float | None
) -> DarkroomError:
    error = cast(Body, raw) if isinstance(raw, dict) else {"message": str(raw or "")}
    name = deployment.id if deployment else "The upstream"
    code = str(error.get("code") or error.get("type") or "")
    message = _SECRET.sub("…", str(error.get("message") or f"HTTP status {status}"))[:500]
    if code in _MODERATION:
        details = cast(Body, error.get("moderation_details") or {})
        return ModerationBlocked(
            message,
            details={
                "stage": details.get("moderation_stage") or "unknown",
                "categories": details.get("categories") or [],
            },
        )
    said = f"{name} says: {message}"
    if code in _DENIED or status in (401, 403, 404):
        return UpstreamDenied(said)
    if status == 429:
        return UpstreamRateLimited(said, retry_after_s=retry_after_s)
    if status in (400, 413, 415, 422):
        return UpstreamRejected(message, param=error.get("param"))
    return UpstreamFailed(said, retry_after_s=retry_after_s)


_MODERATION = frozenset({"moderation_blocked", "content_policy_violation", "contentFilter"})
# A spent account answers 400 or 429, and no retry will help:
# https://platform.openai.com/docs/guides/error-codes
_DENIED = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found"}
)


def _retry_after_s(header: Callable[[str], str | None]) -> float | None:
    milliseconds, seconds = header("retry-after-ms"), header("retry-after")
    try:
        if milliseconds:
            return max(0.0, float(milliseconds) / 1000)
        if seconds:
            return max(0.0, float(seconds))
    except ValueError:
        date = email.utils.parsedate_to_datetime(seconds or "") if seconds else None
        return max(0.0, date.timestamp() - time.time()) if date else None
    return None


def _taken(images: list[SpooledImage], call: UpstreamCall, name: str) -> tuple[SpooledImage, ...]:
    if not images:
        raise UpstreamBroken(f"{name} answered without an image.")
    for extra in images[call.request.n :]:
        extra.path.unlink(missing_ok=True)
    return tuple(images[: call.request.n])


def _sum(usages: list[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        text_in=sum(usage.text_in for usage in usages),
        image_in=sum(usage.image_in for usage in usages),
        cached_text_in=sum(usage.cached_text_in for usage in usages),
        cached_image_in=sum(usage.cached_image_in for usage in usages),
        image_out=sum(usage.image_out for usage in usages),
        text_out=sum(usage.text_out for usage in usages),
    )


def _output(answer: Body, revised_prompts: tuple[str | None, ...]) -> Output:
    def said(name: str) -> str:
        value = answer.get(name)
        return value if isinstance(value, str) else ""

    return Output(
        size=said("size"),
        quality=said("quality"),
        background=said("background"),
        output_format=said("output_format"),
        revised_prompts=revised_prompts if any(revised_prompts) else (),
    )


def _count(holder: Body, name: str) -> int:
    value = holder.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

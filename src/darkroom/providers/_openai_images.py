"""OpenAI's Images wire format, shared by the adapters of vendors that speak it."""

import email.utils
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import msgspec

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamError,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from darkroom.core.ports import ImageSink, Part, UpstreamCall, UpstreamResponse
from darkroom.core.request import Operation
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage
from darkroom.providers._image_json import ImageEvents, ImageJson, remove

Body = dict[str, Any]

_ERROR_BODY_MAX = 64 * 1024
# More tokens than any image can take: a number that is none.
_TOKENS_MAX = 10**9
_SECRET = re.compile(r"\b(?:sk-|key-|Bearer +)[\w*.+/=-]{6,}", re.IGNORECASE)
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
        raise classify(response, await _error_body(response), deployment)
    if "text/event-stream" in (response.header("content-type") or ""):
        return await _read_events(response, call, sink, deployment)
    document = ImageJson(sink.writer)
    try:
        while piece := await response.read_piece():
            document.feed(piece)
        return _result(document, response, call, deployment)
    except BaseException:
        document.discard()
        raise


def _result(
    document: ImageJson, response: UpstreamResponse, call: UpstreamCall, deployment: Deployment
) -> ProviderResult:
    answer = document.finish()
    if not isinstance(answer, dict):
        raise UpstreamBroken(f"{deployment.id} answered with JSON that is not an object.")
    answer = cast(Body, answer)
    if answer.get("error"):  # some vendors say 200 and mean an error
        raise _from_error(answer["error"], 200, deployment, None)
    return ProviderResult(
        images=_taken(document.images, call, deployment.id),
        usage=read_usage(answer.get("usage")),
        output=_output(answer, _revised_prompts(answer.get("data"))),
        upstream_id=response.header("x-request-id"),
    )


async def _error_body(response: UpstreamResponse) -> bytes:
    """As much of it as comes: the status alone says enough."""
    body = b""
    with suppress(UpstreamError):
        while len(body) < _ERROR_BODY_MAX and (piece := await response.read_piece()):
            body += piece
    return body


async def _read_events(
    response: UpstreamResponse, call: UpstreamCall, sink: ImageSink, deployment: Deployment
) -> ProviderResult:
    events = ImageEvents(sink.writer)
    final: list[SpooledImage] = []
    usages: list[Usage] = []
    last: Body = {}
    try:
        while piece := await response.read_piece():
            for event, images in events.feed(piece):
                kind = str(event.get("type", ""))
                if kind.endswith(".completed"):
                    final.extend(images)
                    last = event
                    if (usage := read_usage(event.get("usage"))) is not None:
                        usages.append(usage)
                    continue
                preview = images.pop(0) if kind.endswith(".partial_image") and images else None
                remove(images)
                if event.get("error") or kind == "error":
                    raise _from_error(event.get("error") or event, 200, deployment, None)
                if preview is not None:
                    await sink.partial(_count(event, "partial_image_index"), preview)
        return ProviderResult(
            images=_taken(final, call, deployment.id),
            usage=_sum(usages[: call.request.n]),
            output=_output(last, ()),
            upstream_id=response.header("x-request-id"),
        )
    except BaseException:
        remove(final)
        raise
    finally:
        events.discard()


def read_usage(raw: Any) -> Usage | None:
    """The vendor's ``usage``; None when it reports nothing that can be used.

    The Images API often leaves out ``output_tokens_details``; its output is images, so those
    tokens are image tokens and not text: https://github.com/BerriAI/litellm/issues/31142
    """
    if not isinstance(raw, dict):
        return None
    usage = cast(Body, raw)
    into, out = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if not (into or out) or into + out > _TOKENS_MAX:
        return None
    into_details = _object(usage, "input_tokens_details")
    out_details = _object(usage, "output_tokens_details")
    cached = _object(usage, "cached_tokens_details")
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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    # Gateways in front of a vendor put message and code at the top.
    answer = cast(Body, body) if isinstance(body, dict) else {}
    return _from_error(
        answer.get("error") or answer, response.status, deployment, _retry_after_s(response.header)
    )


def _from_error(
    raw: Any, status: int, deployment: Deployment, retry_after_s: float | None
) -> DarkroomError:
    error = cast(Body, raw) if isinstance(raw, dict) else {"message": str(raw or "")}
    code = str(error.get("code") or error.get("type") or "")
    if status == 200:  # what the error says instead
        status = _STATUS.get(code) or _STATUS.get(str(error.get("type")), 502)
    message = _clean(str(error.get("message") or f"HTTP status {status}"), deployment)
    if code in _MODERATION:
        details = _object(error, "moderation_details")
        return ModerationBlocked(
            message,
            details={
                "stage": details.get("moderation_stage") or "unknown",
                "categories": details.get("categories") or [],
            },
        )
    said = f"{deployment.id} says: {message}"
    if code in _DENIED or status in (401, 402, 403, 404):
        return UpstreamDenied(said)
    if status == 429:
        return UpstreamRateLimited(said, retry_after_s=retry_after_s)
    if status in (400, 413, 415, 422):
        param = error.get("param")
        return UpstreamRejected(message, param=param if isinstance(param, str) else None)
    if status in (504, 524):  # a proxy gave up waiting; the vendor may still be at work
        return UpstreamTimeout(said, retry_after_s=retry_after_s)
    return UpstreamFailed(said, retry_after_s=retry_after_s)


_MODERATION = frozenset({"moderation_blocked", "content_policy_violation", "contentFilter"})
# A spent account answers 400 or 429, and no retry will help:
# https://platform.openai.com/docs/guides/error-codes
_DENIED = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found"}
)
# The status that an error under status 200, or in a stream, would have had.
_STATUS = {"invalid_request_error": 400, "rate_limit_exceeded": 429}


def _clean(message: str, deployment: Deployment) -> str:
    """A vendor's words without the key that it may repeat in them."""
    if key := deployment.api_key.reveal():
        message = message.replace(key, "…")
    return _SECRET.sub("…", message)[:500]


def _retry_after_s(header: Callable[[str], str | None]) -> float | None:
    """Seconds to wait; OpenAI sends milliseconds, seconds or an HTTP date."""
    milliseconds, text = _number(header("retry-after-ms")), header("retry-after") or ""
    if milliseconds is not None:
        return milliseconds / 1000
    if (seconds := _number(text)) is not None:
        return seconds
    date = email.utils.parsedate_tz(text)
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _taken(images: list[SpooledImage], call: UpstreamCall, name: str) -> tuple[SpooledImage, ...]:
    if not images:
        raise UpstreamBroken(f"{name} answered without an image.")
    remove(images[call.request.n :])
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


def _revised_prompts(data: Any) -> tuple[str | None, ...]:
    """One for each image, in their order."""
    found: list[str | None] = []
    for item in cast(list[Any], data) if isinstance(data, list) else []:
        if isinstance(item, dict) and isinstance(cast(Body, item).get("b64_json"), str):
            prompt = cast(Body, item).get("revised_prompt")
            found.append(prompt if isinstance(prompt, str) else None)
    return tuple(found)


def _object(holder: Body, name: str) -> Body:
    value = holder.get(name)
    return cast(Body, value) if isinstance(value, dict) else {}


def _count(holder: Body, name: str) -> int:
    value = holder.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

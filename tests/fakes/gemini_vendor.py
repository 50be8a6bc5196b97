"""A server on loopback that speaks the Gemini API's ``generateContent``, and fails on command.

Used like :mod:`tests.fakes.openai_vendor`. Shapes: https://ai.google.dev/api/generate-content and
answers recorded in https://github.com/BerriAI/litellm/issues/20357; checked with ``google-genai``.
"""

import base64
import binascii
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image, UnidentifiedImageError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.openai_answers import MANGLERS
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import HTML, Reply
from tests.fakes.pictures import Look, color_of, picture
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor

Document = dict[str, Any]

# https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios_and_image_size
FIRST = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:4": (864, 1184),
    "4:5": (896, 1152),
    "9:16": (768, 1344),
    "21:9": (1536, 672),
    "3:2": (1248, 832),
    "4:3": (1184, 864),
    "5:4": (1152, 896),
    "16:9": (1344, 768),
}
THIRD = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:4": (896, 1200),
    "4:5": (928, 1152),
    "9:16": (768, 1376),
    "21:9": (1584, 672),
    "3:2": (1264, 848),
    "4:3": (1200, 896),
    "5:4": (1152, 928),
    "16:9": (1376, 768),
}
LONG = {"1:4": (512, 2048), "4:1": (2048, 512), "1:8": (384, 3072), "8:1": (3072, 384)}
TOKENS = {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520}
HARMS = {"sexual": "HARM_CATEGORY_SEXUALLY_EXPLICIT", "hate": "HARM_CATEGORY_HATE_SPEECH"}
SCALES = {"512": 0.5, "1K": 1, "2K": 2, "4K": 4}


@dataclass(frozen=True, slots=True)
class Model:
    """``image_type`` is what it answers with; ``thinks``: it sends drafts and signatures."""

    ratios: Mapping[str, tuple[int, int]]
    tiers: tuple[str, ...]
    image_type: str = "png"
    thinks: bool = True
    tokens: Mapping[str, int] | None = None


MODELS: Mapping[str, Model] = {
    "gemini-2.5-flash-image": Model(FIRST, (), thinks=False, tokens={"1K": 1290}),
    "gemini-3-pro-image": Model(
        THIRD, ("1K", "2K", "4K"), "jpeg", tokens={"1K": 1120, "2K": 1120, "4K": 2000}
    ),
    "gemini-3.1-flash-image": Model({**THIRD, **LONG}, ("512", "1K", "2K", "4K")),
    "gemini-3.1-flash-lite-image": Model(THIRD, ()),
    "gemini-nano-banana-2.1": Model({**THIRD, **LONG}, ("1K", "2K", "4K")),
}
BODY = ("contents", "generationConfig", "safetySettings", "systemInstruction")
CONFIG = ("responseModalities", "imageConfig", "temperature", "candidateCount", "thinkingConfig")
IMAGE_CONFIG = ("aspectRatio", "imageSize", "personGeneration")


class GoogleError(Exception):
    """An error answer: HTTP status, Google's word for it, message, details."""

    def __init__(self, code: int, status: str, message: str, *details: Document) -> None:
        super().__init__(message)
        self.reply = Reply(
            code, (_dump(_envelope(code, status, message, details)),), content_type=_JSON
        )


_JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked request."""

    model: str
    prompt: str
    ratio: str = "1:1"
    tier: str = "1K"
    inputs: int = 0

    @property
    def size(self) -> tuple[int, int]:
        width, height = MODELS[self.model].ratios[self.ratio]
        return int(width * SCALES[self.tier]), int(height * SCALES[self.tier])


class GeminiVendor(Vendor):
    """``v1beta`` as REST users call it, and ``v1`` as the SDK does."""

    paths = tuple(
        f"/{version}/models{rest}" for version in ("v1beta", "v1") for rest in ("", "/{call:path}")
    )
    bought_at = ":generateContent"

    def __init__(
        self,
        name: str = "gemini",
        *,
        keys: frozenset[str] = frozenset(),
        weight: int = 0,
        port: int = 0,
    ) -> None:
        super().__init__(name, keys=keys, weight=weight, port=port)

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        try:
            if problem:
                raise GoogleError(400, "INVALID_ARGUMENT", problem)
            self._check_key(arrived)
            if arrived.path.endswith("/models"):
                what = self.script.take(arrived.path, "")
                return _REFUSALS.get(what.fault, _models)(what), what
            asked = understood(arrived)
        except GoogleError as error:
            return error.reply, Plan()
        what = self.script.take(arrived.path, asked.prompt)
        if what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        weight = self.weight if what.weight is None else what.weight
        document = _SPOILERS.get(what.fault, lambda same, _: same)(_answer(asked, weight), what)
        text = MANGLERS.get(what.fault, bytes)(_dump(document))
        return Reply(200, (text,), content_type=_JSON), what

    def _check_key(self, arrived: Received) -> None:
        key = arrived.headers.get("x-goog-api-key", "")
        if not key:
            message = "Method doesn't allow unregistered callers (callers without established"
            raise GoogleError(403, "PERMISSION_DENIED", f"{message} identity).")
        if self.keys and key not in self.keys:
            raise _bad_key(key)

    def standing_headers(self, number: int) -> Mapping[str, str]:
        return {"server": "scaffolding on HTTPServer2", "server-timing": f"gfet4t7; dur={number}"}

    async def no_such_url(self, request: Request, _: Exception) -> Response:
        return JSONResponse(_envelope(404, "NOT_FOUND", "Requested entity was not found.", ()), 404)


# Requests ---------------------------------------------------------------------------------------


def understood(arrived: Received) -> Asked:
    """The checked request; raises :class:`GoogleError`."""
    name, _, method = arrived.path.rpartition("/")[2].partition(":")
    if name not in MODELS or method != "generateContent" or arrived.method != "POST":
        message = f"models/{name} is not found for API version v1beta, or is not supported for"
        raise GoogleError(404, "NOT_FOUND", f"{message} {method}.")
    body = _known(arrived.json, BODY, "")
    config = _known(body.get("generationConfig"), CONFIG, "generation_config.")
    if "IMAGE" not in (config.get("responseModalities") or ["TEXT", "IMAGE"]):
        raise _invalid("the model answers with images")
    image = _known(config.get("imageConfig"), IMAGE_CONFIG, "generation_config.image_config.")
    model = MODELS[name]
    ratio, tier = image.get("aspectRatio", "1:1"), image.get("imageSize", "1K")
    if ratio not in model.ratios:
        raise _invalid(f"aspect_ratio must be one of {', '.join(model.ratios)}")
    if "imageSize" in image and tier not in model.tiers:
        raise _invalid(f"image_size must be one of {', '.join(model.tiers)}")
    prompt, inputs = _contents(body.get("contents"))
    return Asked(name, prompt, ratio, tier, inputs)


def _contents(contents: Any) -> tuple[str, int]:
    words: list[str] = []
    inputs = 0
    for turn in contents if isinstance(contents, list) else []:
        for part in turn.get("parts", []):
            if "text" in part:
                words.append(part["text"])
                continue
            data = part.get("inlineData") or part.get("inline_data") or {}
            kind = data.get("mimeType") or data.get("mime_type")
            try:
                # Google takes both alphabets; its SDK sends the one for URLs.
                standard = data.get("data", "").replace("-", "+").replace("_", "/")
                picture_bytes = base64.b64decode(standard, validate=True)
                with Image.open(io.BytesIO(picture_bytes)) as opened:
                    found = f"image/{(opened.format or '').lower()}"
            except (binascii.Error, UnidentifiedImageError):
                raise _invalid("Unable to process input image.") from None
            if found != kind:
                raise _invalid(f"Unsupported MIME type: {kind}")
            inputs += 1
    if not words:
        raise _invalid("contents are required")
    return " ".join(words), inputs


def _known(value: Any, names: tuple[str, ...], where: str) -> Document:
    if value is None:
        return {}
    fields = cast("Document", value)
    if unknown := sorted(set(fields) - set(names)):
        message = f"Invalid JSON payload received. Unknown name \"{unknown[0]}\" at '{where}'"
        raise GoogleError(400, "INVALID_ARGUMENT", f"{message}: Cannot find field.")
    return fields


def _invalid(message: str) -> GoogleError:
    return GoogleError(400, "INVALID_ARGUMENT", message)


def _bad_key(key: str) -> GoogleError:
    reason = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    message = f"API key not valid. Please pass a valid API key. (You sent {key}.)"
    return GoogleError(400, "INVALID_ARGUMENT", message, reason)


# Answers ----------------------------------------------------------------------------------------


def _answer(asked: Asked, weight: int) -> Document:
    model = MODELS[asked.model]
    drawn = _part(asked, model.image_type, "final", weight)
    parts: list[Document] = [{"text": 'Here it is:\n"{\\"data\\": \\"x\\"}"'}, drawn]
    if model.thinks:
        signature = base64.b64encode(b"thought " * 50).decode()
        draft = _part(asked, "png", "draft", 0)
        parts = [
            {"text": "**Planning the picture**", "thought": True},
            {"thought": True, **draft},
            *parts[:1],
            {**drawn, "thoughtSignature": signature},
        ]
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(asked),
        "modelVersion": asked.model,
        "responseId": "resp-fake-1",
    }


def _part(asked: Asked, kind: str, what: str, weight: int) -> Document:
    data = picture(kind, Look(*asked.size, color_of(asked.prompt, what)), weight)
    return {"inlineData": {"mimeType": f"image/{kind}", "data": base64.b64encode(data).decode()}}


def _usage(asked: Asked) -> Document:
    model = MODELS[asked.model]
    text, images = (len(asked.prompt) + 3) // 4, asked.inputs * 258
    made = (model.tokens or TOKENS)[asked.tier]
    thoughts = 120 if model.thinks else 0
    details = [{"modality": "TEXT", "tokenCount": text}]
    if images:
        details.append({"modality": "IMAGE", "tokenCount": images})
    usage: Document = {
        "promptTokenCount": text + images,
        "candidatesTokenCount": made + 9,
        "totalTokenCount": text + images + made + 9 + thoughts,
        "promptTokensDetails": details,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": made}],
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def _without_candidates(document: Document, **more: Any) -> Document:
    kept = {name: value for name, value in document.items() if name != "candidates"}
    usage = {"promptTokenCount": 9, "totalTokenCount": 9}
    return {**kept, "usageMetadata": usage, **more}


def _blocked(document: Document, plan: Plan) -> Document:
    """A refusal of the prompt, or of what was made of it."""
    rated = [
        {"category": HARMS.get(name, name), "probability": "HIGH", "blocked": True}
        for name in plan.categories
    ]
    rated.append({"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"})
    if plan.stage == "input":
        feedback = {"blockReason": "SAFETY", "safetyRatings": rated}
        return _without_candidates(document, promptFeedback=feedback)
    candidate = {"finishReason": "IMAGE_SAFETY", "index": 0, "safetyRatings": rated}
    return _without_candidates(document, candidates=[candidate])


def _blocked_plainly(document: Document, _: Plan) -> Document:
    """As recorded in BerriAI/litellm issue 20357."""
    message = (
        "The model output could not be generated. Your current safety settings prohibited it."
        " Support code: 42876398."
    )
    candidate = {
        "content": {"role": "model"},
        "finishReason": "IMAGE_PROHIBITED_CONTENT",
        "finishMessage": message,
    }
    return _without_candidates(document, candidates=[candidate])


def _only_text(document: Document, _: Plan) -> Document:
    said = "I can describe that picture, but I need to know\nwhich cat you mean."
    content = {"role": "model", "parts": [{"text": said}]}
    return _without_candidates(
        document, candidates=[{"content": content, "finishReason": "NO_IMAGE"}]
    )


def _only_a_draft(document: Document, _: Plan) -> Document:
    candidate = document["candidates"][0]
    parts = [part for part in candidate["content"]["parts"] if part.get("thought")]
    content = {"role": "model", "parts": parts}
    return {**document, "candidates": [{"content": content, "finishReason": "IMAGE_OTHER"}]}


def _other_base64(document: Document, _: Plan) -> Document:
    for part in document["candidates"][0]["content"]["parts"]:
        if "inlineData" in part:
            data = part["inlineData"]["data"]
            part["inlineData"]["data"] = f"{data[:40]}!*~{data[43:]}"
    return document


def _usage_without_breakdown(document: Document, _: Plan) -> Document:
    usage = {k: v for k, v in document["usageMetadata"].items() if "Details" not in k}
    return {**document, "usageMetadata": usage}


def _no_usage(document: Document, _: Plan) -> Document:
    return {name: value for name, value in document.items() if name != "usageMetadata"}


_SPOILERS: Mapping[Fault, Callable[[Document, Plan], Document]] = {
    Fault.MODERATION_BLOCKED: _blocked,
    Fault.MODERATION_PLAIN: _blocked_plainly,
    Fault.MISSING_DATA: _only_text,
    Fault.FEWER_IMAGES: _only_a_draft,
    Fault.EMPTY_DATA: lambda document, _: _without_candidates(document),
    Fault.INVALID_BASE64: _other_base64,
    Fault.USAGE_NO_BREAKDOWN: _usage_without_breakdown,
    Fault.USAGE_MISSING: _no_usage,
}


# Errors -----------------------------------------------------------------------------------------


def _envelope(code: int, status: str, message: str, details: tuple[Document, ...]) -> Document:
    error: Document = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return {"error": error}


def _error(code: int, status: str, message: str) -> Callable[[Plan], Reply]:
    return lambda _: GoogleError(code, status, message).reply


def _quota(plan: Plan, quota: str = "GenerateRequestsPerMinutePerProjectPerModel") -> Reply:
    details: list[Document] = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaMetric": "generate_requests", "quotaId": quota}],
        }
    ]
    if plan.retry_after is not None:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": f"{plan.retry_after}s"})
    message = "You exceeded your current quota, please check your plan and billing details."
    return GoogleError(429, "RESOURCE_EXHAUSTED", message, *details).reply


def _models(_: Plan) -> Reply:
    listed = [
        {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
        for name in MODELS
    ]
    return Reply(200, (_dump({"models": listed}),), content_type=_JSON)


_REFUSALS: Mapping[Fault, Callable[[Plan], Reply]] = {
    Fault.RATE_LIMITED: _quota,
    Fault.INSUFFICIENT_QUOTA: lambda plan: _quota(plan, "GenerateRequestsPerDayPerProject"),
    Fault.INVALID_REQUEST: _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    Fault.INVALID_API_KEY: lambda _: _bad_key("gk-1").reply,
    Fault.BILLING_HARD_LIMIT: _error(
        400, "FAILED_PRECONDITION", "User location is not supported for the API use."
    ),
    Fault.SERVER_ERROR: _error(500, "INTERNAL", "An internal error has occurred."),
    Fault.OVERLOADED: _error(503, "UNAVAILABLE", "The model is overloaded. Try again later."),
    Fault.GATEWAY_TIMEOUT: _error(504, "DEADLINE_EXCEEDED", "Deadline expired."),
    Fault.BAD_GATEWAY: lambda _: Reply(
        502, (HTML % (b"Error 502", b"Error 502"),), content_type="text/html"
    ),
    Fault.HTML_200: lambda _: Reply(200, (HTML % (b"Hm", b"Hm"),), content_type="text/html"),
    Fault.EMPTY_200: lambda _: Reply(200, (b"",)),
}


def _dump(document: Document) -> bytes:
    """With spaces and line breaks, as Google writes it."""
    return json.dumps(document, indent=2).encode()

"""What Gemini answers: images among text and interim thoughts, usage, and refusals in HTTP 200."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, ModerationBlocked, UpstreamBroken
from darkroom.core.ports import ImageSink, UpstreamResponse
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage
from darkroom.providers._answers import Body, as_count, as_list, as_object, as_text, clean
from darkroom.providers._image_json import ImageJson, remove

# More tokens than any image can take: a number that is none.
_TOKENS_MAX = 10**9
_QUOTE_MAX = 200
_HUMP = re.compile("([A-Z])")
# Signatures are for the next turn of a chat. They can be as large as images:
# https://ai.google.dev/gemini-api/docs/thought-signatures
_SIGNATURES = ("thoughtSignature", "thought_signature")
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
# https://ai.google.dev/api/generate-content#FinishReason: those that are refusals on policy.
_REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)


async def read_answer(
    response: UpstreamResponse, deployment: Deployment, sink: ImageSink
) -> ProviderResult:
    """The image of an answer with status 200; every other image in it is removed.

    Raises :class:`ModerationBlocked` for a refusal, :class:`UpstreamBroken` for what is no image.
    """
    document = ImageJson(sink.writer, key="data", ignored=_SIGNATURES)
    try:
        while piece := await response.read_piece():
            document.feed(piece)
        return _result(document, deployment)
    except BaseException:
        document.discard()
        raise


def _result(document: ImageJson, deployment: Deployment) -> ProviderResult:
    answer = as_object(document.finish())
    found = next(_images(answer, document.images), None)
    if found is None:
        raise _without_image(answer, deployment)
    image, media_type = found
    if not image.byte_size:
        raise UpstreamBroken(f"{deployment.id} answered with an empty image.")
    usage = read_usage(_get(answer, "usageMetadata"))
    remove(other for other in document.images if other is not image)
    return ProviderResult(
        images=(image,),
        usage=usage if usage is not None and usage.image_out else None,
        output=Output(output_format=_FORMATS.get(media_type, "")),
        upstream_id=as_text(_get(answer, "responseId")) or None,
    )


def _images(answer: Body, images: Sequence[SpooledImage]) -> Iterator[tuple[SpooledImage, str]]:
    """Each image that is no thought, with its media type: models that think send drafts of it
    first, marked so. https://ai.google.dev/gemini-api/docs/image-generation#thinking-process
    """
    by_mark = {f"#{index}": image for index, image in enumerate(images)}
    for part in _parts(answer):
        data = as_object(_get(part, "inlineData"))
        image = by_mark.get(as_text(data.get("data")))
        media_type = as_text(_get(data, "mimeType"))
        if image is not None and media_type.startswith("image/") and not part.get("thought"):
            yield image, media_type


def _parts(answer: Body) -> list[Body]:
    return [
        as_object(part)
        for candidate in _candidates(answer)
        for part in as_list(as_object(candidate.get("content")).get("parts"))
    ]


def _candidates(answer: Body) -> list[Body]:
    return [as_object(candidate) for candidate in as_list(answer.get("candidates"))]


def _without_image(answer: Body, deployment: Deployment) -> DarkroomError:
    """Why there is none: the prompt was blocked, the image was, or the model just talked."""
    feedback = as_object(_get(answer, "promptFeedback"))
    blocked = as_text(_get(feedback, "blockReason"))
    if blocked:
        said = as_text(_get(feedback, "blockReasonMessage"))
        return _refusal("input", blocked, said, feedback, deployment)
    reasons: list[str] = []
    for candidate in _candidates(answer):
        reason = as_text(_get(candidate, "finishReason"))
        if reason in _REFUSALS:
            said = as_text(_get(candidate, "finishMessage"))
            return _refusal("output", reason, said, candidate, deployment)
        reasons.append(reason)
    words = " ".join(
        as_text(part.get("text")) for part in _parts(answer) if not part.get("thought")
    )
    told = " ".join(words.split())
    quoted = f" The model said: “{told[:_QUOTE_MAX]}”." if told else ""
    why = f" ({', '.join(filter(None, reasons))})" if any(reasons) else ""
    return UpstreamBroken(
        f"{deployment.id} answered without an image{why}.{clean(quoted, deployment)}"
    )


def _refusal(
    stage: str, reason: str, said: str, judged: Body, deployment: Deployment
) -> ModerationBlocked:
    categories = [
        as_text(rating.get("category")).removeprefix("HARM_CATEGORY_").lower()
        for rating in map(as_object, as_list(_get(judged, "safetyRatings")))
        if rating.get("blocked")
    ]
    what = "the prompt" if stage == "input" else "the image"
    return ModerationBlocked(
        clean(said, deployment) or f"Google refused {what} on policy ({reason}).",
        details={"stage": stage, "categories": categories or [reason.lower()]},
    )


def read_usage(raw: Any) -> Usage | None:
    """``usageMetadata``; None when it reports nothing that can be used.

    Thoughts are charged as text output. https://ai.google.dev/gemini-api/docs/pricing
    """
    usage = as_object(raw)
    into = as_count(_get(usage, "promptTokenCount"))
    out = as_count(_get(usage, "candidatesTokenCount"))
    thoughts = as_count(_get(usage, "thoughtsTokenCount"))
    if not (into or out) or into + out + thoughts > _TOKENS_MAX:
        return None
    # Nearly all of the output is the image, so without a breakdown all of it counts as one.
    told = bool(_get(usage, "candidatesTokensDetails"))
    image_out = min(out, _image_tokens(usage, "candidatesTokensDetails")) if told else out
    image_in = min(into, _image_tokens(usage, "promptTokensDetails"))
    cached = as_count(_get(usage, "cachedContentTokenCount"))
    cached_image = min(image_in, _image_tokens(usage, "cacheTokensDetails"))
    return Usage(
        text_in=into - image_in,
        image_in=image_in,
        cached_text_in=max(0, min(cached - cached_image, into - image_in)),
        cached_image_in=cached_image,
        image_out=image_out,
        text_out=out - image_out + thoughts,
    )


def _image_tokens(usage: Body, name: str) -> int:
    return sum(
        as_count(_get(detail, "tokenCount"))
        for detail in map(as_object, as_list(_get(usage, name)))
        if detail.get("modality") == "IMAGE"
    )


def _get(holder: Body, name: str) -> Any:
    """Google writes camel case; what stands between may write ``snake_case``."""
    return holder[name] if name in holder else holder.get(_HUMP.sub(r"_\1", name).lower())

"""From a job to OpenAI's answers and server-sent events."""

from collections.abc import Sequence
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Base64Of, LinkOf, Piece
from darkroom.core.draft import AnswerForm
from darkroom.core.job import Asset, Job
from darkroom.core.money import dollars
from darkroom.core.request import Operation
from darkroom.core.usage import Usage

_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
}
_EVENT_NAMES = {Operation.GENERATION: "image_generation", Operation.EDIT: "image_edit"}


def images(job: Job, form: AnswerForm, link_of: LinkOf) -> Answer:
    """The body of ``ImagesResponse``; image bytes are left as places to be filled."""
    results = job.results
    pieces: list[Piece] = [
        b'{"created":' + str((job.finished_at_ms or 0) // 1000).encode() + b',"data":['
    ]
    prompts = job.output.revised_prompts if job.output else ()
    for index, asset in enumerate(results):
        head = b"{" if index == 0 else b",{"
        revised = prompts[index] if index < len(prompts) else None
        if revised is not None:
            head += b'"revised_prompt":' + msgspec.json.encode(revised) + b","
        if form.links:
            pieces.append(head + b'"url":' + msgspec.json.encode(link_of(asset)) + b"}")
        else:
            pieces += [head + b'"b64_json":"', Base64Of(asset), b'"}']
    tail = _shape(job, results[0]) | {"usage": usage(job.usage)}
    pieces.append(b"]," + msgspec.json.encode(tail)[1:])
    return Answer(_joined(pieces))


def partial(job: Job, asset: Asset) -> Sequence[Piece]:
    name = f"{_EVENT_NAMES[job.request.operation]}.partial_image"
    return _event(name, job, asset, {"partial_image_index": asset.position})


def completed(job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
    name = f"{_EVENT_NAMES[job.request.operation]}.completed"
    # One usage counts for the whole request; earlier images of several carry an empty one.
    extra: dict[str, Any] = {"usage": usage(job.usage if last else Usage())}
    if last and job.charge is not None:  # ours: a stream's headers left before it was known
        nanos = job.charge.nanos
        extra["darkroom"] = {"job": job.id, "charge_nanos": nanos, "charge_usd": dollars(nanos)}
    return _event(name, job, asset, extra)


def usage(counted: Usage | None) -> dict[str, Any]:
    """OpenAI's ``usage``. The text and image tokens of both sides, always."""
    counted = counted or Usage()
    return {
        "total_tokens": counted.total,
        "input_tokens": counted.input_total,
        "output_tokens": counted.output_total,
        "input_tokens_details": {
            "text_tokens": counted.text_in,
            "image_tokens": counted.image_in,
        },
        "output_tokens_details": {
            "text_tokens": counted.text_out,
            "image_tokens": counted.image_out,
        },
    }


def _event(name: str, job: Job, asset: Asset, extra: dict[str, Any]) -> Sequence[Piece]:
    fields = {
        "type": name,
        "created_at": asset.created_at_ms // 1000,
        **_shape(job, asset),
        **extra,
    }
    head = b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(fields)[:-1]
    return [head + b',"b64_json":"', Base64Of(asset), b'"}\n\n']


def _shape(job: Job, asset: Asset) -> dict[str, str]:
    """What was made: the true size and format, and what the upstream said of the rest."""
    said, asked = job.output, job.request
    quality = (said.quality if said else "") or asked.quality
    background = (said.background if said else "") or asked.background
    shape = {
        "background": background if background != "auto" else "opaque",
        "output_format": _FORMATS[asset.media_type],
        "size": f"{asset.width}x{asset.height}",
    }
    # "auto" is no value of the answer; an upstream that did not say leaves it out.
    return shape | ({"quality": quality} if quality != "auto" else {})


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(before := joined[-1], bytes):
            joined[-1] = before + piece
        else:
            joined.append(piece)
    return joined

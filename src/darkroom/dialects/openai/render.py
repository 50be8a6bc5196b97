"""From a job to OpenAI's answers and server-sent events."""

from collections.abc import Sequence
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, Base64Of, LinkOf, Piece
from darkroom.core.draft import AnswerForm
from darkroom.core.job import Asset, Job, JobEvent
from darkroom.core.request import Operation
from darkroom.core.times import shown_time
from darkroom.core.usage import Usage
from darkroom.dialects._made import bill, shape
from darkroom.dialects._tasks import task, task_id, token_usage

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
    tail = shape(job, results[0]) | {"usage": token_usage(job.usage)} | _beside(job, link_of)
    pieces.append(b"]," + msgspec.json.encode(tail)[1:])
    return Answer(_joined(pieces))


def _beside(job: Job, link_of: LinkOf) -> dict[str, Any]:
    """What clients of task APIs look for, and what it cost: OpenAI's clients keep unknown keys."""
    extra = task(job, link_of)
    for name in ("created", "usage"):  # OpenAI's own
        extra.pop(name, None)
    return extra | ({"darkroom": bill(job, job.charge)} if job.charge else {})


def accepted(job: Job, link_of: LinkOf) -> Answer:
    """A task to poll, for who preferred not to wait (RFC 7240)."""
    headers = {"location": f"/v1/tasks/{task_id(job)}"}
    return Answer([msgspec.json.encode(task(job, link_of))], 202, headers=headers)


def notice(job: Job, event: JobEvent, link_of: LinkOf) -> bytes:
    """A webhook in the form that Standard Webhooks recommends and OpenAI uses."""
    body = {
        "type": f"image.job.{event}",
        "timestamp": shown_time(job.finished_at_ms or job.created_at_ms),
        "data": {"job": job.id, "state": job.state, **task(job, link_of)},
    }
    return msgspec.json.encode(body)


def partial(job: Job, asset: Asset) -> Sequence[Piece]:
    name = f"{_EVENT_NAMES[job.request.operation]}.partial_image"
    return _event(name, job, asset, {"partial_image_index": asset.position})


def completed(job: Job, asset: Asset, *, last: bool) -> Sequence[Piece]:
    name = f"{_EVENT_NAMES[job.request.operation]}.completed"
    # One usage counts for the whole request; earlier images of several carry an empty one.
    extra: dict[str, Any] = {"usage": token_usage(job.usage if last else Usage())}
    if last and job.charge is not None:
        extra["darkroom"] = bill(job, job.charge)
    return _event(name, job, asset, extra)


def _event(name: str, job: Job, asset: Asset, extra: dict[str, Any]) -> Sequence[Piece]:
    fields = {
        "type": name,
        "created_at": asset.created_at_ms // 1000,
        **shape(job, asset),
        **extra,
    }
    head = b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(fields)[:-1]
    return [head + b',"b64_json":"', Base64Of(asset), b'"}\n\n']


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(before := joined[-1], bytes):
            joined[-1] = before + piece
        else:
            joined.append(piece)
    return joined

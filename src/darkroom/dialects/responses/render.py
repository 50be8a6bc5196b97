"""From a job to the response object, its items and its webhooks."""

from dataclasses import dataclass
from typing import Any

import msgspec

from darkroom.core.dialect import Answer, LinkOf
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.core.request import InputImage, Operation
from darkroom.core.usage import Usage
from darkroom.dialects._made import bill, shape
from darkroom.dialects._tasks import token_usage
from darkroom.dialects.responses import errors, ids
from darkroom.dialects.responses.holes import Holes
from darkroom.dialects.responses.note import note_of
from darkroom.dialects.responses.said import shown_items

_STATUSES = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "in_progress",
    JobState.SUCCEEDED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELED: "cancelled",
}
_DEFAULTS: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
    "metadata": {},
}
_NO_TEXT_MODEL = {
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}
_ACTIONS = {Operation.GENERATION: "generate", Operation.EDIT: "edit"}
_DONE = {Operation.GENERATION: "Made", Operation.EDIT: "Edited"}


@dataclass(frozen=True, slots=True)
class View:
    """A job as its caller sees it. ``links``: instead of the images' bytes, not beside them."""

    job: Job
    link_of: LinkOf
    holes: Holes
    links: bool = False


def shown(job: Job, link_of: LinkOf, *, links: bool = False) -> Answer:
    """The response in whatever state; with ``links`` it has no image's bytes."""
    holes = Holes()
    return Answer(holes.pieces(response(View(job, link_of, holes, links))))


def response(view: View) -> dict[str, Any]:
    """The response object."""
    job = view.job
    status, said = _status(job), note_of(job).said
    ended = status in ("completed", "incomplete")
    fields: dict[str, Any] = {
        **_head(job),
        "status": status,
        "completed_at": (job.finished_at_ms or 0) // 1000 if status == "completed" else None,
        "error": errors.of_response(job),
        "output": output(view) if ended else [],
        "usage": ((said and said.usage) or _NO_TEXT_MODEL) if job.state.final else None,
        "incomplete_details": said.incomplete_details if said and ended else None,
    }
    if job.state.final:
        fields["tool_usage"] = {"image_gen": _usage(job), "web_search": {"num_requests": 0}}
    if job.state is JobState.SUCCEEDED:
        links = [view.link_of(asset) for asset in job.results]
        charge = {} if job.charge is None else bill(job, job.charge)
        fields["darkroom"] = {"job": job.id, **charge, "images": links}
    return fields


def output(view: View) -> list[dict[str, Any]]:
    """The items of a response that has ended: a text model's own, or what was done here."""
    said = note_of(view.job).said
    if said is None or view.job.state is not JobState.SUCCEEDED:
        return [*calls(view), message(view)]
    return shown_items(view.job, said, None if view.links else view.holes)


def opening(job: Job, status: str) -> dict[str, Any]:
    """The response object as a stream begins with it, whatever has become of it since."""
    return {**_head(job), "status": status, "error": None, "output": [], "usage": None}


def call(view: View, asset: Asset) -> dict[str, Any]:
    """The image call that made a result."""
    job = view.job
    said = job.output.revised_prompts if job.output else ()
    revised = said[asset.position] if asset.position < len(said) else None
    return {
        "id": ids.call_id(job, asset.position),
        "type": "image_generation_call",
        "status": "completed",
        "action": _ACTIONS[job.request.operation],
        **shape(job, asset),
        "revised_prompt": revised or job.request.prompt,
        "result": None if view.links else view.holes.base64_of(asset),
    }


def calls(view: View) -> list[dict[str, Any]]:
    """Every image call of a job that has ended: a refused one says why."""
    job = view.job
    if error := errors.of_call(job):
        return [
            {
                "id": ids.call_id(job, 0),
                "type": "image_generation_call",
                "status": "failed",
                "action": _ACTIONS[job.request.operation],
                "result": None,
                "error": error,
            }
        ]
    return [call(view, asset) for asset in job.results]


def message(view: View) -> dict[str, Any]:
    """The message that says what was done."""
    return {
        "id": ids.message_id(view.job),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [text_part(told(view.job))],
    }


def text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def told(job: Job) -> str:
    """What was done, in a sentence or two."""
    if error := errors.of_call(job):
        return f"No image was made. {error['message']}"
    made, results = len(job.results), job.results
    first = shape(job, results[0]) if results else {}
    words = [first[name] for name in ("size", "quality", "output_format") if name in first]
    count = "an image" if made == 1 else f"{made} images"
    model = f" with {job.model}" if job.model else ""
    text = f"{_DONE[job.request.operation]} {count}{model} ({', '.join(words)})."
    return " ".join([text, *(warning.message for warning in job.warnings)])


def input_items(job: Job, link_of: LinkOf) -> list[dict[str, Any]]:
    """The input as the list of items shows it, oldest first."""
    return [_input_item(job, index, item, link_of) for index, item in enumerate(note_of(job).items)]


def deleted(job: Job) -> dict[str, Any]:
    return {"id": ids.response_id(job), "object": "response", "deleted": True}


def notice(job: Job, link_of: LinkOf) -> bytes:
    """A webhook in OpenAI's form; its SDK reads it with ``webhooks.unwrap``.

    https://platform.openai.com/docs/api-reference/webhook-events
    """
    data: dict[str, Any] = {"id": ids.response_id(job)}
    if job.state is JobState.SUCCEEDED:
        data["images"] = [link_of(asset) for asset in job.results]
    event = {
        "id": ids.event_id(job),
        "object": "event",
        "created_at": (job.finished_at_ms or job.created_at_ms) // 1000,
        "type": f"response.{_status(job)}",
        "data": data,
    }
    return msgspec.json.encode(event)


def _head(job: Job) -> dict[str, Any]:
    """What does not change while the job runs."""
    note = note_of(job)
    return {
        **_DEFAULTS,
        "model": job.request.model,
        **note.echo,
        "id": ids.response_id(job),
        "object": "response",
        "created_at": job.created_at_ms // 1000,
        "background": note.background,
        "incomplete_details": None,
    }


def _status(job: Job) -> str:
    """Only who polls is told that it waits; a refusal completes a conversation's turn."""
    if errors.of_call(job):
        return "completed"
    if job.state is JobState.QUEUED and not note_of(job).background:
        return "in_progress"
    said = note_of(job).said
    if job.state is JobState.SUCCEEDED and said is not None:
        return said.status
    return _STATUSES[job.state]


def _usage(job: Job) -> dict[str, Any]:
    counted = job.usage or Usage()
    return {
        **token_usage(counted),
        "cached_tokens": counted.cached_text_in + counted.cached_image_in,
        "cached_tokens_details": {
            "cached_image_tokens": counted.cached_image_in,
            "cached_text_tokens": counted.cached_text_in,
        },
    }


def _input_item(job: Job, index: int, item: dict[str, Any], link_of: LinkOf) -> dict[str, Any]:
    if item["type"] != "message":
        return {"status": "completed", **item, "result": None}
    content = [_input_part(job, part, link_of) for part in item["content"]]
    if item["role"] == "assistant":
        content = [text_part(part["text"]) for part in content if "text" in part]
    return {
        "id": ids.input_id(job, index),
        "type": "message",
        "role": item["role"],
        "status": "completed",
        "content": content,
    }


def _input_part(job: Job, part: dict[str, Any], link_of: LinkOf) -> dict[str, Any]:
    if part["type"] != "input_image":
        return part
    number: int | None = part.get("image")
    image = None if number is None else job.request.inputs[number]
    shown: dict[str, Any] = {"type": "input_image", "detail": "auto", "file_id": None}
    if image is not None and image.asset_id.startswith("file-"):
        return shown | {"file_id": image.asset_id, "image_url": None}
    return shown | {"image_url": None if image is None else link_of(_asset(job, image))}


def _asset(job: Job, image: InputImage) -> Asset:
    """The stored image behind an input, which may belong to an earlier job."""
    return Asset(
        id=image.asset_id,
        kind=AssetKind.INPUT,
        position=0,
        sha256=image.sha256,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        byte_size=image.byte_size,
        created_at_ms=job.created_at_ms,
    )

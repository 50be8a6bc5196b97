"""The fake vendor's Responses API with its image tool: a text model that draws what it is told.

Shapes and order of events as recorded by the AI SDK's tests:
https://github.com/vercel/ai/tree/main/packages/openai/src/responses/__fixtures__
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.openai_answers import event, right_answer, usage_of
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_inputs import from_references
from tests.fakes.openai_refusals import REJECTED, Reply
from tests.fakes.openai_rules import GENERATION_PARAMS, Asked, Rejection, check

TEXT_MODELS = ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-5", "gpt-unpriced")
CACHED, TOOL_TOKENS, REASONING = 128, 300, 64
_TOP = frozenset(
    {
        *("model", "input", "tools", "tool_choice", "instructions", "max_output_tokens"),
        *("max_tool_calls", "parallel_tool_calls", "reasoning", "safety_identifier", "store"),
        *("stream", "temperature", "text", "top_p", "truncation"),
    }
)
_TOOL_ONLY = ("type", "action", "input_image_mask", "input_fidelity")
_GOOD = ("", "refused", "text", "incomplete")
_CALL = "response.image_generation_call"


@dataclass(frozen=True, slots=True)
class Talk:
    """A checked request: the image that it comes to, and the body."""

    image: Asked
    body: Mapping[str, Any]
    words: int


def conversation(body: Mapping[str, Any]) -> Talk:
    """Raises :class:`Rejection` or ``BadInput``."""
    for name in body:
        if name not in _TOP:
            raise _invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if body.get("model") not in TEXT_MODELS:
        raise Rejection(400, "The requested model does not exist.", code="model_not_found")
    [tool] = body["tools"]
    parts = [part for item in body["input"] for part in item["content"]]
    texts = [part["text"] for part in parts if part["type"] in ("input_text", "output_text")]
    images = [{"image_url": part["image_url"]} for part in parts if part["type"] == "input_image"]
    inputs = from_references(images, tool.get("input_image_mask"))
    if tool.get("action") == "edit" and not inputs:
        raise _invalid("There is no image to edit.", "tools[0].action", "invalid_value")
    last = [part["text"] for part in body["input"][-1]["content"] if "text" in part]
    params = {name: value for name, value in tool.items() if name not in _TOOL_ONLY}
    params |= {"prompt": "\n".join(last), "stream": bool(body.get("stream"))}
    asked = check(GENERATION_PARAMS, params, inputs, edit=bool(inputs))
    return Talk(asked, body, sum(len(text.split()) for text in texts))


def response(talk: Talk, plan: Plan) -> Reply:
    """The whole answer, plain or streamed."""
    if plan.said not in _GOOD:
        error = {"code": plan.said, "message": "The response failed."}
        done = {**_head(talk), "status": "failed", "error": error, "output": []}
    else:
        items = _items(talk, plan)
        done = {**_head(talk), "status": "completed", "output": items, **_usage(talk, items)}
        if plan.said == "incomplete":
            reason = {"reason": "max_output_tokens"}
            done |= {"status": "incomplete", "incomplete_details": reason}
        if plan.usage is not None:
            done["usage"] = plan.usage
    if not talk.body.get("stream"):
        return Reply(200, (_dump(done),))
    chunks = _streamed(talk, done)
    if plan.fault is Fault.SSE_NO_COMPLETED:
        chunks = chunks[:-1]
    return Reply(200, chunks, content_type="text/event-stream; charset=utf-8", streamed=True)


def _head(talk: Talk) -> dict[str, Any]:
    return {
        "id": "resp_upstream",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": talk.body.get("instructions"),
        "max_output_tokens": talk.body.get("max_output_tokens"),
        "model": f"{talk.body['model']}-2025-04-14",
        "output": [],
        "parallel_tool_calls": True,
        "store": False,
        "tool_choice": "auto",
        "tools": [{"type": "image_generation", "n": 1}],
        "usage": None,
    }


def _items(talk: Talk, plan: Plan) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [{"id": "rs_upstream", "type": "reasoning", "summary": []}]
    if plan.said == "refused":
        items.append(_refused(plan))
    elif plan.said != "text":
        count = 1 if plan.images is None else plan.images
        items += [_call(talk, plan, number) for number in range(count)]
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": "Here you are."}
    message = {"id": "msg_upstream", "type": "message", "status": "completed"}
    return [*items, {**message, "role": "assistant", "content": [part]}]


def _call(talk: Talk, plan: Plan, number: int) -> dict[str, Any]:
    told = replace(talk.image, prompt=f"{talk.image.prompt} #{number}")
    asked = talk.image
    return {
        "id": f"ig_upstream{number}",
        "type": "image_generation_call",
        "status": "completed",
        "action": "edit" if asked.edit else "generate",
        "background": asked.background,
        "output_format": asked.output_format,
        "quality": asked.quality,
        "size": f"{asked.size[0]}x{asked.size[1]}",
        "revised_prompt": f"Vividly: {asked.prompt}",
        "result": right_answer(told, plan.weight or 0).images[0],
    }


def _refused(plan: Plan) -> dict[str, Any]:
    details = {"moderation_stage": plan.stage, "categories": list(plan.categories)}
    error = {
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "message": REJECTED % ", ".join(plan.categories),
        "param": None,
        "moderation_details": details,
    }
    item = {"id": "ig_upstream0", "type": "image_generation_call", "status": "failed"}
    return {**item, "result": None, "error": error}


def _usage(talk: Talk, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The text model's tokens, and those of its image calls."""
    into, out = TOOL_TOKENS + talk.words, REASONING + 20 * len(items)
    drawn = sum(bool(item.get("result")) for item in items)
    one = usage_of(replace(talk.image, stream=False))
    image: dict[str, Any] = _times(one, drawn)
    return {
        "usage": {
            "input_tokens": into,
            "input_tokens_details": {"cached_tokens": CACHED, "cache_write_tokens": 0},
            "output_tokens": out,
            "output_tokens_details": {"reasoning_tokens": REASONING},
            "total_tokens": into + out,
        },
        "tool_usage": {"image_gen": image, "web_search": {"num_requests": 0}},
    }


def _times(counts: Mapping[str, Any], factor: int) -> dict[str, Any]:
    return {
        name: _times(value, factor) if isinstance(value, Mapping) else value * factor
        for name, value in counts.items()
    }


def _streamed(talk: Talk, done: dict[str, Any]) -> tuple[bytes, ...]:
    told: list[dict[str, Any]] = []

    def tell(name: str, **fields: Any) -> None:
        told.append({"type": name, "sequence_number": len(told), **fields})

    tell("response.created", response=_head(talk))
    tell("response.in_progress", response=_head(talk))
    for at, item in enumerate(done["output"]):
        begun: dict[str, Any] = {"id": item["id"], "type": item["type"], "status": "in_progress"}
        tell("response.output_item.added", output_index=at, item=begun)
        if item["type"] == "image_generation_call":
            place = {"item_id": item["id"], "output_index": at}
            tell(f"{_CALL}.in_progress", **place)
            tell(f"{_CALL}.generating", **place)
            for index, data in enumerate(right_answer(talk.image, 0).partials):
                shown = {"partial_image_index": index, "partial_image_b64": data}
                tell(f"{_CALL}.partial_image", **place, **shown)
            if item["status"] == "completed":
                tell(f"{_CALL}.completed", **place)
        tell("response.output_item.done", output_index=at, item=item)
    tell(f"response.{done['status']}", response=done)
    return tuple(event(each["type"], _dump(each)) for each in told)


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _invalid(message: str, param: str, code: str) -> Rejection:
    return Rejection(400, message, code=code, param=param)

"""OpenAI's Responses API with its image tool, shared by the adapters of vendors that speak it.

https://platform.openai.com/docs/guides/tools-image-generation
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, UpstreamBroken
from darkroom.core.mainline import CALLS_MAX, OUTPUT_MAX
from darkroom.core.note import Note, Said, preview_position
from darkroom.core.ports import (
    Base64File,
    Egress,
    InputFile,
    ResponseSink,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage
from darkroom.providers import _openai_images as images_api
from darkroom.providers._answers import (
    Body,
    as_count,
    as_list,
    as_object,
    as_text,
    clean,
    error_body,
)
from darkroom.providers._image_json import ImageEvents, ImageJson, remove
from darkroom.providers._openai_errors import classify, from_error

_RESULT, _PREVIEW = "result", "partial_image_b64"
_CALL = "image_generation_call"
_TOKENS_MAX = 10**9
_ITEMS_MAX = 64
# What the caller said of the answer. Not `service_tier`, which changes the price; nor what names
# or stores something: the conversation is kept here alone.
_PASSED = (
    *("instructions", "parallel_tool_calls", "reasoning", "temperature", "text"),
    *("tool_choice", "top_p", "truncation"),
)
_NOT_THE_TOOLS = ("model", "prompt", "n", "stream", "user")
# Errors of a response that another attempt may not meet; the rest are about the request.
# types/responses/response_error.py of openai-python
_PASSING = ("", "server_error", "rate_limit_exceeded", "vector_store_timeout")
_REFUSED = "image_content_policy_violation"


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how a vendor is asked. ``names_model``: the tool says its image model."""

    path: str
    headers: dict[str, str]
    names_model: bool = True


async def respond(
    egress: Egress, deployment: Deployment, call: UpstreamCall, sink: ResponseSink, at: Address
) -> ProviderResult:
    """Ask for a response and read it. Raises from the error tree for everything but an answer."""
    asked = body(call, call.note or Note(), names_model=at.names_model)
    response = await egress.post_json(deployment, at.path, asked, at.headers)
    try:
        if response.status != 200:
            raise classify(response, await error_body(response), deployment)
        answer = _Answer(response, sink, deployment)
        if "text/event-stream" in (response.header("content-type") or ""):
            return await answer.events()
        return await answer.document()
    finally:
        await response.close()


# --- asking -------------------------------------------------------------------------------------


def body(call: UpstreamCall, note: Note, *, names_model: bool) -> Body:
    """The request as the caller made it, with the images in sight as data URLs."""
    line = call.request.mainline
    asked: Body = {name: note.echo[name] for name in _PASSED if name in note.echo}
    asked |= {
        "model": call.mainline,
        "input": _input(call, note),
        "tools": [_tool(call, note, names_model=names_model)],
        "max_output_tokens": OUTPUT_MAX if line is None else line.output_max,
        "max_tool_calls": min(note.echo.get("max_tool_calls") or CALLS_MAX, CALLS_MAX),
        "store": False,
    }
    if call.request.user is not None:
        asked["safety_identifier"] = call.request.user
    return asked | ({"stream": True} if call.request.partial_images else {})


def _tool(call: UpstreamCall, note: Note, *, names_model: bool) -> Body:
    fields = images_api.fields(call)
    tool: Body = {"type": "image_generation"}
    if names_model:
        tool["model"] = call.upstream_model
    tool |= {name: value for name, value in fields.items() if name not in _NOT_THE_TOOLS}
    said = as_object(next(iter(as_list(note.echo.get("tools"))), None))
    if action := said.get("action"):
        tool["action"] = action
    if call.mask is not None:
        tool["input_image_mask"] = {"image_url": _data_url(call.mask)}
    return tool


def _input(call: UpstreamCall, note: Note) -> list[Body]:
    """The texts of earlier turns, the images that they left in sight, and the new messages.

    The last user message says the prompt as it was planned. Image calls are known here alone:
    their pictures go as images.
    """
    images = [_image(file) for file in call.inputs]
    used: set[int] = set()
    messages: list[Body] = []
    for item in note.items:
        if item["type"] != "message":
            continue
        parts = [_part(part, item["role"], images, used) for part in item["content"]]
        messages.append({"role": item["role"], "content": [part for part in parts if part]})
    last = max((at for at, each in enumerate(messages) if each["role"] == "user"), default=None)
    if last is not None:
        seen = [part for part in messages[last]["content"] if part["type"] == "input_image"]
        prompt = {"type": "input_text", "text": call.request.prompt}
        messages[last] = {"role": "user", "content": [prompt, *seen]}
    rest = [image for number, image in enumerate(images) if number not in used]
    if rest:
        messages.insert(last or 0, {"role": "user", "content": rest})
    return [*note.before, *(message for message in messages if message["content"])]


def _part(part: Body, role: str, images: Sequence[Body], used: set[int]) -> Body | None:
    """A part of a message; None for an image that was not used."""
    if part["type"] != "input_image":
        return {
            "type": "output_text" if role == "assistant" else "input_text",
            "text": part["text"],
        }
    number: int | None = part.get("image")
    if number is None or number >= len(images):
        return None
    used.add(number)
    return images[number]


def _image(file: InputFile) -> Body:
    return {"type": "input_image", "image_url": _data_url(file)}


def _data_url(file: InputFile) -> Base64File:
    return Base64File(file.path, file.byte_size, f"data:{file.media_type};base64,")


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    """One good answer on its way in."""

    response: UpstreamResponse
    sink: ResponseSink
    deployment: Deployment

    async def document(self) -> ProviderResult:
        document = ImageJson(self.sink.writer, _RESULT)
        try:
            while piece := await self.response.read_piece():
                document.feed(piece)
            answer = as_object(document.finish())
            items = [self._safe(item) for item in as_list(answer.get("output"))]
            return self._result(answer, *_numbered(items, document.images))
        except BaseException:
            document.discard()
            raise

    async def events(self) -> ProviderResult:
        """A stream's own account of its items; the last event repeats them, images and all."""
        events = ImageEvents(self.sink.writer, (_RESULT, _PREVIEW))
        items: list[Body] = []
        made: list[SpooledImage] = []
        last: Body | None = None
        try:
            while piece := await self.response.read_piece():
                for event, images in events.feed(piece):
                    kind = as_text(event.get("type"))
                    if kind == "response.output_item.done":
                        item = self._safe(event.get("item"))
                        [item], kept = _numbered([item], images, len(made))
                        items.append(item)
                        made.extend(kept)
                        if len(items) > _ITEMS_MAX:
                            raise UpstreamBroken("The answer has too many output items.")
                        await self.sink.said(Said(list(items)))
                        continue
                    if kind.endswith(".partial_image") and images:
                        await self._preview(event, images.pop(0))
                    remove(images)
                    if kind in ("response.completed", "response.incomplete", "response.failed"):
                        last = as_object(event.get("response"))
                    elif kind == "error" or event.get("error"):
                        raise self._error(event.get("error") or event)
            if last is None:
                raise UpstreamBroken(f"{self.deployment.id} broke off its answer.")
            return self._result(last, items, made)
        except BaseException:
            remove(made)
            raise
        finally:
            events.discard()

    def _safe(self, raw: Any) -> Body:
        """An output item without the key that its error may repeat."""
        item = as_object(raw)
        error = as_object(item.get("error"))
        if not error:
            return item
        message = clean(as_text(error.get("message")), self.deployment)
        return {**item, "error": {**error, "message": message}}

    async def _preview(self, event: Body, image: SpooledImage) -> None:
        output, index = (as_count(event.get(n)) for n in ("output_index", "partial_image_index"))
        await self.sink.partial(preview_position(output, index), image)

    def _result(
        self, answer: Body, items: list[Body], images: list[SpooledImage]
    ) -> ProviderResult:
        status = as_text(answer.get("status"))
        if answer.get("error") or status == "failed":
            raise self._error(answer.get("error"))
        if status not in ("completed", "incomplete"):
            raise UpstreamBroken(f"{self.deployment.id} answered with no finished response.")
        drawn = [item for item in items if as_text(item.get(_RESULT))]
        first = drawn[0] if drawn else Body()
        prompts = (as_text(item.get("revised_prompt")) or None for item in drawn)
        usage = as_object(answer.get("usage"))
        return ProviderResult(
            images=tuple(images),
            usage=images_api.read_usage(as_object(answer.get("tool_usage")).get("image_gen")),
            output=Output(
                size=as_text(first.get("size")),
                quality=as_text(first.get("quality")),
                background=as_text(first.get("background")),
                output_format=as_text(first.get("output_format")),
                revised_prompts=tuple(prompts),
            ),
            upstream_id=self.response.header("x-request-id") or as_text(answer.get("id")) or None,
            said=Said(
                items, status, as_object(answer.get("incomplete_details")) or None, usage or None
            ),
            mainline=_mainline(usage),
        )

    def _error(self, raw: Any) -> DarkroomError:
        error = as_object(raw)
        code = as_text(error.get("code"))
        if code == _REFUSED:
            error = {**error, "code": "moderation_blocked"}
        status = 200 if code in _PASSING else 400
        return from_error(error or raw, status, self.deployment)


def _numbered(
    items: Sequence[Body], images: list[SpooledImage], start: int = 0
) -> tuple[list[Body], list[SpooledImage]]:
    """The items with their images numbered from ``start``, and these images in order. What no
    image call holds is removed."""
    kept: list[SpooledImage] = []
    found: list[Body] = []
    for item in items:
        mark = as_text(item.get(_RESULT)) if item.get("type") == _CALL else ""
        if not mark:
            found.append(item)
            continue
        number = mark.removeprefix("#")
        if not number.isdecimal() or int(number) >= len(images):
            raise UpstreamBroken("An image in the answer cannot be read.")
        image = images[int(number)]
        if not image.byte_size:
            found.append({**item, _RESULT: None})
            continue
        found.append({**item, _RESULT: f"#{start + len(kept)}"})
        kept.append(image)
    remove(image for image in images if image not in kept)
    return found, kept


def _mainline(usage: Body) -> Usage:
    """The text model's tokens."""
    into, out = as_count(usage.get("input_tokens")), as_count(usage.get("output_tokens"))
    if into + out > _TOKENS_MAX:
        return Usage()
    cached = as_count(as_object(usage.get("input_tokens_details")).get("cached_tokens"))
    return Usage(mainline_in=into, mainline_cached_in=min(cached, into), mainline_out=out)

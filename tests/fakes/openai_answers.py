"""The fake vendor's right answers, plain and streamed, and the faults that spoil their contents."""

import base64
import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_rules import FIRST_LINE, Asked
from tests.fakes.pictures import Look, color_of, picture

# https://developers.openai.com/api/docs/guides/image-generation: tokens by quality and shape.
FIRST_LINE_TOKENS = {
    "low": (272, 408, 400),
    "medium": (1056, 1584, 1568),
    "high": (4160, 6240, 6208),
}
LATER_FACTOR = {"low": 16, "medium": 48, "high": 96, "xhigh": 144, "max": 192}
PARTIAL_TOKENS = 100

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say: one base64 text (or whatever a fault made of it) per image, and the usage."""

    asked: Asked
    images: tuple[Any, ...]
    usage: Mapping[str, Any] | None
    partials: tuple[str, ...] = ()
    with_data: bool = True
    image_key: str = "b64_json"


def right_answer(asked: Asked, weight: int) -> Answer:
    """The answer a healthy vendor gives, each image ``weight`` bytes or more."""
    images = tuple(_encoded(asked, index, weight) for index in range(asked.n))
    partials = tuple(_encoded(asked, f"partial {i}", 0) for i in range(asked.partial_images))
    # Each final event of a stream speaks of its own image.
    usage = usage_of(replace(asked, n=1) if asked.stream else asked)
    return Answer(asked, images, usage, partials)


def usage_of(asked: Asked) -> Document:
    """Token usage that follows OpenAI's published tables, in OpenAI's shape."""
    text = 6 + (len(asked.prompt) + 3) // 4
    image = sum(_input_tokens(asked, each.width, each.height) for each in asked.inputs)
    output = asked.n * (output_tokens(asked) + PARTIAL_TOKENS * asked.partial_images)
    usage: Document = {
        "input_tokens": text + image,
        "input_tokens_details": {"image_tokens": image, "text_tokens": text},
        "output_tokens": output,
        "total_tokens": text + image + output,
    }
    if not asked.stream:
        usage["output_tokens_details"] = {"image_tokens": output, "text_tokens": 0}
    return usage


def output_tokens(asked: Asked) -> int:
    """Output tokens of one image."""
    width, height = asked.size
    if asked.model in FIRST_LINE:
        shape = 0 if width == height else 1 if width < height else 2
        return FIRST_LINE_TOKENS[asked.quality][shape]
    factor = LATER_FACTOR[asked.quality]
    long, short = max(width, height), min(width, height)
    scaled = (2 * factor * short + long) // (2 * long)
    return -(-(factor * scaled * (2_000_000 + width * height)) // 4_000_000)


def _input_tokens(asked: Asked, width: int, height: int) -> int:
    shrink = max(1.0, max(width, height) / 2048, min(width, height) / 512)
    tiles = -(-int(width / shrink) // 512) * -(-int(height / shrink) // 512)
    fidelity = 0 if asked.input_fidelity == "low" else 4160 if width == height else 6240
    return 65 + 129 * tiles + fidelity


def _encoded(asked: Asked, index: object, weight: int) -> str:
    color = color_of(asked.prompt, index)
    look = Look(*asked.size, color, asked.background == "transparent")
    return encoded(asked.output_format, look, weight)


@lru_cache(maxsize=64)
def encoded(output_format: str, look: Look, weight: int) -> str:
    """A picture as base64 text."""
    return base64.b64encode(picture(output_format, look, weight)).decode()


# Faults of the contents ------------------------------------------------------------------------


def _each_image(change: Callable[[bytes], bytes]) -> Callable[[Answer, Plan], Answer]:
    def spoil(answer: Answer, _: Plan) -> Answer:
        changed = (base64.b64encode(change(base64.b64decode(image))) for image in answer.images)
        return replace(answer, images=tuple(each.decode() for each in changed))

    return spoil


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :]


def _redrawn(**changes: Any) -> Callable[[Answer, Plan], Answer]:
    def spoil(answer: Answer, _: Plan) -> Answer:
        other = replace(answer.asked, **changes)
        if changes.get("output_format") == answer.asked.output_format:
            other = replace(other, output_format="png")
        return replace(answer, images=tuple(_encoded(other, i, 0) for i in range(other.n)))

    return spoil


def _usage(change: Callable[[Document], Any]) -> Callable[[Answer, Plan], Answer]:
    return lambda answer, _: replace(answer, usage=change(dict(answer.usage or {})))


def _numbers(change: Callable[[int], Any]) -> Callable[[Document], Document]:
    def walk(usage: Document) -> Document:
        return {k: walk(v) if isinstance(v, dict) else change(v) for k, v in usage.items()}

    return walk


def _count(default: int) -> Callable[[Answer, Plan], Answer]:
    def spoil(answer: Answer, plan: Plan) -> Answer:
        count = max(0, answer.asked.n + default) if plan.images is None else plan.images
        repeated = answer.images * (count // max(1, len(answer.images)) + 1)
        return replace(answer, images=repeated[:count])

    return spoil


SPOILERS: Mapping[Fault, Callable[[Answer, Plan], Answer]] = {
    Fault.INVALID_BASE64: lambda answer, _: replace(
        answer, images=tuple(f"{image[:40]}!*~{image[43:]}" for image in answer.images)
    ),
    Fault.WRONG_FORMAT: _redrawn(output_format="webp", background="opaque"),
    Fault.WRONG_SIZE: _redrawn(size=(640, 400)),
    Fault.NOT_AN_IMAGE: _each_image(lambda _: b"%PDF-1.7 this is no image"),
    Fault.TRUNCATED_IMAGE: _each_image(lambda data: data[: len(data) // 2]),
    Fault.CORRUPT_IMAGE: _each_image(_flip),
    Fault.EMPTY_DATA: lambda answer, _: replace(answer, images=()),
    Fault.MISSING_DATA: lambda answer, _: replace(answer, images=(), with_data=False),
    Fault.NULL_IMAGE: lambda answer, _: replace(answer, images=(None,) * len(answer.images)),
    Fault.URL_IMAGE: lambda answer, _: replace(
        answer, images=("http://127.0.0.1:9/image.png",) * len(answer.images), image_key="url"
    ),
    Fault.FEWER_IMAGES: _count(-1),
    Fault.MORE_IMAGES: _count(+1),
    Fault.USAGE_MISSING: _usage(lambda _: None),
    Fault.USAGE_NO_BREAKDOWN: _usage(
        lambda usage: {name: value for name, value in usage.items() if "details" not in name}
    ),
    Fault.USAGE_ZERO: _usage(_numbers(lambda _: 0)),
    Fault.USAGE_NEGATIVE: _usage(_numbers(lambda number: -number)),
    Fault.USAGE_HUGE: _usage(_numbers(lambda number: number * 10**15)),
    Fault.USAGE_STRINGS: _usage(_numbers(str)),
    Fault.USAGE_INCONSISTENT: _usage(lambda usage: {**usage, "total_tokens": 1}),
}


# Rendering -------------------------------------------------------------------------------------

MANGLERS: Mapping[Fault, Callable[[bytes], bytes]] = {
    Fault.TRUNCATED_JSON: lambda text: text[: len(text) * 2 // 3],
    Fault.INVALID_JSON: lambda text: text.replace(b":", b"=", 1),
    Fault.ESCAPED_SLASHES: lambda text: text.replace(b"/", b"\\/"),
    Fault.PRETTY_JSON: lambda text: json.dumps(json.loads(text), indent="\t").encode(),
}


def reply(answer: Answer, plan: Plan) -> Reply:
    """The answer on the wire: JSON or events, with the plan's faults applied."""
    answer = SPOILERS.get(plan.fault, lambda same, _: same)(answer, plan)
    if plan.usage is not None:
        answer = replace(answer, usage=plan.usage)
    mangle = MANGLERS.get(plan.fault, bytes)
    if answer.asked.stream and plan.fault is not Fault.SSE_AS_JSON:
        return _streamed(answer, plan, mangle)
    body = mangle(_dump(_document(answer)))
    if plan.fault is Fault.GZIP:
        return Reply(200, (gzip.compress(body, 1),), {"content-encoding": "gzip"})
    if plan.fault is Fault.GZIP_BOMB:
        bomb = gzip.compress(body[:-1] + b" " * plan.huge_bytes + b"}", 1)
        return Reply(200, (bomb,), {"content-encoding": "gzip"})
    return Reply(200, (body,))


def _document(answer: Answer) -> Document:
    document: Document = {"created": int(time.time()), **_echo(answer.asked)}
    if answer.with_data:
        document["data"] = [{answer.image_key: image} for image in answer.images]
    if answer.usage is not None:
        document["usage"] = answer.usage
    if answer.asked.safety_identifier:
        document["safety_identifier"] = answer.asked.safety_identifier
    return document


def _echo(asked: Asked) -> Document:
    return {
        "background": asked.background,
        "output_format": asked.output_format,
        "quality": asked.quality,
        "size": f"{asked.size[0]}x{asked.size[1]}",
    }


def _dump(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _streamed(answer: Answer, plan: Plan, mangle: Callable[[bytes], bytes]) -> Reply:
    kind = "image_edit" if answer.asked.edit else "image_generation"
    common = {"created_at": int(time.time()), **_echo(answer.asked)}
    events: list[bytes] = []
    for index, partial in enumerate(answer.partials):
        name = f"{kind}.partial_image"
        text = _dump({"type": name, "b64_json": partial, "partial_image_index": index, **common})
        events.append(event(name, text))
    final = f"{kind}.completed"
    for image in answer.images:
        document: Document = {"type": final, answer.image_key: image, **common}
        if answer.usage is not None:
            document["usage"] = answer.usage
        events.append(event(final, mangle(_dump(document))))
    reshape = STREAM_FAULTS.get(plan.fault, list[bytes])
    headers = {"cache-control": "no-cache"}
    content_type = "text/event-stream; charset=utf-8"
    return Reply(200, tuple(reshape(events)), headers, content_type, streamed=True)


def event(name: str, data: bytes) -> bytes:
    """One server-sent event."""
    lines = b"\ndata: ".join(data.split(b"\n"))
    return b"event: %b\ndata: %b\n\n" % (name.encode(), lines)


def _error_event() -> bytes:
    error = {
        "type": "server_error",
        "code": "server_error",
        "message": "The server had an error while processing your request.",
        "param": None,
    }
    return event("error", _dump({"type": "error", "error": error}))


def _with_comments(events: Sequence[bytes]) -> list[bytes]:
    return [b": keep-alive\r\n\r\n" + each.replace(b"\n", b"\r\n") for each in events]


STREAM_FAULTS: Mapping[Fault, Callable[[list[bytes]], list[bytes]]] = {
    Fault.SSE_ERROR: lambda events: [*events[:1][: len(events) - 1], _error_event()],
    Fault.SSE_DUPLICATE_COMPLETED: lambda events: [*events, events[-1]],
    Fault.SSE_NO_COMPLETED: lambda events: events[:-1],
    Fault.SSE_DONE: lambda events: [*events, b"data: [DONE]\n\n"],
    Fault.SSE_COMMENTS: _with_comments,
}

"""A server on loopback that speaks Black Forest Labs' API: submit, poll, fetch.

Used like :mod:`tests.fakes.openai_vendor`; a fault concerns the submit unless it is about the
task or its image. ``polls`` is what each task's polls meet, one after the other, before the end.
Shapes: https://api.bfl.ai/openapi.json and https://github.com/black-forest-labs/skills.
"""

import base64
import binascii
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image, UnidentifiedImageError

from tests.fakes.openai_answers import MANGLERS
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import HTML, Reply
from tests.fakes.pictures import Look, color_of, picture
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor

Document = dict[str, Any]
PENDING: Document = {"status": "Pending", "result": None, "progress": 0.0}

CREDITS = {
    "flux-2-pro": (3, 1.5),
    "flux-2-max": (7, 3),
    "flux-2-flex": (5, 5),
    "flux-2-klein-4b": (1.4, 0.1),
    "flux-2-klein-9b": (1.5, 0.2),
}
REFERENCES = {"flux-2-klein-4b": 4, "flux-2-klein-9b": 4}
FIELDS = {
    "prompt",
    "width",
    "height",
    "seed",
    "output_format",
    "safety_tolerance",
    "disable_pup",
    "webhook_url",
    "webhook_secret",
}


@dataclass(slots=True)
class Task:
    """A submitted task and how it goes on."""

    id: str
    asked: Document
    size: tuple[int, int]
    plan: Plan
    polls: list[Document | int] = field(default_factory=list[Document | int])


class BadRequest(Exception):
    """A 422 of FastAPI's."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        problem = {"type": "value_error", "loc": ["body", where], "msg": message}
        self.reply = _json(422, {"detail": [problem]})


class BFLVendor(Vendor):
    """``polls``: bodies, or bare HTTP statuses, that every task's polls meet before its end."""

    paths = ("/v1/credits", "/v1/get_result", "/v1/{model}", "/delivery/{name}")
    bought_at = "/v1/flux"

    def __init__(
        self,
        name: str = "bfl",
        *,
        keys: frozenset[str] = frozenset(),
        weight: int = 0,
        port: int = 0,
    ) -> None:
        super().__init__(name, keys=keys, weight=weight, port=port)
        self.polls: Sequence[Document | int] = (PENDING,)
        self.submitted: Document = {}
        """Replaces fields of the submit's answer; ``...`` leaves one out."""
        self.result: Document = {}
        """Replaces fields of the ``result`` of a task that is ready."""
        self.tasks: dict[str, Task] = {}
        self._ids = itertools.count(1)

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        if arrived.path.startswith("/delivery/"):
            return self._deliver(arrived)
        key = arrived.headers.get("x-key", "")
        if not key or (self.keys and key not in self.keys):
            return _json(403, {"detail": "Not authenticated - Invalid Authentication"}), Plan()
        if arrived.path == "/v1/credits":
            what = self.script.take(arrived.path, "")
            return _REFUSALS.get(what.fault, _credits)(what), what
        if arrived.path == "/v1/get_result":
            return self._poll(arrived.query), Plan()
        try:
            asked, size = understood(arrived, problem)
        except BadRequest as error:
            return error.reply, Plan()
        return self._submit(arrived, asked, size)

    def _submit(
        self, arrived: Received, asked: Document, size: tuple[int, int]
    ) -> tuple[Reply, Plan]:
        what = self.script.take(arrived.path, asked["prompt"])
        if what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        task = Task(f"task-{next(self._ids)}", asked, size, what, list(self.polls))
        self.tasks[task.id] = task
        first, further = CREDITS[arrived.path.rpartition("/")[2]]
        megapixels = size[0] * size[1] / 1024**2
        answer = {
            "id": task.id,
            "polling_url": f"{self.base_url}/v1/get_result?id={task.id}",
            "cost": first + (max(1, -(-size[0] * size[1] // 1024**2)) - 1) * further,
            "input_mp": 0.0,
            "output_mp": round(megapixels, 2),
            **self.submitted,
        }
        reply = _json(200, {name: value for name, value in answer.items() if value is not ...})
        if what.fault in _OF_THE_TASK:
            return reply, Plan()
        mangle = MANGLERS.get(what.fault, bytes)
        return Reply(200, tuple(map(mangle, reply.chunks))), what

    def _poll(self, query: str) -> Reply:
        task = self.tasks.get(query.removeprefix("id="))
        if task is None:
            return _json(404, {"id": query, "status": "Task not found", "result": None})
        if task.plan.fault is Fault.HANG:
            return _json(200, {"id": task.id, **PENDING})
        if task.polls:
            step = task.polls.pop(0)
            if isinstance(step, int):
                return _json(step, {"detail": "Not now"})
            return _json(200, {"id": task.id, **step})
        if task.plan.fault in _ENDS:
            return _json(200, {"id": task.id, "result": None, **_ENDS[task.plan.fault](task.plan)})
        result = {
            "sample": f"{self.base_url}/delivery/{task.id}.{task.asked['output_format']}",
            "prompt": task.asked["prompt"],
            "seed": task.asked.get("seed", 42),
            "start_time": 1_763_600_000.1,
            "end_time": 1_763_600_004.3,
            "duration": 4.2,
            **self.result,
        }
        return _json(200, {"id": task.id, "status": "Ready", "result": result, "progress": None})

    def _deliver(self, arrived: Received) -> tuple[Reply, Plan]:
        name, _, kind = arrived.path.rpartition("/")[2].partition(".")
        task = self.tasks.get(name)
        if task is None or "x-key" in arrived.headers:
            return Reply(403, (b"<Error>AccessDenied</Error>",), content_type="text/xml"), Plan()
        color = color_of(task.asked["prompt"], task.asked.get("seed"))
        data = picture(kind, Look(*task.size, color), self.weight)
        if task.plan.fault is Fault.NULL_IMAGE:
            return Reply(404, (b"<Error>BlobNotFound</Error>",), content_type="text/xml"), Plan()
        how = Plan(task.plan.fault) if task.plan.fault in _OF_THE_IMAGE else Plan()
        return Reply(200, (data,), content_type=f"image/{kind}"), how


def understood(arrived: Received, problem: str) -> tuple[Document, tuple[int, int]]:
    """The checked request and its size; raises :class:`BadRequest`."""
    model = arrived.path.rpartition("/")[2]
    if problem or not isinstance(arrived.json, dict) or model not in CREDITS:
        raise BadRequest("body", problem or "Input should be a valid dictionary")
    asked = cast("Document", arrived.json)
    images = [name for name in asked if name.startswith("input_image")]
    allowed = ["input_image", *(f"input_image_{n}" for n in range(2, REFERENCES.get(model, 8) + 1))]
    for name in set(asked) - FIELDS - set(allowed):
        raise BadRequest(name, "Extra inputs are not permitted")
    if not isinstance(asked.get("prompt"), str):
        raise BadRequest("prompt", "Field required")
    if asked.setdefault("output_format", "jpeg") not in ("jpeg", "png", "webp"):
        raise BadRequest("output_format", "Input should be 'jpeg', 'png' or 'webp'")
    sizes = [_opened(asked[name], name) for name in images]
    size = asked.get("width", 1024), asked.get("height", 1024)
    for name, edge in zip(("width", "height"), size, strict=True):
        if edge % 16 or edge < 64:
            raise BadRequest(name, "Input should be a multiple of 16, at least 64")
    if size[0] * size[1] > 4 * 1024**2:
        raise BadRequest("width", "At most 4 megapixels")
    return asked, size if "width" in asked or not sizes else (1024, 1024)


def _opened(text: Any, name: str) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True))) as opened:
            return opened.size
    except (binascii.Error, UnidentifiedImageError, TypeError):
        raise BadRequest(name, "Input should be a base64 encoded image") from None


def _moderated(plan: Plan) -> Document:
    status = {"input": "Request Moderated", "output": "Content Moderated"}[plan.stage]
    return {"status": status, "details": {"Moderation Reasons": list(plan.categories)}}


_ENDS: Mapping[Fault, Callable[[Plan], Document]] = {
    Fault.MODERATION_BLOCKED: _moderated,
    # As the vendor's own skill shows it.
    Fault.CONTENT_POLICY: lambda _: {"status": "Error", "error": "content_policy_violation"},
    Fault.ERROR_200: lambda _: {"status": "Error", "details": {"error": "CUDA out of memory"}},
    Fault.MISSING_DATA: lambda _: {"status": "Ready", "result": None},
}
# The body stops early. NULL_IMAGE: the image is gone. HANG: the task stays pending.
_OF_THE_IMAGE = frozenset({Fault.CUT_BODY, Fault.RESET_MID_BODY})
_OF_THE_TASK = _OF_THE_IMAGE | set(_ENDS) | {Fault.HANG, Fault.NULL_IMAGE}


def _error(status: int, error: str, message: str) -> Callable[[Plan], Reply]:
    return lambda _: _json(status, {"error": error, "message": message})


def _limited(plan: Plan) -> Reply:
    wait = {"retry_after": int(plan.retry_after)} if plan.retry_after is not None else {}
    return _json(
        429, {"error": "rate_limit_exceeded", "message": "Too many concurrent tasks.", **wait}
    )


def _credits(_: Plan) -> Reply:
    return _json(200, {"credits": 1234.5})


_REFUSALS: Mapping[Fault, Callable[[Plan], Reply]] = {
    Fault.RATE_LIMITED: _limited,
    Fault.INSUFFICIENT_QUOTA: _error(402, "insufficient_credits", "Add credits to your account."),
    Fault.CONTENT_FILTER: _error(400, "content_policy_violation", "The prompt was flagged."),
    Fault.INVALID_REQUEST: lambda _: BadRequest("width", "Width is too large").reply,
    Fault.INVALID_API_KEY: _error(401, "invalid_api_key", "The key is not valid."),
    Fault.SERVER_ERROR: _error(500, "internal_error", "Internal server error"),
    Fault.OVERLOADED: _error(503, "unavailable", "Service unavailable"),
    Fault.GATEWAY_TIMEOUT: lambda _: Reply(
        504, (HTML % (b"504", b"504"),), content_type="text/html"
    ),
}


def _json(status: int, body: Document) -> Reply:
    return Reply(status, (json.dumps(body).encode(),))

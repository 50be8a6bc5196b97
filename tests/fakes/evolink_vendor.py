"""A server on loopback that speaks EvoLink's API: upload, submit, poll, fetch.

Used like :mod:`tests.fakes.openai_vendor`; a fault concerns the submit unless it is about the
task or its image. ``polls`` is what each task's polls meet before the end. Shapes:
https://docs.evolink.ai (gpt-image-2, get-task-detail, upload-base64, get-credits).
"""

import base64
import io
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image

from tests.fakes.openai_answers import MANGLERS
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import Reply
from tests.fakes.pictures import Look, color_of, picture
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor

Document = dict[str, Any]

FIELDS = {"model", "prompt", "size", "quality", "n", "image_urls", "callback_url", "resolution"}
MODELS = {"gpt-image-1.5", "gpt-image-2", "gemini-3-pro-image-preview"}
QUALITIES = {
    "gpt-image-1.5": {"low", "medium", "high", "auto"},
    "gpt-image-2": {"low", "medium", "high"},
    "gemini-3-pro-image-preview": {"1K", "2K", "4K"},
}
RATIOS = {"1:1": (1024, 1024), "16:9": (1376, 768), "3:2": (1264, 848)}
PENDING: Document = {"status": "pending", "progress": 0}


@dataclass(slots=True)
class Task:
    """A submitted task and how it goes on."""

    id: str
    asked: Document
    size: tuple[int, int]
    plan: Plan
    polls: list[Document | int] = field(default_factory=list[Document | int])


class EvoLinkVendor(Vendor):
    """``polls``: bodies, or bare HTTP statuses, that every task's polls meet before its end."""

    paths = (
        "/v1/images/generations",
        "/v1/tasks/{task_id}",
        "/v1/credits",
        "/api/v1/files/upload/base64",
        "/files/{name}",
    )
    bought_at = "/v1/images"

    def __init__(self, name: str = "evolink", *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(name, keys=keys)
        self.polls: Sequence[Document | int] = (PENDING, {"status": "processing", "progress": 40})
        self.submitted: Document = {}
        """Replaces fields of the submit's answer."""
        self.done: Document = {}
        """Replaces fields of a finished task."""
        self.linked_to = ""
        """Where images are linked to; else here."""
        self.tasks: dict[str, Task] = {}
        self.files: dict[str, bytes] = {}
        self._ids = itertools.count(1)

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        if arrived.path.startswith("/files/"):
            return self._deliver(arrived)
        key = arrived.headers.get("authorization", "").removeprefix("Bearer ")
        if not key or (self.keys and key not in self.keys):
            return _error(401, "unauthorized", "authentication_error", "Invalid API key."), Plan()
        if arrived.path == "/v1/credits":
            left = {"remaining_credits": 1_095.3996, "used_credits": 135.9048}
            return _json(200, {"data": {"user": left}, "message": "", "success": True}), Plan()
        if arrived.path.startswith("/v1/tasks/"):
            return self._poll(arrived.path.rpartition("/")[2]), Plan()
        if arrived.path.endswith("/upload/base64"):
            return self._upload(arrived)
        return self._submit(arrived, problem)

    def _upload(self, arrived: Received) -> tuple[Reply, Plan]:
        what = self.script.take(arrived.path, "")
        if what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        text = re.fullmatch(r"data:(image/\w+);base64,(.+)", arrived.json["base64_data"])
        assert text is not None
        data = base64.b64decode(text[2], validate=True)
        with Image.open(io.BytesIO(data)) as image:
            image.load()
        name = f"in-{len(self.files)}-{arrived.json['file_name']}"
        self.files[name] = data
        url = f"{self.base_url}/files/{name}"
        stored = {
            "file_id": "file_abc123",
            "file_name": name,
            "original_name": arrived.json["file_name"],
            "file_size": len(data),
            "mime_type": text[1],
            "upload_path": "",
            "file_url": url,
            "download_url": url,
            "upload_time": "2026-11-20T00:00:00+08:00",
            "expires_at": "2026-11-23T00:00:00+08:00",
        }
        body = {"success": True, "code": 200, "msg": "File uploaded successfully", "data": stored}
        return _json(200, body), what

    def _submit(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        asked = cast("Document", arrived.json or {})
        if fault := problem or self._wrong(asked):
            return _error(400, "invalid_request", "invalid_request_error", fault), Plan()
        what = self.script.take(arrived.path, asked["prompt"])
        if what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        task = Task(
            f"task-unified-1757156493-{next(self._ids):08d}",
            asked,
            _size(str(asked.get("size", "auto"))),
            what,
            list(self.polls),
        )
        self.tasks[task.id] = task
        answer = {
            **_task(task, "pending", 0),
            "task_info": {"can_cancel": True, "estimated_time": 100},
            "usage": {
                "billing_rule": "per_call",
                "credits_reserved": 2.5,
                "user_group": "default",
            },
            **self.submitted,
        }
        reply = _json(200, answer)
        if what.fault in _OF_THE_TASK:
            return reply, Plan()
        mangle = MANGLERS.get(what.fault, bytes)
        return Reply(200, tuple(map(mangle, reply.chunks))), what

    def _wrong(self, asked: Document) -> str:
        model = asked.get("model", "")
        if unknown := set(asked) - FIELDS:
            return f"Unknown parameter: {sorted(unknown)[0]}"
        if model not in MODELS:
            return f"Unknown model: {model}"
        if asked.get("quality", "high") not in QUALITIES[model] | {"high"}:
            return f"Unknown quality: {asked['quality']}"
        if model == "gemini-3-pro-image-preview" and asked.get("size", "1:1") not in RATIOS:
            return f"Unknown size: {asked['size']}"
        known = {f"{self.base_url}/files/{name}" for name in self.files}
        return "" if set(asked.get("image_urls", ())) <= known else "An image cannot be fetched."

    def _poll(self, task_id: str) -> Reply:
        task = self.tasks.get(task_id)
        if task is None:
            message = "The requested task could not be found"
            return _error(404, "task_not_found", "invalid_request_error", message)
        if task.plan.fault is Fault.HANG:
            return _json(200, _task(task, "processing", 40))
        if task.polls:
            step = task.polls.pop(0)
            if isinstance(step, int):
                return _error(step, "rate_limit_exceeded", "evo_api_error", "Not now")
            return _json(200, {**_task(task, "pending", 0), **step})
        if task.plan.fault in _ENDS:
            failed = {**_task(task, "failed", 0), "error": _ENDS[task.plan.fault]}
            return _json(200, failed)
        place = self.linked_to or self.base_url
        count = task.asked.get("n", 1)
        results = [f"{place}/files/{task.id}_{index}.png" for index in range(count)]
        done = {**_task(task, "completed", 100), "results": results, **self.done}
        return _json(200, {name: value for name, value in done.items() if value is not ...})

    def _deliver(self, arrived: Received) -> tuple[Reply, Plan]:
        name = arrived.path.rpartition("/")[2].removesuffix(".png")
        task_id, _, index = name.rpartition("_")
        task = self.tasks.get(task_id)
        if task is None or "authorization" in arrived.headers:
            return Reply(403, (b"AccessDenied",), content_type="text/xml"), Plan()
        if task.plan.fault is Fault.NULL_IMAGE and index == "0":
            return Reply(404, (b"NoSuchKey",), content_type="text/xml"), Plan()
        data = picture("png", Look(*task.size, color_of(task.asked["prompt"], index)))
        how = Plan(task.plan.fault) if task.plan.fault in _OF_THE_IMAGE else Plan()
        return Reply(200, (data,), content_type="image/png"), how


def _size(text: str) -> tuple[int, int]:
    if match := re.fullmatch(r"(\d+)x(\d+)", text):
        return int(match[1]), int(match[2])
    return RATIOS.get(text, (1024, 1024))


def _task(task: Task, status: str, progress: int) -> Document:
    return {
        "created": 1_757_156_493,
        "id": task.id,
        "model": task.asked["model"],
        "object": "image.generation.task",
        "progress": progress,
        "status": status,
        "task_info": {"can_cancel": False},
        "type": "image",
    }


def _ended(code: str, message: str) -> Document:
    return {"code": code, "message": message, "type": "task_error"}


_ENDS: Mapping[Fault, Document] = {
    Fault.MODERATION_BLOCKED: _ended("content_policy_violation", "The content is not allowed."),
    Fault.CONTENT_FILTER: _ended("unknown_error", "Rejected by the safety system."),
    Fault.INVALID_REQUEST: _ended("invalid_parameters", "The size is not supported."),
    Fault.ERROR_200: _ended("generation_timeout", "The generation took too long."),
    Fault.OVERLOADED: _ended("resource_exhausted", "Too many tasks."),
    Fault.INSUFFICIENT_QUOTA: _ended("quota_exceeded", "No credits are left."),
    Fault.CONFLICT: _ended("request_cancelled", "The task was cancelled."),
}
_OF_THE_IMAGE = frozenset({Fault.CUT_BODY, Fault.RESET_MID_BODY})
_OF_THE_TASK = _OF_THE_IMAGE | set(_ENDS) | {Fault.HANG, Fault.NULL_IMAGE}


def _error(status: int, code: str | int, kind: str, message: str) -> Reply:
    return _json(status, {"error": {"code": code, "message": message, "type": kind}})


def _limited(plan: Plan) -> Reply:
    answer = _error(429, "rate_limit_exceeded", "rate_limit_error", "Retry after 60 seconds.")
    wait = {"retry-after": plan.retry_after} if plan.retry_after else {}
    return Reply(429, answer.chunks, wait)


_REFUSALS: Mapping[Fault, Callable[[Plan], Reply]] = {
    Fault.RATE_LIMITED: _limited,
    # The older form: the code is the status.
    Fault.BILLING_HARD_LIMIT: lambda _: _error(402, 402, "insufficient_quota_error", "Top up."),
    Fault.SERVER_ERROR: lambda _: _error(500, "internal_error", "api_error", "Internal error"),
    Fault.BAD_GATEWAY: lambda _: _error(502, 502, "upstream_error", "Upstream error"),
}


def _json(status: int, body: Document) -> Reply:
    return Reply(status, (json.dumps(body).encode(),))

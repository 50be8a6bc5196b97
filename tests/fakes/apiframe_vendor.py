"""A server on loopback that speaks Apiframe's API v2: upload, submit, poll, fetch.

Used like :mod:`tests.fakes.openai_vendor`; a fault concerns the submit unless it is about the job
or its image. ``polls`` is what each job's polls meet before the end. Shapes: ``openapi.json`` of
https://github.com/apiframe-ai/apiframe-nodejs-sdk.
"""

import io
import json
import uuid
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

_GPT = {"aspect_ratio", "quality", "background", "output_format", "input_images"}
PARAMS: Mapping[str, tuple[str, set[str]]] = {
    "gpt-image-1.5": ("gptImageParams", _GPT | {"input_fidelity", "number_of_images"}),
    "gpt-image-2": ("gptImage2Params", _GPT | {"moderation", "number_of_images"}),
    "nano-banana-pro": (
        "nanoBananaParams",
        {"aspect_ratio", "resolution", "image_input", "output_format", "google_search"},
    ),
    "flux-2-pro": (
        "fluxParams",
        {"aspect_ratio", "width", "height", "input_images", "seed", "steps", "output_format"},
    ),
}
RATIOS = {"1:1": (1024, 1024), "3:2": (1536, 1024), "2:3": (1024, 1536)}
FILE_FORMATS = {"jpg": "jpeg"}


@dataclass(slots=True)
class Job:
    """A submitted job and how it goes on."""

    id: str
    model: str
    params: Document
    prompt: str
    plan: Plan
    body: bytes
    status: str = "QUEUED"
    polls: list[Document | int] = field(default_factory=list[Document | int])


class ApiframeVendor(Vendor):
    """``polls``: bodies, or bare HTTP statuses, that every job's polls meet before its end."""

    paths = ("/v2/images/generate", "/v2/jobs/{id}", "/v2/uploads", "/v2/me", "/images/{name}")
    bought_at = "/v2/images"

    def __init__(self, name: str = "apiframe", *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(name, keys=keys)
        self.polls: Sequence[Document | int] = (
            {"status": "QUEUED"},
            {"status": "PROCESSING", "progress": 40},
        )
        self.done: Document = {}
        """Replaces fields of a finished job."""
        self.jobs: dict[str, Job] = {}
        self.by_key: dict[str, Job] = {}
        self.uploads: list[str] = []

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        if arrived.path.startswith("/images/"):
            return self._deliver(arrived)
        key = arrived.headers.get("x-api-key", "")
        if not key:
            return _json(401, {"error": "API key is required"}), Plan()
        if self.keys and key not in self.keys:
            return _json(401, {"error": "Invalid API key"}), Plan()
        if arrived.path == "/v2/me":
            team = {"id": str(uuid.uuid4()), "name": "Studio", "credits": 1_200, "plan": "pro"}
            return _json(200, {"user": {"email": "a@b.example"}, "team": team}), Plan()
        if arrived.path == "/v2/uploads":
            return self._upload(arrived)
        if arrived.path.startswith("/v2/jobs/"):
            return self._poll(arrived.path.rpartition("/")[2]), Plan()
        return self._submit(arrived, problem)

    def _upload(self, arrived: Received) -> tuple[Reply, Plan]:
        what = self.script.take(arrived.path, "")
        if what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        (file,) = arrived.files
        with Image.open(io.BytesIO(file.data)) as image:
            image.load()
        name = f"{uuid.uuid4()}.png"
        self.uploads.append(f"{self.base_url}/images/{name}")
        stored = {
            "id": str(uuid.uuid4()),
            "url": self.uploads[-1],
            "kind": "image",
            "contentType": file.content_type,
            "byteSize": file.size,
            "expiresAt": "2026-11-20T12:00:00.000Z",
        }
        return _json(201, stored), what

    def _submit(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        asked = cast("Document", arrived.json or {})
        if wrong := self._wrong(asked):
            body = {"error": "Validation failed", "details": {wrong: ["Unrecognized key"]}}
            return _json(400, body), Plan()
        key = arrived.headers.get("idempotency-key", "")
        if (earlier := self.by_key.get(key)) is not None:
            if earlier.body != arrived.body:
                return _json(409, {"error": "The key was used with another body"}), Plan()
            return _json(202, {"jobId": earlier.id, "status": earlier.status}), Plan()
        what = self.script.take(arrived.path, asked["prompt"])
        if problem or what.fault in _REFUSALS:
            return _REFUSALS[what.fault](what), what
        params = cast("Document", asked[PARAMS[asked["model"]][0]])
        job = Job(
            str(uuid.uuid4()),
            asked["model"],
            params,
            asked["prompt"],
            what,
            arrived.body,
            polls=list(self.polls),
        )
        self.jobs[job.id] = self.by_key[key or job.id] = job
        reply = _json(202, {"jobId": job.id, "status": "QUEUED"})
        if what.fault in _OF_THE_JOB:
            return reply, Plan()
        mangle = MANGLERS.get(what.fault, bytes)
        return Reply(202, tuple(map(mangle, reply.chunks))), what

    def _wrong(self, asked: Document) -> str:
        """The path of the first field that the schema does not have; it is strict."""
        model = asked.get("model", "")
        if model not in PARAMS:
            return "model"
        name, known = PARAMS[model]
        for field_name in asked:
            if field_name not in {"model", "prompt", name, "webhookUrl", "webhookEvents"}:
                return field_name
        params = cast("Document", asked.get(name, {}))
        for field_name in params:
            if field_name not in known:
                return f"{name}.{field_name}"
        used = params.get("input_images") or params.get("image_input") or []
        return "" if set(used) <= set(self.uploads) else f"{name}.input_images"

    def _poll(self, job_id: str) -> Reply:
        job = self.jobs.get(job_id)
        if job is None:
            return _json(404, {"error": "Job not found"})
        if job.plan.fault is Fault.HANG:
            return _json(200, _shape(job, "PROCESSING", 40))
        if job.polls:
            step = job.polls.pop(0)
            if isinstance(step, int):
                return _json(step, {"error": "Not now"})
            return _json(200, {**_shape(job, "QUEUED", 0), **step})
        if job.plan.fault in _ENDS:
            job.status = "FAILED"
            return _json(200, {**_shape(job, "FAILED", 0), "error": _ENDS[job.plan.fault]})
        job.status = "COMPLETED"
        form = str(job.params.get("output_format", "webp"))
        count = job.params.get("number_of_images", 1)
        images = [f"{self.base_url}/images/{job.id}-{n + 1}.{form}" for n in range(count)]
        done = {
            **_shape(job, "COMPLETED", 100),
            "result": {"images": images},
            "creditCost": 9 * count,
            "completedAt": "2026-11-20T10:00:32.000Z",
            **self.done,
        }
        return _json(200, done)

    def _deliver(self, arrived: Received) -> tuple[Reply, Plan]:
        name, _, form = arrived.path.rpartition("/")[2].partition(".")
        job = self.jobs.get(name.rpartition("-")[0])
        if job is None or "x-api-key" in arrived.headers:
            return Reply(403, (b"AccessDenied",), content_type="text/xml"), Plan()
        if job.plan.fault is Fault.NULL_IMAGE and name.endswith("-1"):
            return Reply(404, (b"NoSuchKey",), content_type="text/xml"), Plan()
        params = job.params
        size = RATIOS.get(str(params.get("aspect_ratio", "1:1")), (1024, 1024))
        size = params.get("width", size[0]), params.get("height", size[1])
        kind = FILE_FORMATS.get(form, form)
        data = picture(kind, Look(*size, color_of(job.prompt, name)))
        how = Plan(job.plan.fault) if job.plan.fault in _OF_THE_IMAGE else Plan()
        return Reply(200, (data,), content_type=f"image/{kind}"), how


def _shape(job: Job, status: str, progress: int) -> Document:
    return {
        "id": job.id,
        "status": status,
        "model": job.model,
        "progress": progress,
        "result": None,
        "error": None,
        "creditCost": 0,
        "webhookStatus": None,
        "createdAt": "2026-11-20T10:00:00.000Z",
        "completedAt": None,
    }


_ENDS: Mapping[Fault, str] = {
    Fault.MODERATION_BLOCKED: "Provider returned an error: content policy violation",
    Fault.ERROR_200: "Provider returned an error: timeout",
}
_OF_THE_IMAGE = frozenset({Fault.CUT_BODY, Fault.RESET_MID_BODY})
_OF_THE_JOB = _OF_THE_IMAGE | set(_ENDS) | {Fault.HANG, Fault.NULL_IMAGE}


def _credits(_: Plan) -> Reply:
    body = {"error": "Insufficient credits", "creditsRequired": 50, "creditsAvailable": 10}
    return _json(402, body)


def _limited(plan: Plan) -> Reply:
    wait = {"retry-after": plan.retry_after} if plan.retry_after else {}
    return Reply(429, (json.dumps({"error": "Too many requests"}).encode(),), wait)


_REFUSALS: Mapping[Fault, Callable[[Plan], Reply]] = {
    Fault.RATE_LIMITED: _limited,
    Fault.INSUFFICIENT_QUOTA: _credits,
    Fault.SERVER_ERROR: lambda _: _json(500, {"error": "Internal server error"}),
    Fault.OVERLOADED: lambda _: _json(503, {"error": "The model is not available"}),
}


def _json(status: int, body: Document) -> Reply:
    return Reply(status, (json.dumps(body).encode(),))

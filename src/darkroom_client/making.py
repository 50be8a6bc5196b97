"""The flows that make images: ask, wait, collect."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from darkroom_client import errors
from darkroom_client.answers import Stream, as_images
from darkroom_client.flows import Call, Flow, Head, Pause, Reader, Whole, as_bytes
from darkroom_client.inputs import EditInputs
from darkroom_client.jobs import Job
from darkroom_client.quotes import Preview, Quote
from darkroom_client.results import Asset, Image, ImageInput, OnPartial, Result, Usage

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
_WAIT_S = 20
"""How long one question waits for a job's end at the server."""
_BETWEEN_S = 0.1
_ECONOMY = "economy"
_OUTAGES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses while a server is away that a job is waited for at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for images, before it is one of HTTP's. Without ``inputs`` it is a generation."""

    prompt: str
    options: Mapping[str, Any]
    inputs: EditInputs | None = None

    @staticmethod
    def of(
        prompt: str,
        images: ImageInput | Sequence[ImageInput],
        mask: ImageInput | None,
        options: Mapping[str, Any],
    ) -> "Asked":
        """An edit when there are images, else a generation."""
        inputs = EditInputs.of(images, mask)
        return Asked(prompt, options, inputs if inputs.images or mask is not None else None)

    @property
    def path(self) -> str:
        return GENERATIONS if self.inputs is None else EDITS

    @property
    def headers(self) -> dict[str, str]:
        route = self.options.get("route")
        return {} if route is None else {"x-darkroom-route": str(route)}

    def body(self, *, listening: bool = False) -> dict[str, Any]:
        """The fields as they are sent; previews come only in a stream."""
        fields = {
            name: value
            for name, value in {"prompt": self.prompt, **self.options}.items()
            if value is not None and name != "route"
        }
        if listening:
            fields.setdefault("partial_images", 1)
        if fields.get("partial_images"):
            fields["stream"] = True
        return fields

    def content(self, fields: dict[str, Any]) -> Callable[[ExitStack], Mapping[str, Any]]:
        """The body, made anew for each attempt to send it."""
        inputs = self.inputs
        if inputs is None:
            return lambda _: {"json": fields}
        return lambda files: inputs.content(fields, files)

    def preview(self, base_url: str) -> Preview:
        fields, files = self.body(), ()
        if self.inputs is not None:
            fields, files = self.inputs.shown(fields)
        return Preview("POST", f"{base_url}{self.path}", fields, files)


def made(asked: Asked, on_partial: OnPartial | None, idempotency_key: str | None) -> Flow[Result]:
    """Ask, and wait for the answer."""
    fields = asked.body(listening=on_partial is not None)
    key = idempotency_key or str(uuid4())
    if fields.get("service_tier") == _ECONOMY:  # it is answered with a task
        job_id = yield from submitted(asked, key)
        return (yield from waited(job_id, None, key))
    call = Call(
        "POST",
        asked.path,
        content=asked.content(fields),
        headers={**asked.headers, "idempotency-key": key},
        read=Stream(on_partial).begin if fields.get("stream") else as_images,
    )
    result: Result = yield from _keyed(call, key)
    return (yield from _detailed(replace(result, idempotency_key=key)))


def submitted(asked: Asked, idempotency_key: str) -> Flow[str]:
    """Ask, and go: the id of the job."""
    call = Call(
        "POST",
        asked.path,
        content=asked.content(asked.body()),
        headers={
            **asked.headers,
            "idempotency-key": idempotency_key,
            "prefer": "respond-async",
        },
        read=_as_job_id,
    )
    return (yield from _keyed(call, idempotency_key))


def quoted(asked: Asked, price_sheet: str | None) -> Flow[Quote]:
    fields = asked.body() | ({} if price_sheet is None else {"price_sheet": price_sheet})
    said = yield Call(
        "POST", "/v1/images/quote", content=asked.content(fields), headers=asked.headers
    )
    return Quote.of(said)


def job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def ended(job_id: str, timeout_s: float | None) -> Flow[Job]:
    """The job's record at its end. Raises :class:`errors.WaitTimeout`.

    A server that is away for a while, such as for a restart, is waited for.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    outages = 0
    while True:
        left_s = _WAIT_S if deadline is None else max(0.0, deadline - time.monotonic())
        prefer = {"prefer": f"wait={int(min(_WAIT_S, left_s))}"}
        try:
            said = yield Call("GET", job_path(job_id), headers=prefer, timeout_s=3.0 * _WAIT_S)
        except (errors.APIConnectionError, errors.InternalServerError):
            if outages >= len(_OUTAGES_S) or left_s <= 0:
                raise
            yield Pause(min(_OUTAGES_S[outages], left_s))
            outages += 1
            continue
        outages, job = 0, Job.of(said)
        if job.done:
            return job
        if deadline is not None and time.monotonic() >= deadline:
            raise _late(job, timeout_s or 0.0)
        yield Pause(min(_BETWEEN_S, left_s))


def waited(job_id: str, timeout_s: float | None, idempotency_key: str = "") -> Flow[Result]:
    """The job's images. Raises :class:`errors.JobFailed` and what else becomes of jobs."""
    try:
        job = yield from ended(job_id, timeout_s)
        if job.state != "succeeded":
            raise errors.of_job(job)
        return (yield from _fetched(job, idempotency_key))
    except errors.APIError as error:
        error.idempotency_key = idempotency_key
        raise


def collected(idempotency_key: str, timeout_s: float | None) -> Flow[Result]:
    """What an earlier call with that key has made. Raises :class:`errors.NotFoundError`."""
    said = yield Call("GET", "/v1/jobs", content={"params": {"idempotency_key": idempotency_key}})
    if not said["data"]:
        error = errors.NotFoundError(
            "No job was accepted with that idempotency key in the last 24 hours; nothing was"
            " bought, so the call can be made again.",
            errors.ErrorFacts(code="not_found", param="idempotency_key"),
        )
        error.idempotency_key = idempotency_key
        raise error
    return (yield from waited(said["data"][0]["id"], timeout_s, idempotency_key))


def downloaded(asset: Asset) -> Flow[Image]:
    """Raises :class:`errors.NotFoundError` when the link has expired."""
    data: bytes = yield Call("GET", asset.url, read=as_bytes)
    return _image(data, asset)


def _fetched(job: Job, idempotency_key: str) -> Flow[Result]:
    images: list[Image] = []
    for index, asset in enumerate(job.results):
        image = yield from downloaded(asset)
        prompts = job.revised_prompts
        revised = prompts[index] if index < len(prompts) else None
        images.append(replace(image, revised_prompt=revised))
    usage = job.usage or Usage()
    result = Result(tuple(images), usage, job_id=job.id, idempotency_key=idempotency_key)
    return _with_record(result, job)


def _detailed(result: Result) -> Flow[Result]:
    """With the job's record: a stream's headers leave before most of it is known."""
    if not result.job_id:
        return result
    try:
        said = yield Call("GET", job_path(result.job_id))
    except errors.APIError:
        return result  # the images are here; the headers told the rest as well as they could
    job = Job.of(said)
    if len(job.results) == len(result.images):
        images = tuple(
            replace(_image(image.data, asset), revised_prompt=image.revised_prompt)
            for image, asset in zip(result.images, job.results, strict=True)
        )
        result = replace(result, images=images)
    return _with_record(result, job)


def _with_record(result: Result, job: Job) -> Result:
    return replace(
        result,
        model=job.served_model or job.model,
        deployment=job.deployment or "",
        provider=job.provider,
        sandbox=job.sandbox,
        charge=job.charge,
        saved=job.saved,
        warnings=job.warnings,
    )


def _image(data: bytes, asset: Asset) -> Image:
    return Image(data, asset.width, asset.height, None, asset.url, asset.expires_at)


def _keyed(call: Call, idempotency_key: str) -> Flow[Any]:
    """The answer; an error knows the key, so that what was lost can be collected."""
    try:
        return (yield call)
    except errors.APIError as error:
        error.idempotency_key = idempotency_key
        raise


def _as_job_id(head: Head) -> Reader:
    def read(_: bytes) -> str:
        job_id = head.headers.get("x-darkroom-job", "")
        if not job_id:
            raise errors.APIResponseError(
                "The answer names no job: is this the address of a Darkroom server?",
                errors.ErrorFacts(code="bad_response"),
            )
        return job_id

    return Whole(read)


def _late(job: Job, timeout_s: float) -> errors.WaitTimeout:
    error = errors.WaitTimeout(
        f"The job is still {job.state} after {timeout_s:g} s; it goes on at the server.",
        errors.ErrorFacts(code="wait_timeout", job_id=job.id),
    )
    error.job = job
    return error

"""OpenAI's Batch API: a request handed in as a file, and done within a day at half the price.

https://platform.openai.com/docs/guides/batch. A batch here has one line: simple, and one request's
trouble is no other's.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import msgspec
import pybase64

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    UpstreamBroken,
    UpstreamError,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ports import (
    Egress,
    ImageSink,
    InputFile,
    NotYet,
    Part,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.result import ProviderResult, SpooledImage
from darkroom.providers import _openai_images as wire
from darkroom.providers._answers import Body, as_list, as_object, as_text, decoded, error_body
from darkroom.providers._openai_errors import classify, from_error

_ANSWER_MAX = 1024 * 1024
_LINE_MAX = 120_000_000
"""Bytes; the vendor takes files of 200 MB, our spool files of 128 MB."""
_PIECE = 3 << 16  # a multiple of three: pieces of base64 can be joined
_GOES_ON = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_PAUSE_S = 3_600.0
"""Who could not do it within a day is not asked again at once."""
# More requests are waiting than the account may have: https://platform.openai.com/docs/guides/batch
_FULL = "token_limit_exceeded"


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one deployment."""

    egress: Egress
    deployment: Deployment
    headers: dict[str, str]

    async def hand_in(self, call: UpstreamCall, sink: ImageSink) -> str:
        """The id of a batch with this one request."""
        line = _spooled(call, sink)
        try:
            file_id = await self._uploaded(line)
        except (UpstreamTimeout, UpstreamBroken) as error:  # a file costs nothing
            raise UpstreamUnavailable(error.message) from error
        finally:
            line.path.unlink(missing_ok=True)
        body = {
            "input_file_id": file_id,
            "endpoint": _endpoint(call),
            "completion_window": "24h",
            "metadata": {"job": call.job_id, "attempt": str(call.attempt)},
        }
        response = await self.egress.post_json(self.deployment, "/batches", body, self.headers)
        return self._id(await self._answer(response))

    async def collect(self, call: UpstreamCall, batch_id: str, sink: ImageSink) -> ProviderResult:
        """What came of it. Raises :class:`NotYet`."""
        try:
            response = await self.egress.get(self.deployment, f"/batches/{batch_id}", self.headers)
            batch = await self._answer(response)
        except DarkroomError as error:  # of this look; the batch knows nothing of it
            raise NotYet(error.message) from error
        status = as_text(batch.get("status"))
        if status in _GOES_ON:
            raise NotYet(f"Its status is {status!r}.")
        # what was done before it expired or was canceled is there, and billed
        for name in ("output_file_id", "error_file_id"):
            if file_id := as_text(batch.get(name)):
                return await self._content(call, file_id, sink)
        raise self._failure(batch_id, status, batch)

    async def withdraw(self, batch_id: str) -> None:
        path = f"/batches/{batch_id}/cancel"
        response = await self.egress.post_json(self.deployment, path, {}, self.headers)
        await self._answer(response)

    async def _uploaded(self, line: SpooledImage) -> str:
        parts = [
            Part("purpose", value="batch"),
            Part("file", path=line.path, filename="batch.jsonl", media_type="application/jsonl"),
        ]
        response = await self.egress.post_form(self.deployment, "/files", parts, self.headers)
        return self._id(await self._answer(response))

    async def _content(self, call: UpstreamCall, file_id: str, sink: ImageSink) -> ProviderResult:
        path = f"/files/{file_id}/content"
        try:
            response = await self.egress.get(self.deployment, path, self.headers)
        except UpstreamError as error:
            raise NotYet(error.message) from error
        try:
            if response.status != 200:
                error = classify(response, await error_body(response), self.deployment)
                raise NotYet(error.message)
            return await wire.read_line(_Patient(response, 200), call, sink, self.deployment)
        finally:
            await response.close()

    async def _answer(self, response: UpstreamResponse) -> Body:
        try:
            if response.status != 200:
                raise classify(response, await error_body(response), self.deployment)
            return as_object(decoded(await response.read(_ANSWER_MAX)))
        finally:
            await response.close()

    def _id(self, answer: Body) -> str:
        found = as_text(answer.get("id"))
        if not found.replace("-", "").replace("_", "").isalnum():  # it becomes part of a path
            raise UpstreamBroken(f"{self.deployment.id} took a batch and gave it no id.")
        return found

    def _failure(self, batch_id: str, status: str, batch: Body) -> DarkroomError:
        """Why a batch ended without a line."""
        if status in ("expired", "cancelled"):
            return UpstreamFailed(
                f"Batch {batch_id} at {self.deployment.id} ended as {status!r}; nothing was made.",
                retry_after_s=_PAUSE_S,
            )
        errors = as_list(as_object(batch.get("errors")).get("data"))
        said = as_object(errors[0]) if errors else {}
        if said.get("code") == _FULL:
            message = f"{self.deployment.id} has as many batches as the account may have."
            return UpstreamRateLimited(message, retry_after_s=_PAUSE_S)
        if not said:
            return UpstreamBroken(
                f"Batch {batch_id} at {self.deployment.id} ended as {status[:40]!r} without a word."
            )
        return from_error(said, 400, self.deployment)


@dataclass(slots=True)
class _Patient:
    """An answer that may be asked for again: when it breaks off nothing is lost."""

    response: UpstreamResponse
    status: int

    def header(self, name: str) -> str | None:
        return self.response.header(name)

    async def read_piece(self) -> bytes:
        return await _or_later(self.response.read_piece)

    async def read(self, limit: int) -> bytes:
        return await _or_later(lambda: self.response.read(limit))

    async def close(self) -> None:
        await self.response.close()


async def _or_later(read: Callable[[], Awaitable[bytes]]) -> bytes:
    try:
        return await read()
    except UpstreamError as error:
        raise NotYet(error.message) from error


def _endpoint(call: UpstreamCall) -> str:
    return f"/v1{wire.path_of(call)}"


def _spooled(call: UpstreamCall, sink: ImageSink) -> SpooledImage:
    """The file with the one line, on disk: with input images it is large."""
    files = (*call.inputs, *([call.mask] if call.mask else []))
    if sum(file.byte_size for file in files) * 4 // 3 > _LINE_MAX:
        raise UpstreamRejected(
            f"The input images are larger than a batch may be ({_LINE_MAX // 10**6} MB as base64)."
            " Leave 'service_tier' out, or send smaller ones.",
            param="service_tier",
        )
    writer = sink.writer()
    try:
        for piece in _line(call):
            writer.write(piece)
    except BaseException:
        writer.discard()
        raise
    return writer.finish()


def _line(call: UpstreamCall) -> Iterator[bytes]:
    """The line in pieces; images are data URLs, as in a JSON edit:
    https://platform.openai.com/docs/api-reference/images/createEdit"""
    around = {
        "custom_id": f"{call.job_id}-{call.attempt}",
        "method": "POST",
        "url": _endpoint(call),
    }
    # "body" comes last, and the images last in it, so that they can follow piece by piece
    yield msgspec.json.encode(around)[:-1] + b',"body":'
    yield msgspec.json.encode(wire.fields(call))[:-1]
    for index, file in enumerate(call.inputs):
        yield b"," if index else b',"images":['
        yield from _image(file)
    if call.inputs:
        yield b"]"
    if call.mask is not None:
        yield b',"mask":'
        yield from _image(call.mask)
    yield b"}}\n"


def _image(file: InputFile) -> Iterator[bytes]:
    yield f'{{"image_url":"data:{file.media_type};base64,'.encode()
    with file.path.open("rb") as source:
        while piece := source.read(_PIECE):
            yield pybase64.b64encode(piece)
    yield b'"}'

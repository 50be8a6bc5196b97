"""Reads the answers that hold images: JSON at once, or server-sent events."""

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from darkroom_client import errors
from darkroom_client.money import Money
from darkroom_client.results import Image, PartialImage, Result, Usage, Warning
from darkroom_client.sending import read_json

OnPartial = Callable[[PartialImage], None]
_EVENT_BYTES_MAX = 256 << 20


@dataclass(slots=True)
class Stream:
    """Reads server-sent events. It outlives a broken connection: previews are told once."""

    on_partial: OnPartial | None
    timeout_s: float
    told: set[int] = field(default_factory=set[int])

    def read(self, response: httpx2.Response) -> Result:
        images: list[Image] = []
        usage: Mapping[str, Any] | None = None
        within = httpx2.Response(
            response.status_code,
            headers={"content-type": response.headers.get("content-type", "")},
            stream=_Until(response, self.timeout_s),
            request=response.request,
        )
        for event in httpx2.EventSource(within, max_event_size=_EVENT_BYTES_MAX):
            said = _event(event.data)
            if said.get("error"):
                raise errors.of_event(said["error"], response)
            kind = str(said.get("type", ""))
            if kind.endswith(".partial_image"):
                self._tell(said)
            elif kind.endswith(".completed"):
                images.append(_image(said, said.get("size")))
                usage = said.get("usage")
        if not images:
            raise errors.APIConnectionError(
                "The stream ended before the image came.",
                errors.ErrorFacts(code="connection_broken", retryable=True),
            )
        return _result(response, tuple(images), usage)

    def _tell(self, said: Mapping[str, Any]) -> None:
        index = int(said.get("partial_image_index", 0))
        if self.on_partial is not None and index not in self.told:
            self.told.add(index)
            self.on_partial(PartialImage(index, _image(said, said.get("size"))))


class _Until(httpx2.SyncByteStream):
    """A body that may not take for ever: keep-alives hold off the timeout of a single read."""

    def __init__(self, response: httpx2.Response, timeout_s: float) -> None:
        self._pieces = response.iter_bytes()
        self._deadline = time.monotonic() + timeout_s

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the stream goes on and on")
            yield piece


def _event(data: str) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def read_answer(response: httpx2.Response) -> Result:
    """Raises :class:`errors.APIResponseError`."""
    said = read_json(response)
    try:
        images = tuple(_image(one, said.get("size")) for one in said["data"])
    except (LookupError, TypeError) as error:
        raise _unreadable() from error
    return _result(response, images, said.get("usage"))


def _image(said: Mapping[str, Any], size: Any) -> Image:
    try:
        data = base64.b64decode(said["b64_json"], validate=True)
    except (LookupError, binascii.Error, ValueError) as error:
        raise _unreadable() from error
    width, _, height = str(size).partition("x")
    known = width.isdigit() and height.isdigit()
    return Image(
        data,
        int(width) if known else 0,
        int(height) if known else 0,
        said.get("revised_prompt"),
    )


def _result(
    response: httpx2.Response, images: tuple[Image, ...], usage: Mapping[str, Any] | None
) -> Result:
    told = response.headers
    note = told.get("x-darkroom-warnings")
    charge = told.get("x-darkroom-charge-nanos", "")
    return Result(
        images=images,
        usage=Usage.of(usage),
        job_id=told.get("x-darkroom-job", ""),
        request_id=told.get("x-request-id", ""),
        model=told.get("x-darkroom-model", ""),
        deployment=told.get("x-darkroom-deployment", ""),
        sandbox="x-darkroom-sandbox" in told,
        replayed=told.get("idempotent-replayed") == "true",
        warnings=(Warning("warnings", note),) if note else (),
        charge=Money(int(charge)) if charge.isdecimal() else None,
    )


def _unreadable() -> errors.APIResponseError:
    return errors.APIResponseError(
        "The answer holds no images: is this the address of a Darkroom server?",
        errors.ErrorFacts(code="bad_response"),
    )

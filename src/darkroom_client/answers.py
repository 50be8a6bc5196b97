"""Reads the answers that hold images: JSON at once, or server-sent events."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from darkroom_client import errors
from darkroom_client.flows import Head, Reader, Whole, read_json
from darkroom_client.money import Money
from darkroom_client.results import Image, OnPartial, PartialImage, Result, Usage, Warning
from darkroom_client.sse import Parser


@dataclass(slots=True)
class Stream:
    """Reads server-sent events. It outlives a broken connection: previews are told once."""

    on_partial: OnPartial | None
    told: set[int] = field(default_factory=set[int])

    def begin(self, head: Head) -> Reader:
        return _StreamReader(self, head)

    def tell(self, said: Mapping[str, Any]) -> None:
        index = int(said.get("partial_image_index", 0))
        if self.on_partial is not None and index not in self.told:
            self.told.add(index)
            self.on_partial(PartialImage(index, image_of(said, said.get("size"))))


class _StreamReader:
    def __init__(self, stream: Stream, head: Head) -> None:
        if not head.headers.get("content-type", "").startswith("text/event-stream"):
            raise _unreadable()
        self._stream = stream
        self._head = head
        self._parser = Parser()
        self._images: list[Image] = []
        self._usage: Mapping[str, Any] | None = None
        self._late: Mapping[str, Any] = {}

    def feed(self, data: bytes) -> None:
        for event in self._parser.feed(data):
            self._take(said_in(event.data))

    def end(self) -> Result:
        if not self._images:
            raise errors.APIConnectionError(
                "The stream ended before the image came.",
                errors.ErrorFacts(
                    code="connection_broken",
                    job_id=self._head.headers.get("x-darkroom-job", ""),
                    retryable=True,
                ),
            )
        return _result(self._head, tuple(self._images), self._usage, self._late)

    def _take(self, said: Mapping[str, Any]) -> None:
        if said.get("error"):
            raise errors.of_event(said["error"], self._head.headers)
        kind = str(said.get("type", ""))
        if kind.endswith(".partial_image"):
            self._stream.tell(said)
        elif kind.endswith(".completed"):
            self._images.append(image_of(said, said.get("size")))
            self._usage, self._late = said.get("usage"), said.get("darkroom") or self._late


def said_in(data: str) -> dict[str, Any]:
    """The object in an event; empty when it is something else."""
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def as_images(head: Head) -> Reader:
    """Reads an answer in JSON."""

    def read(data: bytes) -> Result:
        said = read_json(data)
        if said.get("error"):  # it came after the status had left, behind white space
            raise errors.of_event(said["error"], head.headers)
        try:
            images = tuple(image_of(one, said.get("size")) for one in said["data"])
        except (LookupError, TypeError) as error:
            raise _unreadable() from error
        return _result(head, images, said.get("usage"), said.get("darkroom") or {})

    return Whole(read)


def image_of(said: Mapping[str, Any], size: Any) -> Image:
    """Raises :class:`errors.APIResponseError`."""
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
    head: Head,
    images: tuple[Image, ...],
    usage: Mapping[str, Any] | None,
    late: Mapping[str, Any],
) -> Result:
    """``late``: what the body says because the headers may have left before it was known."""
    told = head.headers
    note = told.get("x-darkroom-warnings")
    charge = told.get("x-darkroom-charge-nanos", str(late.get("charge_nanos", "")))
    warned = [Warning(str(one["code"]), str(one["message"])) for one in late.get("warnings") or ()]
    return Result(
        images=images,
        usage=Usage.of(usage),
        job_id=told.get("x-darkroom-job", ""),
        request_id=told.get("x-request-id", ""),
        model=told.get("x-darkroom-model") or late.get("model") or "",
        deployment=told.get("x-darkroom-deployment") or late.get("deployment") or "",
        sandbox="x-darkroom-sandbox" in told,
        replayed=told.get("idempotent-replayed") == "true",
        warnings=(Warning("warnings", note),) if note else tuple(warned),
        charge=Money(int(charge)) if charge.isdecimal() else None,
    )


def _unreadable() -> errors.APIResponseError:
    return errors.APIResponseError(
        "The answer holds no images: is this the address of a Darkroom server?",
        errors.ErrorFacts(code="bad_response"),
    )

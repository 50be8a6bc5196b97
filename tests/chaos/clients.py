"""Clients that want their images, whatever happens to the connection: same key, asked again."""

import base64
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx2

from tests.support.running import KEY

_TIMEOUT_S = 30.0
_PAUSE_S = 0.05
_PATIENCE_S = 240.0
_GENERATE = "/v1/images/generations"
_AUTHORIZED = {"authorization": f"Bearer {KEY}"}


class Mode(StrEnum):
    """How a client waits for its images."""

    SYNC = "sync"
    STREAM = "stream"
    ASYNC = "async"


@dataclass(frozen=True, slots=True)
class Order:
    """What one client wants. The prompt is its idempotency key as well; no other has it."""

    prompt: str
    mode: Mode
    model: str
    images: int
    callback_url: str | None


@dataclass(slots=True)
class Receipt:
    """What came of an order. ``job_ids``: every job that any answer named, one if all is well.

    ``hashes`` are the images as they arrived, where they came with the answer.
    """

    order: Order
    job_ids: set[str] = field(default_factory=set[str])
    state: str = ""
    hashes: list[str] = field(default_factory=list[str])
    charge_nanos: int | None = None
    asked: int = 0


class Lost(Exception):
    """The answer did not come, or not all of it."""


class GaveUp(Exception):
    """A client waited for minutes."""


class Buyer:
    """``urls``: the addresses of the servers that may be up now; none while all are down."""

    def __init__(self, urls: Callable[[], Sequence[str]], seed: str) -> None:
        self._urls = urls
        self._chance = random.Random(seed)
        self._http = httpx2.Client(headers=_AUTHORIZED, timeout=_TIMEOUT_S)

    def close(self) -> None:
        self._http.close()

    def buy(self, order: Order) -> Receipt:
        """Ask until there is an end of it. Raises :class:`GaveUp`."""
        receipt = Receipt(order)
        ask = {Mode.SYNC: self._sync, Mode.STREAM: self._stream, Mode.ASYNC: self._async}
        deadline = time.monotonic() + _PATIENCE_S
        while not receipt.state:
            if time.monotonic() > deadline:
                raise GaveUp(f"{order.mode} client of '{order.prompt}': {receipt}")
            receipt.asked += 1
            try:
                ask[order.mode](order, receipt)
            except (httpx2.TransportError, Lost):
                time.sleep(_PAUSE_S)  # as a client does before it asks again
        return receipt

    def _sync(self, order: Order, receipt: Receipt) -> None:
        answer = self._http.post(
            self._url() + _GENERATE, json=_body(order), headers=_headers(order)
        )
        _note(answer, receipt)
        if answer.status_code != 200:
            receipt.state = _failed(answer)
            return
        found = _parsed(answer.content)
        _keep(receipt, [image["b64_json"] for image in found["data"]])

    def _stream(self, order: Order, receipt: Receipt) -> None:
        body = {**_body(order), "stream": True, "partial_images": 1}
        url = self._url() + _GENERATE
        with self._http.stream("POST", url, json=body, headers=_headers(order)) as answer:
            _note(answer, receipt)
            if answer.status_code != 200:
                answer.read()
                receipt.state = _failed(answer)
                return
            last: dict[str, Any] = {}
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    last = _parsed(line[6:].encode())
        if last.get("type") == "error":
            receipt.state = "failed"
        elif last.get("type") == "image_generation.completed":
            _keep(receipt, [last["b64_json"]])
        else:
            raise Lost("the stream broke off")

    def _async(self, order: Order, receipt: Receipt) -> None:
        """In EvoLink's dialect: a task at once, which is polled."""
        if not receipt.job_ids:
            url = self._url() + "/evolink" + _GENERATE
            answer = self._http.post(url, json=_body(order), headers=_headers(order))
            _note(answer, receipt)
            if answer.status_code != 200:
                receipt.state = _failed(answer)
                return
        [job_id] = receipt.job_ids
        while not receipt.state:
            answer = self._http.get(f"{self._url()}/v1/jobs/{job_id}", headers={"prefer": "wait=2"})
            if answer.status_code != 200:
                raise Lost(answer.text)
            job = _parsed(answer.content)
            if job["state"] in ("succeeded", "failed", "canceled"):
                receipt.state = job["state"]
                receipt.charge_nanos = job["charge"] and job["charge"]["nanos"]

    def _url(self) -> str:
        urls = self._urls()
        if not urls:
            raise Lost("no server is up")
        return self._chance.choice(urls)


def _body(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": order.model,
        "prompt": order.prompt,
        "n": order.images,
        "size": "1024x1024",
        "quality": "low",
    }
    if order.callback_url is not None:  # on the shared path `callback_url` shows EvoLink's clients
        name = "callback_url" if order.mode is Mode.ASYNC else "webhook_url"
        body[name] = order.callback_url
    return body


def _headers(order: Order) -> dict[str, str]:
    return {"idempotency-key": order.prompt}


def _note(answer: httpx2.Response, receipt: Receipt) -> None:
    job_id = answer.headers.get("x-darkroom-job")
    if job_id is not None:
        receipt.job_ids.add(job_id)
    charge = answer.headers.get("x-darkroom-charge-nanos")
    if charge is not None:
        receipt.charge_nanos = int(charge)


def _failed(answer: httpx2.Response) -> str:
    """An error without a job was none of the job's: whoever asks again may be luckier."""
    if "x-darkroom-job" in answer.headers:
        return "failed"
    if answer.status_code in (429, 500, 502, 503):
        raise Lost(answer.text)
    raise AssertionError(f"{answer.status_code} {answer.text}")


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        return json.loads(data)
    except ValueError as error:
        raise Lost("the answer broke off") from error


def _keep(receipt: Receipt, images: Sequence[str]) -> None:
    receipt.hashes = [hashlib.sha256(base64.b64decode(image)).hexdigest() for image in images]
    receipt.state = "succeeded"

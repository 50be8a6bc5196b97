"""Sends requests: retries what is safe to repeat, and turns refusals into errors."""

import ipaddress
import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from darkroom_client import errors

T = TypeVar("T")
_PAUSE_MAX_S = 60.0
_CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``content``: httpx2's arguments, or what makes them anew for each attempt."""

    method: str
    path: str
    content: Mapping[str, Any] | Callable[[ExitStack], Mapping[str, Any]] = field(
        default_factory=dict[str, Any]
    )
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    repeatable: bool = True
    """Whether it may be sent again when nobody knows if it arrived."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer, and how often to try again."""

    timeout_s: float = 600.0
    retries: int = 2
    sleep: Callable[[float], None] = time.sleep


class Sender:
    """One server and one key."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        patience: Patience,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = _checked(base_url)
        self._patience = patience
        self._key = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx2.Client(
            base_url=self.base_url,
            headers={"user-agent": "darkroom-client"},
            timeout=httpx2.Timeout(patience.timeout_s, connect=_CONNECT_TIMEOUT_S),
            transport=transport,
            # A proxy cannot reach this machine's loopback, whatever the environment says.
            trust_env=not _is_loopback(self.base_url),
        )

    def close(self) -> None:
        self._http.close()

    def json(self, call: Call) -> dict[str, Any]:
        """The JSON object of the answer."""
        return self.send(call, read_json)

    def send(self, call: Call, read: Callable[[httpx2.Response], T]) -> T:
        """Send, and let ``read`` take the streamed answer. Raises :class:`errors.APIError`."""
        tried = 0
        while True:
            try:
                return self._once(call, read)
            except errors.APIError as error:
                tried += 1
                if tried > self._patience.retries or not _again(call, error):
                    raise
                pause = error.facts.retry_after_s
                if pause is None:
                    pause = 0.5 * 2 ** (tried - 1) * random.uniform(0.75, 1.0)  # noqa: S311
                if pause > _PAUSE_MAX_S:
                    raise
            self._patience.sleep(pause)

    def _once(self, call: Call, read: Callable[[httpx2.Response], T]) -> T:
        with ExitStack() as files:
            content = call.content(files) if callable(call.content) else call.content
            is_link = call.path.startswith(("http://", "https://"))
            # A signed link needs no key, and somebody else may serve it.
            headers = call.headers if is_link else {**call.headers, **self._key}
            try:
                with self._http.stream(
                    call.method, call.path, headers=headers, **content
                ) as response:
                    if response.status_code >= 300:
                        response.read()
                        raise errors.of_response(response)
                    return read(response)
            except httpx2.ConnectError as error:
                raise errors.APIConnectionError(
                    f"No server answers at {self.base_url}.", _NOT_SENT
                ) from error
            except httpx2.ConnectTimeout as error:
                raise errors.APITimeoutError(
                    f"{self.base_url} did not accept a connection in {_CONNECT_TIMEOUT_S:.0f} s.",
                    _NOT_SENT,
                ) from error
            except httpx2.TimeoutException as error:
                raise errors.APITimeoutError(
                    f"No answer within {self._patience.timeout_s:.0f} s.", _TIMED_OUT
                ) from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise errors.APIConnectionError(
                    f"The connection to {self.base_url} broke: {error}", _CUT_OFF
                ) from error


_NOT_SENT = errors.ErrorFacts(code="connection_failed", retryable=True)
_CUT_OFF = errors.ErrorFacts(code="connection_broken", retryable=True)
_TIMED_OUT = errors.ErrorFacts(code="timeout")


def read_json(response: httpx2.Response) -> dict[str, Any]:
    """Raises :class:`errors.APIResponseError`."""
    try:
        body = json.loads(response.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.APIResponseError(
            "The answer is not JSON: is this the address of a Darkroom server?",
            errors.ErrorFacts(code="bad_response"),
        )
    return body  # pyright: ignore[reportUnknownVariableType]


def _again(call: Call, error: errors.APIError) -> bool:
    """Whether the same call may be sent once more.

    The idempotency key brings back the same job, so what a job ended with would only be told
    again, and what was cut off is collected.
    """
    if not error.retryable or (error.job_id and isinstance(error, errors.APIStatusError)):
        return False
    return call.repeatable or error.facts is _NOT_SENT


def _checked(base_url: str) -> str:
    """The address without a path's end that every call adds. Raises ``ValueError``."""
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"'{base_url}' is no address of a server, such as http://127.0.0.1:8000")
    return base_url.rstrip("/").removesuffix("/v1")


def _is_loopback(url: str) -> bool:
    host = httpx2.URL(url).host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

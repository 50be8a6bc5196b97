"""Sends what flows ask for: repeats what is safe to repeat, and turns refusals into errors."""

import asyncio
import ipaddress
import random
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx2

from darkroom_client import errors
from darkroom_client.flows import Call, Flow, Head, Pause

T = TypeVar("T")
_PAUSE_MAX_S = 60.0
_CONNECT_TIMEOUT_S = 5.0
_NOT_SENT = errors.ErrorFacts(code="connection_failed", retryable=True)
_CUT_OFF = errors.ErrorFacts(code="connection_broken", retryable=True)
_TIMED_OUT = errors.ErrorFacts(code="timeout")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer, and how often to try again."""

    timeout_s: float = 600.0
    retries: int = 2


class _Wire:
    """One server and one key: what of a call goes out."""

    def __init__(self, base_url: str, api_key: str, patience: Patience) -> None:
        self.base_url = _checked(base_url)
        self.patience = patience
        self._key = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def options(self) -> dict[str, Any]:
        """The arguments of httpx2's clients."""
        return {
            "base_url": self.base_url,
            # whatever dialect the key is bound to: this is what answers.py reads
            "headers": {"user-agent": "darkroom-client", "x-darkroom-dialect": "openai"},
            # A proxy cannot reach this machine's loopback, whatever the environment says.
            "trust_env": not _is_loopback(self.base_url),
        }

    def timeout_s(self, call: Call) -> float:
        return self.patience.timeout_s if call.timeout_s is None else call.timeout_s

    def request(self, call: Call, files: ExitStack) -> dict[str, Any]:
        """The arguments of ``stream()``; ``files`` stay open until the answer is there."""
        content = call.content(files) if callable(call.content) else call.content
        is_link = call.path.startswith(("http://", "https://"))
        return {
            "method": call.method,
            "url": call.path,
            # A signed link needs no key, and somebody else may serve it.
            "headers": call.headers if is_link else {**call.headers, **self._key},
            "timeout": httpx2.Timeout(self.timeout_s(call), connect=_CONNECT_TIMEOUT_S),
            **content,
        }

    @contextmanager
    def translated(self, call: Call) -> Generator[list[Head]]:
        """Turns httpx2's errors into ours; an answer's head is put into the list."""
        heads: list[Head] = []
        try:
            yield heads
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
                f"No answer within {self.timeout_s(call):.0f} s.", _of_job(_TIMED_OUT, heads)
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise errors.APIConnectionError(
                f"The connection to {self.base_url} broke: {error}", _of_job(_CUT_OFF, heads)
            ) from error

    def pause_s(self, call: Call, error: errors.APIError, tried: int) -> float | None:
        """How long until the call is sent once more; None: it is not.

        The idempotency key brings back the same job, so what a job ended with would only be told
        again, and what was cut off is collected.
        """
        if tried > self.patience.retries or not error.retryable:
            return None
        if error.job_id and isinstance(error, errors.APIStatusError):
            return None
        if not call.repeatable and error.facts is not _NOT_SENT:
            return None
        pause_s = error.facts.retry_after_s
        if pause_s is None:
            pause_s = 0.5 * 2 ** (tried - 1) * random.uniform(0.75, 1.0)  # noqa: S311
        return None if pause_s > _PAUSE_MAX_S else pause_s


class Sender:
    """Walks through flows, blocking."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        patience: Patience,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._wire = _Wire(base_url, api_key, patience)
        self._http = httpx2.Client(transport=transport, **self._wire.options())
        self.sleep = sleep

    @property
    def base_url(self) -> str:
        return self._wire.base_url

    def close(self) -> None:
        self._http.close()

    def run(self, flow: Flow[T]) -> T:
        """The result of a flow. Raises :class:`errors.APIError`."""
        answer: Any = None
        failure: errors.APIError | None = None
        while True:
            try:
                step = flow.send(answer) if failure is None else flow.throw(failure)
            except StopIteration as end:
                return end.value
            answer, failure = None, None
            try:
                answer = self._take(step)
            except errors.APIError as error:
                failure = error

    def _take(self, step: Call | Pause) -> Any:
        if isinstance(step, Pause):
            return self.sleep(step.seconds)
        tried = 0
        while True:
            tried += 1
            try:
                return self._once(step)
            except errors.APIError as error:
                pause_s = self._wire.pause_s(step, error, tried)
                if pause_s is None:
                    raise
            self.sleep(pause_s)

    def _once(self, call: Call) -> Any:
        deadline = _Deadline(self._wire.timeout_s(call))
        with self.open(call) as (head, pieces):
            reader = call.read(head)
            for data in pieces:
                deadline.check()
                reader.feed(data)
            return reader.end()

    @contextmanager
    def open(self, call: Call) -> Generator[tuple[Head, Iterator[bytes]]]:
        """The answer while it comes; the call's timeout is for each piece."""
        with (
            ExitStack() as files,
            self._wire.translated(call) as heads,
            self._http.stream(**self._wire.request(call, files)) as response,
        ):
            head = Head(response.status_code, response.headers)
            heads.append(head)
            if head.status >= 300:
                raise errors.of_answer(head.status, head.headers, response.read())
            yield head, response.iter_bytes()


class AsyncSender:
    """Walks through flows with ``await``."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        patience: Patience,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._wire = _Wire(base_url, api_key, patience)
        self._http = httpx2.AsyncClient(transport=transport, **self._wire.options())
        self.sleep = sleep

    @property
    def base_url(self) -> str:
        return self._wire.base_url

    async def close(self) -> None:
        await self._http.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """The result of a flow. Raises :class:`errors.APIError`."""
        answer: Any = None
        failure: errors.APIError | None = None
        while True:
            try:
                step = flow.send(answer) if failure is None else flow.throw(failure)
            except StopIteration as end:
                return end.value
            answer, failure = None, None
            try:
                answer = await self._take(step)
            except errors.APIError as error:
                failure = error

    async def _take(self, step: Call | Pause) -> Any:
        if isinstance(step, Pause):
            return await self.sleep(step.seconds)
        tried = 0
        while True:
            tried += 1
            try:
                return await self._once(step)
            except errors.APIError as error:
                pause_s = self._wire.pause_s(step, error, tried)
                if pause_s is None:
                    raise
            await self.sleep(pause_s)

    async def _once(self, call: Call) -> Any:
        deadline = _Deadline(self._wire.timeout_s(call))
        async with self.open(call) as (head, pieces):
            reader = call.read(head)
            async for data in pieces:
                deadline.check()
                reader.feed(data)
            return reader.end()

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncGenerator[tuple[Head, AsyncIterator[bytes]]]:
        """The answer while it comes; the call's timeout is for each piece."""
        with ExitStack() as files, self._wire.translated(call) as heads:
            async with self._http.stream(**self._wire.request(call, files)) as response:
                head = Head(response.status_code, response.headers)
                heads.append(head)
                if head.status >= 300:
                    raise errors.of_answer(head.status, head.headers, await response.aread())
                yield head, response.aiter_bytes()


class _Deadline:
    """A body may not take for ever: keep-alives hold off the timeout of a single read."""

    def __init__(self, timeout_s: float) -> None:
        self._ends = time.monotonic() + timeout_s

    def check(self) -> None:
        if time.monotonic() > self._ends:
            raise httpx2.ReadTimeout("the answer goes on and on")


def _of_job(facts: errors.ErrorFacts, heads: list[Head]) -> errors.ErrorFacts:
    """With what the answer's head told before it was cut off."""
    if not heads:
        return facts
    told = heads[0].headers
    job_id, request_id = told.get("x-darkroom-job", ""), told.get("x-request-id", "")
    return replace(facts, job_id=job_id, request_id=request_id)


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

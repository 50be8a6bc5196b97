"""How a job is followed over a wire that breaks, and what an error still knows."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

import darkroom_client as sdk
from darkroom_client import AsyncClient, Client, PartialImage, Progress, Settled
from darkroom_client.flows import Call, asking
from darkroom_client.following import Following
from darkroom_client.handles import AsyncJobStream, JobStream
from darkroom_client.making import Asked, ended, submitted
from darkroom_client.sending import AsyncSender, Patience, Sender
from darkroom_client.sse import Event, Parser
from tests.fakes.pictures import Look, picture

URL = "http://server.example"
B64 = base64.b64encode(picture("png", Look(8, 8))).decode()
Step = Callable[[], httpx2.Response] | Exception


class Script:
    """Answers step by step, for both kinds of sender; keeps what was sent and slept."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.sent: list[httpx2.Request] = []
        self.slept: list[float] = []
        self.transport = httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def sender(self) -> Sender:
        return Sender(URL, "k", Patience(retries=0), self.transport, self.slept.append)

    def async_sender(self) -> AsyncSender:
        return AsyncSender(URL, "k", Patience(retries=0), self.transport, self.sleep)


class Cut(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that breaks after its last piece."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self.body
        raise httpx2.RemoteProtocolError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body
        raise httpx2.RemoteProtocolError("cut")


def event(id: str, name: str, **data: Any) -> bytes:
    return f"id: {id}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


STATED = event("2.0.0", "state", state="running")
HALF = event("2.0.50", "progress", progress=50)
SEEN = event("2.1.50", "partial_image", index=0, b64_json=B64)
NEWS = event("2.1.60", "rumour", text="from a later server")
OVER = event("4.1.50", "settled", state="succeeded", charge=None, error=None, images=[])


def cut(*events: bytes) -> Step:
    return lambda: httpx2.Response(200, stream=Cut(b"retry: 2000\n\n" + b"".join(events)))


def whole(*events: bytes) -> Step:
    return lambda: httpx2.Response(200, content=b"".join(events))


def refusal(status: int, **headers: str) -> Step:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(status, json={}, headers=named)


def record(state: str) -> Step:
    unset = dict.fromkeys(("served_model", "deployment", "usage", "error", "finished_at"))
    job = {"id": "j1", "state": state, "operation": "generation", "model": "m", "sandbox": False}
    more = {"warnings": [], "assets": [], "created_at": "2026-11-20T00:00:00Z"}
    return lambda: httpx2.Response(200, json={**unset, **job, **more})


BROKEN = (cut(STATED, HALF), httpx2.ConnectError("away"), whole(SEEN), cut(NEWS, OVER))


def check_resumed(script: Script, events: list[sdk.JobEvent]) -> None:
    assert events[:2] == [Progress("running", 0), Progress("running", 50)]
    assert isinstance(events[2], PartialImage)
    assert isinstance(events[3], Settled)
    assert len(events) == 4
    told = [request.headers.get("last-event-id") for request in script.sent]
    assert told == [None, "2.0.50", "2.0.50", "2.1.50"]
    assert script.sent[0].url == f"{URL}/v1/jobs/j1/events?images=base64"
    assert script.slept == [0.0, 1.0, 0.0]


def test_a_broken_stream_is_taken_up_where_it_broke() -> None:
    script = Script(*BROKEN)
    check_resumed(script, list(JobStream(script.sender(), "j1")))


async def test_a_broken_async_stream_is_taken_up_where_it_broke() -> None:
    script = Script(*BROKEN)
    check_resumed(script, [one async for one in AsyncJobStream(script.async_sender(), "j1")])


def test_a_busy_server_says_when_to_come_back() -> None:
    script = Script(refusal(503, retry_after="7"), refusal(502), whole(OVER))
    assert len(list(JobStream(script.sender(), "j1"))) == 1
    assert script.slept == [7.0, 1.0]


def test_a_stream_that_never_comes_ends_in_an_error() -> None:
    script = Script(*[whole()] * 7)
    with pytest.raises(sdk.APIConnectionError, match="keeps ending early"):
        list(JobStream(script.sender(), "j1"))
    assert script.slept == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_job_that_nobody_knows_is_not_asked_for_again() -> None:
    script = Script(refusal(404))
    with pytest.raises(sdk.NotFoundError):
        list(JobStream(script.sender(), "j1"))
    assert script.slept == []


def test_progress_never_goes_back() -> None:
    following = Following("j1")
    events = [*following.feed(HALF), *following.feed(event("2.0.9", "progress", progress=9))]
    assert events == [Progress("queued", 50)] * 2


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_events_come_in_any_pieces(size: int) -> None:
    text = ': ping\r\n\r\nid: 1\r\ndata: {"a":\r\ndata:  "그림"}\r\n\r\nevent: x\ndata\n\ndata: cut'
    parser, data = Parser(), text.encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [event for piece in pieces for event in parser.feed(piece)] == [
        Event("", '{"a":\n "그림"}', "1"),
        Event("x", "", "1"),
    ]


def test_a_wait_outlasts_a_restart() -> None:
    away = httpx2.ConnectError("away")
    proxy = refusal(502)
    script = Script(record("queued"), away, proxy, record("running"), record("succeeded"))
    assert script.sender().run(ended("j1", None)).state == "succeeded"
    assert script.slept == [0.1, 1.0, 2.0, 0.1]
    assert {request.headers["prefer"] for request in script.sent} == {"wait=20"}


def test_a_wait_ends_when_the_server_stays_away() -> None:
    script = Script(*[httpx2.ConnectError("away")] * 6)
    with pytest.raises(sdk.APIConnectionError):
        script.sender().run(ended("j1", None))
    assert script.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize("call", ["generate", "submit"])
@pytest.mark.parametrize("step", [refusal(500), httpx2.RemoteProtocolError("cut")])
async def test_every_error_knows_the_key_of_its_call(call: str, step: Step) -> None:
    script = Script(step, step)
    with (
        Client(URL, "k", transport=script.transport, max_retries=0) as client,
        pytest.raises(sdk.APIError) as failed,
    ):
        getattr(client, call)("a cat")
    assert failed.value.idempotency_key == script.sent[0].headers["idempotency-key"]
    async with AsyncClient(URL, "k", transport=script.transport, max_retries=0) as other:
        with pytest.raises(sdk.APIError) as failed:
            await getattr(other, call)("a cat", idempotency_key="mine")
    assert failed.value.idempotency_key == script.sent[1].headers["idempotency-key"] == "mine"


def test_an_answer_that_is_cut_off_still_names_its_job() -> None:
    answer = httpx2.Response(200, stream=Cut(b"{"), headers={"x-darkroom-job": "j1"})
    with (
        Client(URL, transport=Script(lambda: answer).transport, max_retries=0) as client,
        pytest.raises(sdk.APIConnectionError) as failed,
    ):
        client.generate("a cat")
    assert failed.value.job_id == "j1"
    assert failed.value.retryable


async def test_async_calls_are_repeated_as_the_others_are() -> None:
    script = Script(refusal(503, retry_after="3"), lambda: httpx2.Response(200, json={"a": 1}))
    sender = AsyncSender(URL, "k", Patience(), script.transport, script.sleep)
    assert await sender.run(asking(Call("GET", "/x"), dict)) == {"a": 1}
    assert script.slept == [3.0]


def test_a_server_that_names_no_job_is_none_of_darkrooms() -> None:
    script = Script(lambda: httpx2.Response(202, json={}))
    with pytest.raises(sdk.APIResponseError) as failed:
        script.sender().run(submitted(Asked("a cat", {"route": "strict"}), "key-1"))
    assert failed.value.idempotency_key == "key-1"
    (sent,) = script.sent
    assert (sent.headers["prefer"], sent.headers["x-darkroom-route"]) == (
        "respond-async",
        "strict",
    )
    assert json.loads(sent.content) == {"prompt": "a cat"}


def test_images_without_a_client_cannot_edit() -> None:
    with pytest.raises(ValueError, match=r"client\.edit"):
        sdk.Image(b"").edit("at night")

"""What the SDK sends again, what it does not, and what it makes of odd answers."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

import darkroom_client as sdk
from darkroom_client import Client
from darkroom_client.errors import of_answer
from darkroom_client.flows import Call, asking
from darkroom_client.sending import Patience, Sender
from tests.fakes.pictures import Look, picture

B64 = base64.b64encode(picture("png", Look(8, 8))).decode()
ANSWER = {"created": 1, "data": [{"b64_json": B64}], "size": "8x8", "usage": {"total_tokens": 5}}
Step = httpx2.Response | Exception


class Script:
    """A transport that answers step by step and keeps what it was sent."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.sent: list[httpx2.Request] = []
        self.slept: list[float] = []
        self.transport = httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.sent.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def sender(self, retries: int = 2) -> Sender:
        patience, url = Patience(retries=retries), "http://server.example"
        return Sender(url, "dk_key", patience, self.transport, self.slept.append)


def said(sender: Sender, call: Call) -> dict[str, Any]:
    return sender.run(asking(call, dict))


def refusal(status: int, code: str = "x", **headers: str) -> httpx2.Response:
    body = {"error": {"message": "No.", "type": "t", "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=body, headers=named)


def good() -> httpx2.Response:
    return httpx2.Response(200, json=ANSWER)


def retry_cases() -> list[tuple[Step, list[float]]]:
    return [
        (refusal(429, retry_after="7"), [7.0]),
        (refusal(503, retry_after="0"), [0.0]),
        (refusal(500, x_should_retry="true", retry_after="1.5"), [1.5]),
    ]


@pytest.mark.parametrize(("step", "slept"), retry_cases())
def test_busy_servers_are_asked_again_when_they_say(step: Step, slept: list[float]) -> None:
    script = Script(step, good())
    assert said(script.sender(), Call("POST", "/x"))["created"] == 1
    assert script.slept == slept


@pytest.mark.parametrize(
    "step",
    [
        refusal(400),
        refusal(401),
        refusal(500),
        refusal(429, x_should_retry="false"),
        refusal(429, retry_after="600"),
        refusal(429, x_should_retry="true", x_darkroom_job="job-1"),
        httpx2.ReadTimeout("slow"),
    ],
)
def test_what_will_not_get_better_is_not_sent_again(step: Step) -> None:
    script = Script(step)
    with pytest.raises(sdk.APIError):
        said(script.sender(), Call("POST", "/x"))
    assert script.slept == []


def test_patience_ends() -> None:
    script = Script(*[httpx2.ConnectError("refused")] * 3)
    with pytest.raises(sdk.APIConnectionError) as error:
        said(script.sender(retries=2), Call("GET", "/x"))
    assert (error.value.code, error.value.retryable) == ("connection_failed", True)
    assert len(script.slept) == 2
    assert 0 < script.slept[0] < script.slept[1] <= 1.0


def test_what_must_not_happen_twice_is_only_repeated_when_it_was_never_sent() -> None:
    once = Call("POST", "/v1/keys", repeatable=False)
    broken = Script(httpx2.RemoteProtocolError("cut"))
    with pytest.raises(sdk.APIConnectionError):
        said(broken.sender(), once)
    unsent = Script(httpx2.ConnectError("refused"), httpx2.Response(200, json={}))
    assert said(unsent.sender(), once) == {}


def test_repetitions_keep_the_idempotency_key_and_calls_do_not_share_one() -> None:
    script = Script(refusal(503, retry_after="0"), good(), good())
    with Client("http://server.example", "k", transport=script.transport) as client:
        client.generate("a cat")
        client.generate("a cat")
    keys = [request.headers["idempotency-key"] for request in script.sent]
    assert keys[0] == keys[1] != keys[2]


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def partial(index: int) -> bytes:
    kind = "image_generation.partial_image"
    return event(kind, partial_image_index=index, b64_json=B64, size="8x8")


COMPLETED = event("image_generation.completed", b64_json=B64, size="8x8", usage={"total_tokens": 5})


class Cut(httpx2.SyncByteStream):
    """A stream that breaks after its last piece."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        raise httpx2.RemoteProtocolError("cut")


def streamed(*pieces: bytes) -> httpx2.Response:
    return httpx2.Response(
        200, content=b"".join(pieces), headers={"content-type": "text/event-stream"}
    )


@pytest.mark.parametrize(
    "first",
    [
        httpx2.Response(200, stream=Cut(partial(0)), headers={"content-type": "text/event-stream"}),
        streamed(b": keep-alive\n\n", partial(0)),
    ],
)
def test_a_stream_that_breaks_is_taken_up_again(first: httpx2.Response) -> None:
    second = streamed(partial(0), partial(1), COMPLETED)
    script = Script(first, second)
    seen: list[int] = []
    with Client("http://server.example", "k", transport=script.transport) as client:
        result = client.generate("a cat", on_partial=lambda one: seen.append(one.index))
    assert seen == [0, 1]
    assert (result.images[0].width, result.usage.total) == (8, 5)
    assert json.loads(script.sent[0].content)["stream"] is True
    assert len({request.headers["idempotency-key"] for request in script.sent}) == 1


def test_keep_alives_do_not_make_a_stream_endless() -> None:
    script = Script(streamed(b": keep-alive\n\n", COMPLETED))
    with (
        Client("http://server.example", "k", transport=script.transport, timeout=0) as client,
        pytest.raises(sdk.APITimeoutError) as error,
    ):
        client.generate("a cat", partial_images=1)
    assert (error.value.code, error.value.retryable) == ("timeout", False)
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx2.Response(200, text="<html>It works!</html>"),
        lambda: httpx2.Response(200, json=[]),
        lambda: httpx2.Response(200, json={}),
        lambda: httpx2.Response(200, json={"data": [{"b64_json": "?"}]}),
        lambda: httpx2.Response(200, json={"data": [{"url": "http://x"}]}),
        lambda: httpx2.Response(200, json={"data": None}),
    ],
)
def test_answers_that_are_none_of_darkrooms(answer: Callable[[], httpx2.Response]) -> None:
    script = Script(answer())
    with (
        Client("http://server.example", "k", transport=script.transport) as client,
        pytest.raises(sdk.APIResponseError) as error,
    ):
        client.generate("a cat")
    assert error.value.code == "bad_response"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, sdk.BadRequestError),
        (401, sdk.AuthenticationError),
        (403, sdk.PermissionDeniedError),
        (404, sdk.NotFoundError),
        (409, sdk.ConflictError),
        (413, sdk.APIStatusError),
        (429, sdk.RateLimitError),
        (502, sdk.InternalServerError),
        (302, sdk.APIStatusError),
    ],
)
def test_statuses_have_their_errors(status: int, kind: type[sdk.APIStatusError]) -> None:
    for answer in (
        refusal(status, "some_code", x_request_id="req_1"),
        httpx2.Response(status, text="<html>"),
        httpx2.Response(status, json={"error": "text"}),
    ):
        script = Script(answer)
        with pytest.raises(kind) as error:
            said(script.sender(retries=0), Call("GET", "/x"))
        assert type(error.value) is kind
        assert error.value.status_code == status


def test_a_link_is_fetched_without_the_key() -> None:
    asset = sdk.Asset("a", "result", 0, "image/png", 8, 8, 3, "", "https://images.example/a.png")
    script = Script(httpx2.Response(200, content=b"abc"), good())
    with Client("http://server.example", "dk_key", transport=script.transport) as client:
        assert client.download(asset).data == b"abc"
        client.generate("a cat")
    assert "authorization" not in script.sent[0].headers
    assert script.sent[0].url.host == "images.example"
    assert script.sent[1].headers["authorization"] == "Bearer dk_key"


def test_the_record_of_the_job_is_a_bonus() -> None:
    answer = httpx2.Response(
        200,
        json=ANSWER,
        headers={"x-darkroom-job": "j1", "x-darkroom-model": "m", "x-darkroom-warnings": "bent"},
    )
    script = Script(answer, refusal(500))
    with Client("http://server.example", "k", transport=script.transport) as client:
        result = client.generate("a cat")
    assert (result.job_id, result.model) == ("j1", "m")
    assert result.warnings[0].message == "bent"


@pytest.mark.parametrize("text", ["inf", "nan", "1e999", "soon"])
def test_a_pause_without_end_is_no_pause_that_was_asked_for(text: str) -> None:
    assert of_answer(429, {"retry-after": text}, b"").facts.retry_after_s is None

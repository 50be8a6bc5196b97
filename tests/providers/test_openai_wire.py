"""Answers that no fake vendor gives: the shared reader of OpenAI's wire format, fed by hand."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from darkroom.catalog import Catalog
from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import DarkroomError, UpstreamBroken
from darkroom.core.ports import UpstreamCall
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import ProviderResult, SpooledImage
from darkroom.core.secret import Secret
from darkroom.providers._openai_images import read_result
from tests.support.spooled import FolderSink

KEY = "0123456789abcdef0123456789abcdef"
IMAGE = base64.b64encode(b"an image, perhaps").decode()


class Canned:
    """An upstream's answer, ready made; ``breaks`` raises at its end."""

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        breaks: DarkroomError | None = None,
    ) -> None:
        self.status = status
        self._pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
        self._headers = headers or {}
        self._breaks = breaks
        self.pieces_read = 0

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    async def read_piece(self) -> bytes:
        self.pieces_read += 1
        if self._pieces:
            return self._pieces.pop(0)
        if self._breaks is not None:
            raise self._breaks
        return b""

    async def read(self, limit: int) -> bytes:
        raise AssertionError("an answer is read piece by piece")

    async def close(self) -> None:
        return None


@pytest.fixture
def sink(tmp_path: Path) -> FolderSink:
    return FolderSink(tmp_path / "spool")


async def read(answer: Canned, sink: FolderSink, n: int = 1) -> ProviderResult:
    model = Catalog.load().get("gpt-image-1.5")
    assert model is not None
    request = ImageRequest(Operation.GENERATION, model.id, "a cat", n=n)
    call = UpstreamCall("job", 1, request, model, model.id, 5)
    return await read_result(answer, call, sink, Deployment("main", "openai", "", Secret(KEY)))


async def fails(answer: Canned, sink: FolderSink, n: int = 1) -> DarkroomError:
    with pytest.raises(DarkroomError) as caught:
        await read(answer, sink, n)
    assert sink.left == []
    assert KEY not in str(caught.value.record())
    return caught.value


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def stream(*events: Any) -> Canned:
    text = b"".join(b"data: " + body(event) + b"\n\n" for event in events)
    return Canned(text, headers={"content-type": "text/event-stream"})


async def test_revised_prompts_stay_with_their_images(sink: FolderSink) -> None:
    data = [{"b64_json": IMAGE}, {"b64_json": None, "revised_prompt": "lost"}, "odd"]
    data.append({"b64_json": IMAGE, "revised_prompt": "a red cat"})
    result = await read(Canned(body({"data": data})), sink, 2)
    assert result.output.revised_prompts == (None, "a red cat")


@pytest.mark.parametrize("data", [7, "x", {"a": 1}, [[IMAGE]]])
async def test_odd_data_is_an_answer_without_image(data: Any, sink: FolderSink) -> None:
    assert type(await fails(Canned(body({"data": data})), sink)) is UpstreamBroken


async def test_images_of_an_answer_that_is_no_object_are_removed(sink: FolderSink) -> None:
    assert "not an object" in (await fails(Canned(body([{"b64_json": IMAGE}])), sink)).message


async def test_images_of_an_answer_that_says_error_are_removed(sink: FolderSink) -> None:
    answer = {"data": [{"b64_json": IMAGE}], "error": {"code": "moderation_blocked"}}
    assert type(await fails(Canned(body(answer)), sink)) is errors.ModerationBlocked


@pytest.mark.parametrize("end", range(0, 120, 7))
async def test_finished_images_of_a_cut_answer_are_removed(end: int, sink: FolderSink) -> None:
    text = body({"data": [{"b64_json": IMAGE}, {"b64_json": IMAGE}, {"b64_json": IMAGE}]})
    await fails(Canned(text[:end], breaks=UpstreamBroken("cut")), sink, 3)


async def test_finished_images_of_a_cut_stream_are_removed(sink: FolderSink) -> None:
    done = {"type": "image_generation.completed", "b64_json": IMAGE}
    answer = stream(done, done)
    answer._breaks = UpstreamBroken("cut")
    await fails(answer, sink, 3)


async def test_images_of_unknown_events_are_removed(sink: FolderSink) -> None:
    result = await read(
        stream(
            {"type": "image_generation.in_progress", "b64_json": IMAGE},
            {
                "type": "image_generation.partial_image",
                "partial_image_index": "x",
                "b64_json": IMAGE,
            },
            {"type": "image_generation.completed", "b64_json": IMAGE},
        ),
        sink,
    )
    assert sink.left == [result.images[0].path]
    assert sink.partials == [(0, b"an image, perhaps")]


async def test_a_stream_that_ends_within_an_event_leaves_only_what_is_returned(
    sink: FolderSink,
) -> None:
    answer = stream({"type": "image_edit.completed", "b64_json": IMAGE})
    answer._pieces.append(b'data: {"b64_json": "' + IMAGE[:8].encode())
    result = await read(answer, sink)
    assert sink.left == [result.images[0].path]


@pytest.mark.parametrize("kind", ["partial_image", "completed", "in_progress"])
async def test_a_stream_of_images_without_end_is_given_up_on(kind: str, sink: FolderSink) -> None:
    event = {"type": f"image_generation.{kind}", "b64_json": IMAGE}
    assert "without end" in (await fails(stream(*[event] * 65), sink, 1)).message


class RefusingSink(FolderSink):
    async def partial(self, index: int, image: SpooledImage) -> None:
        image.path.unlink()
        raise UpstreamBroken("no preview today")


async def test_a_sink_that_refuses_ends_the_attempt(tmp_path: Path) -> None:
    refusing = RefusingSink(tmp_path / "other")
    done = {"type": "image_generation.completed", "b64_json": IMAGE}
    partial = {"type": "image_generation.partial_image", "b64_json": IMAGE}
    assert "no preview" in (await fails(stream(done, partial), refusing, 2)).message


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (
            {"type": "error", "code": "moderation_blocked", "message": "no"},
            errors.ModerationBlocked,
        ),
        ({"type": "error", "error": {"code": "rate_limit_exceeded"}}, errors.UpstreamRateLimited),
        ({"error": {"type": "invalid_request_error", "code": "x"}}, errors.UpstreamRejected),
        ({"error": {"code": "insufficient_quota"}}, errors.UpstreamDenied),
        ({"error": "broken"}, errors.UpstreamFailed),
        (
            {"error": {"moderation_details": 3, "code": "moderation_blocked"}},
            errors.ModerationBlocked,
        ),
    ],
)
async def test_errors_within_a_stream(
    event: Any, kind: type[DarkroomError], sink: FolderSink
) -> None:
    done = {"type": "image_generation.completed", "b64_json": IMAGE}
    assert type(await fails(stream(done, event), sink, 2)) is kind


@pytest.mark.parametrize(
    ("status", "raw", "kind"),
    [
        (401, b"", errors.UpstreamDenied),
        (402, body({"error": {"message": "pay"}}), errors.UpstreamDenied),
        (429, b"slow down", errors.UpstreamRateLimited),
        (422, body({"error": {"message": "no", "param": 3}}), errors.UpstreamRejected),
        (400, body({"error": {"code": "invalid_api_key"}}), errors.UpstreamDenied),
        (500, b"[" * 5_000, errors.UpstreamFailed),
        (502, b'"\xff"', errors.UpstreamFailed),
        (524, b"a proxy gave up", errors.UpstreamTimeout),
        (202, b"{}", errors.UpstreamFailed),
    ],
)
async def test_statuses(
    status: int, raw: bytes, kind: type[DarkroomError], sink: FolderSink
) -> None:
    assert type(await fails(Canned(raw, status), sink)) is kind


async def test_a_message_at_the_top_is_passed_on(sink: FolderSink) -> None:
    answer = Canned(body({"statusCode": 429, "message": "Call rate exceeded"}), 429)
    assert "Call rate exceeded" in (await fails(answer, sink)).message


@pytest.mark.parametrize(
    "breaks", [None, errors.UpstreamBroken("cut"), errors.UpstreamTimeout("x")]
)
async def test_a_long_or_broken_error_page_keeps_its_status(
    breaks: DarkroomError | None, sink: FolderSink
) -> None:
    answer = Canned(b"<html>" * 100_000, 500, breaks=breaks)
    assert type(await fails(answer, sink)) is errors.UpstreamFailed
    assert answer.pieces_read < 100
    short = Canned(b"<html>", 429, breaks=breaks)
    assert type(await fails(short, sink)) is errors.UpstreamRateLimited


@pytest.mark.parametrize(
    "words",
    [
        f"Incorrect API key provided: {KEY}.",
        f"Authorization: Bearer {KEY}",
        f"key {KEY[:4]}… is not known; you sent {KEY}",
    ],
)
async def test_the_key_is_never_repeated(words: str, sink: FolderSink) -> None:
    for status in (400, 401, 500):
        error = await fails(Canned(body({"error": {"message": words}}), status), sink)
        assert "…" in error.message


async def test_somebody_elses_key_is_not_repeated_either(sink: FolderSink) -> None:
    words = "Incorrect API key provided: sk-proj-abc*****wxyz. You can find it."
    message = (await fails(Canned(body({"error": {"message": words}}), 401), sink)).message
    assert message == "main says: Incorrect API key provided: … You can find it."

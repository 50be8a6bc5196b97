"""The Responses dialect as a pure translator: no server, no vendor."""

import json
from dataclasses import replace
from typing import Any

import pytest

from darkroom.core.dialect import Base64Of, Piece, WireBody
from darkroom.core.draft import AnswerForm, InlineImage, RemoteImage, StoredImage
from darkroom.core.errors import (
    DarkroomError,
    InvalidImage,
    InvalidRequest,
    ModerationBlocked,
    NotFound,
    PayloadTooLarge,
    RequestError,
    UnknownParameter,
    UnsupportedValue,
    UpstreamFailed,
    UpstreamRateLimited,
    by_code,
)
from darkroom.core.job import Asset, AssetKind, Job, JobEvent, JobState
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.result import Output
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.dialects.responses import (
    Earlier,
    Note,
    ResponsesDialect,
    asked,
    call_of,
    draft,
    events,
    input_items,
    job_of,
    note_of,
)
from tests.support.jobs import a_job

DIALECT = ResponsesDialect()
JOB_ID = "01a1fc17-a48a-7d94-9c7f-88f86b7a3c52"
RESPONSE_ID = "resp_01a1fc17a48a7d949c7f88f86b7a3c52"
CALL_ID = "ig_01a1fc17a48a7d949c7f88f86b7a3c5200"
TOOL = {"type": "image_generation"}
PIXEL = "data:image/png;base64,AAAA"


def body(value: object = "a boat", **fields: Any) -> WireBody:
    return WireBody({"model": "gpt-4.1", "input": value, "tools": [TOOL], **fields})


def with_tool(**options: Any) -> WireBody:
    return body(tools=[{**TOOL, **options}])


def user(*parts: object) -> dict[str, Any]:
    """A user's message: texts, and images as (field, value)."""
    content = [
        {"type": "input_text", "text": part}
        if isinstance(part, str)
        else {"type": "input_image", part[0]: part[1]}  # type: ignore[index]
        for part in parts
    ]
    return {"role": "user", "content": content}


def parsed(found: WireBody) -> Any:
    return DIALECT.parse(None, found)


def asset(position: int = 0, kind: AssetKind = AssetKind.RESULT, name: str = "asset") -> Asset:
    media = "image/webp"
    return Asset(f"{name}-{position}", kind, position, "0" * 64, media, 640, 480, 9, 5_999)


def job(*assets: Asset, note: Note | None = None, **changes: Any) -> Job:
    made = Job(
        id=JOB_ID,
        account_id="account",
        key_id="key",
        dialect="responses",
        state=JobState.SUCCEEDED,
        request=ImageRequest(Operation.GENERATION, "gpt-image-2", "a boat"),
        created_at_ms=1_000,
        started_at_ms=2_000,
        finished_at_ms=7_999,
        model="gpt-image-2",
        output=Output(quality="high"),
        usage=Usage(text_in=3, image_in=4, image_out=5, cached_text_in=2),
        assets=assets or (asset(),),
        note=(note or note_of_body()).text(),
    )
    return replace(made, **changes)


def note_of_body(**fields: Any) -> Note:
    found = parsed(body(**fields))
    return note_of(a_job(note=found.note))


def failed(error: DarkroomError, **changes: Any) -> Job:
    return job(state=JobState.FAILED, error=error.record(), assets=(), usage=None, **changes)


def link_of(found: Asset) -> str:
    return f"http://x/{found.id}"


def written(pieces: Any) -> str:
    def text(piece: Piece) -> str:
        return f"<{piece.asset.id}>" if isinstance(piece, Base64Of) else piece.decode()

    return "".join(map(text, pieces))


def response(found: Job) -> dict[str, Any]:
    return json.loads(written(DIALECT.render_job(found, link_of).pieces))


def told(found: Job, after: int = 0) -> list[dict[str, Any]]:
    """The events as they leave."""
    blocks = written(events(found, link_of).after(after)).split("\n\n")[:-1]
    read = []
    for block in blocks:
        name, data = block.split("\n")
        read.append(json.loads(data.removeprefix("data: ")))
        assert read[-1]["type"] == name.removeprefix("event: ")
    return read


# --- what is asked ------------------------------------------------------------------------------


def test_the_last_user_message_is_the_prompt() -> None:
    turns = [
        {"role": "developer", "content": "Be brief."},
        user("a boat"),
        {"role": "assistant", "content": [{"type": "output_text", "text": "Made it."}]},
        user("now", "in red"),
    ]
    assert parsed(body("a boat")).request.prompt == "a boat"
    assert parsed(body(turns)).request.prompt == "now\nin red"


def test_the_tool_says_what_to_make() -> None:
    options = {
        "model": "gpt-image-1.5",
        "size": "1024x1536",
        "quality": "High",
        "background": "transparent",
        "output_format": "jpg",
        "output_compression": 40,
        "moderation": "low",
        "complexity": "low",
        "n": 1,
    }
    request = parsed(with_tool(**options)).request
    assert request.mainline is not None
    assert (request.mainline.text_model, request.mainline.output_max) == ("gpt-4.1", 8_192)
    assert request.mainline.text_bytes >= len("a boat")
    assert replace(request, mainline=None) == ImageRequest(
        Operation.GENERATION,
        "gpt-image-1.5",
        "a boat",
        size="1024x1536",
        quality="high",
        background="transparent",
        output_format="jpeg",
        output_compression=40,
        moderation="low",
        complexity="low",
    )


def test_previews_are_made_for_who_can_see_them() -> None:
    tool = [{**TOOL, "partial_images": 2}]
    assert parsed(body(tools=tool)).request.partial_images == 0
    assert parsed(body(tools=tool, stream=True)).request.partial_images == 2
    assert parsed(body(tools=tool, background=True)).request.partial_images == 2


def test_images_of_a_message_make_it_an_edit() -> None:
    parts = ("as a poster", ("image_url", PIXEL), ("image_url", "https://x/y"), ("file_id", "f"))
    found = parsed(body([user(*parts)]))
    assert found.request.operation is Operation.EDIT
    assert found.inputs == (InlineImage(PIXEL), RemoteImage("https://x/y"), StoredImage("f"))


def test_generate_leaves_the_images_aside() -> None:
    tools = [{**TOOL, "action": "generate"}]
    found = parsed(body([user("new", ("file_id", "f"))], tools=tools))
    assert (found.request.operation, found.inputs) == (Operation.GENERATION, ())


def test_edit_needs_an_image() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(with_tool(action="edit"))
    assert caught.value.param == "tools[0].action"


def test_a_mask_belongs_to_the_image_that_came_with_it() -> None:
    mask = {"input_image_mask": {"file_id": "m"}}
    found = asked(body([user("a hat", ("file_id", "new"))], tools=[{**TOOL, **mask}]))
    made = draft(found, Earlier(given=("old",), made=("before",)))
    assert made.mask == StoredImage("m")
    assert [source.id for source in made.inputs] == ["new", "before", "old"]  # type: ignore[union-attr]
    with pytest.raises(InvalidRequest):
        parsed(with_tool(**mask))


def test_the_newest_picture_goes_first_and_takes_the_place_of_older_ones() -> None:
    found = asked(body([user("with this hat", ("file_id", "hat"))]))
    made = draft(found, Earlier(given=("photo",), made=("second",)))
    assert [source.id for source in made.inputs] == ["second", "photo", "hat"]  # type: ignore[union-attr]
    kept = json.loads(made.note)
    assert (kept["made"], kept["given"]) == ([0], [1, 2])
    assert kept["items"][0]["content"][1] == {"type": "input_image", "image": 2}


def test_calls_named_in_the_input_replace_the_previous_ones() -> None:
    turns = [user("a boat"), {"type": "image_generation_call", "id": CALL_ID}, user("red")]
    found = asked(body(turns))
    [reference] = found.conversation.made
    made = draft(found, Earlier(made=("before",), found={reference: "named"}))
    assert made.inputs == (StoredImage("named"),)


def test_a_call_after_the_users_words_starts_anew() -> None:
    calls = [{"type": "image_generation_call", "id": f"ig_{n}", "result": str(n)} for n in range(3)]
    turns = [user("a boat"), calls[0], user("two more"), calls[1], calls[2], user("join them")]
    assert parsed(body(turns)).inputs == (InlineImage("1"), InlineImage("2"))


def test_a_call_that_is_nowhere_is_named() -> None:
    for item in ({"type": "image_generation_call"}, {"type": "item_reference"}):
        with pytest.raises(NotFound) as caught:
            parsed(body([user("x"), {**item, "id": "ig_foreign"}]))
        assert "'ig_foreign' not found" in caught.value.message
        assert caught.value.param == "input[1].id"


def test_a_picture_is_made_of_sixteen_images_at_most_and_the_oldest_go() -> None:
    parts = [("file_id", f"f{n}") for n in range(18)]
    made = draft(asked(body([user("join", *parts)])), Earlier(made=("before",)))
    names = [source.id for source in made.inputs]  # type: ignore[union-attr]
    assert names == ["before", *(f"f{n}" for n in range(3, 18))]
    assert [warning.code for warning in made.warnings] == ["images_left_out"]
    assert json.loads(made.note)["items"][0]["content"][1]["image"] is None


def test_no_image_is_kept_in_a_note() -> None:
    mask = {"input_image_mask": {"image_url": PIXEL}}
    turns = [user("x", ("image_url", PIXEL)), {"type": "image_generation_call", "result": "AAAA"}]
    found = parsed(body([*turns, user("y")], tools=[{**TOOL, **mask}]))
    assert "AAAA" not in found.note
    with pytest.raises(PayloadTooLarge):
        parsed(body(instructions="x" * 2_000_000))


def test_instructions_are_said_to_be_unused() -> None:
    for found in (body(instructions="x"), body([{"role": "system", "content": "x"}, user("y")])):
        assert [each.code for each in parsed(found).answered_here] == ["parameter_dropped"]


def test_what_clients_send_along_is_taken() -> None:
    found = parsed(
        body(
            temperature=1,
            include=["reasoning.encrypted_content"],
            reasoning={"effort": "low"},
            text={"format": {"type": "text"}, "verbosity": "low"},
            parallel_tool_calls=False,
            max_output_tokens=100,
            truncation="auto",
            tool_choice={"type": "image_generation"},
            metadata={"a": "b"},
            user="u",
            stream_options={"include_obfuscation": False},
            service_tier=None,
        )
    )
    assert found.form == AnswerForm(inside=True)
    assert found.request.user == "u"
    echo = json.loads(found.note)["echo"]
    assert (echo["temperature"], echo["metadata"], echo["max_output_tokens"]) == (
        1,
        {"a": "b"},
        100,
    )


@pytest.mark.parametrize(
    "choice",
    [
        "auto",
        "required",
        TOOL,
        {"type": "allowed_tools", "mode": "auto", "tools": [TOOL]},
    ],
)
def test_every_choice_that_allows_the_tool_calls_it(choice: object) -> None:
    assert parsed(body(tool_choice=choice)).request.prompt == "a boat"


@pytest.mark.parametrize(
    ("fields", "kind", "param"),
    [
        ({"tools": None}, UnsupportedValue, "tools"),
        ({"tools": []}, UnsupportedValue, "tools"),
        ({"tools": [TOOL, {"type": "web_search"}]}, UnsupportedValue, "tools[1].type"),
        ({"tools": [TOOL, TOOL]}, InvalidRequest, "tools[1]"),
        ({"tools": [{**TOOL, "sise": "auto"}]}, UnknownParameter, "tools[0].sise"),
        ({"tools": [{**TOOL, "partial_images": 4}]}, InvalidRequest, "tools[0].partial_images"),
        ({"tools": [{**TOOL, "action": "paint"}]}, InvalidRequest, "tools[0].action"),
        ({"tools": [{**TOOL, "svg": {"model": "m"}}]}, UnsupportedValue, "tools[0].svg"),
        ({"tool_choice": "none"}, UnsupportedValue, "tool_choice"),
        ({"tool_choice": {"type": "function", "name": "f"}}, UnsupportedValue, "tool_choice"),
        ({"text": {"format": {"type": "json_schema"}}}, UnsupportedValue, "text.format"),
        ({"conversation": "conv_1"}, UnsupportedValue, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, UnsupportedValue, "prompt"),
        ({"metadata": {"a": "b" * 513}}, InvalidRequest, "metadata"),
        ({"background": True, "store": False}, InvalidRequest, "store"),
        ({"input": None}, InvalidRequest, "input"),
        ({"input": " "}, InvalidRequest, "input"),
        ({"input": [user(("file_id", "f"))]}, InvalidRequest, "input"),
        ({"input": [{"type": "function_call"}]}, UnsupportedValue, "input[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            UnsupportedValue,
            "input[0].content[0].type",
        ),
        ({"input": [user("x", ("file_id", "a b"))]}, InvalidRequest, "input[0].content[1].file_id"),
        ({"input": [user("x", ("detail", "low"))]}, InvalidRequest, "input[0].content[1]"),
    ],
)
def test_a_wrong_request_is_refused_by_name(
    fields: dict[str, Any], kind: type[RequestError], param: str
) -> None:
    with pytest.raises(kind) as caught:
        parsed(body(**fields))
    assert caught.value.param == param


# --- what is answered ---------------------------------------------------------------------------


def test_the_ids_lead_back() -> None:
    assert DIALECT.wire_id(job()) == RESPONSE_ID
    assert job_of(RESPONSE_ID) == JOB_ID
    assert call_of(CALL_ID) == (JOB_ID, 0)
    assert call_of("ig_68c979f589c0819e") is None
    with pytest.raises(NotFound):
        job_of("resp_68c979f589c0819e")


def test_a_success_has_an_image_call_and_a_message() -> None:
    bent = Warning("size_fitted", "The size was fitted.")
    found = response(job(warnings=(bent,)))
    assert (found["id"], found["object"], found["status"]) == (RESPONSE_ID, "response", "completed")
    assert found["model"] == "gpt-4.1"
    image, message = found["output"]
    assert image == {
        "id": CALL_ID,
        "type": "image_generation_call",
        "status": "completed",
        "action": "generate",
        "background": "opaque",
        "output_format": "webp",
        "quality": "high",
        "size": "640x480",
        "revised_prompt": "a boat",
        "result": "<asset-0>",
    }
    assert message["content"][0]["text"] == (
        "Made an image with gpt-image-2 (640x480, high, webp). The size was fitted."
    )
    assert found["usage"]["total_tokens"] == 0
    counted = found["tool_usage"]["image_gen"]
    assert (counted["input_tokens"], counted["output_tokens"], counted["total_tokens"]) == (
        7,
        5,
        12,
    )
    assert counted["cached_tokens_details"] == {"cached_text_tokens": 2, "cached_image_tokens": 0}
    assert found["darkroom"]["images"] == ["http://x/asset-0"]


def test_the_request_is_repeated() -> None:
    note = note_of_body(metadata={"a": "b"}, previous_response_id="resp_1", instructions="Hm.")
    found = response(job(note=note))
    assert found["metadata"] == {"a": "b"}
    assert (found["previous_response_id"], found["instructions"]) == ("resp_1", "Hm.")
    assert found["tools"] == [
        {
            "type": "image_generation",
            "background": "auto",
            "moderation": "auto",
            "n": 1,
            "output_compression": 100,
            "output_format": "png",
            "quality": "auto",
            "size": "auto",
        }
    ]


def test_a_prompt_cannot_forge_a_place_for_an_image() -> None:
    """Marks are random, so what a caller writes is only text."""
    request = ImageRequest(Operation.GENERATION, "gpt-image-2", "0" * 32 + ".0.")
    answer = DIALECT.render_job(job(request=request), link_of)
    assert sum(isinstance(piece, Base64Of) for piece in answer.pieces) == 1


def test_a_refusal_completes_the_turn() -> None:
    details = {"stage": "output", "categories": ["violence"]}
    found = response(failed(ModerationBlocked("Not that.", details=details)))
    assert (found["status"], found["error"]) == ("completed", None)
    image, message = found["output"]
    assert (image["status"], image["result"]) == ("failed", None)
    assert image["error"] == {
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "message": "Not that.",
        "param": None,
        "moderation_details": {"moderation_stage": "output", "categories": ["violence"]},
    }
    assert message["content"][0]["text"] == "No image was made. Not that."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamFailed("x"), "server_error"),
        (UpstreamRateLimited("x"), "rate_limit_exceeded"),
        (InvalidImage("x", param="image"), "invalid_image"),
        (NotFound("x", param="image[1]"), "image_file_not_found"),
        (PayloadTooLarge("x", param="mask"), "image_too_large"),
        (UnsupportedValue("x"), "invalid_prompt"),
    ],
)
def test_a_failure_has_a_code_of_the_responses_api(error: DarkroomError, code: str) -> None:
    found = response(failed(error))
    assert (found["status"], found["output"]) == ("failed", [])
    assert found["error"] == {"code": code, "message": "x"}


def test_who_polls_sees_how_far_it_is() -> None:
    polled = note_of_body(background=True)
    states = {
        JobState.QUEUED: "queued",
        JobState.RUNNING: "in_progress",
        JobState.SUCCEEDED: "completed",
        JobState.CANCELED: "cancelled",
    }
    for state, status in states.items():
        assert response(job(note=polled, state=state))["status"] == status
    assert response(job(state=JobState.QUEUED))["status"] == "in_progress"


@pytest.mark.parametrize(
    ("error", "status", "code", "param"),
    [
        (NotFound("x", param="previous_response_id"), 400, "previous_response_not_found", ...),
        (NotFound("x", param="response_id"), 404, "not_found", ...),
        (NotFound("x", param="input[1].id"), 404, "not_found", ...),
        (NotFound("x", param="image"), 400, "image_file_not_found", "input"),
        (InvalidImage("x", param="image[2]"), 400, "invalid_image", "input"),
        (InvalidImage("x", param="mask"), 400, "invalid_image", "tools[0].input_image_mask"),
        (UnsupportedValue("x", param="size"), 400, "unsupported_value", "tools[0].size"),
        (InvalidRequest("x", param="prompt"), 400, "invalid_value", "input"),
    ],
)
def test_an_error_names_the_parameter_as_this_wire_has_it(
    error: DarkroomError, status: int, code: str, param: Any
) -> None:
    answer = DIALECT.render_error(error)
    found = json.loads(written(answer.pieces))["error"]
    expected = error.param if param is ... else param
    assert (answer.status, found["code"], found["param"]) == (status, code, expected)
    assert answer.headers["x-should-retry"] == "false"


# --- what is streamed ---------------------------------------------------------------------------

OPENING = ["response.created", "response.in_progress", "response.output_item.added"]
CALL = "response.image_generation_call"
BEGINNING = [*OPENING, f"{CALL}.in_progress", f"{CALL}.generating"]
MESSAGE = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]


def test_events_come_in_openais_order() -> None:
    partials = [asset(n, AssetKind.PARTIAL, "partial") for n in range(2)]
    found = told(job(asset(), *partials))
    assert [event["type"] for event in found] == [
        *BEGINNING,
        *[f"{CALL}.partial_image"] * 2,
        f"{CALL}.completed",
        "response.output_item.done",
        *MESSAGE,
        "response.completed",
    ]
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert found[5] == {
        "type": f"{CALL}.partial_image",
        "sequence_number": 5,
        "output_index": 0,
        "item_id": CALL_ID,
        "partial_image_index": 0,
        "partial_image_b64": "<partial-0>",
        "background": "opaque",
        "output_format": "webp",
        "quality": "high",
        "size": "640x480",
    }
    assert "<asset-0>" not in json.dumps(found[7])
    assert found[8]["item"]["result"] == "<asset-0>"
    last = found[-1]["response"]
    assert last == response(job(asset(), *partials))
    assert [item["id"] for item in last["output"]] == [CALL_ID, found[-2]["item"]["id"]]


def test_what_was_sent_stays_a_beginning_of_what_comes() -> None:
    first = asset(0, AssetKind.PARTIAL, "a")
    again = asset(0, AssetKind.PARTIAL, "b")  # of a second attempt
    steps = [
        job(state=JobState.QUEUED, assets=()),
        job(state=JobState.RUNNING, assets=()),
        job(state=JobState.RUNNING, assets=(first,)),
        job(state=JobState.RUNNING, assets=(again, first)),
        job(asset(), again, first),
    ]
    for note in (note_of_body(), note_of_body(background=True)):
        seen: list[dict[str, Any]] = []
        for step in steps:
            found = told(replace(step, note=note.text()))
            assert found[: len(seen)] == seen
            assert told(replace(step, note=note.text()), after=2) == found[2:]
            seen = found
        assert seen[-1]["type"] == "response.completed"


def test_each_of_several_images_is_a_call_of_its_own() -> None:
    """A response makes one; a job that an idempotency key brought back may have more."""
    found = told(job(asset(0), asset(1)))
    done = [e for e in found if e["type"] == "response.output_item.done"]
    assert [event["output_index"] for event in done] == [0, 1, 2]
    assert [item["id"] for item in found[-1]["response"]["output"]] == [
        event["item"]["id"] for event in done
    ]


def test_a_refusal_does_not_break_the_stream() -> None:
    found = told(failed(ModerationBlocked("Not that.")))
    assert [event["type"] for event in found] == [
        *BEGINNING,
        "response.output_item.done",
        *MESSAGE,
        "response.completed",
    ]
    assert found[5]["item"]["status"] == "failed"


def test_a_failure_ends_the_stream() -> None:
    found = told(failed(UpstreamFailed("Broke.")))
    assert [event["type"] for event in found] == [*BEGINNING, "response.failed"]
    assert found[-1]["response"]["error"]["message"] == "Broke."


# --- what else is told --------------------------------------------------------------------------


def test_the_input_is_shown_with_links_and_file_ids() -> None:
    content = [
        {"type": "input_text", "text": "join"},
        {"type": "input_image", "image": 1},
        {"type": "input_image", "image": 0},
        {"type": "input_image", "image": None},
    ]
    said = {"type": "message", "role": "assistant", "content": content[:1]}
    call = {"type": "image_generation_call", "id": CALL_ID}
    note = Note(items=[said, call, {"type": "message", "role": "user", "content": content}])
    inputs = tuple(InputImage(id, "0" * 64, "image/png", 1, 1, 1) for id in ("asset", "file-1"))
    request = ImageRequest(Operation.EDIT, "gpt-image-2", "join", inputs=inputs)
    spoken, made, message = input_items(job(note=note, request=request), link_of)
    assert spoken["content"][0]["type"] == "output_text"
    assert (made["id"], made["result"]) == (CALL_ID, None)
    text, filed, linked, unused = message["content"]
    assert text["text"] == "join"
    assert (filed["file_id"], filed["image_url"]) == ("file-1", None)
    assert (linked["file_id"], linked["image_url"]) == (None, "http://x/asset")
    assert (unused["file_id"], unused["image_url"]) == (None, None)


def test_a_webhook_is_an_event_of_openais() -> None:
    event = json.loads(DIALECT.webhook(job(), JobEvent.COMPLETED, link_of))
    assert (event["object"], event["type"]) == ("event", "response.completed")
    assert event["data"] == {"id": RESPONSE_ID, "images": ["http://x/asset-0"]}
    refused = failed(ModerationBlocked("Not that."))
    for found, kind in (
        (refused, "completed"),
        (failed(UpstreamFailed("x")), "failed"),
        (job(state=JobState.CANCELED), "cancelled"),
    ):
        event = json.loads(DIALECT.webhook(found, JobEvent.FAILED, link_of))
        assert event["type"] == f"response.{kind}"


def test_a_job_without_a_note_is_shown_with_the_usual_values() -> None:
    found = response(replace(job(), note=""))
    assert (found["model"], found["tools"], found["store"]) == ("gpt-image-2", [], True)


def test_every_error_can_be_inside_a_response() -> None:
    for kind in by_code().values():
        found = response(failed(kind("It went wrong.")))
        assert "It went wrong." in json.dumps(found)

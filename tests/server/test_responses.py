"""The Responses API through a whole gateway: OpenAI's own Python SDK, unmodified."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import Response

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import PNG_PART, client, other_key, part, photo, refusal, send_form
from tests.support.hooks import Hooks
from tests.support.process import until
from tests.support.running import Running, deployment

PATH = "/v1/responses"
TOOL: dict[str, Any] = {"type": "image_generation", "model": "gpt-image-1.5", "quality": "low"}


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    """A gateway that may call loopback."""
    folder = tmp_path_factory.mktemp("gateway")
    options = {"deployments": [deployment(module_vendor)], "webhook_allow_local": True}
    with Running(folder / "data", **options) as server:
        yield server


@pytest.fixture
def sdk(shared: Running, vendor: OpenAIVendor) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{shared.url}/v1", api_key=shared.key, max_retries=0) as made:
        yield made


def asking(value: object = "a boat", **fields: Any) -> dict[str, Any]:
    return {"model": "gpt-4.1", "input": value, "tools": [TOOL], **fields}


def user(text: str, **image: str) -> dict[str, Any]:
    """A user's message, with an image if one is named."""
    content: list[dict[str, Any]] = [{"type": "input_text", "text": text}]
    if image:
        content.append({"type": "input_image", **image})
    return {"role": "user", "content": content}


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def picture_of(response: dict[str, Any]) -> bytes:
    return base64.b64decode(response["output"][0]["result"], validate=True)


def sent_images(vendor: OpenAIVendor) -> list[str]:
    """The SHA-256 of each image of the vendor's last request."""
    return [file.sha256 for file in vendor.received[-1].files if file.name != "mask"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def uploaded(http: httpx2.Client, data: bytes, purpose: str = "vision") -> str:
    parts = (part("purpose", purpose), PNG_PART("file", data))
    return send_form(http, *parts, path="/v1/files").json()["id"]


# --- one turn -----------------------------------------------------------------------------------


def test_the_course_example_on_the_sandbox(tmp_path: Path) -> None:
    """The published snippet, word for word; only the client was made for this gateway."""
    sandbox = [{"id": "sandbox", "provider": "sandbox"}]
    with Running(tmp_path / "data", deployments=sandbox) as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key)
        with pytest.MonkeyPatch.context() as here:
            here.chdir(tmp_path)
            # fmt: off
            response = client.responses.create(
                model="gpt-4.1",
                input="Draw a minimalist logo for a coffee shop called 'Dawn Brew'",
                tools=[{"type": "image_generation"}],
            )

            for item in response.output:
                if item.type == "image_generation_call":
                    img = base64.b64decode(item.result)  # type: ignore[arg-type]
                    with open("logo.png", "wb") as f:
                        f.write(img)
            # fmt: on
        client.close()
    assert (tmp_path / "logo.png").read_bytes().startswith(b"\x89PNG")
    Response.model_validate(response.to_dict())  # every field as the SDK's types have it


def test_a_response_is_one_job_exactly_charged(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    answer = http.post(PATH, json=asking(metadata={"a": "b"}))
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert answer.headers["x-darkroom-dialect"] == "responses"
    job = http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()
    assert (job["dialect"], job["state"]) == ("responses", "succeeded")
    [asset] = [asset for asset in job["assets"] if asset["kind"] == "result"]
    assert sha256(picture_of(made)) == asset["sha256"]
    charge = made["darkroom"]["charge_nanos"]
    assert charge == job["charge"]["nanos"] == int(answer.headers["x-darkroom-charge-nanos"]) > 0
    assert made["tool_usage"]["image_gen"]["total_tokens"] == job["usage"]["total_tokens"]
    assert httpx2.get(made["darkroom"]["images"][0]).content == picture_of(made)
    assert http.get(f"{PATH}/{made['id']}").json()["output"] == made["output"]
    assert len(vendor.received) == 1


def test_azures_clients_find_it_too(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    made = http.post("/openai/v1/responses", json=asking()).json()
    assert http.get(f"/openai/v1/responses/{made['id']}").json()["status"] == "completed"


def test_the_same_idempotency_key_buys_once(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    headers = {"idempotency-key": "response-1"}
    first, second = (http.post(PATH, json=asking(), headers=headers) for _ in range(2))
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["output"] == second.json()["output"]
    assert len(vendor.received) == 1


def test_the_end_is_told_as_openais_sdk_reads_it(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    with Hooks() as hooks:
        wish = {"url": f"{hooks.url}/hook", "format": "responses"}
        endpoint = http.post("/v1/webhooks/endpoints", json=wish).json()
        made = sdk.responses.create(**asking())
        told = hooks.next()
        event = sdk.webhooks.unwrap(told.body, told.headers, secret=endpoint["secret"])
        http.delete(f"/v1/webhooks/endpoints/{endpoint['id']}")
    assert (event.type, event.data.id) == ("response.completed", made.id)  # type: ignore[union-attr]


def test_a_refusal_does_not_crash_the_conversation(
    sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.MODERATION_BLOCKED, stage="input", categories=("violence",))
    refused = sdk.responses.create(**asking())
    Response.model_validate(refused.to_dict())
    call = refused.output[0]
    assert (refused.status, call.type, call.status) == (
        "completed",
        "image_generation_call",
        "failed",
    )
    assert call.error is not None
    assert call.error.code == "moderation_blocked"
    assert call.error.moderation_details is not None
    assert call.error.moderation_details.categories == ["violence"]
    assert refused.output_text.startswith("No image was made.")
    after = sdk.responses.create(**asking("a calm boat", previous_response_id=refused.id))
    assert after.output[0].status == "completed"  # type: ignore[union-attr]


def test_a_refused_request_names_its_parameter(http: httpx2.Client) -> None:
    tool = {**TOOL, "size": "17x17"}
    error = refusal(http.post(PATH, json=asking(tools=[{**tool, "size_policy": "strict"}])), 400)
    assert error["param"] == "tools[0].size"
    error = refusal(http.post(PATH, json=asking(tools=[{"type": "web_search"}])), 400)
    assert "image_generation tool only" in error["message"]
    error = refusal(http.post(PATH, json=asking(model="gpt-image-2")), 400)
    assert (error["param"], "tools[0].model" in error["message"]) == ("model", True)
    error = refusal(http.post(PATH, json=asking([user("x", image_url="data:,x")])), 400)
    assert (error["param"], error["code"]) == ("input", "invalid_image")
    error = refusal(http.post(PATH, json=asking([user("x", file_id="file-none")])), 400)
    assert (error["param"], error["code"]) == ("input", "image_file_not_found")
    refusal(http.post(PATH, json=asking(), headers={"authorization": "Bearer wrong"}), 401)


# --- several turns ------------------------------------------------------------------------------


def test_a_turn_goes_on_from_the_last_picture(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    hat = photo("hat")
    first = sdk.responses.create(**asking(tools=[{**TOOL, "size": "1024x1536"}])).to_dict()
    second = sdk.responses.create(
        **asking([user("with this hat", image_url=data_url(hat))], previous_response_id=first["id"])
    ).to_dict()
    assert sent_images(vendor) == [sha256(picture_of(first)), sha256(hat)]
    assert vendor.received[-1].params["prompt"] == "with this hat"
    assert second["output"][0]["action"] == "edit"
    sdk.responses.create(**asking("in red", previous_response_id=second["id"]))
    assert sent_images(vendor) == [sha256(picture_of(second)), sha256(hat)]
    items = sdk.responses.input_items.list(str(second["id"]), order="asc").data
    [message] = items
    link = message.content[1].image_url  # type: ignore[union-attr]
    assert httpx2.get(str(link)).content == hat


def test_a_picture_is_named_by_the_id_of_its_call(
    sdk: openai.OpenAI, shared: Running, vendor: OpenAIVendor
) -> None:
    first = sdk.responses.create(**asking()).to_dict()
    call: dict[str, Any] = {"type": "image_generation_call", "id": first["output"][0]["id"]}
    sdk.responses.create(**asking([user("now realistic"), call]))
    assert sent_images(vendor) == [sha256(picture_of(first))]
    with client(shared, other_key(shared, "stranger")) as stranger:
        error = refusal(stranger.post(PATH, json=asking([user("mine"), call])), 404)
        assert error["param"] == "input[1].id"
        previous = asking("mine", previous_response_id=first["id"])
        error = refusal(stranger.post(PATH, json=previous), 400)
        assert error["code"] == "previous_response_not_found"
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel")):
            refusal(stranger.request(method, f"{PATH}/{first['id']}{path}"), 404)


def test_the_whole_output_can_be_sent_back(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    """As who keeps the conversation himself: nothing was stored."""
    first = sdk.responses.create(**asking(store=False)).to_dict()
    refusal(http.get(f"{PATH}/{first['id']}"), 404)
    refusal(http.post(PATH, json=asking(previous_response_id=first["id"])), 400)
    sdk.responses.create(**asking([user("a boat"), *first["output"], user("in red")]))
    assert sent_images(vendor) == [sha256(picture_of(first))]


def test_files_are_edited_behind_a_mask(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    data = photo("room")
    file_id = uploaded(http, data, "user_data")
    mask = {"image_url": data_url(photo("mask"))}
    tool = {**TOOL, "input_image_mask": mask, "action": "edit", "mask_convention": "black"}
    made = sdk.responses.create(**asking([user("a lamp", file_id=file_id)], tools=[tool])).to_dict()
    assert sent_images(vendor) == [sha256(data)]
    assert [file.name for file in vendor.received[-1].files if file.name == "mask"] == ["mask"]
    [item] = http.get(f"{PATH}/{made['id']}/input_items").json()["data"]
    assert item["content"][1]["file_id"] == file_id


def test_a_forgotten_response_is_gone_and_its_job_stays(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    made = sdk.responses.create(**asking()).to_dict()
    sdk.responses.delete(str(made["id"]))
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(str(made["id"]))
    call = {"type": "image_generation_call", "id": made["output"][0]["id"]}
    refusal(http.post(PATH, json=asking([user("x"), call])), 404)
    job = http.get(f"/v1/jobs/{made['darkroom']['job']}").json()
    assert job["charge"]["nanos"] > 0


def test_input_items_come_in_pages(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    turns = [user("one"), {"role": "assistant", "content": "Hm."}, user("two")]
    path = f"{PATH}/{http.post(PATH, json=asking(turns)).json()['id']}/input_items"
    newest = http.get(path, params={"limit": 2}).json()
    assert [item["role"] for item in newest["data"]] == ["user", "assistant"]
    assert newest["has_more"] is True
    rest = http.get(path, params={"after": newest["last_id"]}).json()
    assert (len(rest["data"]), rest["has_more"]) == (1, False)
    for wrong in ({"limit": "0"}, {"limit": "x"}, {"after": "in_none"}):
        refusal(http.get(path, params=wrong), 400)


# --- streams and polling ------------------------------------------------------------------------


def test_a_stream_brings_previews_then_the_picture(
    sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    seen = []
    with sdk.responses.stream(**asking(tools=[{**TOOL, "partial_images": 2}])) as stream:
        for event in stream:
            assert event.sequence_number == len(seen)
            seen.append(event.type)
        final = stream.get_final_response()
    assert seen[:2] == ["response.created", "response.in_progress"]
    assert seen.count("response.image_generation_call.partial_image") == 2
    assert seen[-1] == "response.completed"
    assert final.output[0].type == "image_generation_call"
    assert final.output[0].result
    assert final.output_text.startswith("Made an image with gpt-image-1.5")


async def test_the_asynchronous_client_streams_too(shared: Running, vendor: OpenAIVendor) -> None:
    async with openai.AsyncOpenAI(base_url=f"{shared.url}/v1", api_key=shared.key) as sdk:
        stream = await sdk.responses.create(**asking(stream=True))
        events = [event async for event in stream]
    assert events[-1].type == "response.completed"


def test_a_stream_is_taken_up_again(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    events = list(sdk.responses.create(**asking(stream=True, background=True)))
    response_id = events[0].response.id  # type: ignore[union-attr]
    again = sdk.responses.retrieve(response_id, stream=True, starting_after=3)
    rest = [(event.sequence_number, event.type) for event in again]
    assert rest == [(event.sequence_number, event.type) for event in events[4:]]


def test_a_background_response_is_polled_for(sdk: openai.OpenAI, vendor: OpenAIVendor) -> None:
    vendor.next(Fault.HOLD)
    begun = sdk.responses.create(**asking(background=True))
    assert begun.status in ("queued", "in_progress")
    assert begun.output == []
    until(lambda: vendor.received, "the request upstream")
    assert sdk.responses.retrieve(begun.id).status == "in_progress"
    with pytest.raises(openai.BadRequestError, match="still in progress"):
        sdk.responses.create(**asking(previous_response_id=begun.id))
    vendor.release()
    until(lambda: sdk.responses.retrieve(begun.id).status == "completed", "the end")
    done = sdk.responses.retrieve(begun.id)
    assert done.output[0].type == "image_generation_call"
    assert done.background is True


def test_a_background_response_is_canceled(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.HANG)
    begun = sdk.responses.create(**asking(background=True))
    until(lambda: vendor.received, "the request upstream")
    assert sdk.responses.cancel(begun.id).status == "cancelled"
    waited_for = sdk.responses.create(**asking())
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        sdk.responses.cancel(waited_for.id)


def test_forgetting_a_response_stops_what_still_runs(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.HANG)
    begun = http.post(PATH, json=asking(background=True))
    until(lambda: vendor.received, "the request upstream")
    sdk.responses.delete(begun.json()["id"])
    job = f"/v1/jobs/{begun.headers['x-darkroom-job']}"
    until(lambda: http.get(job).json()["state"] == "canceled", "the end")


def test_what_fails_upstream_is_an_error_or_a_failed_response(
    gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    """On a gateway of its own: what fails upstream is remembered for a while."""
    with client(gateway) as http:
        openai_vendor.next(Fault.INVALID_REQUEST, times=2)
        error = refusal(http.post(PATH, json=asking()), 400)
        assert error["code"] == "upstream_rejected"
        begun = http.post(PATH, json=asking(background=True)).json()
        path = f"{PATH}/{begun['id']}"
        until(lambda: http.get(path).json()["status"] == "failed", "the end")
        assert http.get(path).json()["error"]["code"] == "invalid_prompt"


def test_a_late_failure_is_a_failed_response(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    """The status was 200 already: the body says what happened."""
    options = {"deployments": [deployment(openai_vendor)], "keepalive_after_s": 0.01}
    with Running(tmp_path / "data", **options) as server, client(server) as http:
        openai_vendor.next(Fault.INVALID_REQUEST, delay_s=0.3)
        answer = http.post(PATH, json=asking())
        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["output"]) == ("failed", [])

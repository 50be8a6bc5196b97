"""Responses that go to a deployment with a text model, through a whole gateway."""

import base64
import hashlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import Response

from tests.fakes.azure_vendor import AzureVendor
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import client, photo, refusal
from tests.support.process import until
from tests.support.running import Running, deployment

PATH = "/v1/responses"
TOOL: dict[str, Any] = {"type": "image_generation", "model": "gpt-image-1.5", "quality": "low"}
SECRET = "sk-upstream-secret"
OPTIONS = {"responses": "gpt-4.1, gpt-unpriced"}


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, module_vendor: OpenAIVendor
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("gateway")
    with Running(folder / "data", deployments=[passing(module_vendor)]) as server:
        yield server


@pytest.fixture
def sdk(shared: Running, vendor: OpenAIVendor) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{shared.url}/v1", api_key=shared.key, max_retries=0) as made:
        yield made


def passing(vendor: OpenAIVendor, **options: str) -> dict[str, Any]:
    return deployment(vendor, options={**OPTIONS, **options})


def asking(value: object = "a boat", **fields: Any) -> dict[str, Any]:
    return {"model": "gpt-4.1", "input": value, "tools": [TOOL], **fields}


def user(text: str, *urls: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "input_text", "text": text}]
    content += [{"type": "input_image", "image_url": url} for url in urls]
    return {"role": "user", "content": content}


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def sent(vendor: OpenAIVendor) -> dict[str, Any]:
    """The body of the vendor's last request."""
    assert vendor.received[-1].path.endswith("/responses")
    return vendor.received[-1].params


def job_of(http: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    return http.get(f"/v1/jobs/{answer.headers['x-darkroom-job']}").json()


def results(job: dict[str, Any]) -> list[str]:
    """The SHA-256 of each result, in order."""
    kept = [asset for asset in job["assets"] if asset["kind"] == "result"]
    return [asset["sha256"] for asset in kept]


def digest(item: dict[str, Any]) -> str:
    return hashlib.sha256(base64.b64decode(item["result"], validate=True)).hexdigest()


def lines(job: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {line["category"]: (line["quantity"], line["nanos"]) for line in job["charge"]["lines"]}


def test_a_listed_text_model_answers_itself(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    answer = http.post(PATH, json=asking(instructions="Be brief.", metadata={"result": "x"}))
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert [item["type"] for item in made["output"]] == [
        "reasoning",
        "image_generation_call",
        "message",
    ]
    assert made["output"][2]["content"][0]["text"] == "Here you are."
    assert made["output"][1]["revised_prompt"] == "Vividly: a boat"
    assert made["usage"]["output_tokens_details"] == {"reasoning_tokens": 64}
    assert made["darkroom"]["warnings"] == []  # the instructions took part
    body = sent(vendor)
    assert (body["model"], body["instructions"], body["store"]) == ("gpt-4.1", "Be brief.", False)
    assert body["tools"] == [
        {"type": "image_generation", "model": "gpt-image-1.5", "quality": "low"}
    ]
    assert (body["max_tool_calls"], body["max_output_tokens"]) == (4, 8_192)
    assert "metadata" not in body
    again = sdk.responses.retrieve(made["id"])
    assert again.output_text == "Here you are."
    Response.model_validate(again.to_dict())
    assert http.get(f"{PATH}/{made['id']}").json()["output"] == made["output"]


def test_two_pictures_are_one_job_with_two_assets_exactly_charged(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    vendor.next(images=2)
    answer = http.post(PATH, json=asking())
    made, job = answer.json(), job_of(http, answer)
    calls = [item for item in made["output"] if item["type"] == "image_generation_call"]
    assert [digest(item) for item in calls] == results(job)
    assert len(set(results(job))) == 2
    usage, image = made["usage"], made["tool_usage"]["image_gen"]
    assert image["output_tokens"] == 2 * 272
    assert lines(job) == {
        "text_in": (image["input_tokens"], image["input_tokens"] * 5_000),
        "image_out": (544, 544 * 32_000),
        "mainline_in": (usage["input_tokens"] - 128, (usage["input_tokens"] - 128) * 2_000),
        "mainline_cached_in": (128, 128 * 500),
        "mainline_out": (usage["output_tokens"], usage["output_tokens"] * 8_000),
    }
    charged = sum(amount for _, amount in lines(job).values())
    assert charged == job["charge"]["nanos"] == int(answer.headers["x-darkroom-charge-nanos"])
    assert charged < job["quote"]["max"]["nanos"]
    assert job["usage"]["mainline"]["output_tokens"] == usage["output_tokens"]
    assert len(vendor.received) == 1


def test_four_of_the_dearest_pictures_stay_within_the_hold(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    vendor.next(images=4)
    tool = {**TOOL, "quality": "high", "size": "1024x1536"}
    talk = [user("a boat", data_url(photo("a")), data_url(photo("b")))]
    answer = http.post(PATH, json=asking(talk, tools=[tool]))
    job = job_of(http, answer)
    assert len(results(job)) == 4
    assert job["charge"]["nanos"] <= job["quote"]["max"]["nanos"]


def test_the_images_in_sight_and_the_texts_of_earlier_turns_go_along(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    own = photo("mine")
    first = http.post(PATH, json=asking([user("a boat for this", data_url(own))])).json()
    picture = first["output"][1]["result"]
    again = http.post(PATH, json=asking("now in red", previous_response_id=first["id"]))
    assert again.status_code == 200, again.text
    told = sent(vendor)["input"]
    assert [item["role"] for item in told] == ["user", "assistant", "user", "user"]
    assert told[0]["content"] == [{"type": "input_text", "text": "a boat for this"}]
    assert told[1]["content"] == [{"type": "output_text", "text": "Here you are."}]
    urls = [part["image_url"] for part in told[2]["content"]]
    assert urls == [f"data:image/png;base64,{picture}", data_url(own)]
    assert told[3]["content"] == [{"type": "input_text", "text": "now in red"}]
    call = {"type": "image_generation_call", "id": first["output"][1]["id"]}
    by_id = http.post(PATH, json=asking([call, user("in blue")])).json()
    assert sent(vendor)["input"][0]["content"][0]["image_url"].endswith(picture)
    assert by_id["output"][1]["action"] == "edit"


def test_a_stream_has_the_vendors_items_in_order(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(images=2)
    seen: list[str] = []
    with sdk.responses.stream(**asking(tools=[{**TOOL, "partial_images": 2}])) as stream:
        for event in stream:
            assert event.sequence_number == len(seen)
            seen.append(event.type.removeprefix("response."))
        final = stream.get_final_response()
    call = "image_generation_call"
    drawn = [
        "output_item.added",
        *(f"{call}.{name}" for name in ("in_progress", "generating")),
        *[f"{call}.partial_image"] * 2,
        f"{call}.completed",
        "output_item.done",
    ]
    spoken = ["content_part.added", "output_text.delta", "output_text.done", "content_part.done"]
    assert seen == [
        *("created", "in_progress", "output_item.added", "output_item.done"),
        *drawn,
        *drawn,
        *("output_item.added", *spoken, "output_item.done", "completed"),
    ]
    assert final.output_text == "Here you are."
    assert [item.type for item in final.output].count("image_generation_call") == 2
    job = http.get(f"/v1/jobs/{final.to_dict()['darkroom']['job']}").json()  # type: ignore[index]
    assert len(results(job)) == 2


def test_previews_are_told_while_the_answer_comes(
    shared: Running, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    """What was sent of a stream stays the beginning of what is told at the end."""
    request = asking(stream=True, background=True, tools=[{**TOOL, "partial_images": 1}])
    events = list(sdk.responses.create(**request))
    response_id = events[0].response.id  # type: ignore[union-attr]
    again = list(sdk.responses.retrieve(response_id, stream=True))
    assert [event.type for event in again] == [event.type for event in events]
    assert len({event.item_id for event in events if "partial_image" in event.type}) == 1  # type: ignore[union-attr]


def test_a_refused_picture_does_not_fail_the_response(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    vendor.next(said="refused")
    answer = http.post(PATH, json=asking())
    made, job = answer.json(), job_of(http, answer)
    assert (answer.status_code, made["status"]) == (200, "completed")
    refused = made["output"][1]
    assert (refused["status"], refused["error"]["code"]) == ("failed", "moderation_blocked")
    assert made["output"][2]["content"][0]["text"] == "Here you are."
    assert (job["state"], results(job)) == ("succeeded", [])
    assert set(lines(job)) == {"mainline_in", "mainline_cached_in", "mainline_out"}
    after = sdk.responses.create(**asking("a calm boat", previous_response_id=made["id"]))
    assert after.status == "completed"


@pytest.mark.parametrize("stream", [False, True])
def test_the_upstream_key_is_cut_out_of_an_item_s_error(
    http: httpx2.Client, vendor: OpenAIVendor, stream: bool
) -> None:
    vendor.next(said="refused", categories=(SECRET,))
    tool = {**TOOL, "partial_images": 1} if stream else TOOL
    answer = http.post(PATH, json=asking(tools=[tool]))
    told = answer.json()["output"][1]["error"]
    assert told["message"].endswith("…]."), told
    assert SECRET not in told["message"]


def test_words_alone_are_an_answer_and_cost_their_tokens(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    vendor.next(said="text")
    answer = http.post(PATH, json=asking("hello"))
    made, job = answer.json(), job_of(http, answer)
    assert [item["type"] for item in made["output"]] == ["reasoning", "message"]
    assert (job["state"], job["warnings"]) == ("succeeded", [])
    assert set(lines(job)) == {"mainline_in", "mainline_cached_in", "mainline_out"}


def test_an_answer_that_was_cut_off_says_so(http: httpx2.Client, vendor: OpenAIVendor) -> None:
    vendor.next(said="incomplete")
    made = http.post(PATH, json=asking(max_output_tokens=100)).json()
    assert (made["status"], made["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )
    assert sent(vendor)["max_output_tokens"] == 100


def test_a_whole_refusal_ends_the_turn_and_costs_nothing(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    answer = http.post(PATH, json=asking())
    made = answer.json()
    assert made["output"][0]["error"]["code"] == "moderation_blocked"
    assert job_of(http, answer)["charge"] is None


@pytest.mark.parametrize("partials", [0, 1])
def test_a_response_that_failed_is_an_error_of_the_tree(
    tmp_path: Path, openai_vendor: OpenAIVendor, partials: int
) -> None:
    with (
        Running(tmp_path / "data", deployments=[passing(openai_vendor)]) as server,
        client(server) as http,
    ):
        tools = [{**TOOL, "partial_images": partials}]
        openai_vendor.next(said="invalid_image")
        if not partials:
            error = refusal(http.post(PATH, json=asking()), 400)
            assert error["code"] == "upstream_rejected"
            openai_vendor.next(said="image_content_policy_violation")
            made = http.post(PATH, json=asking()).json()
            assert made["output"][0]["error"]["code"] == "moderation_blocked"
            return
        text = http.post(PATH, json=asking(tools=tools, stream=True)).text
        assert "event: response.failed" in text
        openai_vendor.next(Fault.SSE_NO_COMPLETED)
        begun = http.post(PATH, json=asking(tools=tools, background=True)).json()
        path = f"{PATH}/{begun['id']}"
        until(lambda: http.get(path).json()["status"] == "failed", "the end")
        assert list((tmp_path / "data" / "spool").glob("*")) == []


def test_an_unknown_price_is_refused_before_anything_is_sent(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    answer = http.post(PATH, json=asking(model="gpt-unpriced"))
    assert answer.status_code >= 400
    assert "responses_prices" in answer.json()["error"]["message"]
    assert vendor.received == []


def test_an_operator_says_what_a_text_model_costs(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    entry = passing(openai_vendor, responses_prices="gpt-unpriced=3.00/1.00/20.00")
    with Running(tmp_path / "data", deployments=[entry]) as server, client(server) as http:
        answer = http.post(PATH, json=asking(model="gpt-unpriced"))
        made, job = answer.json(), job_of(http, answer)
        out = made["usage"]["output_tokens"]
        assert lines(job)["mainline_out"] == (out, out * 20_000)
        assert lines(job)["mainline_cached_in"] == (128, 128_000)


def test_a_text_model_that_nobody_lists_is_answered_here(
    http: httpx2.Client, vendor: OpenAIVendor
) -> None:
    made = http.post(PATH, json=asking(model="gpt-5", instructions="Be brief.")).json()
    assert vendor.received[-1].path.endswith("/images/generations")
    assert made["output"][-1]["content"][0]["text"].startswith("Made an image")
    assert [each["code"] for each in made["darkroom"]["warnings"]] == ["parameter_dropped"]
    assert made["usage"]["total_tokens"] == 0


def test_a_deployment_that_is_down_is_not_asked_and_the_answer_says_so(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    with OpenAIVendor("second") as second:
        table = [passing(openai_vendor), deployment(second)]
        with Running(tmp_path / "data", deployments=table) as server, client(server) as http:
            openai_vendor.always(Fault.SERVER_ERROR)
            openai_vendor.always(Fault.SERVER_ERROR)

            def answered_here() -> bool:
                made = http.post(PATH, json=asking()).json()
                codes = [each["code"] for each in made.get("darkroom", {}).get("warnings", [])]
                return "answered_here" in codes

            until(answered_here, "the circuit")
            assert second.received[-1].path.endswith("/images/generations")


def test_azure_is_told_which_deployment_draws(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    named = {"my-image": "gpt-image-1.5", "my-talk": "gpt-4.1"}
    with AzureVendor(named, keys=frozenset({SECRET})) as vendor:
        entry = deployment(
            vendor,
            provider="azure",
            models={"gpt-image-1.5": "my-image"},
            options={"responses": "gpt-4.1=my-talk"},
        )
        with Running(tmp_path / "data", deployments=[entry]) as server, client(server) as http:
            answer = http.post(PATH, json=asking())
            job = job_of(http, answer)
            vendor.next(Fault.INVALID_API_KEY)
            refused = http.post(PATH, json=asking())
        first = vendor.received[0]
    assert first.path == "/openai/v1/responses"
    assert first.headers["x-ms-oai-image-generation-deployment"] == "my-image"
    assert (first.params["model"], "model" in first.params["tools"][0]) == ("my-talk", False)
    assert len(results(job)) == 1
    written = io.StringIO()
    written.write("".join(capfd.readouterr()) + caplog.text + refused.text + str(job))
    assert SECRET not in written.getvalue()


def test_forgetting_a_response_forgets_what_was_said(
    http: httpx2.Client, sdk: openai.OpenAI, vendor: OpenAIVendor
) -> None:
    made = sdk.responses.create(**asking())
    sdk.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(made.id)

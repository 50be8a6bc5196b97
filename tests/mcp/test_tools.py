"""The tools as an agent calls them: with the official client, in memory, over HTTP."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.types import CallToolResult, ImageContent, ResourceLink, TextContent
from PIL import Image

from darkroom.mcp.folders import Folders
from darkroom.mcp.serving import Shop, mcp_server
from darkroom.mcp.trouble import Trouble
from darkroom_client import AsyncClient
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.mcp.conftest import Local
from tests.support.running import Running

PHOTO = picture("png", Look(64, 48))
NAMES = (
    *("generate_image", "edit_image", "get_job", "view_image"),
    *("estimate_cost", "list_models", "get_balance", "cancel_job"),
)


def told(result: CallToolResult) -> str:
    """The text of a result that is no error."""
    block = result.content[0]
    assert isinstance(block, TextContent)
    assert not result.is_error, block.text
    return block.text


def refused(result: CallToolResult) -> str:
    block = result.content[0]
    assert isinstance(block, TextContent)
    assert result.is_error
    return block.text


def previews(result: CallToolResult) -> list[Image.Image]:
    blocks = [block for block in result.content if isinstance(block, ImageContent)]
    assert all(block.mime_type == "image/webp" for block in blocks)
    return [Image.open(io.BytesIO(base64.b64decode(block.data))) for block in blocks]


async def test_a_generation_is_told_shown_linked_and_saved(local: Local, folders: Folders) -> None:
    asked = {"prompt": "a red bicycle", "n": 2, "size": "1536x1024", "file_name": "bike"}
    result = await local.call_tool("generate_image", asked)
    text, data = told(result), result.structured_content
    assert [image.size for image in previews(result)] == [(768, 512)] * 2
    links = [block for block in result.content if isinstance(block, ResourceLink)]
    assert [link.name for link in links] == [f"{data['job_id']}:{index}" for index in (0, 1)]
    paths = [Path(image["path"]) for image in data["images"]]
    assert paths == [folders.output / "bike.png", folders.output / "bike-2.png"]
    for path, image, link in zip(paths, data["images"], links, strict=True):
        assert path.stat().st_size == image["byte_size"] == link.size
        assert (image["width"], image["height"], image["url"]) == (1536, 1024, link.uri)
        assert f"Saved as {path}." in text
        assert image["url"] in text
        assert image["expires_at"]
    assert f"Cost: ${data['cost_usd']}. Balance: no limit." in text
    assert len(json.dumps(result.model_dump(mode="json"))) < 1_000_000


async def test_progress_is_reported(local: Local) -> None:
    seen: list[tuple[float, str | None]] = []

    async def note(done: float, _: float | None, word: str | None) -> None:
        seen.append((done, word))

    told(await local.call_tool("generate_image", {"prompt": "a"}, progress_callback=note))
    assert seen[-1] == (100, "succeeded")


async def test_what_takes_longer_is_collected_by_get_job(local: Local, folders: Folders) -> None:
    first = await local.call_tool("generate_image", {"prompt": "a", "wait_seconds": 0})
    assert "get_job" in told(first)
    job = first.structured_content["job_id"]
    again = [await local.call_tool("get_job", {"job_id": job}) for _ in range(2)]
    assert all(len(previews(one)) == 1 for one in again)
    assert [path.name for path in folders.output.iterdir()] == [f"darkroom-{job}.png"]


async def test_an_edit_takes_files_and_images_of_jobs(
    local: Local, folders: Folders, openai_vendor: OpenAIVendor
) -> None:
    photo = folders.readable[0] / "photo.png"
    photo.write_bytes(PHOTO)
    (folders.readable[0] / "mask.png").write_bytes(picture("png", Look(64, 48, transparent=True)))
    asked: dict[str, Any] = {"prompt": "at night", "images": ["photo.png"], "mask": "mask.png"}
    first = await local.call_tool("edit_image", asked)
    told(first)
    assert len(openai_vendor.received[-1].files) == 2
    asked = {"prompt": "by day", "images": [f"{first.structured_content['job_id']}:0", str(photo)]}
    told(await local.call_tool("edit_image", asked))
    assert len(openai_vendor.received[-1].files) == 2


async def test_files_elsewhere_are_refused_whether_they_exist_or_not(
    local: Local, folders: Folders, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.png"
    outside.write_bytes(PHOTO)
    (folders.readable[0] / "link.png").symlink_to(outside)
    for said in (str(outside), "../secret.png", "link.png", str(tmp_path / "none.png")):
        result = await local.call_tool("edit_image", {"prompt": "a", "images": [said]})
        assert "outside" in refused(result), said
    missing = await local.call_tool("edit_image", {"prompt": "a", "images": ["none.png"]})
    assert "There is no file" in refused(missing)


async def test_view_image_shows_one_in_the_asked_size(local: Local) -> None:
    made = await local.call_tool("generate_image", {"prompt": "a", "size": "1024x1024"})
    job = made.structured_content["job_id"]
    seen = await local.call_tool("view_image", {"job_id": job, "max_px": 200})
    assert [image.size for image in previews(seen)] == [(200, 200)]
    none = await local.call_tool("view_image", {"job_id": job, "index": 3})
    assert "numbered 0 to 0" in refused(none)


async def test_an_estimate_is_what_a_quote_says(local: Local, gateway: Running) -> None:
    asked = {"prompt": "a", "n": 2, "size": "1024x1024", "quality": "high"}
    result = await local.call_tool("estimate_cost", asked)
    async with AsyncClient(gateway.url, gateway.key) as client:
        quote = await client.quote("a", n=2, size="1024x1024", quality="high")
    assert result.structured_content["expected_nanos"] == quote.expected.nanos
    assert f"{quote.expected}" in told(result)


async def test_an_estimate_of_an_edit_knows_the_size_of_a_job_s_image(local: Local) -> None:
    made = await local.call_tool("generate_image", {"prompt": "a", "size": "1536x1024"})
    images = [f"{made.structured_content['job_id']}:0"]
    asked = {"prompt": "a", "images": images, "size": "1024x1024", "quality": "low"}
    result = await local.call_tool("estimate_cost", asked)
    assert told(result)
    assert (result.structured_content["notes"], result.structured_content["operation"]) == (
        [],
        "edit",
    )


async def test_an_idempotency_key_brings_back_the_same_job(
    local: Local, openai_vendor: OpenAIVendor
) -> None:
    asked = {"prompt": "a", "idempotency_key": "one bicycle"}
    jobs = [
        (await local.call_tool("generate_image", asked)).structured_content["job_id"]
        for _ in range(2)
    ]
    assert jobs[0] == jobs[1]
    assert len(openai_vendor.received) == 1


async def test_cancel_and_balance_and_models(local: Local) -> None:
    made = await local.call_tool("generate_image", {"prompt": "a"})
    ended = await local.call_tool("cancel_job", {"job_id": made.structured_content["job_id"]})
    assert "nothing has changed" in told(ended)
    assert "Account default" in told(await local.call_tool("get_balance", {}))
    models = await local.call_tool("list_models", {})
    assert "gpt-image-2: generation, edit" in told(models)
    assert models.structured_content["models"]


async def test_schemas_name_the_served_models_and_their_values(local: Local) -> None:
    tools = {tool.name: tool for tool in (await local.list_tools()).tools}
    assert tuple(tools) == NAMES
    asked = tools["generate_image"].input_schema["properties"]
    assert "gpt-image-2" in asked["model"]["enum"]
    assert {"low", "medium", "high"} <= set(asked["quality"]["enum"])
    assert "anyOf" not in json.dumps([tool.input_schema for tool in tools.values()])
    assert "path" in tools["edit_image"].input_schema["properties"]["images"]["description"]


async def test_annotations_say_what_a_tool_may_do(local: Local) -> None:
    hints = {tool.name: tool.annotations for tool in (await local.list_tools()).tools}
    reading = {name for name, hint in hints.items() if hint and hint.read_only_hint}
    assert reading == {"view_image", "estimate_cost", "list_models", "get_balance"}
    assert [name for name, hint in hints.items() if hint and hint.destructive_hint] == [
        "cancel_job"
    ]


async def test_wrong_arguments_are_named(local: Local) -> None:
    assert "promt" in refused(await local.call_tool("generate_image", {"promt": "a"}))
    unknown = await local.call_tool("generate_image", {"prompt": "a", "model": "no-such"})
    assert "list_models" in refused(unknown)
    assert "There are: generate_image" in refused(await local.call_tool("draw", {}))


async def test_a_refusal_by_moderation_is_not_to_be_repeated(
    local: Local, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, categories=("violence",))
    text = refused(await local.call_tool("generate_image", {"prompt": "a"}))
    assert "Refused by moderation (violence)" in text
    assert "Do not retry it unchanged" in text


async def test_a_budget_that_is_used_up_says_what_helps(gateway: Running) -> None:
    made = httpx2.post(
        f"{gateway.url}/v1/keys",
        json={"name": "agent", "budget": {"day_usd": "0.001"}},
        headers={"authorization": f"Bearer {gateway.key}"},
        trust_env=False,
    )
    key = made.json()["key"]
    shop = Shop(lambda: AsyncClient(gateway.url, key), "1.0")
    async with Client(mcp_server(shop)) as client:
        text = refused(await client.call_tool("generate_image", {"prompt": "a"}))
        assert "PATCH /v1/keys/{key_id}" in text
        assert "key budget (day)" in told(await client.call_tool("get_balance", {}))


async def test_without_a_server_the_tools_are_listed_and_say_why(gateway: Running) -> None:
    def connect() -> AsyncClient:
        raise Trouble("There is no Darkroom server.")

    async with Client(mcp_server(Shop(connect, "1.0"))) as client:
        assert len((await client.list_tools()).tools) == len(NAMES)
        assert "no Darkroom server" in refused(await client.call_tool("get_balance", {}))
    wrong = Shop(lambda: AsyncClient(gateway.url, "dk_wrong"), "1.0")
    async with Client(mcp_server(wrong)) as client:
        assert "darkroom keys create" in refused(await client.call_tool("get_balance", {}))


@pytest.mark.parametrize("side", [64, 1200])
async def test_a_preview_keeps_to_its_bounds(side: int) -> None:
    from darkroom.mcp.previews import Bounds, preview

    noise = Image.effect_noise((side, side), 200).convert("RGB")
    written = io.BytesIO()
    noise.save(written, "PNG")
    small = await preview(written.getvalue(), Bounds(768, 60_000))
    assert len(base64.b64encode(small)) <= 60_000
    assert max(Image.open(io.BytesIO(small)).size) <= min(side, 768)

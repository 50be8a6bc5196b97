"""Jobs that were submitted: waited for, watched, canceled and collected, blocking and not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import darkroom_client as sdk
from darkroom_client import AsyncClient, Client, PartialImage, Progress, Settled
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.server.client import other_key
from tests.support.running import Running

PHOTO = picture("png", Look(64, 48))


def test_a_submitted_job_is_waited_for(client: Client, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    handle = client.submit("a red bicycle", n=2, quality="low")
    assert handle.refresh().state in ("queued", "running")
    with pytest.raises(sdk.WaitTimeout) as late:
        handle.wait(timeout=0)
    assert (late.value.job_id, late.value.idempotency_key) == (handle.id, handle.idempotency_key)
    assert handle.job is not None
    assert handle.job == late.value.job
    assert not handle.job.done
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(handle.wait)
        openai_vendor.release()
        result = waiting.result(10)
    assert len(result.images) == 2
    assert result.job_id == handle.id
    assert result.cost == client.jobs.get(handle.id).charge
    assert (result.provider, result.deployment) == ("openai", "openai")
    assert result.usage.total > 0
    assert client.jobs.wait(handle.id).images == result.images
    assert client.jobs.handle(handle.id).wait().images == result.images


async def test_a_submitted_job_is_awaited(gateway: Running, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    async with AsyncClient(gateway.url, gateway.key) as client:
        handle = await client.submit("a red bicycle", quality="low")
        with pytest.raises(sdk.WaitTimeout):
            await handle.wait(timeout=0)
        openai_vendor.release()
        result = await handle.wait(timeout=20)
        assert result.image.format == "png"
        again = await client.collect(handle.idempotency_key)
        assert again.images == result.images
        edited = await result.image.edit("at night", mask=result.image, quality="low")
        assert edited.image.width == result.image.width
        assert (await client.jobs.get(edited.job_id)).operation == "edit"


async def test_the_async_client_makes_what_the_other_makes(
    gateway: Running, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(PHOTO)
    seen: list[int] = []
    async with AsyncClient(gateway.url, gateway.key) as client:
        result = await client.generate(
            "a cat", quality="low", partial_images=2, on_partial=lambda one: seen.append(one.index)
        )
        assert seen == [0, 1]
        assert (result.provider, result.cost) == ("openai", result.charge)
        assert result.image.url
        edited = await client.edit("at night", (path, PHOTO), mask=path, quality="low")
        assert len(openai_vendor.received[-1].files) == 3
        assert edited.save_all(tmp_path, "night")[0].read_bytes() == edited.image.data
        quote = await client.quote("at night", path, quality="low")
        assert (quote.operation, client.preview("a cat").method) == ("edit", "POST")
        assert "gpt-image-2" in {model.id for model in await client.models()}
        assert (await client.jobs.list(limit=1)).jobs[0].id == edited.job_id
        assert (await client.billing.usage()).jobs == 2
        with pytest.raises(sdk.NotFoundError):
            await client.keys.revoke("nobody")


def test_a_job_tells_what_happens_to_it(client: Client) -> None:
    handle = client.submit_edit("at night", PHOTO, partial_images=2, quality="low")
    with handle.stream() as stream:
        events = list(stream)
    states = [event.state for event in events if isinstance(event, Progress)]
    assert states[0] == "queued"
    assert "running" in states
    previews = [event for event in events if isinstance(event, PartialImage)]
    assert [preview.index for preview in previews] == [0, 1]
    assert previews[0].image.format == "png"
    settled = events[-1]
    assert isinstance(settled, Settled)
    assert settled.state == "succeeded"
    result = handle.wait()
    assert settled.charge == result.charge
    assert client.download(settled.images[0]).data == result.image.data


async def test_an_async_job_tells_what_happens_to_it(gateway: Running) -> None:
    async with AsyncClient(gateway.url, gateway.key) as client:
        handle = await client.submit("a cat", partial_images=1, quality="low")
        async with handle.stream() as stream:
            events = [event async for event in stream]
        assert isinstance(events[-1], Settled)
        image = await client.download(events[-1].images[0])
        assert image == (await handle.wait()).image
        assert (await image.edit("at night", quality="low")).image.format == "png"


def test_a_stream_that_is_closed_early_ends(client: Client, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    handle = client.submit("a cat")
    with handle.stream() as stream:
        assert next(stream) == Progress("queued", 0)
    assert list(stream) == []
    openai_vendor.release()


def test_a_canceled_job_says_so(client: Client, openai_vendor: OpenAIVendor) -> None:
    openai_vendor.next(Fault.HOLD)
    handle = client.submit("a cat")
    handle.cancel()
    with pytest.raises(sdk.JobCanceled) as canceled:
        handle.wait(timeout=20)
    assert canceled.value.job is not None
    assert canceled.value.job.state == "canceled"
    assert isinstance(canceled.value, sdk.ConflictError)


def test_a_failed_job_is_an_error_with_its_record(
    client: Client, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, categories=("violence",))
    with pytest.raises(sdk.ContentPolicyViolation) as refused:
        client.submit("a fight").wait()
    error = refused.value
    assert (error.stage, error.categories, error.status_code) == ("input", ("violence",), 400)
    assert error.job is not None
    openai_vendor.next(Fault.INVALID_REQUEST)
    handle = client.submit("a cat")
    with pytest.raises(sdk.JobFailed) as failed:
        handle.wait()
    assert failed.value.code == "upstream_rejected"
    assert failed.value.status_code == 400
    assert (failed.value.job_id, failed.value.idempotency_key) == (
        handle.id,
        handle.idempotency_key,
    )
    assert handle.job is not None
    assert handle.job.state == "failed"


def test_a_lost_answer_is_collected_and_not_bought_again(
    client: Client, gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    with pytest.raises(sdk.NotFoundError) as unknown:
        client.collect("order-7")
    assert unknown.value.idempotency_key == "order-7"
    openai_vendor.next(Fault.HOLD)
    with (
        Client(gateway.url, gateway.key, timeout=0.3) as hasty,
        pytest.raises(sdk.APITimeoutError) as lost,
    ):
        hasty.generate("a cat", quality="low")
    assert lost.value.idempotency_key
    openai_vendor.release()
    result = client.collect(lost.value.idempotency_key, timeout=20)
    assert result.image.format == "png"
    assert result.idempotency_key == lost.value.idempotency_key
    assert len(openai_vendor.received) == 1
    with (
        Client(gateway.url, other_key(gateway, "elsewhere")) as foreign,
        pytest.raises(sdk.NotFoundError),
    ):
        foreign.collect(lost.value.idempotency_key)


def test_a_call_is_routed_as_it_asks(client: Client) -> None:
    assert client.generate("a cat", route="pinned=openai", quality="low").deployment == "openai"
    for call in (client.generate, client.submit, client.quote):
        with pytest.raises(sdk.BadRequestError) as refused:
            call("a cat", route="pinned=nowhere")
        assert refused.value.param == "X-Darkroom-Route"


def test_a_job_may_name_where_its_end_is_told(client: Client) -> None:
    with pytest.raises(sdk.BadRequestError, match="does not point to a public address") as refused:
        client.submit("a cat", quality="low", callback_url="https://hooks.internal/here")
    assert refused.value.param == "callback_url"


def test_images_are_saved_linked_and_edited_on(client: Client, tmp_path: Path) -> None:
    result = client.generate("a cat", n=2, output_format="jpeg", quality="low")
    first = result.images[0]
    assert first.bytes == first.data
    assert first.to_pil().size == (first.width, first.height)
    assert first.expires_at is not None
    assert first.expires_at > datetime.now(UTC)
    assert first.url.startswith("http://127.0.0.1")
    paths = result.save_all(tmp_path / "new", "고양이")
    assert [path.name for path in paths] == ["고양이-1.jpg", "고양이-2.jpg"]
    assert paths[1].read_bytes() == result.images[1].data
    with pytest.raises(FileExistsError):
        result.save_all(tmp_path / "new", "고양이", overwrite=False)
    edited = first.edit("make the hat red", quality="low")
    assert client.jobs.get(edited.job_id).operation == "edit"
    assert [path.name for path in edited.save_all(tmp_path)] == ["image.png"]

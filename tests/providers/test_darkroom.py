"""Another Darkroom as the upstream: a whole server, whose own upstream is the fake OpenAI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.providers.darkroom import DarkroomProvider, read_warnings
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.providers.conftest import MakeCaller
from tests.support.calls import CANARY, MODELS, Caller, sizes
from tests.support.running import KEY, Running


@pytest.fixture
def deployment(gateway: Running) -> Deployment:
    return Deployment("relay", "darkroom", f"{gateway.url}/v1", Secret(KEY), timeout_s=10)


@pytest.fixture
def darkroom(deployment: Deployment, make_caller: MakeCaller) -> Caller:
    return make_caller(deployment, "gpt-image-1.5")


async def test_images_usage_charge_and_job_come_through(
    darkroom: Caller, openai_vendor: OpenAIVendor
) -> None:
    result = await darkroom.run(n=2, size="1536x1024", quality="low")
    assert sizes(result) == [Size(1536, 1024)] * 2
    assert result.usage is not None
    assert result.usage.image_out == 800
    assert result.cost_nanos is not None
    assert result.cost_nanos > 800 * 32_000
    assert result.upstream_id is not None
    assert openai_vendor.received[0].json["n"] == 2


async def test_a_stream_tells_its_charge_in_its_last_event(darkroom: Caller) -> None:
    result = await darkroom.run(partial_images=2, quality="low")
    assert [index for index, _ in darkroom.sink.partials] == [0, 1]
    assert result.cost_nanos is not None
    assert result.cost_nanos > 0


async def test_edits_and_masks_come_through(darkroom: Caller, openai_vendor: OpenAIVendor) -> None:
    call = darkroom.call(files=2, input_fidelity="high")
    mask = replace(darkroom.input_file(9), media_type="image/png")
    result = await darkroom.provider.run(replace(call, mask=mask), darkroom.sink)
    sent = openai_vendor.received[0]
    assert [part.name for part in sent.files] == ["image[]", "image[]", "mask"]
    assert sent.fields["input_fidelity"] == "high"
    assert len(result.images) == 1


async def test_what_was_bent_there_is_told_here(darkroom: Caller) -> None:
    result = await darkroom.run(seed=7)
    assert [each.code for each in result.warnings] == ["parameter_dropped"]
    assert "seed" in result.warnings[0].message


async def test_an_attempt_that_was_cut_off_is_collected_and_not_bought_again(
    darkroom: Caller, openai_vendor: OpenAIVendor
) -> None:
    """We were killed while the other Darkroom worked; its job went on."""
    openai_vendor.next(Fault.HOLD)
    task = asyncio.create_task(darkroom.run())
    await openai_vendor.wait_received(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    openai_vendor.release()
    result = await darkroom.run(attempt=2)
    again = await darkroom.run(attempt=3)
    assert result.upstream_id == again.upstream_id
    assert len(openai_vendor.received) == 1


async def test_after_a_failed_job_the_next_attempt_is_a_new_one(
    darkroom: Caller, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.INSUFFICIENT_QUOTA)
    error = await darkroom.fails()
    assert type(error) is errors.UpstreamFailed
    assert len((await darkroom.run(attempt=2)).images) == 1
    assert len(openai_vendor.received) == 2


async def test_a_refusal_keeps_its_stage_and_categories(
    darkroom: Caller, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, stage="output", categories=("violence",))
    error = await darkroom.fails()
    assert type(error) is errors.ModerationBlocked
    assert error.details == {"stage": "output", "categories": ["violence"]}


async def test_a_wrong_key_is_the_operators_to_mend(
    deployment: Deployment, make_caller: MakeCaller
) -> None:
    wrong = make_caller(replace(deployment, api_key=Secret(CANARY)), "gpt-image-1.5")
    assert type(await wrong.fails()) is errors.UpstreamDenied
    (finding,) = await wrong.provider.check()
    assert not finding.ok


async def test_the_check_lists_what_is_served(darkroom: Caller) -> None:
    (finding,) = await darkroom.provider.check()
    assert finding.ok


def test_it_is_asked_for_every_model(darkroom: Caller) -> None:
    assert all(darkroom.provider.serves(model) for model in MODELS.models)
    assert darkroom.spec.seed
    assert darkroom.provider.resend_safe


# A connection that breaks ----------------------------------------------------------------------


@asynccontextmanager
async def cutting(target: str, cuts: int) -> AsyncIterator[str]:
    """A proxy that closes its first ``cuts`` connections after 1000 bytes of the answer."""
    host, port = target.removeprefix("http://").split(":")
    left = cuts

    async def pump(
        source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None
    ) -> None:
        passed = 0
        while piece := await source.read(1_000):
            sink.write(piece)
            passed += len(piece)
            if limit is not None and passed >= limit:
                break
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        limit, left = (1_000 if left > 0 else None), left - 1
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        there = asyncio.create_task(pump(reader, up_writer, None))
        await pump(up_reader, writer, limit)
        there.cancel()
        up_writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_an_answer_that_was_cut_off_is_asked_for_again_under_its_key(
    gateway: Running, deployment: Deployment, make_caller: MakeCaller, openai_vendor: OpenAIVendor
) -> None:
    async with cutting(gateway.url, cuts=2) as url:
        caller = make_caller(replace(deployment, base_url=f"{url}/v1"), "gpt-image-1.5")
        result = await caller.run(partial_images=1)
    assert len(result.images) == 1
    assert len(openai_vendor.received) == 1
    assert len(caller.sink.partials) == 1
    assert len(caller.sink.left) == 1


async def test_an_answer_that_is_cut_off_every_time_leaves_nothing(
    gateway: Running, deployment: Deployment, make_caller: MakeCaller
) -> None:
    async with cutting(gateway.url, cuts=99) as url:
        caller = make_caller(replace(deployment, base_url=f"{url}/v1"), "gpt-image-1.5")
        error = await caller.fails()
    assert type(error) is errors.UpstreamBroken
    assert error.billing is errors.Billing.UNKNOWN


WARNINGS = [
    ("", []),
    ("size_fitted: 1024x1024 is made; value_mapped: hd", ["size_fitted", "value_mapped"]),
    ("size_fitted: made, then cropped; no more", ["size_fitted"]),
    ("images_missing: 1 of 2 images arrived.", []),
    ("nonsense", []),
]


@pytest.mark.parametrize(("text", "codes"), WARNINGS)
def test_the_header_of_warnings_is_read(text: str, codes: list[str]) -> None:
    assert [warning.code for warning in read_warnings(text)] == codes


def test_without_an_address_it_says_which_one_it_needs() -> None:
    egress: Any = None
    with pytest.raises(ValueError, match="ends with /v1"):
        DarkroomProvider(Deployment("relay", "darkroom"), egress)

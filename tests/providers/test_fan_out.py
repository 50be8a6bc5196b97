"""n images by n calls: what comes together, what is told of the rest, and what is raised."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom.catalog import Catalog
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ports import UpstreamCall
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import Output, ProviderResult
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.providers._fan_out import fan_out
from tests.support.spooled import FolderSink

MODEL = Catalog.load().get("flux-2-pro")
REFUSED = ModerationBlocked("No.", details={"stage": "input", "categories": []})


def a_call(n: int, *, timeout_s: float = 60, seed: int | None = None) -> UpstreamCall:
    assert MODEL is not None
    request = ImageRequest(Operation.GENERATION, MODEL.id, "a cat", n=n, seed=seed)
    return UpstreamCall("job", 1, request, MODEL, MODEL.id, timeout_s)


class Calls:
    """The single calls: each end in turn is a result, or an error that is raised."""

    def __init__(self, folder: Path, *ends: ProviderResult | Exception | None) -> None:
        self.sink = FolderSink(folder / "spool")
        self.ends = ends
        self.seen: list[UpstreamCall] = []
        self.running = self.most_at_once = 0

    async def one(self, call: UpstreamCall) -> ProviderResult:
        index = len(self.seen)
        self.seen.append(call)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            end = self.ends[index] if index < len(self.ends) else None
            if isinstance(end, Exception):
                raise end
            return end or self.result(index)
        finally:
            self.running -= 1

    def result(self, index: int = 0, **changes: object) -> ProviderResult:
        writer = self.sink.writer()
        writer.write(str(index).encode())
        usage = Usage(text_in=1, image_in=2, image_out=10, text_out=3)
        result = ProviderResult((writer.finish(),), usage, upstream_id=f"u{index}", cost_nanos=5)
        return replace(result, **changes)  # type: ignore[arg-type]

    async def error(self, n: int) -> DarkroomError:
        with pytest.raises(DarkroomError) as caught:
            await fan_out(a_call(n), self.one)
        return caught.value


async def test_one_image_is_one_call_as_it_is(tmp_path: Path) -> None:
    calls, call = Calls(tmp_path), a_call(1, seed=5)
    result = await fan_out(call, calls.one)
    assert calls.seen == [call]
    assert result.upstream_id == "u0"


async def test_images_usage_cost_and_ids_are_put_together(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    result = await fan_out(a_call(3), calls.one)
    assert [image.path.read_bytes() for image in result.images] == [b"0", b"1", b"2"]
    assert result.usage == Usage(text_in=3, image_in=6, image_out=30, text_out=9)
    assert (result.cost_nanos, result.upstream_id) == (15, "u0, u1, u2")
    assert result.warnings == ()
    assert all(call.request.n == 1 for call in calls.seen)


async def test_at_most_four_calls_run_at_once(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    await fan_out(a_call(10), calls.one)
    assert (len(calls.seen), calls.most_at_once) == (10, 4)


async def test_a_seed_counts_up_so_that_images_differ(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    await fan_out(a_call(3, seed=2**32 - 2), calls.one)
    assert [call.request.seed for call in calls.seen] == [2**32 - 2, 2**32 - 1, 0]
    assert all(call.timeout_s < 60 for call in calls.seen)


async def test_what_one_call_does_not_count_is_not_summed(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.ends = (calls.result(0, usage=None), calls.result(1, cost_nanos=None))
    result = await fan_out(a_call(2), calls.one)
    assert (result.usage, result.cost_nanos) == (None, None)


async def test_what_was_made_is_said_where_it_is_true_of_all(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    outputs = [
        Output(output_format="png", revised_prompts=("a fat cat",)),
        Output("", "", "", "png"),
    ]
    calls.ends = tuple(calls.result(i, output=output) for i, output in enumerate(outputs))
    result = await fan_out(a_call(2), calls.one)
    assert result.output == Output(output_format="png", revised_prompts=("a fat cat", None))
    calls = Calls(tmp_path)
    calls.ends = (
        calls.result(output=outputs[0]),
        calls.result(output=Output(output_format="jpeg")),
    )
    assert (await fan_out(a_call(2), calls.one)).output.output_format == ""


async def test_a_refused_and_a_failed_image_are_warnings(tmp_path: Path) -> None:
    broken = UpstreamBroken("Cut off.")
    calls = Calls(tmp_path, REFUSED, None, UpstreamFailed("Boom."), broken)
    result = await fan_out(a_call(4), calls.one)
    assert len(result.images) == 1
    assert result.usage == Usage(text_in=1, image_in=2, image_out=10, text_out=3)
    assert result.warnings == (
        Warning("image_refused", "Image 1 of 4 was refused: No.", "n"),
        Warning("image_failed", "Image 3 of 4 failed: Boom.", "n"),
        Warning("image_failed", "Image 4 of 4 failed: Cut off. It may have been billed.", "n"),
    )


class Pauses(list[float]):
    """Sleeps no second, and remembers how long it was to be."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def test_a_call_that_meets_a_rate_limit_is_made_again(tmp_path: Path) -> None:
    limited, pauses = UpstreamRateLimited("Slow."), Pauses()
    asked = UpstreamRateLimited("Slow.", retry_after_s=7)
    calls = Calls(tmp_path, None, asked, limited, limited)
    result = await fan_out(a_call(3, seed=5), calls.one, pauses)
    assert [call.request.seed for call in calls.seen] == [5, 6, 7, 6, 7, 6]
    assert (len(result.images), result.warnings, pauses) == (3, (), [7, 2])


@pytest.mark.parametrize(
    ("asked_s", "pauses_s"), [(None, [1, 2, 4]), (30, [30, 30, 30]), (31, []), (1e300, [])]
)
async def test_a_rate_limit_that_lasts_is_a_warning(
    tmp_path: Path, asked_s: float | None, pauses_s: list[float]
) -> None:
    pauses = Pauses()
    calls = Calls(tmp_path, None, *[UpstreamRateLimited("Slow.", retry_after_s=asked_s)] * 9)
    result = await fan_out(a_call(2), calls.one, pauses)
    assert (len(result.images), pauses) == (1, pauses_s)
    assert [each.code for each in result.warnings] == ["image_failed"]


async def test_with_nothing_made_a_rate_limit_is_left_to_another_deployment(tmp_path: Path) -> None:
    calls, pauses = Calls(tmp_path, *[UpstreamRateLimited("Slow.")] * 2), Pauses()
    with pytest.raises(UpstreamRateLimited):
        await fan_out(a_call(2), calls.one, pauses)
    assert pauses == []


RAISED: list[tuple[list[DarkroomError], int]] = [
    ([REFUSED, REFUSED], 0),
    ([REFUSED, UpstreamFailed("x")], 1),
    ([UpstreamFailed("x"), UpstreamTimeout("y"), UpstreamRateLimited("z")], 1),
    ([UpstreamUnavailable("x"), UpstreamRateLimited("y")], 1),
    ([UpstreamUnavailable("x"), UpstreamUnavailable("y")], 0),
    ([REFUSED, UpstreamUnavailable("x"), UpstreamBroken("y")], 2),
]


@pytest.mark.parametrize(("ends", "told"), RAISED)
async def test_without_any_image_the_most_telling_error_is_raised(
    tmp_path: Path, ends: list[DarkroomError], told: int
) -> None:
    assert await Calls(tmp_path, *ends).error(len(ends)) is ends[told]


async def test_what_each_further_call_would_meet_stops_those_not_begun(tmp_path: Path) -> None:
    denied = UpstreamDenied("Wrong key.")
    calls = Calls(tmp_path, *[denied] * 10)
    assert await calls.error(10) is denied
    assert len(calls.seen) == 4


async def test_images_made_before_the_time_is_over_are_not_lost(tmp_path: Path) -> None:
    calls = Calls(tmp_path)

    async def one(call: UpstreamCall) -> ProviderResult:
        if calls.seen:
            await asyncio.Event().wait()
        return await calls.one(call)

    result = await fan_out(a_call(2, timeout_s=0.05), one)
    assert len(result.images) == 1
    [note] = result.warnings
    assert note.message == (
        "Image 2 of 2 failed: It was not made in time. It may have been billed."
    )


async def test_cancelling_ends_every_call_and_leaves_no_file(tmp_path: Path) -> None:
    calls, waiting = Calls(tmp_path), asyncio.Event()

    async def one(call: UpstreamCall) -> ProviderResult:
        if not calls.seen:
            return await calls.one(call)
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.ensure_future(fan_out(a_call(2), one))
    await waiting.wait()
    await asyncio.sleep(0)  # the first call's image is there now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (len(calls.seen), calls.running, calls.sink.left) == (1, 0, [])


async def test_a_defect_is_not_swallowed_and_leaves_no_file(tmp_path: Path) -> None:
    calls, made = Calls(tmp_path), asyncio.Event()

    async def one(call: UpstreamCall) -> ProviderResult:
        if not calls.seen:
            result = await calls.one(call)
            made.set()
            return result
        await made.wait()
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        await fan_out(a_call(2), one)
    assert calls.sink.left == []

"""Test prompts, usage, cancellation, and that nothing is left behind by a failed attempt."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from darkroom.core import errors
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from darkroom.core.tokens import approximate_text_tokens, input_image_tokens, output_tokens
from darkroom.providers.sandbox import SandboxProvider, magic
from darkroom.providers.sandbox.draw import Abandoned, Order, draw
from darkroom.providers.sandbox.encode import Encoding
from tests.support.sandbox import (
    MODEL,
    Clock,
    Sink,
    Writer,
    call,
    input_file,
    picture,
    provider,
    request,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "test-prompts.md"

ENDS = {
    "[[refuse]]": errors.ModerationBlocked,
    "[[refuse-output]]": errors.ModerationBlocked,
    "[[fail]]": errors.UpstreamFailed,
    "[[fail-once]]": errors.UpstreamFailed,
    "[[fail-on:sandbox]]": errors.UpstreamFailed,
    "[[429]]": errors.UpstreamRateLimited,
    "[[unavailable]]": errors.UpstreamUnavailable,
    "[[deny]]": errors.UpstreamDenied,
    "[[reject]]": errors.UpstreamRejected,
    "[[stall]]": errors.UpstreamTimeout,
    "[[break-off]]": errors.UpstreamBroken,
}


@pytest.mark.parametrize(("prompt", "kind"), ENDS.items())
async def test_prompts_that_end_an_attempt(
    tmp_path: Path, prompt: str, kind: type[errors.DarkroomError]
) -> None:
    sink = Sink(tmp_path)
    with pytest.raises(kind):
        await provider().run(call(request(f"a cat {prompt} please")), sink)
    assert all(writer.discarded for writer in sink.writers)


def test_every_row_is_covered_here() -> None:
    quiet = {"slow", "wrong-size", "wrong-type", "short", "no-usage"}
    covered = {next(iter(magic.cast(prompt).words)) for prompt in ENDS} | quiet
    assert covered == set(magic.BY_NAME)
    assert all(row.name in magic.cast(row.example) for row in magic.MAGIC_PROMPTS)


def test_other_brackets_are_left_alone() -> None:
    assert magic.cast("a [[wiki]] page [[fail").words == {}


@pytest.mark.parametrize("stage", ["input", "output"])
async def test_refusals_say_stage_and_categories(tmp_path: Path, stage: str) -> None:
    word = "refuse" if stage == "input" else "refuse-output"
    with pytest.raises(errors.ModerationBlocked) as caught:
        await provider().run(call(request(f"[[{word}:violence,hate]]")), Sink(tmp_path))
    assert caught.value.details == {"stage": stage, "categories": ["violence", "hate"]}


async def test_rate_limits_say_when_to_come_back(tmp_path: Path) -> None:
    for prompt, seconds in (("[[429]]", 2.0), ("[[429:10]]", 10.0), ("[[429:x]]", 2.0)):
        with pytest.raises(errors.UpstreamRateLimited) as caught:
            await provider().run(call(request(prompt)), Sink(tmp_path))
        assert caught.value.retry_after_s == seconds


async def test_fail_once_succeeds_on_the_second_attempt(tmp_path: Path) -> None:
    wanted = call(request("a cat [[fail-once]]"), attempt=2)
    assert len((await provider().run(wanted, Sink(tmp_path))).images) == 1


async def test_fail_on_spares_other_deployments(tmp_path: Path) -> None:
    wanted = call(request("a cat [[fail-on:east]]"))
    assert len((await provider(name="west").run(wanted, Sink(tmp_path))).images) == 1
    with pytest.raises(errors.UpstreamFailed):
        await provider(name="east").run(wanted, Sink(tmp_path))


async def test_stalling_lasts_as_long_as_the_attempt(tmp_path: Path) -> None:
    clock = Clock()
    with pytest.raises(errors.UpstreamTimeout):
        await provider(clock).run(call(request("[[stall]]"), timeout_s=12.5), Sink(tmp_path))
    assert clock.slept == [12.5]


async def test_slow_prompts_wait_and_draw(tmp_path: Path) -> None:
    clock = Clock()
    result = await provider(clock).run(call(request("a cat [[slow:3]]")), Sink(tmp_path))
    assert (clock.slept, len(result.images)) == ([3.0], 1)
    with pytest.raises(errors.UpstreamTimeout):
        await provider(clock).run(call(request("[[slow:90]]")), Sink(tmp_path))
    assert clock.slept[-1] == 60.0


async def test_breaking_off_sends_half_of_the_partial_images(tmp_path: Path) -> None:
    sink = Sink(tmp_path)
    with pytest.raises(errors.UpstreamBroken):
        await provider().run(call(request("a cat [[break-off]]", partial_images=2)), sink)
    assert len(sink.partials) == 1
    assert sink.partials[0][1].path.exists()
    assert [writer.discarded for writer in sink.writers] == [False, True]


async def test_wrong_size_and_wrong_type(tmp_path: Path) -> None:
    small = await provider().run(call(request("a cat [[wrong-size]]")), Sink(tmp_path))
    assert picture(small.images[0]).size == (128, 128)
    assert small.output.size == "128x128"
    wrong = await provider().run(call(request("[[wrong-type]]")), Sink(tmp_path))
    with pytest.raises(UnidentifiedImageError):
        picture(wrong.images[0])


async def test_short_answers_are_charged_for_what_came(tmp_path: Path) -> None:
    result = await provider().run(call(request("a cat [[short:1]]", n=3)), Sink(tmp_path))
    assert len(result.images) == 1
    assert result.usage is not None
    assert result.usage.image_out == output_tokens(MODEL, "low", Size(256, 256))


async def test_no_usage(tmp_path: Path) -> None:
    result = await provider().run(call(request("a cat [[no-usage]]")), Sink(tmp_path))
    assert result.usage is None


async def test_usage_follows_the_catalogues_tables(tmp_path: Path) -> None:
    file = input_file(tmp_path / "in.png", Image.new("RGB", (64, 32), "navy"))
    wanted = call(request("a red bicycle", n=2, partial_images=2), inputs=(file, file))
    usage = (await provider().run(wanted, Sink(tmp_path))).usage
    assert usage is not None
    one_input = input_image_tokens(MODEL, Size(64, 32), None)
    assert usage.text_in == 3 + MODEL.tokens.text_overhead
    assert usage.image_in == 2 * one_input
    one = output_tokens(MODEL, "low", Size(256, 256))
    assert usage.image_out == 2 * one + 2 * MODEL.tokens.partial_image
    assert usage.reported


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("a photorealistic golden retriever in a field of sunflowers", 9, 14),
        ("여름 세일 포스터", 4, 8),
        ("夏日", 2, 3),
        ("12345", 2, 2),
    ],
)
def test_text_tokens_are_about_right(text: str, low: int, high: int) -> None:
    assert low <= approximate_text_tokens(text) <= high


def test_drawing_stops_when_nobody_waits() -> None:
    stop = threading.Event()
    stop.set()
    order = Order("city", "s", 0, Size(512, 512), "max", False, Encoding("png"))
    with pytest.raises(Abandoned):
        draw(order, stop)


async def test_a_file_that_is_being_written_when_cancelled_is_removed(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    writing, go_on = asyncio.Event(), threading.Event()

    class SlowWriter(Writer):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            loop.call_soon_threadsafe(writing.set)
            go_on.wait(30)
            super().write(data)

    class SlowSink(Sink):
        def writer(self) -> Writer:
            self.writers.append(SlowWriter(self.folder / "slow"))
            return self.writers[-1]

    sink = SlowSink(tmp_path)
    task = asyncio.create_task(provider().run(call(request("city at night")), sink))
    await writing.wait()
    task.cancel()
    loop.call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [writer.discarded for writer in sink.writers] == [True]
    assert not sink.writers[0].path.exists()


async def test_cancelling_while_a_preview_is_taken(tmp_path: Path) -> None:
    taken = asyncio.Event()

    class Waiting(Sink):
        async def partial(self, index: int, image: SpooledImage) -> None:
            taken.set()
            await asyncio.Event().wait()

    sink = Waiting(tmp_path)
    wanted = call(request("city at night", partial_images=1))
    task = asyncio.create_task(provider().run(wanted, sink))
    await taken.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [writer.discarded for writer in sink.writers] == [False], "the sink owns the preview"


def test_the_provider_declares_itself() -> None:
    assert (SandboxProvider.name, SandboxProvider.vendor) == ("sandbox", "")
    assert SandboxProvider.resend_safe is True
    assert provider().serves(MODEL)


def test_importing_the_provider_does_not_load_pillow() -> None:
    code = "import sys, darkroom.providers.sandbox; print('PIL' in sys.modules)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_the_guide_shows_the_codes_table() -> None:
    assert magic.markdown() in GUIDE.read_text(encoding="utf-8")
